"""Weights: their shapes against the formulas, their variances against photographs of a known camera."""

import numpy as np
import pytest

from hdrkit.calibration.options import CalibrationOptions
from hdrkit.errors import InputError
from hdrkit.imaging.codes import Weight, scale_clip
from hdrkit.imaging.weighting import black_edge, exposure_variance, noise_weight, readings, weight_of_codes
from hdrkit.merging.options import MergeOptions
from hdrkit.simulate import SimulatedCamera
from hdrkit.types import NoiseModel, ResponseCurve


@pytest.mark.parametrize("kind", Weight)
@pytest.mark.parametrize(("levels", "clip"), [(256, (5, 250)), (256, (0, 255)), (1024, (20, 1003)), (65536, (1, 65534))])
def test_weights_are_positive_within_the_limits_and_nothing_outside(kind, levels, clip):
    weight = weight_of_codes(kind, levels, clip)
    low, high = clip
    assert weight.shape == (levels,)
    assert (weight[low : high + 1] > 0).all()
    assert weight.max() <= 1
    assert not weight[:low].any()
    assert not weight[high + 1 :].any()
    np.testing.assert_allclose(weight[low : high + 1], weight[low : high + 1][::-1], rtol=1e-12)


def test_triangle_with_full_limits_counts_codes_from_both_ends():
    z = np.arange(256)
    weight = weight_of_codes("triangle", 256, (0, 255))
    np.testing.assert_allclose(weight / weight[0], np.minimum(z + 1, 256 - z), rtol=1e-12)


def test_sine_and_gaussian_have_their_shapes():
    u = np.linspace(-1, 1, 257)  # codes -1 .. 255, so that u is 0 in the middle of the limits 0 .. 254
    sine, gaussian = (weight_of_codes(kind, 256, (0, 254))[:255] for kind in ("sine", "gaussian"))
    np.testing.assert_allclose(sine, np.cos(np.pi * u[1:-1] / 2) ** 2, atol=1e-12)
    np.testing.assert_allclose(gaussian, np.exp(-4 * u[1:-1] ** 2), atol=1e-12)


@pytest.mark.parametrize(
    ("levels", "expected"), [(256, (5, 250)), (1024, (20, 1003)), (4096, (80, 4015)), (65536, (1285, 64250))]
)
def test_limits_scale_with_the_number_of_codes(levels, expected):
    assert scale_clip((5.0, 250.0), levels) == expected


@pytest.mark.parametrize(("response", "bits"), [("linear", 8), ("linear", 12), ("srgb", 8), ("gamma", 12)])
@pytest.mark.parametrize("exposure", [0.02, 0.2, 0.7])
def test_variance_of_an_exposure_is_what_photographs_scatter(response, bits, exposure):
    camera = SimulatedCamera(response, bits=bits, full_well_e=5000.0, read_noise_e=8.0)
    # Light that drifts over one code makes the rounding error uniform, as it is in a real picture.
    radiance = exposure * np.linspace(0.98, 1.02, 200)[:, None, None] * np.ones((1, 200, 1))
    codes = camera.shoot(radiance, 1.0, np.random.default_rng(3))[..., 0]
    curve = camera.response_curve()
    x = curve.linear[:, 0]
    unit = x[-1]  # exposure 1 saturates
    measured = np.var(x[codes] - unit * radiance[..., 0])
    noise = NoiseModel(camera.full_well_e / 255, camera.read_noise_e)
    predicted = exposure_variance(curve, noise)[codes, 0].mean()
    # The variance of 40,000 samples is known to 0.7 %; the rounding error of coarse codes is not quite independent.
    assert measured == pytest.approx(predicted, rel=0.05)


def test_noise_weight_is_the_signal_to_noise_ratio_squared():
    curve = ResponseCurve.identity(256)
    noise = NoiseModel(gain_e_per_dn=10.0, read_noise_e=30.0)
    weight = noise_weight(curve, noise, (5, 250))[:, 0]
    z = np.arange(5, 251)
    electrons = 10.0 * z
    snr = electrons**2 / (electrons + 30.0**2 + 10.0**2 / 12)
    np.testing.assert_allclose(weight[5:251], snr / snr.max(), rtol=1e-9)
    assert weight.max() == 1
    assert not weight[:5].any()
    assert not weight[251:].any()


@pytest.mark.parametrize(
    ("response", "bits", "read"), [("srgb", 8, 12.0), ("gamma", 8, 10.0), ("linear", 14, 3.0), ("scurve", 8, 24.0)]
)
def test_readings_of_the_dark_have_the_mean_and_the_spread_of_the_light(response, bits, read):
    camera = SimulatedCamera(response, bits=bits, full_well_e=20_000.0, read_noise_e=read)
    curve = camera.response_curve().for_channels(1)
    value, variance = readings(curve, camera.noise_model(), 1)
    for light in (0.0, 1.0, 3.0, 10.0):  # in units of the read noise
        codes = camera.shoot(np.full((400, 500, 1), light * read / 20_000.0), 1.0, np.random.default_rng(0))
        seen = value[codes, 0] / curve.linear[-1] * 20_000.0
        assert seen.mean() / read == pytest.approx(light, abs=0.2)
        predicted = variance[codes, 0].mean() / curve.linear[-1].item() ** 2 * 20_000.0**2
        assert 0.6 < seen.var() / predicted < 1.2


def test_black_reaches_to_the_first_code_that_is_brighter():
    curve = ResponseCurve.identity(1024, channels=1, black=64.0)
    assert black_edge(curve, 1) * 1024 / curve.linear[-1].item() == pytest.approx((0.25 + 1) / 2 * 1024 / 959)
    plain = ResponseCurve.identity(256)
    unit = plain.linear[-1] / 255
    np.testing.assert_allclose(black_edge(plain, 5), 4.5 * unit)
    value, _ = readings(plain, NoiseModel(), 5)
    assert len(set(value[:5, 0])) == 1
    np.testing.assert_allclose(value[5:], plain.linear[5:])


def test_the_doubt_of_the_curve_adds_to_the_variance():
    curve = ResponseCurve.identity(256)
    doubted = ResponseCurve(curve.ln_exposure, sigma=np.full((256, 3), 0.1))
    added = exposure_variance(doubted, NoiseModel()) - exposure_variance(curve, NoiseModel())
    np.testing.assert_allclose(added, (0.1 * curve.linear) ** 2)


def test_noise_can_differ_between_channels():
    noise = NoiseModel(gain_e_per_dn=(10.0, 20.0, 40.0), read_noise_e=(1.0, 2.0, 3.0))
    each = [NoiseModel(gain, read) for gain, read in ((10.0, 1.0), (20.0, 2.0), (40.0, 3.0))]
    shares = np.random.default_rng(0).random((50, 3))
    expected = np.stack([model.variance(shares[:, c]) for c, model in enumerate(each)], axis=1)
    np.testing.assert_allclose(noise.variance(shares), expected)


@pytest.mark.parametrize("options", [MergeOptions, CalibrationOptions])
def test_options_take_a_weight_by_its_name_and_refuse_others(options):
    assert options(weight="sine").weight is Weight.SINE
    with pytest.raises(InputError, match="no weight 'magic'; choose triangle, sine"):
        options(weight="magic")
