"""Views from the evidence for pairs: agglomeration by the average evidence between groups, or HDBSCAN on the same evidence."""

from __future__ import annotations

import heapq
from collections.abc import Iterator, Sequence

import numpy as np
from numpy.typing import NDArray

from hdrkit.files.packages import load_package

THRESHOLD = 0.5  # log-odds above which groups are joined
MOST = 4.0  # log-odds that one pair can bring
_BEST = 0.25  # share of the best pair beside the average: the ends of a long bracket have little in common
_DECIDED = 1e9  # stands for infinite log-odds, whose sum could be NaN
_DOUBT = 0.3  # added to the trust of an average, so that one poor pair does not decide


def average_linkage(
    count: int, pairs: NDArray[np.int32], log_odds: NDArray[np.float64], trust: NDArray[np.float64], threshold: float = THRESHOLD
) -> NDArray[np.int64]:
    """Labels (count,): groups are joined, the surest first, while the evidence between two groups is at least the threshold.

    The evidence between two groups is the weighted sum of an average and of the best pair: 3/4 of the summed log-odds of the
    compared pairs over their summed trust plus a constant, and 1/4 of the log-odds of the best pair. Pairs (P, 2) that are not
    listed are unknown; pairs of infinite log-odds are decided. The result does not depend on the order of the pairs.
    """
    links: dict[int, dict[int, tuple[float, float, float]]] = {i: {} for i in range(count)}
    bounded = np.where(np.isfinite(log_odds), np.clip(log_odds, -MOST, MOST), np.sign(log_odds) * _DECIDED)
    for (i, j), odds, weight in zip(pairs.tolist(), bounded.tolist(), trust.tolist(), strict=True):
        links[i][j] = links[j][i] = (odds, weight, odds)
    members = {i: [i] for i in range(count)}
    queue = [(-_between(link), i, j) for i, others in links.items() for j, link in others.items() if i < j]
    heapq.heapify(queue)
    next_group = count
    while queue and -queue[0][0] >= threshold:
        _, i, j = heapq.heappop(queue)
        if i not in members or j not in members:
            continue
        members[next_group] = members.pop(i) + members.pop(j)
        joined = _joined(links.pop(i), links.pop(j), {i, j})
        links[next_group] = joined
        for other, link in joined.items():
            for gone in (i, j):
                links[other].pop(gone, None)
            links[other][next_group] = link
            heapq.heappush(queue, (-_between(link), other, next_group))
        next_group += 1
    return _numbered(count, list(members.values()))


def evidence_between(log_odds: NDArray[np.float64], trust: NDArray[np.float64]) -> float:
    """The evidence that two groups are one view, from the pairs between them, as `average_linkage` computes it."""
    if not len(log_odds):
        return -MOST
    bounded = np.clip(log_odds, -MOST, MOST)
    return _between((float(bounded.sum()), float(trust.sum()), float(bounded.max())))


def _between(link: tuple[float, float, float]) -> float:
    total, trust, best = link
    return (1 - _BEST) * total / (trust + _DOUBT) + _BEST * best


def _joined(
    a: dict[int, tuple[float, float, float]], b: dict[int, tuple[float, float, float]], without: set[int]
) -> dict[int, tuple[float, float, float]]:
    joined = {other: link for other, link in a.items() if other not in without}
    for other, (total, trust, best) in b.items():
        if other not in without:
            total_a, trust_a, best_a = joined.get(other, (0.0, 0.0, -MOST))
            joined[other] = (total_a + total, trust_a + trust, max(best_a, best))
    return joined


def hdbscan_linkage(
    count: int, pairs: NDArray[np.int32], log_odds: NDArray[np.float64], min_cluster_size: int, epsilon: float
) -> NDArray[np.int64]:
    """Labels (count,) by HDBSCAN (Campello, Moulavi and Sander 2013) on the distance 1 - p, p the probability of one view.

    Pairs that were not compared have distance 1. Each connected part is clustered on its own; each noise photograph is alone.
    """
    hdbscan = load_package("hdbscan", "--linkage hdbscan", "hdbscan")
    groups: list[list[int]] = []
    index = np.zeros(count, np.int64)
    for members, own in _connected_parts(count, pairs, log_odds > 0):
        if len(members) < max(min_cluster_size, 2):
            groups += [[int(i)] for i in members]
            continue
        index[members] = np.arange(len(members))
        distance = np.ones((len(members), len(members)))
        np.fill_diagonal(distance, 0)
        i, j = index[pairs[own]].T
        distance[i, j] = distance[j, i] = 1 / (1 + np.exp(log_odds[own]))
        clustered = hdbscan.HDBSCAN(
            metric="precomputed",
            min_cluster_size=min_cluster_size,
            min_samples=1,
            cluster_selection_epsilon=epsilon,
            allow_single_cluster=True,
        ).fit_predict(distance)
        groups += [[int(i)] for i in members[clustered < 0]]
        groups += [members[clustered == label].tolist() for label in range(clustered.max(initial=-1) + 1)]
    return _numbered(count, groups)


def _connected_parts(
    count: int, pairs: NDArray[np.int32], linked: NDArray[np.bool_]
) -> Iterator[tuple[NDArray[np.int64], NDArray[np.int64]]]:
    """The members of each connected part of the linked pairs, and which pairs, linked or not, lie inside it."""
    from scipy.sparse import coo_matrix
    from scipy.sparse.csgraph import connected_components

    graph = coo_matrix((np.ones(linked.sum()), pairs[linked].T), shape=(count, count))
    parts, part_of = connected_components(graph, directed=False)
    inside = np.flatnonzero(part_of[pairs[:, 0]] == part_of[pairs[:, 1]])
    part_of_pair = part_of[pairs[inside, 0]]
    members, own = np.argsort(part_of, kind="stable"), np.argsort(part_of_pair, kind="stable")
    cuts = np.arange(1, parts)
    yield from zip(
        np.split(members, np.searchsorted(part_of[members], cuts)),
        np.split(inside[own], np.searchsorted(part_of_pair[own], cuts)),
        strict=True,
    )


def _numbered(count: int, groups: Sequence[Sequence[int]]) -> NDArray[np.int64]:
    """Labels in the order of the first member of each group."""
    labels = np.zeros(count, np.int64)
    for label, members in enumerate(sorted(groups, key=min)):
        labels[list(members)] = label
    return labels
