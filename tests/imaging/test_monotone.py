"""Isotonic regression against its definition: the closest curve among those that never fall."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from hdrkit.imaging.compiled import compiled
from hdrkit.imaging.monotone import rising, rising_steps

quickly = settings(deadline=None, max_examples=100, derandomize=True)
weighted = st.lists(st.tuples(st.floats(-100, 100), st.floats(0.1, 10)), min_size=1, max_size=12)


def slowly(values, weights):
    """The max-min formula (Robertson, Wright & Dykstra 1988, 1.4.6): means of all stretches around each place."""

    def mean(first, last):
        return np.average(values[first : last + 1], weights=weights[first : last + 1])

    places = range(len(values))
    return np.array([max(min(mean(first, last) for last in places[k:]) for first in places[: k + 1]) for k in places])


@quickly
@given(weighted)
def test_a_curve_is_the_closest_that_never_falls(pairs):
    values, weights = np.array(pairs).T
    np.testing.assert_allclose(rising(values, weights), slowly(values, weights), atol=1e-9)
    np.testing.assert_allclose(rising(values), slowly(values, np.ones(len(values))), atol=1e-9)


@quickly
@given(weighted)
def test_the_mean_stays_and_a_second_pass_changes_nothing(pairs):
    values, weights = np.array(pairs).T
    once = rising(values, weights)
    assert np.average(once, weights=weights) == pytest.approx(np.average(values, weights=weights), abs=1e-9)
    np.testing.assert_array_equal(rising(once, weights), once)


def test_a_rising_curve_stays_to_the_last_bit():
    values = np.cumsum(np.random.default_rng(1).random(100))
    assert rising(values) is values


@quickly
@given(weighted)
def test_compiled_steps_agree_with_the_curve(pairs):
    values, weights = np.array(pairs).T
    for steps in (rising_steps, quick):
        np.testing.assert_allclose(steps(values, weights), rising(values, weights), atol=1e-9)


def test_an_empty_bin_has_the_value_of_the_next_and_the_last_that_of_the_one_before():
    steps = rising_steps(np.array([0.0, 3, 0, 1, 5, 0]), np.array([0.0, 2, 0, 2, 2, 0]))
    np.testing.assert_array_equal(steps, [2, 2, 2, 2, 5, 5])


quick = compiled(rising_steps)
