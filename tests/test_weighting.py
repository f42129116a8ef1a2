"""Weights: their shapes against the formulas, their variances against photographs of a known camera."""

import numpy as np
import pytest

from hdrkit.simulate import SimulatedCamera
from hdrkit.types import NoiseModel, ResponseCurve
from hdrkit.weighting import WEIGHTS, exposure_variance, noise_weight, scale_clip, weight_of_codes


@pytest.mark.parametrize("kind", WEIGHTS)
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
