import pickle
from dataclasses import replace

import cv2
import numpy as np
import pytest

from hdrkit.models.roles import Role
from hdrkit.pipeline.map_networks import find_map_models
from hdrkit.pipeline.picture_reader import THUMBNAIL_BYTES, PictureReader, thumbnail_of
from hdrkit.semantics.options import MapOptions
from tests.fixtures import networks

RNG = np.random.default_rng(2)
PICTURES = [RNG.integers(0, 256, shape).astype(np.uint8) for shape in ((200, 300, 3), (3, 3, 3), (900, 20, 3), (150, 150, 3))]


@pytest.fixture
def models(tmp_path):
    (tmp_path / "tiny.onnx").write_bytes(networks.picture_vector())
    return find_map_models(MapOptions(crop="off"), {Role.IMAGE_EMBEDDING: tmp_path / "tiny.onnx"})


def test_pictures_of_any_size_are_read_in_order(models):
    reader = PictureReader(pickle.loads(pickle.dumps(models)))
    together = reader.read(PICTURES)
    assert reader.read([]) == []
    for rgb, one in zip(PICTURES, together, strict=True):
        assert one.vector.shape == (reader.dims,)
        assert np.linalg.norm(one.vector) == pytest.approx(1, abs=1e-5)
        np.testing.assert_allclose(reader.read([rgb])[0].vector, one.vector, atol=1e-5)


def test_small_pictures_are_enlarged_before_they_are_embedded(tmp_path):
    (tmp_path / "tiny.onnx").write_bytes(networks.picture_vector())
    (tmp_path / "three.onnx").write_bytes(networks.enlarger())
    given = {Role.IMAGE_EMBEDDING: tmp_path / "tiny.onnx"}
    found = {
        wanted: PictureReader(find_map_models(MapOptions(crop="off", super_resolution=wanted), given)).read(PICTURES)
        for wanted in ("off", "edsr", str(tmp_path / "three.onnx"))
    }
    off, ours, mine = found.values()
    assert [one.enlarged for one in off] == [False] * 4
    assert [one.enlarged for one in ours] == [one.enlarged for one in mine] == [False, True, True, False]
    for first, second, enlarged in zip(off, ours, (False, True, True, False), strict=True):
        assert np.array_equal(first.vector, second.vector) is not enlarged
    assert not np.array_equal(ours[1].vector, mine[1].vector)
    assert ours[1].thumbnail == off[1].thumbnail


def test_a_thumbnail_keeps_the_shape_and_is_never_larger_than_the_picture(models):
    sizes = [cv2.imdecode(np.frombuffer(thumbnail_of(rgb), np.uint8), 1).shape for rgb in PICTURES]
    assert sizes == [(64, 96, 3), (3, 3, 3), (96, 2, 3), (96, 96, 3)]


def test_a_thumbnail_has_the_colours_of_the_picture():
    rgb = np.zeros((300, 300, 3), np.uint8)
    rgb[...] = (200, 120, 40)
    shown = cv2.imdecode(np.frombuffer(thumbnail_of(rgb), np.uint8), cv2.IMREAD_COLOR_RGB)
    np.testing.assert_allclose(shown.mean(axis=(0, 1)), (200, 120, 40), atol=3)


def test_noise_makes_no_large_thumbnail():
    """It is kept in a row of fixed length."""
    assert len(thumbnail_of(RNG.integers(0, 2, (96, 96, 3)).astype(np.uint8) * 255)) <= THUMBNAIL_BYTES


def test_a_crop_moves_the_vector_towards_the_object(tmp_path, models):
    """An object in two pictures that differ makes them more alike with crops than without."""
    one, other = np.full((200, 300, 3), 60, np.uint8), np.full((200, 300, 3), 190, np.uint8)
    for picture in (one, other):
        picture[60:140, 90:210] = RNG.integers(0, 2, (8, 12, 3)).repeat(10, 0).repeat(10, 1) * np.uint8(255)
    likeness = {}
    for crop in ("off", "main", "largest", "all"):
        read = PictureReader(replace(models, options=MapOptions(crop=crop))).read([one, other])
        likeness[crop] = float(read[0].vector @ read[1].vector)
        boxes = [] if crop == "off" else [(0.28, 0.28, 0.44, 0.44)]
        for picture in read:
            np.testing.assert_allclose(np.reshape(picture.crops, (-1, 4)), np.reshape(boxes, (-1, 4)), atol=0.06)
    assert likeness["main"] > likeness["off"] + 0.01
    assert likeness["main"] == likeness["largest"]


def test_a_detector_decides_on_crops_where_one_is_given(tmp_path, models):
    picture = np.zeros((192, 320, 3), np.uint8)
    picture[32:64, 32:64, 0] = 255
    (tmp_path / "yolo.onnx").write_bytes(networks.yolox(step=16, side=40.0))
    given = {Role.OBJECT_DETECTOR: tmp_path / "yolo.onnx", Role.IMAGE_EMBEDDING: tmp_path / "tiny.onnx"}
    (read,) = PictureReader(find_map_models(MapOptions(crop="main", super_resolution="off"), given)).read([picture])
    np.testing.assert_allclose(read.crops, [(8 / 320 - 0.0125, 8 / 192 - 0.0208, 0.275, 0.458)], atol=1e-2)
