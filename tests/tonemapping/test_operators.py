import math

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra import numpy as hnp

from hdrkit.errors import InputError
from hdrkit.imaging.colour import LUMINANCE
from hdrkit.tonemapping.adaptation import adapt_to_scene
from hdrkit.tonemapping.options import Operator, RenderOptions
from hdrkit.tonemapping.pixels import encode_srgb
from hdrkit.tonemapping.render import render
from hdrkit.types import RadianceMap, Validity

EVERY = pytest.mark.parametrize("operator", list(Operator))
GLOBAL = pytest.mark.parametrize("operator", [one for one in Operator if one is not Operator.LOCAL])


def decode_srgb(encoded):
    return np.where(encoded <= 0.04045, encoded / 12.92, ((encoded + 0.055) / 1.055) ** 2.4)


def gray_ramp(stops=16, width=400):
    """Gray from 2^-stops/2 to 2^stops/2, so that the log-average is 1."""
    return np.repeat(np.exp2(np.linspace(-stops / 2, stops / 2, width, dtype=np.float32))[None, :, None], 3, axis=2)


def scene(seed=1, shape=(40, 60)):
    rng = np.random.default_rng(seed)
    return (np.exp(rng.normal(0, 2, (*shape, 1))) * rng.uniform(0.2, 1, (*shape, 3))).astype(np.float32)


@EVERY
def test_sixty_orders_of_magnitude_do_not_overflow(operator):
    pixels = np.full((3, 4, 3), 1.2e-21, np.float32)
    pixels[0, 0, 0] = 4e22
    assert np.isfinite(render(RadianceMap(pixels), RenderOptions(operator))).all()


@EVERY
@settings(deadline=None)
@given(
    pixels=hnp.arrays(np.float32, (3, 4, 3), elements=st.floats(0, 2.0**127, width=32)),
    range_ln=st.none() | st.tuples(st.floats(-79, 0), st.floats(0.1, 79)),
)
def test_any_radiance_gives_a_picture(operator, pixels, range_ln):
    picture = render(RadianceMap(pixels), RenderOptions(operator, range_ln))
    assert picture.dtype == np.float32
    assert picture.shape == pixels.shape
    assert np.isfinite(picture).all()
    assert picture.min() >= 0
    assert picture.max() <= 1
    assert (picture[(pixels == 0).all(axis=-1)] == 0).all()


@EVERY
def test_a_black_picture_stays_black(operator):
    assert not render(RadianceMap(np.zeros((4, 5, 3), np.float32)), RenderOptions(operator)).any()


@EVERY
def test_brighter_stays_brighter_and_gray_stays_gray(operator):
    for options in (RenderOptions(operator), RenderOptions(operator, (-4.0, 4.0))):
        picture = render(RadianceMap(gray_ramp()), options)[0]
        assert (np.diff(picture, axis=0) >= -1e-6).all()
        assert np.ptp(picture, axis=1).max() < 1e-5
        assert picture[0, 0] < 0.15
        assert picture[-1, 0] > (0.85 if operator is Operator.LOCAL else 0.99)


@EVERY
def test_the_average_is_neither_crushed_nor_washed_out(operator):
    middle = render(RadianceMap(gray_ramp()), RenderOptions(operator))[0, 200, 0]
    assert 0.4 < middle < 0.6


@EVERY
def test_the_unit_of_radiance_does_not_matter(operator):
    options = RenderOptions(operator)
    for factor in (1e-6, 1e6):
        scaled = render(RadianceMap(scene() * np.float32(factor)), options)
        np.testing.assert_allclose(scaled, render(RadianceMap(scene()), options), atol=1e-4)


@GLOBAL
def test_with_a_range_a_pixel_looks_the_same_in_every_picture(operator):
    options = RenderOptions(operator, (-3.0, 3.0))
    dim, bright = scene(1), scene(2) * 50
    bright[0] = dim[0]
    assert (render(RadianceMap(dim), options)[0] == render(RadianceMap(bright), options)[0]).all()


@GLOBAL
def test_a_range_spans_black_to_white(operator):
    ends = np.exp(np.array([-2.0, 3.0], np.float32))[None, :, None].repeat(3, axis=2)
    low, high = render(RadianceMap(ends), RenderOptions(operator, (-2.0, 3.0)))[0, :, 0]
    assert low < 1e-3
    assert high > 0.95


def test_gamma_with_a_range_is_the_normalised_radiance():
    pixels = scene()
    low, high = math.exp(-2), math.exp(3)
    expected = np.clip((pixels.astype(float) - low) / (high - low), 0, 1)
    shown = decode_srgb(render(RadianceMap(pixels), RenderOptions(Operator.GAMMA, (-2.0, 3.0))).astype(float))
    np.testing.assert_allclose(shown, expected, atol=1e-6)


def slow_reinhard(y, average, white):
    gain = 0.18 / 0.82 / average
    return y * gain * (1 + y * gain / (white * gain) ** 2) / (1 + y * gain)


def slow_drago(y, average, white):
    y, most = y / average, white / average
    return math.log(y + 1) / math.log(2 + 8 * (y / most) ** (math.log(0.85) / math.log(0.5))) / math.log10(most + 1)


@pytest.mark.parametrize(("operator", "reference"), [(Operator.REINHARD, slow_reinhard), (Operator.DRAGO, slow_drago)])
def test_luminance_follows_the_published_curve_and_hue_is_kept(operator, reference):
    pixels = scene()
    adaptation = adapt_to_scene(RadianceMap(pixels))
    shown = decode_srgb(render(RadianceMap(pixels), RenderOptions(operator)).astype(float))
    luminance = pixels @ LUMINANCE
    expected = [
        min(reference(min(float(y), adaptation.white), adaptation.average, adaptation.white), 1) for y in luminance.ravel()
    ]
    np.testing.assert_allclose(shown @ LUMINANCE.astype(float), np.reshape(expected, luminance.shape), atol=2e-4)
    order = np.argsort(pixels, axis=-1)
    assert (np.diff(np.take_along_axis(shown, order, axis=-1), axis=-1) >= -1e-6).all()
    inside = shown.max(axis=-1) < 0.999
    ratio = (shown / pixels)[inside]
    np.testing.assert_allclose(ratio / ratio.mean(axis=-1, keepdims=True), 1, atol=1e-3)


def test_aces_is_narkowicz_fit():
    pixels = gray_ramp()
    x = 0.18 * pixels.astype(float) / adapt_to_scene(RadianceMap(pixels)).average
    expected = np.clip(x * (2.51 * x + 0.03) / (x * (2.43 * x + 0.59) + 0.14), 0, 1)
    shown = decode_srgb(render(RadianceMap(pixels), RenderOptions(Operator.ACES)).astype(float))
    np.testing.assert_allclose(shown, expected, atol=1e-5)


def test_bright_colours_fade_to_white():
    pixels = scene()
    pixels[0, 0] = [1e6, 1e5, 0]
    assert (render(RadianceMap(pixels), RenderOptions("reinhard"))[0, 0] > 0.999).all()


def test_exposure_ignores_black_unmeasured_and_extreme_pixels():
    pixels = np.full((50, 50, 3), 2, np.float32)
    plain = adapt_to_scene(RadianceMap(pixels))
    assert plain.average == pytest.approx(2, rel=1e-5)
    pixels[:25] = 0
    pixels[25, :10] = 1e9
    validity = np.zeros((50, 50), np.uint8)
    validity[25, :9] = Validity.SATURATED
    validity[40:] = Validity.PARTIAL
    assert adapt_to_scene(RadianceMap(pixels, validity=validity)).average == pytest.approx(2, rel=1e-5)
    validity[:] = Validity.SATURATED
    assert adapt_to_scene(RadianceMap(np.full((50, 50, 3), 2, np.float32), validity=validity)).average == pytest.approx(
        2, rel=1e-5
    )


def test_a_flat_picture_is_middle_gray_and_not_white():
    flat = RadianceMap(np.full((5, 5, 3), 7, np.float32))
    for operator in (Operator.REINHARD, Operator.GAMMA):
        np.testing.assert_allclose(decode_srgb(render(flat, RenderOptions(operator)).astype(float)), 0.18, atol=0.05)


def test_blocks_do_not_show():
    pixels = scene(shape=(700, 900))
    whole = render(RadianceMap(pixels), RenderOptions("reinhard"))
    adaptation = adapt_to_scene(RadianceMap(pixels))
    assert whole.shape == pixels.shape
    y = float(pixels[650, 3] @ LUMINANCE)
    shown = decode_srgb(whole[650, 3].astype(float)) @ LUMINANCE.astype(float)
    assert shown == pytest.approx(slow_reinhard(min(y, adaptation.white), adaptation.average, adaptation.white), abs=1e-4)


def test_rendering_leaves_its_input_alone():
    pixels = scene()
    before = pixels.copy()
    render(RadianceMap(pixels))
    assert (pixels == before).all()


def test_srgb_encoding():
    np.testing.assert_allclose(
        encode_srgb(np.array([0, 0.0031308, 0.18, 1, 2], np.float32)), [0, 0.04045, 0.46136, 1, 1], atol=1e-4
    )
    x = np.linspace(0, 1, 999, dtype=np.float32)
    np.testing.assert_allclose(decode_srgb(encode_srgb(x).astype(float)), x, atol=1e-6)


def test_srgb_encoding_is_as_good_as_float32():
    x = np.concatenate([np.linspace(-0.1, 1.1, 100_003), np.exp2(np.linspace(-12, 0, 100_003))]).astype(np.float32)
    exact = np.clip(x.astype(float), 0, 1)
    exact = np.where(exact <= 0.0031308, 12.92 * exact, 1.055 * exact ** (1 / 2.4) - 0.055)
    np.testing.assert_allclose(encode_srgb(x), exact, rtol=0, atol=1.2e-7)


@EVERY
def test_a_map_that_is_not_contiguous_is_rendered_like_its_copy(operator):
    pixels = scene()
    turned = pixels.swapaxes(0, 1)
    options = RenderOptions(operator, range_ln=(-1.0, 2.0))
    np.testing.assert_array_equal(render(RadianceMap(turned), options), render(RadianceMap(turned.copy()), options))


@pytest.mark.parametrize("range_ln", [(1.0, 1.0), (2.0, 1.0), (math.nan, 1.0), (0.0, math.inf), (-200.0, 0.0)])
def test_ranges_that_make_no_sense(range_ln):
    with pytest.raises(InputError, match="display range"):
        RenderOptions(range_ln=range_ln)


def test_an_operator_can_be_named_and_an_unknown_one_is_refused():
    assert RenderOptions("drago").operator is Operator.DRAGO
    with pytest.raises(InputError, match="choose local, reinhard, drago, aces, gamma"):
        RenderOptions("mantiuk")
