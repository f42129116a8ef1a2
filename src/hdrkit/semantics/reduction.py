"""Embeddings in fewer dimensions: the principal components that carry most of the variance."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

KEPT = 0.95  # share of the variance


def principal_components(vectors: NDArray[np.floating[Any]], kept: float = KEPT) -> NDArray[np.float32]:
    """The coordinates (N, d) of `vectors` (N, D) along the fewest principal components that keep a share of the variance.

    The mean becomes the origin. Vectors that are all alike get one coordinate of zero.
    """
    from sklearn.decomposition import PCA

    rows = np.asarray(vectors, np.float32)
    if len(rows) < 2 or np.ptp(rows, axis=0).max(initial=0) == 0:
        return np.zeros((len(rows), 1), np.float32)
    solver = "covariance_eigh" if len(rows) > rows.shape[1] else "full"  # the one whose matrix is the smaller
    return np.asarray(PCA(kept, svd_solver=solver).fit_transform(rows), np.float32)
