"""Communities of pictures: parts of a graph of neighbours with more links inside than chance would give them.

Newman and Girvan (2004); they are found by the method of Blondel et al. (2008). One graph finds one scale, and its borders vary
with chance: so graphs of few to many neighbours are each parted several times.
"""

from __future__ import annotations

from functools import partial
from typing import Any

import numpy as np
from numpy.typing import NDArray
from scipy.sparse import coo_array, csr_matrix

from hdrkit.semantics.neighbours import nearest_of

SCALES = (5, 7, 10, 14, 20)  # neighbours of a picture
_LOCAL = 7  # the neighbour whose distance is the local scale (Zelnik-Manor and Perona 2004)
_LOOKED_AT = 3  # times as many neighbours by products, among which those by local scales are looked for
RUNS = 3  # partings of each graph
_SEEDS = 2**32  # of NumPy
_LEAST = 1e-9


def communities_of(directions: NDArray[np.float32], seed: int) -> NDArray[np.int64]:
    """The community of each of N unit vectors (N, d), N at least 2, in each of P partings (N, P), the finest first.

    Vectors are linked only if they are on the same side of their origin.
    """
    scales = sorted({min(scale, len(directions) - 1) for scale in SCALES})
    links = _Links(directions, scales[-1])
    graphs = [_mutual(ranked, scale) for scale in scales for ranked in (links.by_local_scales, links.by_products)]
    return np.stack([_parting(graph, (seed + run) % _SEEDS) for graph in graphs for run in range(RUNS)], axis=1)


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
