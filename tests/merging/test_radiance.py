"""Merging against planted radiance, against a slow reference, and against OpenCV."""

import csv
from dataclasses import replace

import cv2
import numpy as np
import pytest
from scipy.stats import norm

from hdrkit.errors import ExposureError, InputError
from hdrkit.imaging.codes import Weight
from hdrkit.merging.fusion import fuse_frames
from hdrkit.merging.kernel import run_tables
from hdrkit.merging.options import Estimator, MergeOptions
from hdrkit.merging.radiance import merge_frames
from hdrkit.merging.range import ln_exposure_range
from hdrkit.merging.weights import build_tables
from hdrkit.simulate import SimulatedCamera, chart, metered_times, simulate_bracket
from hdrkit.types import Frame, NoiseModel, ResponseCurve, Validity

ESTIMATORS = list(Estimator)
STEPS = (-3, -1, 1)  # three or five frames everywhere: the loop is compiled for each number of frames
CURVE = SimulatedCamera("srgb").response_curve()


def codes(value, shape=(1, 1, 3), dtype=np.uint8) -> Frame:
    """A frame of one colour."""
    return Frame(np.full(shape, value, dtype))


def truth_of(radiance, camera):
    """Radiance in the unit of the curve, the exposure of the middle code."""
    curve = camera.response_curve()  # the last code saturates at radiance * time = 1
    return radiance.astype(float) * curve.linear[-1]


# --- against planted radiance ---


@pytest.fixture(scope="module", params=[("linear", 12), ("srgb", 8), ("scurve", 8)], ids=lambda p: f"{p[0]}-{p[1]}")
def scene(request):
    """A bracket of 10 EV, every pixel well exposed in some frame, and its truth."""
    camera = SimulatedCamera(request.param[0], bits=request.param[1])
    radiance = chart(160, 120, stops=10)
    times = metered_times(radiance, STEPS)
    return camera, simulate_bracket(radiance, camera, times, seed=1), times, truth_of(radiance, camera)


def decades(scene, estimator):
    """For each decade of radiance with pixels enough: relative RMSE, the RMSE that the variance predicts, bias, and z scores."""
    camera, frames, times, truth = scene
    options = MergeOptions(estimator=estimator, variance=True, noise=camera.noise_model())
    radiance = merge_frames(frames, times, camera.response_curve(), options).radiance
    measured = (radiance.validity == 0)[..., None] & np.ones(3, bool)
    assert measured.mean() > 0.95
    relative, predicted = radiance.pixels / truth - 1, radiance.variance / truth**2
    z = (radiance.pixels - truth)[measured] / np.sqrt(radiance.variance[measured])
    rows = []
    for decade in np.unique(np.floor(np.log10(truth))):
        inside = measured & (np.floor(np.log10(truth)) == decade)
        if inside.sum() > 2000:
            rmse, expected = (np.sqrt(np.mean(values[inside])) for values in (relative**2, predicted))
            rows.append((rmse, expected, relative[inside].mean()))
    return rows, z


@pytest.mark.parametrize("estimator", ESTIMATORS)
def test_error_is_the_noise_that_the_variance_states(scene, estimator):
    rows, z = decades(scene, estimator)
    assert len(rows) >= 3
    for rmse, expected, bias in rows:
        assert rmse < 0.08
        assert rmse == pytest.approx(expected, rel=0.15)
        assert abs(bias) < 0.12 * rmse + 1e-3
    assert 0.8 < z.std() < 1.25
    assert abs(z.mean()) < 0.15


def test_estimators_rank_by_what_they_know_of_the_noise(scene):
    overall = {}
    for estimator in ESTIMATORS:
        rows, _ = decades(scene, estimator)
        overall[estimator] = np.array([rmse for rmse, _, _ in rows])
    best = overall[Estimator.INVERSE_VARIANCE]
    assert (best < 1.02 * overall[Estimator.POISSON]).all()
    assert (overall[Estimator.POISSON] < 1.02 * overall[Estimator.DEBEVEC]).all()
    assert overall[Estimator.ROBERTSON].mean() > 1.03 * best.mean()


@pytest.mark.parametrize("bits", [12, 14, 16])
@pytest.mark.parametrize("estimator", ESTIMATORS)
def test_variance_is_honest_down_to_the_read_noise(bits, estimator):
    camera = SimulatedCamera("linear", bits=bits, full_well_e=8000.0, read_noise_e=4.0)
    radiance = chart(120, 100, stops=14)
    times = metered_times(radiance, (-5, -1, 3))
    frames = simulate_bracket(radiance, camera, times, seed=2)
    options = MergeOptions(estimator=estimator, variance=True, noise=camera.noise_model())
    merged = merge_frames(frames, times, camera.response_curve(), options).radiance
    sure = merged.validity == 0
    z = (merged.pixels - truth_of(radiance, camera))[sure] / np.sqrt(merged.variance[sure])
    assert 0.8 < z.std() < 1.25
    assert abs(z.mean()) < 0.1


# --- against a slow reference ---


def taper(z, high, levels):
    u = min(max((high + 1 - z) / (0.03 * levels), 0), 1)
    return u * u * (3 - 2 * u)


def shape(kind, z, low, high):
    u = (2 * z - low - high) / (high - low + 2)
    value = {"triangle": 1 - abs(u), "gaussian": np.exp(-4 * u * u)}[kind]
    return value if low <= z <= high else 0.0


def reading(z, x, low, noise):
    """Exposure and variance, spill apart, that code z of a channel with exposures x stands for."""
    step = np.gradient(x)[z]
    read = noise.read_noise_e / noise.full_well_e * x[-1]
    edge = (x[low - 1] + x[low]) / 2
    if z < low:
        u = edge / 2 / read
        return edge / 2 - read * norm.pdf(u) / norm.cdf(u), max(read**2 + edge**2 / 12, edge**2)
    return x[z], x[z] * x[-1] / noise.full_well_e + read**2 + step**2 / 12


def certainty(z, x, variance):
    """How much an 8-bit code near black counts: its error is two codes at black, falling to nothing at code 20."""
    error = max(1 - z / 20, 0) * max(x[min(z + 2, len(x) - 1)] - x[z], 6e-4 * x[-1]) if len(x) == 256 else 0
    return min(1, variance / error**2) if error else 1


def unbiased(exposure, t, times, most, saturation, noise):
    """Weights taken from the codes that they weigh favour dark ones: one electron, less the share of the frame, mends it."""
    weights = {s: s**2 / noise.variance(exposure / t * s / saturation) for s in times if exposure / t * s <= most}
    share = weights.get(t, 0) / sum(weights.values()) if weights else 1.0
    return exposure + (1 - share) * saturation / noise.full_well_e


def clips(z, c, k, curve, clip, times, noise):
    """Whether code z of frame k is bright enough, even by four standard deviations less and 10 %, to clip the next frame."""
    x, step = curve.linear[:, c], times[k + 1] / times[k]
    return z > clip[1] or (0.9 * x[z] - 4 * reading(z, x, clip[0], noise)[1] ** 0.5) * step > x[clip[1]]


def reference(frames, times, curve, clip, estimator, noise):
    """The estimators of the papers, one pixel after the other. Frames sorted by time; returns radiance, flags, variance, use."""
    low, high = clip
    height, width, channels = frames[0].pixels.shape
    levels = curve.levels
    radiance, variance = np.zeros((height, width, channels)), np.zeros((height, width, channels))
    flags, used = np.zeros((height, width), int), np.zeros(len(frames))
    for y, x in np.ndindex(height, width):
        looking = [k for k, frame in enumerate(frames) if frame.valid is None or frame.valid[y, x]]
        if len(looking) < len(frames):
            flags[y, x] |= Validity.PARTIAL
        read = {}  # codes, but clipped where a shorter frame shows that they must be
        for k in looking:
            read[k] = [int(z) for z in frames[k].pixels[y, x]]
            for c in range(channels):
                if read[k][c] > high - round(0.1 * levels) and any(
                    clips(read[j][c], c, j, curve, clip, times, noise) for j in read if j < k
                ):
                    read[k][c] = levels - 1
        whole = [k for k in looking if max(read[k]) <= high]
        partly = [k for k in looking if k not in whole and min(read[k]) <= high]
        used[whole] += 1
        for c in range(channels):
            light = np.exp(curve.ln_exposure[:, c])
            edge = (light[low - 1] + light[low]) / 2
            total = weights = spread = 0.0
            for k in whole + partly:
                z, t = read[k][c], times[k]
                first = taper(max(read[k]), high, levels)  # the share that a clipped channel does not touch yet
                root = 0.0
                for share, beside in ((first, False), (1 - first, True)):
                    if z > high or (beside and z < low) or share == 0:
                        continue
                    near = 5 * min(max((z - high) / (0.1 * levels) + 1, 0), 1) ** 2
                    spill = noise.spill * (max(near, 1) if beside else near) * light[z]
                    exposure, doubt = reading(z, light, low, noise)
                    certain = certainty(z, light, doubt)
                    doubt += spill**2
                    match estimator:
                        case Estimator.INVERSE_VARIANCE:
                            w = share * certain * taper(z, high, levels) * t**2 / doubt
                            exposure = unbiased(exposure, t, times, light[high], light[-1], noise)
                        case Estimator.POISSON:
                            w = share * taper(z, high, levels) * t
                        case Estimator.ROBERTSON:
                            w = share * shape("gaussian", z, low, high) * t**2
                        case _:
                            w = share * shape("triangle", z, low, high)
                    total += w * (np.log(light[z] / t) if estimator is Estimator.DEBEVEC else exposure / t)
                    root += w * doubt**0.5 / (light[z] if estimator is Estimator.DEBEVEC else t)
                    weights += w
                spread += root**2
            if weights > 0:
                value = total / weights
                spread = spread / weights**2
                if estimator is Estimator.DEBEVEC:
                    value = np.exp(value)
                    spread *= value**2
                if value < (bound := edge / times[max(whole + partly)]):
                    value = bound
                    flags[y, x] |= Validity.BLACK
            elif whole:
                value = edge / times[whole[-1]]
                flags[y, x] |= Validity.BLACK
            else:
                value = light[frames[looking[0]].pixels[y, x, c]] / times[looking[0]] if looking else 0.0
                flags[y, x] |= Validity.SATURATED
            radiance[y, x, c] = value
            variance[y, x, c] = spread if weights > 0 else value**2
    return radiance, flags, variance, used / (height * width)


@pytest.mark.parametrize("estimator", ESTIMATORS)
@pytest.mark.parametrize("bits", [8, 16])
@pytest.mark.parametrize("channels", [1, 3])
@pytest.mark.parametrize("masked", [False, True])
def test_kernel_equals_the_slow_reference(estimator, bits, channels, masked):
    rng = np.random.default_rng([bits, channels, masked])
    levels = 2**bits
    curve = SimulatedCamera("srgb", bits=bits).response_curve().for_channels(channels)
    frames = []
    for k in range(3):
        pixels = rng.integers(0, levels, (8, 9, channels)).astype(np.uint8 if bits == 8 else np.uint16)
        pixels[0, :3], pixels[1, :3] = 0, levels - 1  # black and clipped in every frame
        pixels[2, :3, 0] = levels - 1
        pixels[3, :, k % channels] = levels - 1 if k == 0 else round(0.9 * levels)  # near clipping after it, and before it
        valid = rng.random((8, 9)) < 0.7 if masked and k != 1 else None
        frames.append(Frame(pixels, white=levels - 1.0, valid=valid))
    times = (0.01, 0.03, 0.2)
    merged = merge_frames(frames, times, curve, MergeOptions(estimator=estimator, variance=True))
    clip = (1, round(250 / 255 * (levels - 1)))
    radiance, flags, variance, use = reference(frames, times, curve, clip, estimator, NoiseModel())
    np.testing.assert_allclose(merged.radiance.pixels, np.broadcast_to(radiance, (8, 9, 3)), rtol=3e-6)
    np.testing.assert_array_equal(merged.radiance.validity, flags)
    np.testing.assert_allclose(merged.radiance.variance, np.broadcast_to(variance, (8, 9, 3)), rtol=3e-6)
    assert merged.frame_use == pytest.approx(use)
    assert merged.tally.saturated == ((flags & Validity.SATURATED) > 0).sum()
    plain = merge_frames(frames, times, curve, MergeOptions(estimator=estimator))
    assert plain.radiance.variance is None
    assert plain.radiance.pixels.tobytes() == merged.radiance.pixels.tobytes()


def test_a_frame_that_deviates_leaves_no_seam_where_one_of_its_channels_clips():
    """Sky whose blue rises slowly beyond the clip limit of a frame that shows three quarters of the light of the shorter one."""
    curve = replace(CURVE, deviation=0.25)
    short = np.linspace((80, 90, 130), (100, 110, 170), 400)
    light = np.stack([np.interp(short[:, c], np.arange(256), CURVE.linear[:, 0]) for c in range(3)], axis=1)
    long = np.stack([np.interp(light[:, c] * 4 / 1.3, CURVE.linear[:, 0], np.arange(256)) for c in range(3)], axis=1)
    assert long[:, 2].min() < 245
    assert long[:, 2].max() == 255
    frames = [Frame(np.rint(one)[None].astype(np.uint8)) for one in (short, long)]
    red = merge_frames(frames, (1.0, 4.0), curve, MergeOptions(noise=NoiseModel(spill=0.3))).radiance.pixels[0, :, 0]
    assert np.abs(np.diff(np.log(red))).max() < 0.08
    assert red[-1] / red[0] > 1.5


def test_a_frame_that_deviates_leaves_no_line_where_it_ends():
    """A flat wall, and a frame that shows it a quarter too bright and does not reach its left border."""
    wall = [Frame(np.full((1, 400, 3), code, np.uint8)) for code in (120, 190)]
    wall[1] = replace(wall[1], motion=np.array([[1.0, 0, -4], [0, 1, 0], [0, 0, 1]]))
    bright = CURVE.linear[190, 0] / CURVE.linear[120, 0] / 1.25
    shown = merge_frames(wall, (1.0, bright), replace(CURVE, deviation=0.25)).radiance.pixels[0, :, 0]
    steps = np.abs(np.diff(np.log(shown)))
    assert np.ptp(np.log(shown)) > 0.08
    assert steps.max() < 0.6 * np.ptp(np.log(shown))


# --- pixels that no frame measured ---


def test_a_channel_beside_a_clipped_one_counts_as_far_as_its_spill_allows():
    long, short, times = Frame(np.array([[[120, 130, 255]]], np.uint8)), codes(90), (1.0, 0.25)
    light = CURVE.linear[:, 0]

    def merged(spill):
        return merge_frames([long, short], times, CURVE, MergeOptions(noise=NoiseModel(spill=spill)))

    for spill in (0.0, 0.01, 0.1):
        red = merged(spill).radiance.pixels[0, 0, 0]
        spread = np.array([reading(z, light, 1, NoiseModel())[1] for z in (120, 90)]) + [(spill * light[120]) ** 2, 0]
        weight = np.square(times) / spread
        codes_and_times = ((120, times[0]), (90, times[1]))
        exposure = np.array([unbiased(light[z], t, times, light[250], light[-1], NoiseModel()) for z, t in codes_and_times])
        assert red == pytest.approx((weight * exposure / times).sum() / weight.sum(), rel=1e-5)
    alone = merge_frames([codes(255), short], times, CURVE).radiance.pixels
    assert merged(0.0).radiance.pixels[0, 0, 2] == pytest.approx(alone[0, 0, 2], rel=1e-6)  # the clipped channel itself
    np.testing.assert_allclose(merged(1e3).radiance.pixels, alone, rtol=1e-5)
    assert merged(0.0).frame_use == (0, 1)
    assert merged(0.0).radiance.validity.item() == 0


@pytest.mark.parametrize("beside", [40, 255])
@pytest.mark.parametrize("estimator", ESTIMATORS)
def test_a_clipped_channel_that_reads_less_in_a_longer_frame_is_still_clipped(estimator, beside):
    times, options = (0.1, 0.4, 1.6), MergeOptions(estimator=estimator, variance=True)
    codes_of = [[90, 150, 60], [160, 255, 115], [beside, 242, beside]]
    frames = [Frame(np.array([[one]], np.uint8)) for one in codes_of]
    truth = CURVE.linear[150, 1] / times[0]
    merged = merge_frames(frames, times, CURVE, options).radiance
    assert merged.pixels[0, 0, 1] == pytest.approx(truth, rel=0.02)
    honest = merge_frames([*frames[:2], Frame(np.array([[[beside, 255, beside]]], np.uint8))], times, CURVE, options).radiance
    assert merged.pixels.tobytes() == honest.pixels.tobytes()
    assert merged.variance.tobytes() == honest.variance.tobytes()
    gone = merge_frames([*frames[:2], codes(120)], times, CURVE, options).radiance  # what clipped has moved away
    assert gone.pixels[0, 0, 1] < 0.5 * truth
    none = np.zeros((1, 1), np.uint8)
    unheard = merge_frames(frames, times, CURVE, options, [none, none, None]).radiance  # frames that nobody trusts say nothing
    assert unheard.pixels[0, 0, 1] == pytest.approx(CURVE.linear[242, 1] / times[2], rel=0.02)
    sooner = merge_frames([codes(242), codes(255)], times[:2], CURVE, options)  # clipped in a longer frame only
    assert sooner.frame_use == (1, 0)


@pytest.mark.parametrize("estimator", ESTIMATORS)
def test_pixels_clipped_everywhere_take_the_least_and_black_ones_the_most_that_they_can_be(estimator):
    times = (0.5, 0.002, 0.03)
    blown = Frame(np.array([[[252, 255, 254], [0, 0, 0], [90, 90, 90], [255, 0, 0]]], np.uint8))
    merged = merge_frames([blown, blown, blown], times, CURVE, MergeOptions(estimator=estimator))
    x = CURVE.linear
    np.testing.assert_allclose(merged.radiance.pixels[0, 0], [x[252, 0], x[255, 1], x[254, 2]] / np.float64(0.002), rtol=1e-6)
    np.testing.assert_allclose(merged.radiance.pixels[0, 1], (x[0] + x[1]) / 2 / 0.5, rtol=1e-6)
    assert merged.radiance.pixels[0, 3, 0] == pytest.approx(x[255, 0] / 0.002, rel=1e-6)
    assert (merged.radiance.pixels[0, 3, 1:] < x[1, 1:] / 0.002).all()
    assert (merged.radiance.validity[0] & Validity.SATURATED).tolist() == [Validity.SATURATED, 0, 0, Validity.SATURATED]
    assert merged.radiance.validity[0, 1] == Validity.BLACK
    assert merged.tally.saturated == 2


def test_black_is_bounded_by_the_longest_frame_that_is_not_clipped():
    dark, clipped = codes(0), codes(255)
    merged = merge_frames([dark, dark, clipped], (0.1, 0.4, 3.0), CURVE)
    np.testing.assert_allclose(merged.radiance.pixels[0, 0], CURVE.linear[:2].mean(axis=0) / 0.4, rtol=1e-6)
    assert merged.radiance.validity.item() == Validity.BLACK


def test_black_looks_even_where_noise_decides_between_the_darkest_codes():
    camera = SimulatedCamera("srgb", full_well_e=20_000.0, read_noise_e=3.0)
    times = (1.0, 4.0, 16.0)
    frames = simulate_bracket(np.full((100, 100, 3), 1e-9), camera, times, seed=0)
    assert all(0.05 < np.mean(frame.pixels > 0) < 0.6 for frame in frames)
    merged = merge_frames(frames, times, camera.response_curve(), MergeOptions(noise=camera.noise_model())).radiance
    read = 3.0 / 20_000 * camera.response_curve().linear[-1, 0]
    assert merged.pixels.max() < 6 * read / 16  # and not the noise of the shortest frame, which is sixteen times as much
    assert merged.pixels.std() < read / 16


def test_black_blocks_of_a_short_frame_do_not_show():
    """JPEG makes blocks of 0 of what is 5: with the noise of other codes, they would claim to be more precise than code 20."""
    frames = [[codes(dark), codes(10), codes(20)] for dark in (0, 5)]
    options = MergeOptions(noise=NoiseModel(read_noise_e=1.2))
    block, right = (merge_frames(some, (1, 2, 4), CURVE, options).radiance.pixels[0, 0, 0] for some in frames)
    assert block == pytest.approx(right, rel=0.05)


def test_pixels_that_no_frame_saw_are_zero_and_flagged():
    hidden = [Frame(np.full((1, 2, 3), 100, np.uint8), valid=np.array([[False, True]]))] * 3
    merged = merge_frames(hidden, (1, 2, 4), CURVE)
    assert merged.radiance.pixels[0, 0].tolist() == [0, 0, 0]
    assert merged.radiance.validity.tolist() == [[Validity.PARTIAL | Validity.SATURATED, 0]]
    assert merged.frame_use == (0.5, 0.5, 0.5)


@pytest.mark.parametrize("estimator", ESTIMATORS)
def test_a_huge_range_of_times_leaves_the_variance_sound(estimator):
    frames = [codes(63000, dtype=np.uint16), codes(65535, dtype=np.uint16), codes(65535, dtype=np.uint16)]
    frames = [Frame(frame.pixels, white=65535.0) for frame in frames]
    curve = SimulatedCamera("srgb", bits=16).response_curve()
    wide, narrow = (
        merge_frames(frames, (1e-6, t, 2 * t), curve, MergeOptions(estimator, variance=True)).radiance for t in (1e3, 1e-5)
    )
    assert wide.validity.item() == 0
    np.testing.assert_allclose(wide.pixels, curve.linear[63000] / np.float64(1e-6) * np.ones((1, 1, 3)), rtol=1e-5)
    np.testing.assert_allclose(wide.variance, narrow.variance, rtol=1e-5)


# --- pictures that are light already, and RAW ---


@pytest.mark.parametrize("estimator", ESTIMATORS)
def test_float_frames_merge_to_their_light(estimator):
    rng = np.random.default_rng(4)
    truth = np.exp(rng.normal(size=(40, 50, 3)))
    times = (0.25, 4.0, 1.0)
    frames = [Frame((truth * t * np.exp(0.02 * rng.standard_normal(truth.shape))).astype(np.float32)) for t in times]
    frames[0].pixels[0, 0], frames[1].pixels[0, 0], frames[2].pixels[0, 0] = 0, 0, 0
    frames[1].pixels[0, 1] = [np.nan, np.inf, 0]  # counts as nothing
    hidden = np.ones((40, 50), bool)
    hidden[0, 2] = False
    frames[2] = Frame(frames[2].pixels, valid=hidden)
    merged = merge_frames(frames, times, None, MergeOptions(estimator=estimator, variance=True))
    pixels, validity = merged.radiance.pixels, merged.radiance.validity
    assert pixels[0, 0].tolist() == [0, 0, 0]
    assert validity[0, :3].tolist() == [Validity.BLACK, 0, Validity.PARTIAL]
    assert not validity[1:].any()
    ratio = pixels[1:] / truth[1:]
    assert np.abs(ratio - 1).max() < 0.1  # noise of 0.02, at its worst in one frame alone
    assert ratio.mean() == pytest.approx(1, abs=0.002)
    np.testing.assert_allclose(pixels[0, 1], truth[0, 1], rtol=0.1)
    assert np.isfinite(merged.radiance.variance).all()
    assert merged.frame_use[1] == pytest.approx(1 - 2 / 2000)


@pytest.mark.parametrize("estimator", ESTIMATORS)
def test_float_frames_are_weighed_by_their_noise(estimator):
    noise = NoiseModel(gain_e_per_dn=20.0, read_noise_e=30.0)
    full_well = 20.0 * 255
    values, times = np.array([0.02, 0.3, 0.9]), np.array([0.1, 1.0, 5.0])
    frames = [codes(value, dtype=np.float32) for value in values]
    options = MergeOptions(estimator=estimator, noise=noise, variance=True)
    merged = merge_frames(frames, times, None, options).radiance
    spread = 0.9**2 * (values / 0.9 / full_well + (30.0 / full_well) ** 2)  # the brightest value stands for saturation
    weight = {
        Estimator.INVERSE_VARIANCE: times**2 / spread,
        Estimator.POISSON: times,
        Estimator.ROBERTSON: times**2,
        Estimator.DEBEVEC: np.ones(3),
    }[estimator]
    weight = weight / weight.sum()
    if estimator is Estimator.DEBEVEC:
        expected = np.exp((weight * np.log(values / times)).sum())
        variance = expected**2 * (weight**2 * spread / values**2).sum()
    else:
        expected = (weight * values / times).sum()
        variance = (weight**2 * spread / times**2).sum()
    np.testing.assert_allclose(merged.pixels, expected, rtol=1e-6)
    np.testing.assert_allclose(merged.variance, variance, rtol=1e-6)


@pytest.mark.parametrize("estimator", ESTIMATORS)
def test_raw_frames_come_out_in_srgb(estimator):
    matrix = np.array([[1.6, -0.4, -0.2], [-0.2, 1.5, -0.3], [0.0, -0.5, 1.5]])
    rng = np.random.default_rng(5)
    scene = rng.uniform(0.05, 0.2, (20, 30, 3))
    scene[0, 0] = [0.01, 0.2, 0.01]  # falls outside sRGB
    camera = SimulatedCamera("linear", bits=16, full_well_e=1e9, read_noise_e=0.0)
    times = (0.2, 1.0, 4.0)
    frames = [
        Frame(frame.pixels, frame.photo, white=65535.0, to_srgb=matrix) for frame in simulate_bracket(scene, camera, times, 0)
    ]
    curve = ResponseCurve.identity(65536)
    merged = merge_frames(frames, times, curve, MergeOptions(estimator=estimator, variance=True)).radiance
    expected = np.maximum(scene @ matrix.T, 0) * 65535 / 32768
    np.testing.assert_allclose(merged.pixels, expected, rtol=2e-3, atol=1e-4)
    assert merged.pixels[0, 0, 0] == 0
    plain = [Frame(frame.pixels, frame.photo, white=65535.0, to_srgb=np.eye(3)) for frame in frames]
    before = merge_frames(plain, times, curve, MergeOptions(estimator=estimator, variance=True)).radiance
    np.testing.assert_allclose(merged.variance, before.variance @ (matrix**2).T, rtol=1e-5)


def test_raw_is_clipped_at_its_white_level_only():
    frames = [Frame(np.full((1, 1, 3), z, np.uint16), white=65535.0, to_srgb=np.eye(3)) for z in (16384, 65534, 65535)]
    merged = merge_frames(frames, (0.25, 1.0, 2.0), ResponseCurve.identity(65536), MergeOptions(clip=(20.0, 200.0)))
    assert merged.frame_use == (1, 1, 0)


# --- OpenCV as an oracle ---


def opencv_curve() -> ResponseCurve:
    """A gamma curve whose float32 values both sides read."""
    exposure = (np.maximum(np.arange(256), 0.25) / 128).astype(np.float32) ** np.float32(2.2)
    return ResponseCurve(np.log(exposure.astype(np.float64))[:, None])


def compare_with_opencv(pictures, times):
    """Largest relative difference to MergeDebevec, channel by channel, where a frame is neither black nor clipped.

    Pixels of which a frame is nearly clipped are left out: OpenCV always believes it, hdrkit where shorter ones do not differ.
    """
    curve = opencv_curve()
    # OpenCV weighs a code by its distance from 0 or 255, which is our triangle over 1..254.
    options = MergeOptions(estimator=Estimator.DEBEVEC, weight="triangle", clip=(1.0, 254.0))
    worst = 0.0
    for c in range(3):
        grays = [np.ascontiguousarray(picture[..., c]) for picture in pictures]
        theirs = cv2.createMergeDebevec().process(
            grays, np.array(times, np.float32), curve.linear.astype(np.float32).reshape(256, 1, 1)
        )
        ours = merge_frames([Frame(gray[..., None]) for gray in grays], times, curve, options).radiance
        measured = np.any([(gray > 0) & (gray < 255) for gray in grays], axis=0)
        np.testing.assert_array_equal(measured, ours.validity == 0)
        assert measured.mean() > 0.5
        measured &= ~np.any([(gray >= 228) & (gray < 255) for gray in grays], axis=0)
        worst = max(worst, np.abs(ours.pixels[..., c] / theirs - 1)[measured].max())
    return worst


def test_debevec_equals_opencv_on_a_simulated_bracket():
    radiance = chart(160, 120, stops=14)
    times = metered_times(radiance, (-4, -2, 0, 2, 4))
    frames = simulate_bracket(radiance, SimulatedCamera("srgb"), times, 0)
    assert compare_with_opencv([frame.pixels for frame in frames], times) < 1e-4


@pytest.mark.data
def test_debevec_equals_opencv_on_the_memorial_church(data_folder):
    index = data_folder / "originals" / "index.csv"
    if not index.is_file():
        pytest.skip(f"no {index}")
    with index.open(newline="") as file:
        rows = [row for row in csv.DictReader(file) if row["scene"] == "memorial"][2:12:2]
    pictures = [cv2.imread(str(data_folder / "originals" / "memorial" / row["file"])) for row in rows]
    assert compare_with_opencv(pictures, [float(row["exposure_time_s"]) for row in rows]) < 1e-4


def test_robertson_equals_opencv_with_its_weights():
    radiance = chart(160, 120, stops=14)
    times = sorted(metered_times(radiance, (-4, -2, 0, 2, 4)))
    frames = simulate_bracket(radiance, SimulatedCamera("srgb"), times, 0)
    curve = opencv_curve().for_channels(3)
    weight = np.exp(-((np.arange(256) * 4 / 255 - 2) ** 2))
    weight = (weight - weight[0]) / (1 - weight[0])
    tables = build_tables(
        curve, times, (0, 255), MergeOptions(estimator=Estimator.ROBERTSON), np.repeat(np.maximum(weight, 0)[:, None], 3, axis=1)
    )
    ours, *_ = run_tables(frames, tables, times, (0, 255), want_variance=False)
    theirs = cv2.createMergeRobertson().process(
        [frame.pixels for frame in frames], np.array(times, np.float32), curve.linear.astype(np.float32).reshape(256, 1, 3)
    )
    measured = np.any([(frame.pixels > 0) & (frame.pixels < 255) for frame in frames], axis=0)
    np.testing.assert_allclose(ours[measured], theirs[measured], rtol=1e-4)


# --- what does not fit together ---


def test_a_gray_curve_serves_colour_and_a_deep_picture():
    gray = ResponseCurve(CURVE.ln_exposure[:, :1])
    frames, times = [codes(90), codes(120), codes(200)], (0.1, 0.2, 0.4)
    served = merge_frames(frames, times, gray).radiance.pixels
    assert served.tobytes() == merge_frames(frames, times, CURVE).radiance.pixels.tobytes()
    deep = [Frame(frame.pixels.astype(np.uint16) * 257, white=65535.0) for frame in frames]
    np.testing.assert_allclose(merge_frames(deep, times, gray).radiance.pixels, served, rtol=0.02)


@pytest.mark.parametrize("weight", Weight)
def test_every_weight_serves_debevec(weight):
    frames = [codes(z) for z in (40, 118, 232)]
    x = CURVE.linear[[40, 118, 232], 0]
    merged = merge_frames(frames, x / 3.0, CURVE, MergeOptions(estimator=Estimator.DEBEVEC, weight=weight))
    np.testing.assert_allclose(merged.radiance.pixels, 3.0, rtol=1e-6)
    with_error = merge_frames(frames, x / [2.0, 3.0, 4.0], CURVE, MergeOptions(estimator=Estimator.DEBEVEC, weight=weight))
    assert 2 < with_error.radiance.pixels[0, 0, 0] < 4


@pytest.mark.parametrize(
    ("frames", "times", "curve", "error"),
    [
        ([], (), CURVE, InputError),
        ([codes(1), codes(2)], (1,), CURVE, InputError),
        ([codes(1), codes(2)], (1, 0), CURVE, ExposureError),
        ([codes(1), codes(2)], (1, np.inf), CURVE, ExposureError),
        ([codes(1), codes(2)], (1, 2), None, InputError),
        ([codes(1), codes(2, (2, 1, 3))], (1, 2), CURVE, InputError),
        ([codes(1), codes(2, (1, 1, 1))], (1, 2), CURVE, InputError),
        ([codes(1), codes(2, dtype=np.uint16)], (1, 2), CURVE, InputError),
        ([codes(1), codes(2, dtype=np.float32)], (1, 2), CURVE, InputError),
        ([Frame(np.full((1, 1, 3), z, np.uint16), white=1023.0) for z in (5, 1024)], (1, 2), CURVE, InputError),
    ],
)
def test_what_cannot_be_merged_is_refused_in_one_line(frames, times, curve, error):
    with pytest.raises(error) as caught:
        merge_frames(frames, times, curve)
    assert "\n" not in str(caught.value)


@pytest.mark.parametrize("clip", [(-1, 250), (10, 10), (5, 256), (200, 100)])
def test_impossible_clip_limits_are_refused(clip):
    with pytest.raises(InputError):
        MergeOptions(clip=clip)


# --- fusion ---


@pytest.fixture(scope="module")
def window():
    """A dark and a bright half, each with texture, which no single frame shows."""
    rng = np.random.default_rng(0)
    texture = np.kron(rng.uniform(0.4, 1.0, (24, 32, 1)), np.ones((4, 4, 1)))
    texture[:, 64:] *= 200
    return texture


def detail(picture):
    """Contrast of each half."""
    gray = picture.astype(float).mean(axis=2)
    return gray[:, :64].std() / gray.max(), gray[:, 64:].std() / gray.max()


@pytest.mark.parametrize(("bits", "channels"), [(8, 3), (16, 3), (8, 1), (16, 1), (10, 3)])
def test_fusion_keeps_the_detail_of_both_ends(window, bits, channels):
    radiance = np.repeat(window, channels, axis=2)
    frames = simulate_bracket(radiance, SimulatedCamera("srgb", bits=bits), (0.004, 0.06, 0.9), 0)
    fused = fuse_frames(frames)
    assert fused.shape == (96, 128, 3)
    assert fused.dtype == np.float32
    assert fused.min() >= 0
    assert fused.max() <= 1
    assert min(detail(fused)) > 1.4 * max(min(detail(frame.pixels)) for frame in frames)


def test_fusion_of_deep_frames_is_that_of_their_8_bit_versions(window):
    frames = simulate_bracket(np.repeat(window, 3, axis=2), SimulatedCamera("srgb"), (0.004, 0.06, 0.9), 0)
    deep = [Frame(frame.pixels.astype(np.uint16) * 257, white=65535.0) for frame in frames]
    np.testing.assert_allclose(fuse_frames(deep), fuse_frames(frames), atol=1e-6)


def test_fusion_fills_what_a_moved_frame_did_not_see(window):
    frames = simulate_bracket(np.repeat(window, 3, axis=2), SimulatedCamera("srgb"), (0.004, 0.06, 0.9), 0)
    valid = np.ones((96, 128), bool)
    valid[:, :12] = False
    everywhere = np.ones((96, 128), bool)
    short, reference, long = (frame.pixels for frame in frames)
    moved = np.where(valid[..., None], long, 0).astype(np.uint8)
    filled = fuse_frames([Frame(short, valid=everywhere), Frame(reference), Frame(moved, valid=valid)])
    unfilled = fuse_frames([Frame(short), Frame(reference), Frame(moved)])
    whole = fuse_frames(frames)
    assert np.abs(filled - whole).mean() < 0.7 * np.abs(unfilled - whole).mean()


@pytest.mark.parametrize("bits", [8, 16])
def test_fusion_shows_what_moved_once_and_leaves_still_frames_alone(bits):
    rng = np.random.default_rng(4)
    still = np.repeat(np.kron(np.exp(rng.normal(0, 0.7, (30, 40, 1))), np.ones((4, 4, 1))), 3, axis=2)
    scenes = [still.copy() for _ in range(3)]
    for k, scene in enumerate(scenes):
        scene[40:64, 20 + 40 * k : 44 + 40 * k] = (0.2, 1.2, 4.0)
    camera, times = SimulatedCamera("srgb", bits=bits, full_well_e=20000.0), (0.04, 0.16, 0.64)

    def bracket(scenes):
        return [simulate_bracket(scene, camera, (time,), 0)[0] for scene, time in zip(scenes, times, strict=True)]

    moving, reference = bracket(scenes), bracket([scenes[1]] * 3)
    once, doubled, truth = fuse_frames(moving, deghost=True), fuse_frames(moving), fuse_frames(reference)
    places = slice(42, 62), slice(22, 122)
    assert np.abs(once - truth)[places].mean() < 0.25 * np.abs(doubled - truth)[places].mean()
    assert np.abs(fuse_frames(reference, deghost=True) - truth).max() < 0.02


def test_fusion_refuses_light():
    with pytest.raises(InputError, match="blends photographs, not radiance"):
        fuse_frames([codes(1, (4, 4, 3), np.float32)] * 2)
    with pytest.raises(InputError, match="does not make radiance"):
        merge_frames([codes(1, dtype=np.float32)] * 2, (1, 2), None, MergeOptions(estimator="mertens"))


# --- range ---


def test_range_is_that_of_all_codes_and_times():
    rng = np.random.default_rng(1)
    curve = ResponseCurve(np.sort(rng.normal(size=(256, 3)), axis=0))
    times = [0.25, 8.0, 0.001, 1.0]
    everything = [g - np.log(t) for g in curve.ln_exposure.ravel() for t in times]
    assert ln_exposure_range(curve, times) == pytest.approx((min(everything), max(everything)))
    with pytest.raises(ExposureError):
        ln_exposure_range(curve, [])
