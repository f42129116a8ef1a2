"""The most similar rows among many unit vectors."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

MOST_EXACT = 20_000  # rows that all are compared with
_BLOCK = 1024  # rows of similarities that are in memory at a time
_LINKS, _BUILD_WIDTH, _SEARCH_WIDTH = 32, 80, 128  # of the graph for more rows (Malkov and Yashunin 2018)


def nearest_of(
    rows: NDArray[np.floating[Any]], among: NDArray[np.floating[Any]], k: int, most_exact: int = MOST_EXACT
) -> tuple[NDArray[np.int64], NDArray[np.float32]]:
    """For each of M `rows` (M, D) its k most similar of N `among` (N, D): indices and inner products (M, k), nearest first.

    Exact while one of the lists has at most `most_exact` rows. Equal products come in the order of their index.
    """
    import faiss

    there = np.ascontiguousarray(among, np.float32)
    if min(len(rows), len(there)) <= most_exact:
        index = faiss.IndexFlatIP(there.shape[1])
        index.add(there)
    else:
        index = _graph(there)
    blocks = [index.search(np.ascontiguousarray(rows[i : i + _BLOCK], np.float32), k) for i in range(0, len(rows), _BLOCK)]
    likeness = np.concatenate([block[0] for block in blocks])
    found = np.concatenate([block[1] for block in blocks])
    return found, likeness


def _graph(rows: NDArray[np.float32]) -> Any:
    import faiss

    index = faiss.IndexHNSWFlat(rows.shape[1], _LINKS, faiss.METRIC_INNER_PRODUCT)
    index.hnsw.efConstruction, index.hnsw.efSearch = _BUILD_WIDTH, _SEARCH_WIDTH
    threads = faiss.omp_get_max_threads()
    faiss.omp_set_num_threads(1)  # threads would add rows in an order of their own
    try:
        index.add(rows)
    finally:
        faiss.omp_set_num_threads(threads)
    return index
