import numpy as np
import pytest

from hdrkit.errors import InputError
from hdrkit.models.roles import Role
from hdrkit.models.runtime import open_network
from hdrkit.models.store import find_model
from hdrkit.pipeline.map_networks import open_object_detector
from hdrkit.semantics.detectors.detector import letterboxed
from hdrkit.semantics.detectors.yolov10 import YoloV10
from hdrkit.semantics.detectors.yolox import YoloX
from tests.fixtures import networks

SIDES = (96, 160)
RUNTIMES = ("opencv", "onnxruntime")


def cells(shape, step, *places):
    """A black picture in which cells (row, column) of `step` pixels have a channel that is white."""
    rgb = np.zeros((*shape, 3), np.uint8)
    for row, column, channel in places:
        rgb[row * step : (row + 1) * step, column * step : (column + 1) * step, channel] = 255
    return rgb


@pytest.mark.parametrize("runtime", RUNTIMES)
@pytest.mark.parametrize("step", [8, 16, 32])
def test_yolox_reads_each_of_its_maps_and_takes_bgr(step, runtime):
    pytest.importorskip("onnxruntime")
    find = YoloX(open_network(networks.yolox(step=step), runtime=runtime), SIDES)
    red, blue = sorted(find(cells(SIDES, step, (1, 1, 0), (2, 4, 2))), key=lambda one: -one.kind)
    assert (red.kind, blue.kind) == (2, 0)
    np.testing.assert_allclose(red.box, (1.5 * step - 12, 1.5 * step - 12, 24, 24), atol=1e-4)
    np.testing.assert_allclose(blue.box, (4.5 * step - 12, 2.5 * step - 12, 24, min(24, 108 - 2.5 * step)), atol=1e-4)
    assert red.confidence == pytest.approx(0.8)
    assert find(cells(SIDES, 8)) == []


@pytest.mark.parametrize("runtime", RUNTIMES)
def test_yolov10_gives_its_list_and_takes_rgb(runtime):
    pytest.importorskip("onnxruntime")
    find = YoloV10(open_network(networks.yolov10(), runtime=runtime), SIDES)
    found = find(cells(SIDES, 16, (1, 2, 0), (5, 9, 0), (3, 3, 2)))
    assert {one.box for one in found} == {(32.0, 16.0, 16.0, 16.0), (144.0, 80.0, 16.0, 16.0)}
    assert {one.kind for one in found} == {7}


@pytest.mark.parametrize(("kind", "content"), [(YoloX, networks.yolox(step=16, side=16.0)), (YoloV10, networks.yolov10())])
@pytest.mark.parametrize(("factor", "across"), [(2, 0), (3, 96), (1, 64)])
def test_boxes_are_in_pixels_of_a_picture_of_any_size(kind, content, factor, across):
    """The same square in a larger picture, and in one that is less wide, so that a part of the input is gray."""
    step = 16 * factor
    rgb = cells((96 * factor, 160 * factor - across), step, (2, 1, 0))
    (found,) = kind(open_network(content), SIDES)(rgb)
    np.testing.assert_allclose(found.box, (step, 2 * step, step, step), atol=1e-3)


def test_boxes_end_at_the_border():
    for one in YoloX(open_network(networks.yolox(side=64.0)), SIDES)(cells(SIDES, 8, (0, 0, 0), (11, 19, 0))):
        x, y, width, height = one.box
        assert x >= 0
        assert y >= 0
        assert x + width <= 160
        assert y + height <= 96


def test_boxes_that_overlap_are_one_object_and_the_surest_comes_first():
    rgb = cells(SIDES, 8, (5, 5, 0), (5, 6, 0), (5, 15, 0))
    rgb[40:48, [48, 120], 0] = 250
    found = YoloX(open_network(networks.yolox(side=64.0)), SIDES)(rgb)
    assert [one.box[0] for one in found] == pytest.approx([12, 92])
    assert found[0].confidence == pytest.approx(0.8)


def test_a_picture_is_fitted_whole():
    rgb = np.full((50, 200, 3), 9, np.uint8)
    for centred, (left, top) in ((False, (0, 0)), (True, (0, 30))):
        fitted = letterboxed(rgb, (80, 80), centred)
        assert fitted.codes.shape == (80, 80, 3)
        assert (fitted.scale, fitted.left, fitted.top) == (0.4, left, top)
        assert (fitted.codes[top : top + 20] == 9).all()
        assert np.count_nonzero(fitted.codes != 114) == 20 * 80 * 3
    assert letterboxed(np.zeros((1, 9000, 3), np.uint8), (80, 80), True).codes.shape == (80, 80, 3)


def test_a_network_with_other_cells_is_refused():
    with pytest.raises(InputError, match="the object detector gives 315 cells, not 84; it is no YOLOX network"):
        YoloX(lambda _: (np.zeros((1, 315, 85), np.float32),), (64, 64))(np.zeros((64, 64, 3), np.uint8))


@pytest.mark.parametrize("content", [networks.yolox(), networks.yolox(known=False), networks.yolov10()])
def test_a_detector_of_the_users_own(content, tmp_path):
    (tmp_path / "mine.onnx").write_bytes(content)
    find = open_object_detector(find_model(Role.OBJECT_DETECTOR, {Role.OBJECT_DETECTOR: tmp_path / "mine.onnx"}))
    assert find(np.zeros((64, 96, 3), np.uint8)) == []


@pytest.mark.data
def test_a_real_network_finds_dogs(data_folder):
    import cv2

    find = open_object_detector(find_model(Role.OBJECT_DETECTOR, {Role.OBJECT_DETECTOR: data_folder / "models/yolox_nano.onnx"}))
    picture = cv2.imread(str(data_folder / "people/detection/dogs.jpg"), cv2.IMREAD_COLOR_RGB)
    assert [one.kind for one in find(picture) if one.confidence > 0.5].count(16) >= 2
