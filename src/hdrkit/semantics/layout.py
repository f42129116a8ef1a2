"""Where pictures lie on the map: UMAP in three dimensions (McInnes, Healy and Melville 2018), and new pictures among old ones."""

from __future__ import annotations

import importlib
import warnings
from typing import Any

import numpy as np
from numpy.typing import NDArray

from hdrkit.imaging.compiled import keep_compiled
from hdrkit.semantics.neighbours import nearest_of

DIMS = 3
FEW = 5  # pictures that are too few for UMAP: they lie where their first principal components say
_NEIGHBOURS, _LEAST_DISTANCE = 15, 0.1
_NEAR = 5  # old pictures that say where a new one lies
_COPY = 1e-4  # 1 less the likeness of copies
_SLOW_TO_COMPILE = {  # what UMAP has Numba compile anew in each process, seconds for each; none is given a function
    "umap.distances": ("cosine",),
    "umap.utils": ("fast_knn_indices",),
    "umap.umap_": ("smooth_knn_dist", "compute_membership_strengths"),
    "umap.layouts": ("_nb_optimize_layout_euclidean_single_epoch",),
    "pynndescent.utils": (
        "sort_updates_by_block",
        "apply_sorted_graph_update_array",
        "build_candidates_owner",
        "deheap_sort",
    ),
}


def lay_out(rows: NDArray[np.float32], seed: int, dims: int = DIMS) -> NDArray[np.float32]:
    """The place of each picture (N, dims) from its principal components (N, d). The same rows and seed give the same places."""
    if len(rows) <= FEW or not rows.any():  # rows of zeros are all alike
        places = np.zeros((len(rows), dims), np.float32)
        places[:, : rows.shape[1]] = rows[:, :dims]
        return places
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # about TensorFlow, one thread where there is a seed, and parts that nothing connects
        from umap import UMAP

        _keep_what_is_slow_to_compile()
        layout = UMAP(
            n_components=dims,
            n_neighbors=min(_NEIGHBOURS, len(rows) - 1),
            min_dist=_LEAST_DISTANCE,
            metric="cosine",
            random_state=seed,
        )
        return np.asarray(layout.fit_transform(rows), np.float32)


def _keep_what_is_slow_to_compile() -> None:
    for module, names in _SLOW_TO_COMPILE.items():
        for name in names:
            keep_compiled(getattr(importlib.import_module(module), name, None))


def place(new: NDArray[np.floating[Any]], old: NDArray[np.floating[Any]], positions: NDArray[np.float32]) -> NDArray[np.float32]:
    """Where M pictures with unit vectors `new` (M, D) lie (M, 3) on a map of `old` (N, D) at `positions` (N, 3).

    Each lies between the old pictures that are most like it, the nearer ones having more weight; nothing old moves.
    """
    neighbours, likeness = nearest_of(new, old, min(_NEAR, len(old)))
    weights = 1 / np.maximum(1 - likeness, _COPY)  # of inverse squared distances (Shepard 1968)
    weights /= weights.sum(axis=1, keepdims=True)
    return np.asarray(np.einsum("mk,mkd->md", weights, positions[neighbours]), np.float32)
