import numpy as np
import pytest

from hdrkit.semantics.crops import MOST_CROPS, chosen_boxes, combined, cropped, regions_of
from hdrkit.semantics.detectors.detector import SeenObject
from hdrkit.semantics.options import Crop
from hdrkit.semantics.saliency import Region

SIZE = (400, 200)
SMALL_AND_HEAVY, LARGE_AND_LIGHT = Region((0.1, 0.2, 0.2, 0.4), 9.0), Region((0.5, 0.2, 0.4, 0.6), 3.0)


def near(boxes, regions):
    assert len(boxes) == len(regions)
    for box, region in zip(boxes, regions, strict=True):
        np.testing.assert_allclose(box, region.box, atol=0.07)


def test_each_mode_takes_its_boxes():
    regions = [LARGE_AND_LIGHT, SMALL_AND_HEAVY]
    assert chosen_boxes(regions, Crop.OFF, SIZE) == ()
    near(chosen_boxes(regions, Crop.MAIN, SIZE), [SMALL_AND_HEAVY])
    near(chosen_boxes(regions, Crop.LARGEST, SIZE), [LARGE_AND_LIGHT])
    near(chosen_boxes(regions, Crop.ALL, SIZE), [SMALL_AND_HEAVY, LARGE_AND_LIGHT])


def test_all_is_bounded():
    many = [Region((i / 20, 0.3, 0.2, 0.4), float(i)) for i in range(12)]
    near(chosen_boxes(many, Crop.ALL, SIZE), many[:-9:-1])
    assert MOST_CROPS == 8


@pytest.mark.parametrize("crop", [Crop.MAIN, Crop.LARGEST, Crop.ALL])
def test_what_is_tiny_or_the_whole_picture_is_no_crop(crop):
    assert chosen_boxes([Region((0.5, 0.5, 0.06, 0.5), 2.0), Region((0.01, 0.01, 0.98, 0.97), 1.0)], crop, SIZE) == ()


def test_boxes_have_a_margin_inside_the_picture():
    (box,) = chosen_boxes([Region((0.0, 0.5, 0.4, 0.4), 1.0)], Crop.MAIN, SIZE)
    assert box == pytest.approx((0.0, 0.48, 0.42, 0.44))


def test_pixels_of_a_box():
    rgb = np.arange(200 * 400 * 3).reshape(200, 400, 3).astype(np.uint8)
    np.testing.assert_array_equal(cropped(rgb, (0.25, 0.1, 0.5, 0.2)), rgb[20:60, 100:300])
    assert cropped(rgb, (0.999, 0.999, 0.001, 0.001)).shape == (1, 1, 3)


def test_objects_are_regions_of_the_picture_and_the_surest_weighs_most():
    found = regions_of([SeenObject((100, 50, 200, 100), 0.4, 3), SeenObject((0, 0, 40, 100), 0.9, 0)], SIZE)
    assert found == [Region((0.25, 0.25, 0.5, 0.5), 0.4), Region((0.0, 0.0, 0.1, 0.5), 0.9)]


def test_a_vector_keeps_the_whole_beside_its_crops():
    whole, crops = np.array([1, 0, 0], np.float32), np.array([[0, 1, 0], [0, 0, 1]], np.float32)
    np.testing.assert_array_equal(combined(whole, crops[:0]), whole)
    np.testing.assert_allclose(combined(whole, crops[:1]), [0.5**0.5, 0.5**0.5, 0], atol=1e-6)
    both = combined(whole, crops)
    assert np.linalg.norm(both) == pytest.approx(1)
    np.testing.assert_allclose(both, np.array([2, 1, 1]) / 6**0.5, atol=1e-6)
    assert np.isfinite(combined(whole, -whole[None])).all()
