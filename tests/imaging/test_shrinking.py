import numpy as np
import pytest

from hdrkit.imaging.shrinking import within


@pytest.mark.parametrize(("shape", "expected"), [((40, 100, 3), (20, 50, 3)), ((1000, 1), (50, 1)), ((50, 20, 3), (50, 20, 3))])
def test_the_longer_side_is_within_and_no_side_is_empty(shape, expected):
    assert within(np.zeros(shape, np.uint8), 50).shape == expected


def test_pixels_are_averaged_and_small_pictures_stay():
    codes = np.arange(64, dtype=np.uint8).reshape(8, 8) * 2
    assert np.array_equal(within(codes, 4), codes.reshape(4, 2, 4, 2).mean(axis=(1, 3)))
    assert within(codes, 8) is codes
