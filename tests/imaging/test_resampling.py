"""NumPy and the compiled loops give the same codes, bit for bit, so that it does not matter which of them runs."""

import numpy as np
import pytest

from hdrkit.imaging import resampling, resampling_loops

WHITE = {np.uint8: 255, np.uint16: 60000, np.float32: 1.0}


def motions(width, height, rng):
    """Turns, shifts, scales and tilts about the middle of a picture."""
    middle = np.array([[1, 0, width / 2], [0, 1, height / 2], [0, 0, 1]])
    for degrees in (0.0, 0.4, -3.0, 20.0):
        turn, scale = np.deg2rad(degrees), rng.uniform(0.9, 1.1)
        c, s = scale * np.cos(turn), scale * np.sin(turn)
        moved = np.array([[c, -s, rng.uniform(-8, 8)], [s, c, rng.uniform(-8, 8)], [*rng.uniform(-1e-3, 1e-3, 2), 1]])
        yield middle @ moved @ np.linalg.inv(middle)


@pytest.mark.parametrize("dtype", WHITE)
@pytest.mark.parametrize("channels", [1, 3])
@pytest.mark.parametrize("size", [(3, 4), (6, 7), (45, 60)])
def test_rows_and_points_by_numpy_equal_those_of_the_compiled_loops(dtype, channels, size):
    rng = np.random.default_rng([channels, *size])
    height, width = size
    pixels = (rng.random((height, width, channels)) * WHITE[dtype]).astype(dtype)
    pixels[rng.random(size) < 0.05] = WHITE[dtype]
    clipped = np.float32(WHITE[dtype])
    places = np.indices(size).reshape(2, -1)
    for motion in motions(width, height, rng):
        found, looped = np.empty_like(pixels), np.zeros_like(pixels)
        valid, looped_valid = np.empty(size, np.bool_), np.zeros(size, np.bool_)
        assert resampling.are_gentle(motion, 0, 0, height, width)
        resampling.resample_rows(pixels, motion, 0, 0, clipped, found, valid)
        resampling_loops.resample_rows(pixels, None, motion, 0, 0, clipped, looped, looped_valid)
        assert valid.tobytes() == looped_valid.tobytes()
        assert found.tobytes() == looped.tobytes()
        assert resampling.valid_points(height, width, None, motion, *places).tobytes() == looped_valid.tobytes()
        rows, columns = np.nonzero(valid)
        points = np.empty((rows.size, channels), dtype)
        resampling.resample_points(pixels, motion, rows, columns, clipped, points)
        assert points.tobytes() == looped[rows, columns].tobytes()


def test_steep_rows_and_pixels_behind_the_camera_are_not_gentle():
    upright = np.array([[0, -1, 40], [1, 0, 0], [0, 0, 1.0]])
    behind = np.array([[1, 0, 0], [0, 1, 0], [-0.05, 0, 1.0]])
    assert not resampling.are_gentle(upright, 0, 0, 40, 40)
    assert not resampling.are_gentle(behind, 0, 0, 40, 40)
