"""Groups of pictures on which several ways to find them agree (evidence accumulation, Fred and Jain 2005).

Communities of the graphs of neighbours find kinds of any size and shape, and density on the map tells which kinds hang together.
Each has half of the votes. Pictures are joined while two thirds of the votes have them together.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray
from scipy.sparse import coo_array
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
    communities = communities_of(directions, seed)
    dense = [_filled(by(positions).groups, communities[:, 0]) for by in (knee_tuned_dbscan, hierarchical_dbscan)]
    return _joined(communities, dense, most_linked)


def _filled(groups: NDArray[np.int64], finest: NDArray[np.int64]) -> NDArray[np.int64]:
    """Groups by density, with the finest communities where it is not dense: there, density cannot tell pictures apart."""
    return np.where(groups == ALONE, groups.max() + 1 + finest, groups)


def _joined(communities: NDArray[np.int64], dense: Sequence[NDArray[np.int64]], most: int) -> NDArray[np.int64]:
    """Labels (N,) by average linkage of the share of the votes that part two pictures.

    Half of the votes is that of the `communities` (N, P), half that of the groups by density, each (N,). Pictures that no parting
    parts are one kind from the beginning. Kinds that all of `dense` part have half of the votes against them and are never
    joined, so each piece that those hold together is linked alone. In a piece of more than `most` kinds, the coarsest
    communities are linked each alone.
    """
    from scipy.cluster.hierarchy import fcluster, linkage
    from scipy.spatial.distance import pdist

    kinds, kind_of = np.unique(np.column_stack([communities, *dense]), axis=0, return_inverse=True)
    votes = np.repeat([0.5 / communities.shape[1], 0.5 / len(dense)], [communities.shape[1], len(dense)])
    coarsest = communities.shape[1] - 1
    labels, total = np.empty(len(kinds), np.int64), 0
    for members in _pieces(kinds[:, coarsest + 1 :], kinds[:, coarsest], most):
        own = np.ones(1, np.int32)
        if len(members) > 1:
            own = fcluster(linkage(pdist(kinds[members], "hamming", w=votes), "average"), _APART, "distance")
        labels[members] = total + own - 1
        total += int(own.max())
    return np.asarray(labels[kind_of.ravel()], np.int64)


def _pieces(dense: NDArray[np.int64], coarsest: NDArray[np.int64], most: int) -> list[NDArray[np.int64]]:
    """The members of each piece of K kinds that hang together by any of the columns of `dense` (K, D)."""
    total = len(dense)
    ends = [(np.arange(total), total * (1 + k) + np.unique(column, return_inverse=True)[1]) for k, column in enumerate(dense.T)]
    start, end = np.concatenate(ends, axis=1)
    graph = coo_array((np.ones(len(start), np.int8), (start, end)), shape=2 * (total * (1 + dense.shape[1]),))
    piece = connected_components(graph, directed=False)[1][:total]
    large = np.bincount(piece)[piece] > most
    parted = np.unique(np.column_stack([piece, np.where(large, coarsest, 0)]), axis=0, return_inverse=True)[1].ravel()
    return np.split(np.argsort(parted, kind="stable"), np.cumsum(np.bincount(parted))[:-1])
