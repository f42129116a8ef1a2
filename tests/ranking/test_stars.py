"""Places and stars of sharpness within a group."""

import math

import pytest
from hypothesis import given
from hypothesis import strategies as st

from hdrkit.errors import InputError
from hdrkit.ranking import rank_groups
from hdrkit.ranking.stars import Rank


def stars(number: int, most: int = 3) -> list[int]:
    [ranks] = rank_groups([[-float(k) for k in range(number)]], most)
    return [rank.stars for rank in ranks]


def test_the_sharpest_alone_has_most_and_the_others_share_the_rest():
    assert stars(1) == [3]
    assert stars(2) == [3, 1]
    assert stars(3) == [3, 2, 1]
    assert stars(4) == [3, 2, 1, 0]
    assert stars(10) == [3, 2, 2, 2, 1, 1, 1, 0, 0, 0]
    assert stars(6, most=5) == [5, 4, 3, 2, 1, 0]
    assert stars(3, most=1) == [1, 0, 0]


def test_groups_are_ranked_by_themselves_in_the_order_they_came():
    assert rank_groups([[1.0, 3.0, 2.0], [], [0.1]]) == [[Rank(3, 1), Rank(1, 3), Rank(2, 2)], [], [Rank(1, 3)]]


def test_equal_sharpness_shares_a_rank_and_nothing_to_see_comes_last():
    assert rank_groups([[2.0, 2.0, 1.0]]) == [[Rank(1, 3), Rank(1, 3), Rank(3, 1)]]
    assert rank_groups([[math.nan, 0.5]]) == [[Rank(2, 0), Rank(1, 3)]]


@pytest.mark.parametrize("number", [1, 2, 8])
def test_what_shows_nothing_has_no_star_even_alone(number):
    assert rank_groups([[math.nan] * number]) == [[Rank(1, 0)] * number]
    shown = [3.0, 2.0, 1.0]
    assert rank_groups([[*shown, *[math.nan] * number]]) == [rank_groups([shown])[0] + [Rank(4, 0)] * number]


@given(st.lists(st.floats(0, 10), min_size=1, max_size=30), st.integers(1, 5))
def test_sharper_never_has_fewer_stars(values, most):
    [ranks] = rank_groups([values], most)
    assert max(rank.stars for rank in ranks) == most
    assert min(rank.stars for rank in ranks) >= 0
    ordered = sorted(zip(values, ranks, strict=True), key=lambda pair: -pair[0])
    for (a, higher), (b, lower) in zip(ordered, ordered[1:], strict=False):
        assert higher.stars >= lower.stars
        assert (higher == lower) is (a == b)


@pytest.mark.parametrize("most", [-1, 0, 6, 9])
def test_stars_that_no_rating_has_are_refused(most):
    with pytest.raises(InputError, match=f"1 to 5 stars, not {most}"):
        rank_groups([[1.0]], most)
