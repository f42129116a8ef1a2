"""Which pairs of photographs are worth comparing: neighbours in looks, and neighbours in time."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Sequence
from datetime import UTC
from typing import Any

import numpy as np
from numpy.typing import NDArray

from hdrkit.types import Photo

_EXACT = 8192  # photographs up to which all are compared with all
_BLOCK = 1024
# Beyond, a graph of neighbours (Malkov and Yashunin 2018) over signatures of 8 bits in fewer dimensions:
_DIMS = 512
_SAMPLE = 8192  # rows that the dimensions are chosen by
_LINKS, _BUILD_WIDTH, _SEARCH_WIDTH = 32, 128, 96


def candidates(signatures: NDArray[np.floating[Any]], k: int) -> NDArray[np.int32]:
    """Pairs (P, 2) of rows i < j, sorted, of which one is among the `k` nearest of the other by inner product.

    `signatures` (N, D) are rows of length 1; rows of zeros, photographs without content, are in no pair. Up to 8192 rows the
    neighbours are the true ones, beyond nearly so. The same rows in the same order give the same pairs.
    """
    filled = np.flatnonzero(np.abs(signatures).max(axis=1, initial=0) > 0)
    k = min(k, len(filled) - 1)
    if k < 1:
        return np.zeros((0, 2), np.int32)
    rows = signatures[filled]
    neighbours = _nearest(rows, k) if len(rows) <= _EXACT else _nearly_nearest(rows, k)
    return _pairs(np.repeat(filled, neighbours.shape[1]), np.where(neighbours < 0, -1, filled[neighbours]).ravel())


def time_neighbours(photos: Sequence[Photo], k: int) -> NDArray[np.int32]:
    """Pairs (P, 2) of photographs i < j, sorted, that one camera took at most `k` shots apart; none where times are unknown."""
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
    """Pairs (P, 2) that are in any of several lists, once each, sorted."""
    together = np.concatenate(pairs)
    return _pairs(together[:, 0], together[:, 1])


def _pairs(a: NDArray[np.integer[Any]], b: NDArray[np.integer[Any]]) -> NDArray[np.int32]:
    """Each pair of different numbers once, the smaller first, sorted; -1 stands for none."""
    first, second = np.minimum(a, b).astype(np.int64), np.maximum(a, b).astype(np.int64)
    keep = (first >= 0) & (first != second)
    packed = np.unique(first[keep] << 32 | second[keep])
    return np.stack([packed >> 32, packed & 0xFFFFFFFF], axis=1).astype(np.int32)


def _nearest(rows: NDArray[np.floating[Any]], k: int) -> NDArray[np.int64]:
    """The k nearest others of each row (N, k), by all inner products."""
    import torch

    every = torch.from_numpy(np.ascontiguousarray(rows, np.float32))
    found = np.empty((len(rows), k), np.int64)
    for start in range(0, len(rows), _BLOCK):
        likeness = every[start : start + _BLOCK] @ every.T
        own = torch.arange(len(likeness))
        likeness[own, start + own] = -torch.inf
        found[start : start + _BLOCK] = likeness.topk(k, dim=1).indices.numpy()
    return found


def _nearly_nearest(rows: NDArray[np.floating[Any]], k: int) -> NDArray[np.int64]:
    """About the k nearest of each row (N, k + 1), itself among them, -1 where none was found."""
    import faiss

    short = _shortened(rows)
    index = faiss.index_factory(short.shape[1], f"HNSW{_LINKS}_SQ8", faiss.METRIC_INNER_PRODUCT)
    for name, width in (("efConstruction", _BUILD_WIDTH), ("efSearch", _SEARCH_WIDTH)):
        faiss.ParameterSpace().set_index_parameter(index, name, width)
    index.train(short[:: -(-len(short) // _SAMPLE)])
    threads = faiss.omp_get_max_threads()
    faiss.omp_set_num_threads(1)  # threads would add rows in an order of their own
    try:
        index.add(short)
    finally:
        faiss.omp_set_num_threads(threads)
    neighbours: NDArray[np.int64] = index.search(short, k + 1)[1]
    return neighbours


def _shortened(rows: NDArray[np.floating[Any]]) -> NDArray[np.float32]:
    """Rows (N, at most 512) of length 1 whose inner products are nearly those of the rows given.

    The dimensions span the largest principal axes of a sample, found by subspace iteration (Halko et al. 2011).
    """
    axes = np.eye(rows.shape[1], dtype=np.float32)
    if rows.shape[1] > _DIMS:
        sample = rows[:: -(-len(rows) // _SAMPLE)].astype(np.float32)
        axes = np.random.default_rng(0).standard_normal((rows.shape[1], _DIMS), np.float32)
        for _ in range(3):
            axes = np.linalg.qr(sample.T @ (sample @ axes))[0]
    short = np.concatenate([rows[start : start + _BLOCK].astype(np.float32) @ axes for start in range(0, len(rows), _BLOCK)])
    return np.asarray(short / np.maximum(np.linalg.norm(short, axis=1, keepdims=True), np.finfo(np.float32).tiny), np.float32)
