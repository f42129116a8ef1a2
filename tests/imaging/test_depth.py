"""8-bit codes: the nearest one for every code of every depth, and gray as RGB."""

from fractions import Fraction

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from hdrkit.imaging.depth import eight_bit, three_channels

quickly = settings(deadline=None, max_examples=100, derandomize=True)


@pytest.mark.parametrize("bits", range(9, 17))
def test_every_code_of_a_depth_becomes_the_nearest_of_eight_bits(bits):
    white = 2**bits - 1
    codes = np.arange(white + 1, dtype=np.uint16)
    whole, rest = np.divmod(codes.astype(np.int64) * 510 + white, 2 * white)  # floor of the share of 255, and a half
    assert rest.all()  # no code lies half-way between two others
    np.testing.assert_array_equal(eight_bit(codes, white), whole)


@quickly
@given(st.lists(st.floats(0, 1, width=32), min_size=1, max_size=20))
def test_a_picture_in_0_to_1_is_rounded_to_the_nearest_code(values):
    for value, code in zip(values, eight_bit(np.array(values, np.float32), 1), strict=True):
        assert abs(255 * Fraction(value) - int(code)) <= Fraction(1, 2) + Fraction(1, 2**16)


@quickly
@given(st.lists(st.integers(0, 65535), min_size=2, max_size=20), st.integers(256, 65535))
def test_brighter_codes_never_become_darker_and_those_above_white_are_white(codes, white):
    codes = np.sort(np.array(codes, np.uint16))
    found = eight_bit(codes, white).astype(int)
    assert (np.diff(found) >= 0).all()
    assert (found[codes >= white] == 255).all()


def test_8_bit_codes_are_given_back_as_they_are():
    codes = np.arange(256, dtype=np.uint8)
    assert eight_bit(codes, 255) is codes


def test_gray_has_three_equal_channels_and_colour_stays():
    gray, colour = np.arange(6, dtype=np.uint8).reshape(2, 3, 1), np.arange(18, dtype=np.uint8).reshape(2, 3, 3)
    np.testing.assert_array_equal(three_channels(gray), gray[:, :, [0, 0, 0]])
    assert three_channels(colour) is colour
