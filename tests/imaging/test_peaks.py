"""Peaks: parabolas whose top is known are found again, by numbers, arrays and compiled code alike."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from hdrkit.imaging.compiled import compiled
from hdrkit.imaging.peaks import vertex, vertices

quickly = settings(deadline=None, max_examples=100, derandomize=True)
values = st.floats(-1e3, 1e3)


def sampled(top, bend, height):
    """A parabola with its top at `top`, at -1, 0 and 1; `bend` is its second difference."""
    return [height + bend / 2 * (x - top) ** 2 for x in (-1, 0, 1)]


@quickly
@given(st.floats(-3, 3), st.floats(-10, -0.1), st.floats(-5, 5))
def test_the_top_of_a_parabola_is_found(top, bend, height):
    three = sampled(top, bend, height)
    assert vertex(*three) == pytest.approx(top, abs=1e-9)
    assert vertices(*np.array(three)[:, None], 0.05)[0] == vertex(*three)


@pytest.mark.parametrize("bend", [0, 0.5, 2])
def test_a_line_and_a_valley_have_no_top(bend):
    assert vertex(*sampled(0.25, bend, 1)) == 0
    assert vertex(0, 1, 2) == 0


def test_a_parabola_flatter_than_asked_for_has_no_top_or_one_far_out():
    flat = sampled(0.5, -0.01, 0)
    assert vertex(*flat) == pytest.approx(0.5)
    assert vertex(*flat, 0.02) == 0
    assert vertices(*np.array(flat)[:, None], 0.02)[0] == pytest.approx(0.25)  # as of bend -0.02 with the same slope


@quickly
@given(values, values, values, st.sampled_from([0.0, 1e-6, 1.0]))
def test_compiled_code_finds_the_very_same(before, at, after, flattest):
    assert quick(before, at, after, flattest) == vertex(before, at, after, flattest)


@quickly
@given(values, values, values)
def test_the_top_lies_on_the_side_of_the_larger_neighbour(before, at, after):
    assert vertex(before, at, after) * (after - before) >= 0


quick = compiled(vertex)
