import pickle

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
