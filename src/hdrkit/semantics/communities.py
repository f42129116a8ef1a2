"""Groups of pictures that agree at several scales: communities of the graph of neighbours, joined by a majority of them.

A community has more links inside than chance would give it (Newman and Girvan 2004; found by the method of Blondel et al. 2008).
One graph finds one scale, and its borders vary with chance. So graphs of few to many neighbours are parted several times, and
pictures are joined while most of the partings have them together (evidence accumulation, Fred and Jain 2005).
"""

from __future__ import annotations

from collections.abc import Iterable
from functools import partial
from typing import Any

import numpy as np
from numpy.typing import NDArray
from scipy.sparse import coo_array, csr_matrix
from scipy.sparse.csgraph import connected_components

from hdrkit.semantics.clustering import Grouping
from hdrkit.semantics.neighbours import nearest_of
from hdrkit.types import ALONE

SCALES = (5, 7, 10, 14, 20)  # neighbours of a picture
_LOCAL = 7  # the neighbour whose distance is the local scale (Zelnik-Manor and Perona 2004)
_LOOKED_AT = 3  # times as many neighbours by products, among which those by local scales are looked for
_RUNS = 3  # partings of each graph
_MAJORITY = 0.5
MOST_LINKED = 10_000  # kinds that are all compared with all
_LEAST = 1e-9
_DIGITS = 4  # of directions in which copies are equal


def agreeing_communities(rows: NDArray[np.float32], seed: int, most_linked: int = MOST_LINKED) -> Grouping:
    """Groups of `rows` (N, d), whose origin is their mean. A picture that no other agrees with is alone.

    Only pictures on the same side of the mean are linked. Copies count once while groups are looked for.
    Memory is bounded by `most_linked`, see `_majority`.
    """
    directions = rows / np.maximum(np.linalg.norm(rows, axis=1, keepdims=True), _LEAST)
    kept, copy_of = np.unique(directions.round(_DIGITS), axis=0, return_index=True, return_inverse=True)[1:]
    groups = _of_distinct(directions[kept], seed, most_linked)[copy_of.ravel()]
    sizes = np.bincount(groups)
    return Grouping(np.where(sizes[groups] > 1, groups, ALONE), {"neighbours": list(SCALES), "runs": _RUNS})


def _of_distinct(directions: NDArray[np.float32], seed: int, most_linked: int) -> NDArray[np.int64]:
    if len(directions) < 2:
        return np.zeros(len(directions), np.int64)
    scales = sorted({min(scale, len(directions) - 1) for scale in SCALES})
    links = _Links(directions, scales[-1])
    graphs = [_mutual(ranked, scale) for scale in scales for ranked in (links.by_products, links.by_local_scales)]
    partings = [_parting(graph, seed + run) for graph in graphs for run in range(_RUNS)]
    return _majority(np.stack(partings, axis=1), graphs[-1], most_linked)


class _Links:
    """The nearest others of each row, by their products, and by distance on the scale of the surroundings of both ends.

    Products make links strong where pictures are nearly the same, such as exposures of one view; local scales make them even
    between kinds that scatter little and much, and rank pictures that are near to everything, hubs, behind true neighbours.
    """

    def __init__(self, directions: NDArray[np.float32], most: int) -> None:
        others, likeness = _others(directions, min(_LOOKED_AT * most, len(directions) - 1))
        squared = np.maximum(2 - 2 * likeness, 0)
        scale = np.sqrt(squared[:, min(_LOCAL, most) - 1])
        scaled = squared / np.maximum(scale[:, None] * scale[others], _LEAST)
        nearest = np.argsort(scaled, axis=1, kind="stable")[:, :most]
        take = partial(np.take_along_axis, indices=nearest, axis=1)
        self.by_products = others[:, :most], np.maximum(likeness[:, :most], 0)
        self.by_local_scales = take(others), np.where(take(likeness) > 0, np.exp(-take(scaled)), 0)


def _mutual(links: tuple[NDArray[np.int64], NDArray[np.float32]], scale: int) -> csr_matrix[Any]:
    """The graph (N, N) of rows that are among the `scale` nearest of each other."""
    others, weights = links
    total = len(others)
    ends = np.repeat(np.arange(total), scale), others[:, :scale].ravel()
    graph = coo_array((weights[:, :scale].ravel(), ends), shape=(total, total)).tocsr()
    graph = graph.minimum(graph.T)
    graph.eliminate_zeros()
    return csr_matrix(graph)


def _others(directions: NDArray[np.float32], count: int) -> tuple[NDArray[np.int64], NDArray[np.float32]]:
    """The `count` nearest of each row without the row itself: indices and products (N, count)."""
    found, likeness = nearest_of(directions, directions, count + 1)
    own = found == np.arange(len(found))[:, None]
    own[~own.any(axis=1), -1] = True  # among many copies a row may not find itself
    return found[~own].reshape(-1, count), likeness[~own].reshape(-1, count)


def _parting(graph: csr_matrix[Any], seed: int) -> NDArray[np.int64]:
    from sknetwork.clustering import Louvain

    if not graph.nnz:
        return np.arange(graph.shape[0])
    return np.asarray(Louvain(shuffle_nodes=True, random_state=seed).fit_predict(graph), np.int64)


def _majority(partings: NDArray[np.int64], links: csr_matrix[Any], most: int) -> NDArray[np.int64]:
    """Labels (N,) by average linkage of the share of `partings` (N, P) that part two pictures, up to a half.

    Pictures that no parting parts are one kind from the beginning. More than `most` kinds are linked in pieces: those that hang
    together by `links` (N, N) whose ends a majority has together, a larger one the more kinds are in the largest piece.
    """
    from scipy.cluster.hierarchy import fcluster, linkage
    from scipy.spatial.distance import pdist

    kinds, kind_of = np.unique(partings, axis=0, return_inverse=True)
    kind_of = kind_of.ravel()
    labels, total = np.empty(len(kinds), np.int64), 0
    for members in _pieces(kinds, kind_of[np.stack(links.nonzero(), axis=1)], most):
        own = np.ones(1, np.int32)
        if len(members) > 1:
            own = fcluster(linkage(pdist(kinds[members], "hamming"), "average"), _MAJORITY, "distance")
        labels[members] = total + own - 1
        total += int(own.max())
    return np.asarray(labels[kind_of], np.int64)


def _pieces(kinds: NDArray[np.int64], ends: NDArray[np.int64], most: int) -> Iterable[NDArray[np.int64]]:
    """The members of each piece of the kinds (K, P) that `ends` (L, 2) connect, none larger than `most` if that can be."""
    if len(kinds) <= most:
        return [np.arange(len(kinds))]
    ends = np.unique(ends[ends[:, 0] < ends[:, 1]], axis=0)
    together = (kinds[ends[:, 0]] == kinds[ends[:, 1]]).mean(axis=1)
    for share in np.arange(_MAJORITY, 1.0, 0.1):
        near = ends[together >= share].T
        graph = coo_array((np.ones(near.shape[1], np.int8), tuple(near)), shape=(len(kinds), len(kinds)))
        piece = connected_components(graph, directed=False)[1]
        if np.bincount(piece).max() <= most:
            break
    return np.split(np.argsort(piece, kind="stable"), np.cumsum(np.bincount(piece))[:-1])
