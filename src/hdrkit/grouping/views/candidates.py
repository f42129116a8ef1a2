"""Which pairs of photographs are worth comparing: neighbours in looks, and neighbours in time."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Sequence
from datetime import UTC
from typing import Any

import numpy as np
from numpy.typing import NDArray

from hdrkit.files.packages import load_package
from hdrkit.types import Photo

MOST_EXACT = 16384  # largest number of photographs that are all compared with all; up to here the graph is no faster
_BLOCK = 1024
_LINKS, _BUILD_WIDTH, _SEARCH_WIDTH = 32, 64, 256  # of the graph of neighbours for more photographs (Malkov and Yashunin 2018)
_SAMPLE = 8192  # rows that the range of its 8-bit numbers is learned from


def candidates(signatures: NDArray[np.floating[Any]], k: int, most_exact: int = MOST_EXACT) -> NDArray[np.int32]:
    """Pairs (P, 2) of rows i < j, sorted, of which one is among the `k` nearest of the other by inner product.

    `signatures` (N, D) are rows of length 1; rows of zeros, photographs without content, are in no pair. Up to `most_exact`
    rows the neighbours are exact; of more rows they are nearly exact. The same rows in the same order give the same pairs.
    """
    filled = np.flatnonzero(np.abs(signatures).max(axis=1, initial=0) > 0)
    k = min(k, len(filled) - 1)
    if k < 1:
        return np.zeros((0, 2), np.int32)
    rows = signatures[filled]
    neighbours = _nearest(rows, k) if len(rows) <= most_exact else _nearly_nearest(rows, k)
    return _pairs(np.repeat(filled, neighbours.shape[1]), np.where(neighbours < 0, -1, filled[neighbours]).ravel())


def time_neighbours(photos: Sequence[Photo], k: int) -> NDArray[np.int32]:
    """Pairs (P, 2) of photographs i < j, sorted, that one camera took at most `k` shots apart; no pair has an unknown time."""
    by_camera = defaultdict(list)
    for i, photo in enumerate(photos):
        if photo.taken_at is not None:
            zoned = photo.taken_at.tzinfo is not None
            taken = photo.taken_at if zoned else photo.taken_at.replace(tzinfo=UTC)
            by_camera[photo.camera, photo.serial, zoned].append((taken.timestamp(), i))
    shots = [np.array([i for _, i in sorted(taken)], np.int64) for taken in by_camera.values()]
    steps = [(order[:-step], order[step:]) for order in shots for step in range(1, k + 1)]
    empty = np.zeros(0, np.int64)
    return _pairs(np.concatenate([empty, *(a for a, _ in steps)]), np.concatenate([empty, *(b for _, b in steps)]))


def merged(*pairs: NDArray[np.int32]) -> NDArray[np.int32]:
    """All pairs (P, 2) of several lists, each once, sorted."""
    together = np.concatenate(pairs)
    return _pairs(together[:, 0], together[:, 1])


def _pairs(a: NDArray[np.integer[Any]], b: NDArray[np.integer[Any]]) -> NDArray[np.int32]:
    """Each pair of different numbers once, the smaller first, sorted. Pairs with -1 are left out."""
    first, second = np.minimum(a, b).astype(np.int64), np.maximum(a, b).astype(np.int64)
    keep = (first >= 0) & (first != second)
    packed = np.unique(first[keep] << 32 | second[keep])
    return np.stack([packed >> 32, packed & 0xFFFFFFFF], axis=1).astype(np.int32)


def _nearest(rows: NDArray[np.floating[Any]], k: int) -> NDArray[np.int64]:
    """The k nearest others of each row (N, k), by all inner products."""
    every = np.ascontiguousarray(rows, np.float32)
    found = np.empty((len(rows), k), np.int64)
    for start in range(0, len(rows), _BLOCK):
        likeness = every[start : start + _BLOCK] @ every.T
        own = np.arange(len(likeness))
        likeness[own, start + own] = -np.inf
        found[start : start + _BLOCK] = np.argpartition(-likeness, k - 1, axis=1)[:, :k]
    return found


def _nearly_nearest(rows: NDArray[np.floating[Any]], k: int) -> NDArray[np.int64]:
    """About the k nearest of each row (N, k + 1), the row itself included; -1 where the search found none."""
    faiss = load_package("faiss", f"a comparison of more than {MOST_EXACT} photographs", "faiss-cpu")
    blocks = range(0, len(rows), _BLOCK)
    index = faiss.index_factory(rows.shape[1], f"HNSW{_LINKS}_SQ8", faiss.METRIC_INNER_PRODUCT)
    for name, width in (("efConstruction", _BUILD_WIDTH), ("efSearch", _SEARCH_WIDTH)):
        faiss.ParameterSpace().set_index_parameter(index, name, width)
    index.train(rows[:: -(-len(rows) // _SAMPLE)].astype(np.float32))
    threads = faiss.omp_get_max_threads()
    faiss.omp_set_num_threads(1)  # threads would add rows in an order of their own
    try:
        for start in blocks:
            index.add(rows[start : start + _BLOCK].astype(np.float32))
    finally:
        faiss.omp_set_num_threads(threads)
    return np.concatenate([index.search(rows[start : start + _BLOCK].astype(np.float32), k + 1)[1] for start in blocks])
