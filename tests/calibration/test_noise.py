"""Photon transfer against cameras whose noise is known."""

import cv2
import numpy as np
import pytest

from hdrkit.alignment.options import AlignmentOptions
from hdrkit.calibration.noise import measure_noise
from hdrkit.imaging.codes import scale_clip
from hdrkit.imaging.weighting import exposure_variance
from hdrkit.merging.options import MergeOptions
from hdrkit.pipeline.merge import merge
from hdrkit.simulate import SimulatedCamera, chart, handheld_transforms, metered_times, simulate_bracket
from hdrkit.types import Bracket, Frame, NoiseModel, NoiseReport, ResponseCurve, Stack

STEPS = (-4, -2, 0, 2, 4)


def bracket(camera, radiance=None, steps=STEPS, **options):
    radiance = chart(400, 300, stops=12) if radiance is None else radiance
    times = metered_times(radiance, steps)
    return radiance, times, simulate_bracket(radiance, camera, times, 1, **options)


def measured(camera, frames, times, curve=None):
    high = scale_clip((0, 250), camera.levels)[1]
    return measure_noise(frames, times, curve or camera.response_curve(), high)


@pytest.mark.parametrize(("well", "read"), [(8_000.0, 3.0), (8_000.0, 12.0), (40_000.0, 6.0)])
@pytest.mark.parametrize(("response", "bits"), [("srgb", 8), ("scurve", 8), ("linear", 14), ("log", 10)])
def test_planted_noise_is_found(well, read, response, bits):
    camera = SimulatedCamera(response, bits=bits, full_well_e=well, read_noise_e=read)
    _, times, frames = bracket(camera)
    found = measured(camera, frames, times)
    np.testing.assert_allclose(found.full_well_e, well, rtol=0.08)
    np.testing.assert_allclose(found.read_noise_e, read, rtol=0.25)
    assert found.spill < 0.003


@pytest.mark.parametrize(
    ("channels", "steps"),
    [(3, (-2, 0, 2)), (1, (-2, 0, 2)), (3, (-1, 1)), (3, (-4, 0, 4)), (3, (0, 0, 0)), (3, (-1, -0.5, 0, 0.5, 1))],
)
def test_few_frames_and_gray_ones_tell_enough(channels, steps):
    camera = SimulatedCamera("srgb", full_well_e=12_000.0, read_noise_e=6.0)
    _, times, frames = bracket(camera, chart(400, 300, stops=9)[..., :channels], steps)
    found = measured(camera, frames, times)
    np.testing.assert_allclose(found.full_well_e, 12_000.0, rtol=0.12)


def test_channels_are_told_apart():
    """White balance: red is amplified twice as much, and is noisier for it."""
    radiance = chart(400, 300, stops=10)
    times = metered_times(radiance, STEPS)
    cameras = (SimulatedCamera("srgb", full_well_e=well, read_noise_e=5.0) for well in (20_000.0, 5_000.0))
    green, red = (simulate_bracket(radiance, camera, times, 1) for camera in cameras)
    frames = [Frame(np.dstack([r.pixels[..., :1], g.pixels[..., 1:]])) for r, g in zip(red, green, strict=True)]
    found = measured(SimulatedCamera("srgb"), frames, times)
    np.testing.assert_allclose(found.full_well_e, [5_000.0, 20_000.0, 20_000.0], rtol=0.1)


def test_texture_is_no_noise():
    camera = SimulatedCamera("srgb", full_well_e=20_000.0, read_noise_e=6.0)
    radiance = chart(400, 300, stops=8) * np.exp(0.5 * np.random.default_rng(2).standard_normal((300, 400, 1)))
    _, times, frames = bracket(camera, radiance)
    np.testing.assert_allclose(measured(camera, frames, times).full_well_e, 20_000.0, rtol=0.08)


def test_a_fraction_of_a_pixel_and_moving_things_do_not_pass_for_noise():
    camera = SimulatedCamera("srgb", full_well_e=20_000.0, read_noise_e=6.0)
    transforms = handheld_transforms(5, 400, 300, 3, shift=0.001, rotation_deg=0.02)
    _, times, frames = bracket(camera, chart(400, 300, stops=10), transforms=transforms)
    for k, frame in enumerate(frames):
        frame.pixels[100:160, 60 * k : 60 * k + 50] = 90
    np.testing.assert_allclose(measured(camera, frames, times).full_well_e, 20_000.0, rtol=0.35)


def error_and_prediction(camera, radiance, times, frames):
    """RMS error of single frames in well-exposed places, as it is and as the measured noise says."""
    curve = camera.response_curve()
    predicted = exposure_variance(curve, measured(camera, frames, times)) / curve.linear[-1] ** 2
    light = curve.linear / curve.linear[-1]
    errors, variances = [], []
    for frame, t in zip(frames, times, strict=True):
        truth = radiance * t
        for c in range(3):
            use = (truth[..., c] > 0.03) & (truth.max(axis=2) < 0.6)
            z = frame.pixels[..., c][use]
            errors.append((light[z, c] / truth[..., c][use] - 1) ** 2)
            variances.append(predicted[z, c] / truth[..., c][use] ** 2)
    return np.sqrt(np.mean(np.concatenate(errors))), np.sqrt(np.mean(np.concatenate(variances)))


@pytest.mark.parametrize("kind", ["jpeg", "smoothed"])
def test_what_compression_and_smoothing_leave_of_the_noise_is_what_is_found(kind):
    camera = SimulatedCamera("srgb", full_well_e=5_000.0, read_noise_e=10.0)
    radiance = cv2.resize(chart(50, 40, stops=9), (400, 300), interpolation=cv2.INTER_CUBIC)
    radiance, times, frames = bracket(camera, np.maximum(radiance, 1e-3))
    plain = error_and_prediction(camera, radiance, times, frames)

    def treated(pixels):
        if kind == "smoothed":
            return cv2.GaussianBlur(pixels, (0, 0), 0.8)
        return cv2.imdecode(cv2.imencode(".jpg", pixels, [cv2.IMWRITE_JPEG_QUALITY, 90])[1], cv2.IMREAD_COLOR)

    error, predicted = error_and_prediction(camera, radiance, times, [Frame(treated(frame.pixels)) for frame in frames])
    assert error < 0.8 * plain[0]
    assert predicted < 0.8 * plain[1]
    assert plain[1] == pytest.approx(plain[0], rel=0.1)
    assert predicted == pytest.approx(error, rel=0.3)


@pytest.mark.parametrize("planted", [0.01, 0.03])
def test_what_spills_beside_clipping_is_found(planted):
    camera = SimulatedCamera("srgb", balance=(1.0, 0.6, 0.4))
    _, times, frames = bracket(camera)
    curve = camera.response_curve()
    rng = np.random.default_rng(0)
    for frame in frames:
        clipped = frame.pixels.max(axis=2) > 250
        factor = np.exp(planted * rng.standard_normal(frame.pixels.shape[:2]))
        for c in range(3):
            z = frame.pixels[..., c]
            changed = np.interp(curve.linear[z, c] * factor, curve.linear[:, c], np.arange(256))
            z[clipped & (z <= 250)] = np.minimum(np.rint(changed), 250).astype(np.uint8)[clipped & (z <= 250)]
    assert measured(camera, frames, times).spill == pytest.approx(planted, rel=0.3)


def test_too_little_in_common_tells_nothing():
    camera = SimulatedCamera("srgb")
    radiance = chart(400, 300, stops=6)
    times = metered_times(radiance, (-9, 0))
    assert measured(camera, simulate_bracket(radiance, camera, times, 0), times) is None
    tiny = [Frame(np.full((6, 6, 3), z, np.uint8)) for z in (60, 90)]
    assert measured(camera, tiny, (1.0, 2.0)) is None


def test_a_curve_of_other_depth_and_one_channel_serves():
    camera = SimulatedCamera("linear", bits=12, full_well_e=15_000.0)
    _, times, frames = bracket(camera)
    found = measured(camera, frames, times, ResponseCurve.identity(4096, channels=1))
    np.testing.assert_allclose(found.full_well_e, 15_000.0, rtol=0.08)


def test_a_merge_measures_the_noise_and_says_so():
    camera = SimulatedCamera("srgb", full_well_e=7_000.0)
    radiance = chart(300, 200, stops=9)

    def report(steps, options=None):
        times = metered_times(radiance, steps)
        frames = simulate_bracket(radiance, camera, times, 1)
        stack = Stack(Bracket("chart", tuple(frame.photo for frame in frames), 1), tuple(frames))
        return merge(stack, camera.response_curve(), options, AlignmentOptions(method="none")).report.noise

    found = report((-2, 0, 2))
    assert found.source == "measured"
    np.testing.assert_allclose(found.model.full_well_e, 7_000.0, rtol=0.12)
    given = NoiseModel(gain_e_per_dn=1.0)
    assert report((-2, 0, 2), MergeOptions(noise=given)) == NoiseReport("given", given)
    assert report((-10, 0)) == NoiseReport("default", NoiseModel())
