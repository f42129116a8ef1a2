"""What every separable estimator must do, whichever it is: a new one is tested by its name in `Estimator`."""

from types import SimpleNamespace

import numpy as np
import pytest

from hdrkit.errors import InputError
from hdrkit.imaging.codes import Weight
from hdrkit.merging.estimators.separable import Codes, Measurements, Separable
from hdrkit.merging.estimators.table import estimator_of
from hdrkit.merging.options import CHOICES, Estimator, MergeOptions, Product
from hdrkit.merging.radiance import merge_frames
from hdrkit.simulate import SimulatedCamera
from hdrkit.types import Frame, NoiseModel

CURVE = SimulatedCamera("srgb").response_curve()
CODES = Codes(CURVE, (5, 250), NoiseModel())
TIMES = (0.01, 0.04, 0.16)
LIGHT = np.geomspace(0.5, 5, 7)  # of TIMES each sees a share of saturation


@pytest.fixture(params=Estimator)
def estimator(request):
    return estimator_of(MergeOptions(estimator=request.param))


def averaged(estimator, measurements):
    """Radiance and variance out of the sums of several frames."""
    a, b, v = (sum(parts) for parts in zip(*(estimator.sums(one) for one in measurements), strict=True))
    radiance = np.exp(a / b) if estimator.logarithmic else a / b
    return radiance, v / b**2 * (radiance**2 if estimator.logarithmic else 1)


def measured(light, times, variance=1e-6):
    return [Measurements(light * t, np.full(light.shape, variance), t, np.linspace(0.2, 1, light.size)) for t in times]


def test_planted_radiance_is_recovered(estimator):
    radiance, variance = averaged(estimator, measured(LIGHT, TIMES))
    np.testing.assert_allclose(radiance, LIGHT, rtol=1e-12)
    assert (variance > 0).all()


def test_the_variance_is_that_of_the_result(estimator):
    rng, spread = np.random.default_rng(0), 1e-3
    light = np.repeat(2.0, 100_000)
    found = [
        one._replace(x=one.x + spread * rng.standard_normal(light.size), weight=np.ones(light.size))
        for one in measured(light, TIMES, spread**2)
    ]
    radiance, variance = averaged(estimator, found)
    assert radiance.mean() == pytest.approx(2.0, rel=1e-2)
    assert radiance.std() == pytest.approx(np.sqrt(variance).mean(), rel=0.02)


def test_the_order_of_frames_does_not_matter(estimator):
    frames = measured(LIGHT, TIMES)
    frames[0] = frames[0]._replace(x=1.1 * frames[0].x)
    for one, other in zip(averaged(estimator, frames), averaged(estimator, frames[::-1]), strict=True):
        np.testing.assert_allclose(one, other, rtol=1e-12)


def test_scaling_all_exposures_scales_radiance_by_the_inverse(estimator):
    frames = measured(LIGHT, TIMES)
    frames[0] = frames[0]._replace(x=1.1 * frames[0].x)
    longer = [one._replace(t=8 * one.t) for one in frames]
    radiance, variance = averaged(estimator, frames)
    scaled, scaled_variance = averaged(estimator, longer)
    np.testing.assert_allclose(8 * scaled, radiance, rtol=1e-12)
    np.testing.assert_allclose(64 * scaled_variance, variance, rtol=1e-12)


def test_codes_weigh_nothing_above_the_clip_limit_and_one_at_most(estimator):
    weight = estimator.code_weight(CODES)
    assert weight.shape == (CURVE.levels, CURVE.channels)
    assert (weight[251:] == 0).all()
    assert (weight[5:250] > 0).all()
    assert weight.max() <= 1
    assert weight.min() >= 0


def test_exposures_without_bias_keep_those_of_a_frame_that_is_alone(estimator):
    x, variance = estimator.readings(CODES)
    assert x.shape == variance.shape == CURVE.linear.shape
    assert (variance > 0).all()
    np.testing.assert_array_equal(estimator.unbiased(x, 0.1, [0.1], CODES), x)


@pytest.mark.parametrize("name", Weight)
def test_the_weight_of_debevec_is_the_one_that_is_named(name):
    named = estimator_of(MergeOptions(estimator="debevec", weight=name))
    plain = estimator_of(MergeOptions(estimator="debevec"))
    assert np.array_equal(named.code_weight(CODES), plain.code_weight(CODES)) is (name == "triangle")


# --- the table ---


@pytest.mark.parametrize("name", Estimator)
def test_every_name_has_a_row_of_its_own(name):
    found = estimator_of(MergeOptions(estimator=name))
    assert isinstance(found, Separable)
    assert type(found).__name__.lower() == name.replace("-", "")


def test_an_estimator_without_a_row_fails():
    with pytest.raises(AssertionError, match="median"):
        estimator_of(SimpleNamespace(estimator="median", weight="triangle"))


@pytest.mark.parametrize("name", CHOICES)
def test_a_name_in_plain_text_is_the_same_choice(name):
    options = MergeOptions(estimator=str(name.value))
    assert options == MergeOptions(estimator=name)
    assert options.estimator is name
    assert options.product is (Product.FUSION if name == "mertens" else Product.RADIANCE)


def test_an_unknown_name_is_refused():
    with pytest.raises(InputError, match="'magic'; choose inverse-variance"):
        MergeOptions(estimator="magic")


@pytest.mark.parametrize("dtype", [np.uint8, np.float32])
def test_exposure_fusion_makes_no_radiance(dtype):
    frames = [Frame(np.full((2, 2, 3), value, dtype)) for value in (1, 2)]
    with pytest.raises(InputError, match="mertens does not make radiance"):
        merge_frames(frames, (1, 2), CURVE, MergeOptions(estimator="mertens"))
