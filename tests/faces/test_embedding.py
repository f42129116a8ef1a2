import numpy as np
import pytest

from hdrkit.faces.chips import ARCFACE_112
from hdrkit.faces.embedding import ChipEmbedder
from hdrkit.models.runtime import open_network
from hdrkit.types.faces import Face
from tests.fixtures import networks


@pytest.fixture
def picture():
    return np.random.default_rng(4).integers(0, 256, (300, 400, 3)).astype(np.uint8)


def at(x, y):
    return Face((float(x), float(y), 112.0, 112.0), ARCFACE_112.landmarks + np.float32([x, y]), 0.9)


def test_each_face_gets_a_unit_vector_in_order(picture):
    embed = ChipEmbedder(open_network(networks.embedder()), ARCFACE_112)
    faces = [at(10 * i, 3 * i) for i in range(20)]
    vectors = embed(picture, faces)
    assert (vectors.shape, vectors.dtype) == ((20, 8), np.float32)
    np.testing.assert_allclose(np.linalg.norm(vectors, axis=1), 1, rtol=1e-5)
    for i in (0, 15, 16, 19):
        np.testing.assert_allclose(embed(picture, [faces[i]])[0], vectors[i], atol=1e-5)


def test_no_face_gives_no_vector(picture):
    assert ChipEmbedder(open_network(networks.embedder()), ARCFACE_112)(picture, []).shape[0] == 0


def test_codes_are_scaled_outside_as_inside_of_a_network(picture):
    outside = ChipEmbedder(open_network(networks.embedder()), ARCFACE_112, mean=127.5, scale=127.5)
    inside = ChipEmbedder(open_network(networks.embedder(scales=True)), ARCFACE_112)
    np.testing.assert_allclose(outside(picture, [at(5, 5)]), inside(picture, [at(5, 5)]), atol=1e-5)
