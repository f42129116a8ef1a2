"""The local operator: planted light whose rendering must show what a photographer would."""

import numpy as np
import pytest

from hdrkit.errors import InputError
from hdrkit.imaging.colour import light_of_srgb
from hdrkit.tonemapping.darkroom import darkroom
from hdrkit.tonemapping.options import RenderOptions
from hdrkit.tonemapping.render import render, retouch
from hdrkit.types import RadianceMap, Validity

CONTROLS = ("exposure", "contrast", "detail", "saturation", "warmth")


def textured(shape, seed=3, contrast=0.1):
    return np.exp(contrast * np.random.default_rng(seed).standard_normal(shape)).astype(np.float32)


def room_with_window(stops=9, shape=(300, 400)):
    """A gray room, dim and of even texture, with a window that is brighter by many stops and has the same texture."""
    light = textured(shape)
    light[80:180, 150:280] *= 2.0**stops
    return np.repeat(light[..., None], 3, axis=2)


def show(pixels, **options):
    return render(RadianceMap(np.ascontiguousarray(pixels, np.float32)), RenderOptions(**options))


def oklab_hue(linear):
    """Hue angle in degrees (Ottosson 2020)."""
    to_lms = [[0.4122214708, 0.5363325363, 0.0514459929], [0.2119034982, 0.6806995451, 0.1073969566]]
    to_lms.append([0.0883024619, 0.2817188376, 0.6299787005])
    lms = np.cbrt(np.asarray(linear, float) @ np.array(to_lms).T)
    a = lms @ [1.9779984951, -2.4285922050, 0.4505937099]
    b = lms @ [0.0259040371, 0.7827717662, -0.8086757660]
    return np.degrees(np.arctan2(b, a))


def test_a_window_and_the_room_around_it_show_their_texture_together():
    pixels = room_with_window()
    parts = (slice(90, 170), slice(160, 270)), (slice(200, 290), slice(20, 380))
    local, curve = show(pixels)[..., 0], show(pixels, operator="reinhard")[..., 0]
    texture = [float(local[part].std()) for part in parts]
    assert min(texture) > 0.015
    assert min(texture) > 4 * min(float(curve[part].std()) for part in parts)
    window, room = (float(local[part].mean()) for part in parts)
    assert 0.15 < room < 0.5 < 0.8 < window < 0.97


def test_edges_have_no_halos():
    flat = np.ones((400, 600, 3), np.float32)
    flat[:, 300:] = 2.0**6
    line = show(flat)[200, :, 0]
    dark, bright = line[:298], line[302:]
    assert np.ptp(dark[200:]) < 0.02  # near the edge, where a halo would be
    assert np.ptp(bright[:98]) < 0.05
    assert bright.min() > dark.max() + 0.2


def test_colours_keep_their_hue_into_the_highlights():
    colours = np.array([[1, 0.45, 0.1], [1, 0.75, 0.2], [0.2, 0.4, 1], [0.9, 0.5, 0.35], [0.2, 0.8, 0.3]], np.float32)
    pixels = np.full((200, 500, 3), 0.5, np.float32)
    for k, colour in enumerate(colours):
        pixels[50:150, 100 * k + 20 : 100 * k + 80] = 8 * colour
    shown = light_of_srgb(show(pixels).astype(float))
    for k, colour in enumerate(colours):
        turn = oklab_hue(shown[100, 100 * k + 50]) - oklab_hue(colour)
        assert abs((turn + 180) % 360 - 180) < 15


def test_nights_stay_night_and_lamps_shine():
    night = 0.02 * textured((300, 400, 1)).repeat(3, axis=2)
    for y, x in ((60, 80), (80, 300), (200, 150)):
        night[y : y + 12, x : x + 12] = 400
    shown = show(night)
    assert np.median(shown) < 0.33
    assert shown[60:66, 80:86].min() > 0.8
    assert np.median(show(textured((300, 400, 1)).repeat(3, axis=2))) > 0.4  # a scene in even light


def test_what_every_frame_shows_clipped_is_white():
    pixels = room_with_window(5)
    pixels[:60] = 60.0
    validity = np.zeros(pixels.shape[:2], np.uint8)
    validity[:60] = Validity.SATURATED
    white = render(RadianceMap(pixels, validity=validity))[:50]
    assert white.min() > 0.93
    assert white.min() > render(RadianceMap(pixels))[:50].max() + 0.02


def test_a_large_picture_is_shown_as_the_same_picture_when_it_is_small():
    small = room_with_window()
    large = small.repeat(2, axis=0).repeat(2, axis=1)
    difference = np.abs(show(large)[::2, ::2] - show(small))
    assert np.percentile(difference, 99) < 0.03


def test_the_finest_texture_of_a_large_picture_is_kept():
    pixels = textured((1500, 2000, 1)).repeat(3, axis=2)
    reference = textured((300, 400, 1)).repeat(3, axis=2)
    assert show(pixels).std() == pytest.approx(show(reference).std(), rel=0.2)


def test_bands_do_not_show():
    pixels = room_with_window()
    develop = darkroom(RadianceMap(pixels), RenderOptions())
    whole = develop(pixels, 0)
    np.testing.assert_array_equal(np.concatenate([develop(pixels[y : y + 37], y) for y in range(0, 300, 37)]), whole)


def test_what_comes_into_a_series_changes_only_its_surroundings():
    before = room_with_window()
    after = before.copy()
    after[200:230, 330:360] *= 2.0**6
    options = {"range_ln": (-4.0, 8.0)}
    difference = np.abs(show(after, **options) - show(before, **options))
    assert difference[:, :150].max() < 0.02
    assert difference[210:220, 340:350].min() > 0.1


def test_with_a_range_brighter_pictures_are_shown_brighter():
    options = {"range_ln": (-4.0, 8.0)}
    means = [show(2.0**ev * room_with_window(), **options).mean() for ev in range(-3, 3)]
    assert (np.diff(means) > 0.01).all()


@pytest.mark.parametrize("control", CONTROLS)
def test_controls_are_neutral_at_zero_and_work_both_ways(control):
    pixels = room_with_window(4) * np.array([1.0, 0.7, 0.4])
    measured = {
        "exposure": lambda shown: np.median(shown),
        "contrast": lambda shown: np.percentile(shown, 95) - np.percentile(shown, 5),
        "detail": lambda shown: shown[200:290, 20:380, 1].std() / shown[200:290, 20:380, 1].mean(),
        "saturation": lambda shown: np.ptp(shown, axis=-1).mean(),
        "warmth": lambda shown: (shown[..., 0] - shown[..., 2]).mean(),
    }[control]
    less, neutral, more = (measured(show(pixels, **{control: value})) for value in (-0.5, 0, 0.5))
    assert less < 0.98 * neutral < neutral < 0.98 * more


def test_a_picture_is_retouched_by_the_same_controls_and_by_none_of_them_stays():
    picture = show(room_with_window(4) * np.array([1.0, 0.7, 0.4]))
    assert retouch(picture, RenderOptions()) is picture
    np.testing.assert_allclose(retouch(picture, RenderOptions(exposure=1e-6)), picture, atol=0.004)
    assert retouch(picture, RenderOptions(exposure=1)).mean() > picture.mean() + 0.05
    wall = slice(200, 290), slice(20, 380), 1
    assert retouch(picture, RenderOptions(detail=0.5))[wall].std() > 1.2 * picture[wall].std()


def test_no_saturation_is_grey():
    assert np.ptp(show(room_with_window() * np.array([1.0, 0.7, 0.4]), saturation=-1), axis=-1).max() < 1e-6


@pytest.mark.parametrize("control", CONTROLS)
def test_controls_have_limits_and_belong_to_the_local_operator(control):
    for value in (6, -6, float("nan")):
        with pytest.raises(InputError, match=control):
            RenderOptions(**{control: value})
    with pytest.raises(InputError, match=f"{control} changes pictures of the operator local"):
        RenderOptions("aces", **{control: 0.5})
