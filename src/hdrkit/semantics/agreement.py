"""Groups of pictures on which several ways to find them agree (evidence accumulation, Fred and Jain 2005).

Communities of the graphs of neighbours find kinds of any size and shape, and density on the map tells which kinds hang together.
Each has half of the votes. Pictures are joined while two thirds of the votes have them together.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

import numpy as np
from numpy.typing import NDArray
from scipy.sparse import coo_array, csr_matrix
from scipy.sparse.csgraph import connected_components

from hdrkit.semantics.clustering import Grouping, distinct, hierarchical_dbscan, knee_tuned_dbscan
from hdrkit.semantics.communities import RUNS, SCALES, communities_of
from hdrkit.types import ALONE

MOST_LINKED = 10_000  # kinds that are all compared with all
_APART = 1 / 3  # of the votes at most, on average, in a group
_LEAST = 1e-9


def agreeing_groups(
    rows: NDArray[np.float32], positions: NDArray[np.float32], seed: int, most_linked: int = MOST_LINKED
) -> Grouping:
    """Groups of `rows` (N, d), whose origin is their mean, at `positions` (N, 3) on the map.

    A picture that no other agrees with is alone. Copies count once while groups are looked for. Memory is bounded by
    `most_linked`, see `_joined`.
    """
    directions = rows / np.maximum(np.linalg.norm(rows, axis=1, keepdims=True), _LEAST)
    kept, copy_of = distinct(directions)
    groups = _of_distinct(directions[kept], positions[kept], seed, most_linked)[copy_of]
    sizes = np.bincount(groups)
    return Grouping(np.where(sizes[groups] > 1, groups, ALONE), {"neighbours": list(SCALES), "runs": RUNS})


def _of_distinct(
    directions: NDArray[np.float32], positions: NDArray[np.float32], seed: int, most_linked: int
) -> NDArray[np.int64]:
    if len(directions) < 2:
        return np.zeros(len(directions), np.int64)
    communities, links = communities_of(directions, seed)
    dense = [_filled(by(positions).groups, communities[:, 0]) for by in (knee_tuned_dbscan, hierarchical_dbscan)]
    votes = [communities.shape[1] * [0.5 / communities.shape[1]], len(dense) * [0.5 / len(dense)]]
    return _joined(np.column_stack([communities, *dense]), np.concatenate(votes), links, most_linked)


def _filled(groups: NDArray[np.int64], finest: NDArray[np.int64]) -> NDArray[np.int64]:
    """Groups by density, with the finest communities where it is not dense: there, density cannot tell pictures apart."""
    return np.where(groups == ALONE, groups.max() + 1 + finest, groups)


def _joined(partings: NDArray[np.int64], votes: NDArray[np.float64], links: csr_matrix[Any], most: int) -> NDArray[np.int64]:
    """Labels (N,) by average linkage of the share of the `votes` (P,) of those `partings` (N, P) that part two pictures.

    Pictures that no parting parts are one kind from the beginning. More than `most` kinds are linked in pieces: those that hang
    together by `links` (N, N) whose ends most votes have together, a larger one the more kinds are in the largest piece.
    """
    from scipy.cluster.hierarchy import fcluster, linkage
    from scipy.spatial.distance import pdist

    kinds, kind_of = np.unique(partings, axis=0, return_inverse=True)
    kind_of = kind_of.ravel()
    labels, total = np.empty(len(kinds), np.int64), 0
    for members in _pieces(kinds, votes, kind_of[np.stack(links.nonzero(), axis=1)], most):
        own = np.ones(1, np.int32)
        if len(members) > 1:
            own = fcluster(linkage(pdist(kinds[members], "hamming", w=votes), "average"), _APART, "distance")
        labels[members] = total + own - 1
        total += int(own.max())
    return np.asarray(labels[kind_of], np.int64)


def _pieces(
    kinds: NDArray[np.int64], votes: NDArray[np.float64], ends: NDArray[np.int64], most: int
) -> Iterable[NDArray[np.int64]]:
    """The members of each piece of the kinds (K, P) that `ends` (L, 2) connect, none larger than `most` if that can be."""
    if len(kinds) <= most:
        return [np.arange(len(kinds))]
    ends = np.unique(ends[ends[:, 0] < ends[:, 1]], axis=0)
    together = (kinds[ends[:, 0]] == kinds[ends[:, 1]]) @ votes
    for share in np.arange(0.5, 1.0, 0.1):
        near = ends[together >= share].T
        graph = coo_array((np.ones(near.shape[1], np.int8), tuple(near)), shape=(len(kinds), len(kinds)))
        piece = connected_components(graph, directed=False)[1]
        if np.bincount(piece).max() <= most:
            break
    return np.split(np.argsort(piece, kind="stable"), np.cumsum(np.bincount(piece))[:-1])
