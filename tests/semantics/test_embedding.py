from dataclasses import replace

import numpy as np
import pytest

from hdrkit.models.runtime import open_network
from hdrkit.semantics.embedding import BATCH, PictureEmbedder, PictureInput
from tests.fixtures import networks

TAKES = PictureInput(64, (0.485, 0.456, 0.406), (0.229, 0.224, 0.225))


@pytest.fixture
def embedder():
    return PictureEmbedder(open_network(networks.picture_vector(side=64)), TAKES, "tiny", "tiny 1", 24)


@pytest.fixture
def pictures():
    random = np.random.default_rng(0)
    sides = [(3, 3), (64, 64), (40, 200), (300, 90), (1, 500)] * 4
    return [random.integers(0, 256, (*size, 3)).astype(np.uint8) for size in sides]


def test_a_picture_goes_in_as_normalised_rgb_planes():
    flat = np.full((100, 50, 3), (255, 128, 0), np.uint8)
    values = TAKES.of(flat)
    assert (values.shape, values.dtype) == ((3, 64, 64), np.float32)
    expected = (np.array([1, 128 / 255, 0]) - TAKES.mean) / TAKES.deviation
    np.testing.assert_allclose(values[:, 10, 20], expected, rtol=1e-5)
    assert np.ptp(values, axis=(1, 2)).max() == 0


def test_a_darker_frame_goes_in_as_the_same_picture():
    light = np.random.default_rng(1).uniform(0.1, 1, (64, 64, 3))
    bright, dark = (np.rint(20 + 200 * light * gain).astype(np.uint8) for gain in (1, 1 / 4))
    stretched = replace(TAKES, stretched=True)
    assert np.abs(TAKES.of(bright) - TAKES.of(dark)).mean() > 1
    np.testing.assert_allclose(stretched.of(bright), stretched.of(dark), atol=0.1)
    shares = (stretched.of(bright) * np.array(TAKES.deviation)[:, None, None]) + np.array(TAKES.mean)[:, None, None]
    assert np.quantile(shares, (0.005, 0.995)) == pytest.approx([0, 1], abs=0.005)


@pytest.mark.parametrize("codes", [(0, 0), (128, 130), (250, 255)])
def test_a_picture_of_one_colour_is_not_stretched(codes):
    flat = np.random.default_rng(2).integers(codes[0], codes[1] + 1, (64, 64, 3)).astype(np.uint8)
    np.testing.assert_array_equal(replace(TAKES, stretched=True).of(flat), TAKES.of(flat))


def test_vectors_have_length_one_and_do_not_depend_on_the_batch(embedder, pictures):
    assert len(pictures) > 2 * BATCH
    seen = embedder(pictures)
    assert (seen.shape, seen.dtype) == ((20, 24), np.float32)
    np.testing.assert_allclose(np.linalg.norm(seen, axis=1), 1, rtol=1e-5)
    for k in (0, 3, 19):
        np.testing.assert_allclose(embedder([pictures[k]])[0], seen[k], atol=1e-6)
    assert embedder([]).shape == (0, 24)


def test_the_last_output_of_a_network_counts(pictures):
    def network(values):
        maps = values.reshape(len(values), 3, 2, 32, 2, 32).mean(axis=(3, 5))
        return maps, maps.mean(axis=(2, 3))

    seen = PictureEmbedder(network, TAKES, "tiny", "tiny 1", 3)(pictures)
    vectors = network(np.stack([TAKES.of(one) for one in pictures]))[-1]
    np.testing.assert_allclose(seen, vectors / np.linalg.norm(vectors, axis=1, keepdims=True), rtol=1e-5)


@pytest.mark.parametrize("code", [0, 128, 255])
def test_a_picture_of_one_colour_has_a_finite_vector(embedder, code):
    assert np.isfinite(embedder([np.full((3, 3, 3), code, np.uint8)])).all()
