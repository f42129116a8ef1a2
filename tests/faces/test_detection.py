import cv2
import numpy as np
import pytest

from hdrkit.errors import ModelMissing
from hdrkit.faces.detection import PixelPicture, SmallFaces, each_once, find_faces, shrunk
from hdrkit.faces.detectors.centerface import CenterFace
from hdrkit.models.roles import Role
from hdrkit.models.runtime import open_network
from hdrkit.models.store import find_model
from hdrkit.types.faces import Face
from tests.fixtures import networks


def a_face(x, y, width, height, confidence=0.9):
    middle = np.array([x + width / 2, y + height / 2], np.float32)
    return Face((float(x), float(y), float(width), float(height)), np.tile(middle, (5, 1)), confidence)


class Squares:
    """A detector of white squares whose sides lie in a range, as real detectors have one. It counts its pictures."""

    def __init__(self, least=8, most=300):
        self.least, self.most, self.shapes = least, most, []

    def __call__(self, rgb):
        self.shapes.append(rgb.shape[:2])
        assert rgb.flags.c_contiguous
        rows = cv2.connectedComponentsWithStats((rgb[..., 0] > 127).astype(np.uint8))[2][1:]
        return [a_face(x, y, w, h) for x, y, w, h, _ in rows if self.least <= min(w, h) and max(w, h) <= self.most]


def scene(width, height, *squares):
    rgb = np.zeros((height, width, 3), np.uint8)
    for x, y, side in squares:
        rgb[y : y + side, x : x + side] = 255
    return PixelPicture(rgb)


def areas(faces):
    return sorted(tuple(round(value) for value in face.area) for face in faces)


def near(found, expected, within):
    return len(found) == len(expected) and np.allclose(areas(found), sorted(expected), atol=within)


@pytest.mark.parametrize("size", [(200, 150), (1024, 700), (6000, 4000), (3000, 5000)])
def test_faces_come_in_pixels_of_the_full_size(size):
    side = max(size) // 8
    faces = [(size[0] // 10, size[1] // 5, side), (size[0] // 2, size[1] // 2, side)]
    found = find_faces(scene(*size, *faces), Squares())
    assert near(found, [(x, y, side, side) for x, y, side in faces], max(2, max(size) / 500))
    for face in found:
        np.testing.assert_allclose(face.landmarks.mean(axis=0), np.array(face.area[:2]) + np.array(face.area[2:]) / 2, rtol=1e-3)


def test_a_face_that_fills_the_photograph_is_found_in_a_small_picture():
    find = Squares()
    assert near(find_faces(scene(3000, 3000, (300, 200, 2500)), find), [(300, 200, 2500, 2500)], 12)
    assert find.shapes == [(1024, 1024), (320, 320)]


def test_small_faces_are_searched_where_there_are_some():
    many = [(300 + 90 * i, 400 + 70 * j, 24 + 24 * (i % 2)) for i in range(5) for j in range(5)]
    find = Squares()
    found = find_faces(scene(6000, 4000, *many, (3000, 500, 900)), find)
    assert near(found, [(x, y, side, side) for x, y, side in many] + [(3000, 500, 900, 900)], 8)
    tiles_of_all = sum(-(-w // 864) * -(-h // 864) for w, h in ((2048, 1365), (4096, 2731), (6000, 4000)))
    assert len(find.shapes) < 2 + tiles_of_all / 3


def test_small_faces_are_searched_everywhere_or_never_if_so_asked():
    picture = scene(4000, 3000, (3500, 200, 20), (100, 2500, 20))
    assert find_faces(picture, Squares()) == []
    assert find_faces(picture, Squares(), SmallFaces.NEVER) == []
    assert near(find_faces(picture, Squares(), SmallFaces.ALWAYS), [(3500, 200, 20, 20), (100, 2500, 20, 20)], 2)


def test_faces_at_edges_of_tiles_and_at_the_border_are_found_once_and_whole():
    at = [0, 800, 850, 900, 1000, 1024, 1700, 2028]
    squares = [(x, y, 20) for x in at for y in (0, 864, 1000, 1480)]
    found = find_faces(scene(2048, 1500, *squares), Squares(), SmallFaces.ALWAYS)
    assert near(found, [(x, y, 20, 20) for x, y, _ in squares], 1)


def test_two_hundred_faces_in_one_photograph():
    many = [(150 * i + 30, 150 * j + 40, 60) for i in range(20) for j in range(10)]
    assert len(find_faces(scene(3000, 1600, *many), Squares())) == 200


def test_one_face_found_twice_is_one():
    whole, shifted, part = a_face(0, 0, 100, 120, 0.9), a_face(10, 5, 100, 120, 0.8), a_face(30, 60, 50, 50, 0.85)
    beside = a_face(95, 0, 100, 120, 0.7)
    assert each_once([shifted, part, beside, whole]) == [whole, beside]


def test_pictures_are_averaged_and_never_enlarged():
    rgb = np.random.default_rng(0).integers(0, 256, (400, 600, 3)).astype(np.uint8)
    assert shrunk(rgb, 600) is rgb
    assert shrunk(rgb, 300).shape == (200, 300, 3)
    assert shrunk(np.zeros((1, 5000, 3), np.uint8), 100).shape == (1, 100, 3)


@pytest.mark.data
def test_the_default_detector_finds_every_labelled_face_once_and_no_dog(data_folder):
    try:
        find = CenterFace(open_network(find_model(Role.FACE_DETECTOR).path))
    except ModelMissing as missing:
        pytest.skip(str(missing))
    folder = data_folder / "people" / "detection"
    boxes = np.genfromtxt(folder / "boxes.csv", delimiter=",", names=True, dtype=None, encoding="utf-8")
    assert len(set(boxes["filename"])) == 9
    for name in (*set(boxes["filename"]), "dogs.jpg"):
        found = find_faces(PixelPicture(np.ascontiguousarray(cv2.imread(str(folder / name))[..., ::-1])), find)
        middles = np.array([face.landmarks.mean(axis=0) for face in found]).reshape(-1, 2)
        inside = np.zeros(len(found), int)
        for box in boxes[boxes["filename"] == name]:
            low = np.array([box["left"], box["top"]])
            hits = np.all((middles >= low) & (middles <= low + [box["width"], box["height"]]), axis=1)
            assert hits.sum() == 1 or box["ignore"], name
            inside += hits
        assert inside.all(), name


@pytest.mark.parametrize("shape", [(1, 1), (3, 4000), (2000, 2), (33, 31)])
def test_pictures_of_odd_shapes_have_no_faces(shape):
    find = CenterFace(open_network(networks.centerface()))
    assert find_faces(PixelPicture(np.zeros((*shape, 3), np.uint8)), find, SmallFaces.ALWAYS) == []
