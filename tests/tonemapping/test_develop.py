"""NumPy and the compiled loops develop the same picture, bit for bit, so that it does not matter which of them runs."""

import numpy as np
import pytest

from hdrkit.tonemapping import develop, develop_loops, pixel_loops, pixels
from hdrkit.tonemapping.film import FilmCurve

SIZES = [(40, 61, 2), (41, 60, 3), (37, 53, 1)]  # height, width, and pixels across a square


def light_of(height, width, rng):
    """From almost nothing to far too much, and black."""
    light = np.exp(rng.normal(-2, 3, (height, width, 3))).astype(np.float32)
    light[rng.random((height, width)) < 0.05] = 0
    light[0, 0] = 1e36
    return light


@pytest.mark.parametrize(("height", "width", "size"), SIZES)
@pytest.mark.parametrize("black", [0.0, 0.01])
def test_luminance_is_reduced_alike(height, width, size, black):
    light = light_of(height, width, np.random.default_rng([height, size]))
    found, looped = np.empty((2, -(-height // size), -(-width // size)), np.float32)
    develop.reduce_luminance(light, np.float32(black), size, found)
    develop_loops.reduce_luminance(light, np.float32(black), size, looped)
    assert found.tobytes() == looped.tobytes()


@pytest.mark.parametrize(("height", "width", "size"), SIZES)
@pytest.mark.parametrize("saturation", [1.0, 0.4, 1.3])
@pytest.mark.parametrize("purity", [0.5, 0.0])
def test_light_is_developed_alike(height, width, size, saturation, purity):
    rng = np.random.default_rng([height, size])
    light, squares = light_of(height, width, rng), (-(-height // size) + 3, -(-width // size))
    slope, offset = rng.uniform(0.3, 1.2, squares).astype(np.float32), rng.normal(0, 3, squares).astype(np.float32)
    numbers = (np.float32(number) for number in (0.001, 1.7, 1e-4))
    balance, table = np.array([1.1, 1, 0.9], np.float32), develop.table_of(FilmCurve())
    settings = slope, offset, size, *numbers, balance, np.float32(saturation), np.float32(purity), table
    found, looped = np.empty_like(light), np.empty_like(light)
    develop.develop(light, 4, *settings, found)
    develop_loops.develop(light, 4, *settings, looped)
    assert found.tobytes() == looped.tobytes()


def test_light_is_encoded_alike():
    edge = np.float32(0.0031308)
    ends = [-1, 0, 1, 2, 1e30, edge, np.nextafter(edge, np.float32(1)), np.nextafter(np.float32(1), np.float32(0))]
    light = np.concatenate([np.random.default_rng(0).random(10_000) ** 3, ends]).astype(np.float32)
    looped = np.empty_like(light)
    pixel_loops.encode(light, looped)
    np.testing.assert_array_equal(pixels.encode_by_numpy(light), looped)
