import cv2
import numpy as np
import pytest

from hdrkit.faces.detectors.centerface import CenterFace
from hdrkit.faces.detectors.detector import as_input, faces_of
from hdrkit.faces.detectors.retinaface import RetinaFace
from hdrkit.faces.detectors.yunet import YuNet
from hdrkit.models.runtime import open_network
from tests.fixtures import networks

RUNTIMES = ("opencv", "onnxruntime")
DETECTORS = {
    "centerface": (CenterFace, networks.centerface(), 4),
    "yunet": (YuNet, networks.yunet(), 8),
    "retinaface": (RetinaFace, networks.retinaface(), 8),
    "retinaface without softmax": (RetinaFace, networks.retinaface(softmax=False), 8),
}


def squares(shape, step, *cells):
    """A black picture with white cells (row, column) of `step` pixels."""
    rgb = np.zeros((*shape, 3), np.uint8)
    for row, column in cells:
        rgb[row * step : (row + 1) * step, column * step : (column + 1) * step] = 255
    return rgb


@pytest.mark.parametrize("runtime", RUNTIMES)
@pytest.mark.parametrize("name", DETECTORS)
def test_faces_are_found_where_they_are(name, runtime):
    pytest.importorskip("onnxruntime")
    kind, content, step = DETECTORS[name]
    side = 16 if kind is RetinaFace else 32
    find = kind(open_network(content, runtime=runtime))
    for shape in ((97, 150), (64, 64)):
        cells = [(2, 1), (5, 6)]
        found = find(squares(shape, step, *cells))
        assert len(found) == 2
        for row, column in cells:
            middle = np.array([column + 0.5, row + 0.5]) * step
            (face,) = (one for one in found if np.allclose(np.add(one.area[:2], np.divide(one.area[2:], 2)), middle, atol=1e-3))
            np.testing.assert_allclose(face.area[2:], side, rtol=1e-4)
            np.testing.assert_allclose(face.landmarks, middle + (np.array(networks.POINTS) - 0.5) * side, atol=1e-2)
            assert face.confidence > 0.9
    assert find(np.zeros((40, 50, 3), np.uint8)) == []


def test_yunet_agrees_with_the_class_of_opencv():
    rgb = squares((64, 96), 8, (1, 2))
    rgb[40:48, 72:80] = 200
    content = np.frombuffer(networks.yunet(), np.uint8)
    _, rows = cv2.FaceDetectorYN.create("onnx", content, np.zeros(0, np.uint8), (96, 64), 0.5, 0.3, 5000).detect(rgb)
    faces = YuNet(open_network(networks.yunet()), 0.5)(rgb)
    assert len(faces) == 2
    found = [[*face.area, *face.landmarks.ravel(), face.confidence] for face in faces]
    np.testing.assert_allclose(found, rows, atol=1e-3)


def test_a_box_may_reach_beyond_the_border():
    (face,) = CenterFace(open_network(networks.centerface()))(squares((64, 64), 4, (0, 0)))
    np.testing.assert_allclose(face.area, (-14, -14, 32, 32), rtol=1e-4)


def test_two_hundred_faces_in_one_picture():
    cells = [(10 * i + 5, 10 * j + 5) for i in range(10) for j in range(20)]
    assert len(CenterFace(open_network(networks.centerface()))(squares((400, 800), 4, *cells))) == 200


def test_overlapping_boxes_are_one_face_and_the_surest_comes_first():
    boxes = np.array([[0, 0, 10, 10], [100, 0, 10, 10], [2, 0, 10, 10]], np.float32)
    found = faces_of(boxes, np.zeros((3, 5, 2), np.float32), np.array([0.6, 0.7, 0.8], np.float32))
    assert [(face.area[0], round(face.confidence, 3)) for face in found] == [(2.0, 0.8), (100.0, 0.7)]


def test_pixels_go_in_less_their_mean_with_a_black_rest():
    given = as_input(np.full((33, 64, 3), 10, np.uint8), (1, 2, 3))
    assert given.shape == (1, 3, 64, 64)
    np.testing.assert_array_equal(given[0, :, 32, 0], [9, 8, 7])
    np.testing.assert_array_equal(given[0, :, 33, 0], [-1, -2, -3])
