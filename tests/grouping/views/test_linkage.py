"""Agglomeration beside its obvious form; HDBSCAN on planted evidence."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from hdrkit.grouping.views.linkage import average_linkage, hdbscan_linkage


def obvious_linkage(count, pairs, log_odds, trust, threshold):
    """Join the two groups with the strongest evidence, again and again."""
    evidence = {
        frozenset(pair): (np.clip(odds, -4, 4), weight)
        for pair, odds, weight in zip(map(tuple, pairs), log_odds, trust, strict=True)
    }
    groups = [{i} for i in range(count)]

    def between(a, b):
        found = [evidence[key] for i in a for j in b if (key := frozenset((int(i), int(j)))) in evidence]
        if not found:
            return -np.inf
        odds, weights = np.array(found).T
        return 0.75 * odds.sum() / (weights.sum() + 0.3) + 0.25 * odds.max()

    while len(groups) > 1:
        best, i, j = max((between(a, b), i, j) for i, a in enumerate(groups) for j, b in enumerate(groups) if i < j)
        if best < threshold:
            break
        groups[i] |= groups.pop(j)
    return {frozenset(group) for group in groups}


def as_sets(labels):
    return {frozenset(np.flatnonzero(labels == label).tolist()) for label in np.unique(labels)}


@given(st.integers(0, 10_000), st.integers(2, 9))
def test_the_groups_are_those_of_the_obvious_form(seed, count):
    rng = np.random.default_rng(seed)
    pairs = np.stack(np.triu_indices(count, 1), axis=1).astype(np.int32)
    pairs = pairs[rng.random(len(pairs)) < 0.7]
    log_odds, trust = rng.normal(0, 4, len(pairs)), rng.uniform(0.1, 1, len(pairs))
    found = average_linkage(count, pairs, log_odds, trust, 0.5)
    assert as_sets(found) == obvious_linkage(count, pairs, log_odds, trust, 0.5)
    order = rng.permutation(len(pairs))
    np.testing.assert_array_equal(found, average_linkage(count, pairs[order], log_odds[order], trust[order], 0.5))


def test_labels_are_numbered_by_their_first_member():
    assert average_linkage(4, np.array([[1, 3]], np.int32), np.array([9.0]), np.ones(1)).tolist() == [0, 1, 2, 1]


def test_one_pair_does_not_chain_two_views():
    pairs = np.stack(np.triu_indices(6, 1), axis=1).astype(np.int32)
    inside = (pairs < 3).all(axis=1) | (pairs >= 3).all(axis=1)
    log_odds = np.where(inside, 4.0, -4.0)
    log_odds[(pairs == [2, 3]).all(axis=1)] = 4.0
    assert average_linkage(6, pairs, log_odds, np.ones(len(pairs))).tolist() == [0, 0, 0, 1, 1, 1]


def test_what_is_decided_holds_against_all_evidence():
    pairs = np.array([[0, 1], [0, 2], [1, 2], [2, 3]], np.int32)
    labels = average_linkage(4, pairs, np.array([-np.inf, 4.0, 4.0, np.inf]), np.ones(4))
    assert labels[2] == labels[3]
    assert labels[0] != labels[1]


@pytest.mark.parametrize("epsilon", [0.1, 0.3])
def test_hdbscan_finds_planted_groups_and_leaves_the_stray_alone(epsilon):
    rng = np.random.default_rng(0)
    truth = np.repeat([0, 1, 2, 3], [5, 4, 6, 1])
    pairs = np.stack(np.triu_indices(16, 1), axis=1).astype(np.int32)
    same = truth[pairs[:, 0]] == truth[pairs[:, 1]]
    log_odds = np.where(same, 5.0, -5.0) + rng.normal(0, 0.5, len(pairs))
    assert as_sets(hdbscan_linkage(16, pairs, log_odds, 2, epsilon)) == as_sets(truth)


def test_nothing_to_link():
    none = np.zeros((0, 2), np.int32)
    assert average_linkage(3, none, np.zeros(0), np.zeros(0)).tolist() == [0, 1, 2]
    assert hdbscan_linkage(3, none, np.zeros(0), 2, 0.1).tolist() == [0, 1, 2]
    assert len(average_linkage(0, none, np.zeros(0), np.zeros(0))) == 0
