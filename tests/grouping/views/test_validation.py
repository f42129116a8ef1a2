import itertools
import time

import numpy as np
import pytest

from hdrkit.grouping.views.validation import confidence, measure_views


def measure(views, rows, photos):
    """The margins of views, from pairs (i, j, log-odds) or (i, j, log-odds, trust)."""
    full = [(*row, 1.0)[:4] for row in rows]
    pairs = np.array([row[:2] for row in full], np.int32).reshape(-1, 2)
    odds, trust = (np.array([row[column] for row in full]) for column in (2, 3))
    return measure_views(views, pairs, odds, trust, photos, np.zeros((0, 2), np.int32))


def confident(margins, **more):
    return confidence(margins, str, ["a", "b", "c"], **more)


def slow_between(rows):
    """Three quarters of the mean, short of 0.3 pairs, and a quarter of the best."""
    odds = [odds for *_, odds in rows]
    return 0.75 * sum(odds) / (len(odds) + 0.3) + 0.25 * max(odds)


def slow_weakest(members, rows):
    """The least evidence across every division of a view in two."""
    best = np.inf
    for size in range(1, len(members) // 2 + 1):
        for part in itertools.combinations(members, size):
            best = min(best, slow_between([row for row in rows if (row[0] in part) != (row[1] in part)]))
    return best


def test_the_weakest_cut_is_found_where_it_was_planted():
    rows = [(i, j, 3.0 if (i < 3) == (j < 3) else 0.4) for i in range(6) for j in range(i)]
    (margins,) = measure([range(6)], rows, 6)
    across = [row for row in rows if row[2] == 0.4]
    assert margins.weakest == pytest.approx(slow_between(across)) == pytest.approx(slow_weakest(range(6), rows))
    assert margins.mean == pytest.approx(np.mean([odds for *_, odds in rows]))
    assert (margins.rival, margins.members) == (None, 6)


@pytest.mark.parametrize("seed", range(8))
def test_the_weakest_cut_is_never_far_from_that_of_an_exhaustive_search(seed):
    rng = np.random.default_rng(seed)
    points = rng.normal(size=(7, 2))
    rows = [(i, j, 4 - 3 * float(np.hypot(*(points[i] - points[j])))) for i in range(7) for j in range(i)]
    rows = [(i, j, float(np.clip(odds, -4, 4))) for i, j, odds in rows]
    (margins,) = measure([range(7)], rows, 7)
    slow = slow_weakest(range(7), rows)
    assert slow - 1e-9 <= margins.weakest <= slow + 0.6


def test_a_photograph_that_one_good_pair_brought_in_is_the_weakest_part():
    rows = [(0, 1, 4), (0, 2, 4), (1, 2, 4), (2, 3, 3), (0, 3, -4), (1, 3, -4), (3, 4, -4)]
    rows += [(0, 4, 2.5), (1, 4, 2.5), (2, 4, 2.5)]
    (margins,) = measure([range(5)], rows, 5)
    across = [row for row in rows if 3 in row[:2]]
    assert margins.weakest == pytest.approx(slow_between(across)) == pytest.approx(slow_weakest(range(5), rows))


def test_the_rival_is_the_view_outside_with_most_evidence():
    rows = [(0, 1, 3), (2, 3, 3), (4, 5, 3), (0, 2, 0.5), (1, 3, -2), (2, 4, 0.2)]
    first, second, third = measure([[0, 1], [2, 3], [4, 5]], rows, 6)
    one, other = slow_between([rows[3], rows[4]]), slow_between([rows[5]])
    assert (first.rival, second.rival, third.rival) == pytest.approx((one, other, other))


def test_pairs_with_photographs_of_no_view_are_ignored():
    (margins,) = measure([[0, 1]], [(0, 1, 3), (1, 2, 4)], 3)
    assert (margins.weakest, margins.rival) == (pytest.approx(slow_between([(0, 1, 3)])), None)


def test_a_part_that_was_never_compared_holds_nothing():
    (margins,) = measure([[0, 1, 2]], [(0, 1, 3)], 3)
    assert margins.weakest == -4
    (alone,) = measure([[0, 1, 2]], [], 3)
    assert confident(alone)[0] < 0.01


def test_trust_weighs():
    (margins,) = measure([[0, 1, 2]], [(0, 1, 3, 1), (0, 2, 2, 1), (1, 2, -0.04, 0.01)], 3)
    assert margins.weakest == pytest.approx(0.75 * (2 - 0.04) / 1.31 + 0.25 * 2)
    assert margins.trust == 1


def test_confidence_falls_with_each_thing_that_speaks_against_a_view():
    def sure(odds, outside=-3.0, size=3, **more):
        views = [list(range(size)), [size]]
        rows = [(i, j, odds) for i in range(size) for j in range(i)] + [(0, size, outside)]
        value, reasons = confident(measure(views, rows, size + 1)[0], **more)
        assert 0 <= value <= 1
        assert all(reasons)
        return value

    assert sure(4) > 0.95
    assert sure(4) > sure(2) > sure(1) > sure(0.5)
    assert sure(4) > sure(4, outside=0.5) > sure(4, outside=1.2)
    assert sure(4, outside=-4) > sure(4, outside=-1) + 0.02
    assert sure(4) > sure(4, size=2)
    assert sure(4) > sure(4, by_metadata=1) > sure(4, contradicted=True)
    assert sure(4) > sure(4, may_lack=2)
    assert sure(4, may_lack=2) > sure(4, repeats=3)


def test_a_lone_photograph_is_as_sure_as_it_is_unlike_all_others():
    apart, _ = measure([[0], [1, 2]], [(1, 2, 3), (0, 1, -3)], 3)
    close, _ = measure([[0], [1, 2]], [(1, 2, 3), (0, 1, 0.9)], 3)
    assert 0.8 > confident(apart)[0] > confident(close)[0] + 0.1


def test_views_of_thousands_are_measured_quickly():
    chain = [(k, k + 1, 3.0) for k in range(1500)]
    started = time.perf_counter()
    (margins,) = measure([range(1501)], chain, 1501)
    assert margins.weakest == pytest.approx(slow_between(chain[:1]))
    assert time.perf_counter() - started < 5
