import numpy as np
import pytest

from hdrkit.semantics.saliency import contrast_with_border, salient_regions


def scene(*patches, shape=(240, 320), noise=4):
    """A gray picture with noise, and patches (left, top, right, bottom, colour) in it."""
    rgb = np.random.default_rng(1).normal(128, noise, (*shape, 3))
    for left, top, right, bottom, colour in patches:
        rgb[top:bottom, left:right] = colour
    return np.clip(rgb, 0, 255).astype(np.uint8)


RED, GREEN = (200, 40, 40), (40, 160, 60)


def test_a_planted_object_has_its_box():
    (region,) = salient_regions(scene((80, 60, 240, 180, RED)))
    np.testing.assert_allclose(region.box, (80 / 320, 60 / 240, 160 / 320, 120 / 240), atol=0.03)


def test_the_object_that_stands_out_most_comes_first():
    found = salient_regions(scene((20, 20, 80, 80, RED), (140, 60, 300, 220, GREEN)))
    assert [round(one.box[0], 1) for one in found] == [0.4, 0.1]
    assert found[0].weight > found[1].weight


def test_an_object_that_touches_the_border_is_still_one():
    """Colours that few pixels of the border have are no background."""
    (region,) = salient_regions(scene((150, 100, 175, 240, RED)))
    np.testing.assert_allclose(region.box, (150 / 320, 100 / 240, 25 / 320, 140 / 240), atol=0.04)


@pytest.mark.parametrize("shape", [(3, 3), (1, 400), (300, 7), (50, 50)])
def test_one_colour_has_no_regions_whatever_the_size(shape):
    assert salient_regions(np.full((*shape, 3), 77, np.uint8)) == []


def test_noise_has_no_regions():
    assert salient_regions(scene()) == []


def test_a_scene_has_no_regions():
    """What stands out has peaks, and most of it is no object."""
    y, x = np.mgrid[0:240, 0:320]
    peaks = ((90, 80, 1.0), (230, 150, 0.5), (150, 190, 0.4), (260, 50, 0.35), (40, 200, 0.4))
    light = sum(height * np.exp(-((x - a) ** 2 + (y - b) ** 2) / 1800) for a, b, height in peaks)
    scene = np.clip(60 + 150 * light[..., None] * np.array([1, 0.8, 0.5]), 0, 255).astype(np.uint8)
    assert salient_regions(scene) == []


def test_contrast_is_a_distance_in_cielab():
    contrast = contrast_with_border(scene((80, 60, 240, 180, (255, 255, 255)), noise=0))
    assert contrast[16, 16] == pytest.approx(100 - 53.6, abs=0.5)  # the lightness of white, and of 128
    assert contrast[2, 2] == pytest.approx(0, abs=1e-3)
