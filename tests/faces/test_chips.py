import cv2
import numpy as np
import pytest

from hdrkit.faces.chips import ARCFACE_112, DLIB_150, chip_matrix, cut_chip
from hdrkit.types.faces import Face
from tests.fixtures import networks


def turned(points, degrees, scale, shift):
    angle = np.deg2rad(degrees)
    turn = scale * np.array([[np.cos(angle), -np.sin(angle)], [np.sin(angle), np.cos(angle)]])
    return (points @ turn.T + shift).astype(np.float32)


def a_face(landmarks):
    low, high = landmarks.min(axis=0), landmarks.max(axis=0)
    return Face((*map(float, low), *map(float, high - low)), landmarks, 1.0)


@pytest.mark.parametrize("template", [ARCFACE_112, DLIB_150])
@pytest.mark.parametrize(("degrees", "scale"), [(0, 1), (30, 0.5), (-100, 3), (180, 7.3)])
def test_landmarks_come_to_the_places_of_the_template(template, degrees, scale):
    landmarks = turned(template.landmarks, degrees, scale, (900, 800))
    matrix = chip_matrix(landmarks, template)
    np.testing.assert_allclose(landmarks @ matrix[:, :2].T + matrix[:, 2], template.landmarks, atol=1e-2)
    assert np.hypot(*matrix[:, 0]) == pytest.approx(1 / scale, rel=1e-4)


@pytest.mark.parametrize("scale", [1, 2.4, 5.7, 12])
def test_what_lies_on_the_landmarks_is_there_in_the_chip(scale):
    landmarks = turned(DLIB_150.landmarks, 20, scale, (700, 300))
    picture = np.zeros((2500, 3000, 3), np.uint8)
    for x, y in landmarks:
        cv2.circle(picture, (round(16 * float(x)), round(16 * float(y))), round(16 * 4 * scale), (255, 255, 255), -1, shift=4)
    chip = cut_chip(picture, a_face(landmarks), DLIB_150)[..., 0]
    labels = cv2.connectedComponentsWithStats((chip > 127).astype(np.uint8))[3][1:]
    assert len(labels) == 5
    for wanted in DLIB_150.landmarks:
        assert np.linalg.norm(labels - wanted, axis=1).min() < 0.35


@pytest.mark.parametrize(("degrees", "scale"), [(0, 1), (25, 0.7), (-40, 1.9)])
def test_chips_are_those_of_opencv(degrees, scale, tmp_path):
    (tmp_path / "faces.onnx").write_bytes(networks.embedder())
    smooth = cv2.GaussianBlur(np.random.default_rng(0).integers(0, 256, (600, 600, 3)).astype(np.uint8), (0, 0), 6)
    landmarks = turned(ARCFACE_112.landmarks, degrees, scale, (250, 220))
    row = np.array([[0, 0, 1, 1, *landmarks.ravel(), 1]], np.float32)
    expected = cv2.FaceRecognizerSF.create(str(tmp_path / "faces.onnx"), "").alignCrop(smooth, row)
    difference = np.abs(cut_chip(smooth, a_face(landmarks), ARCFACE_112).astype(int) - expected)
    assert difference.max() <= 2


def test_a_fine_pattern_does_not_alias():
    rows, columns = np.indices((1800, 1800))
    picture = np.repeat((((rows + columns) % 2) * 255).astype(np.uint8)[..., None], 3, axis=2)
    chip = cut_chip(picture, a_face(turned(DLIB_150.landmarks, 10, 8, (900, 100))), DLIB_150)
    inside = chip[40:110, 40:110]
    assert inside.std() < 3
    assert abs(inside.mean() - 127.5) < 3


@pytest.mark.parametrize("shift", [(-70, 10), (10, -70), (130, 120), (-1000, -1000), (5000, 0)])
def test_beyond_the_border_a_chip_is_black(shift):
    picture = np.full((200, 200, 3), 200, np.uint8)
    chip = cut_chip(picture, a_face(DLIB_150.landmarks + np.float32(shift)), DLIB_150)
    assert chip.shape == (150, 150, 3)
    assert (chip == 0).any()


def test_landmarks_on_one_point_still_give_a_chip():
    assert cut_chip(np.zeros((50, 50, 3), np.uint8), a_face(np.full((5, 2), 20, np.float32)), DLIB_150).shape == (150, 150, 3)
