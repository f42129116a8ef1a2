"""Isotonic regression: the curve that never falls and is closest to given values in weighted least squares.

The method pools adjacent violators (Ayer et al. 1955): neighbours that fall become one block at their mean.
"""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray


def rising(values: NDArray[np.float64], weights: NDArray[Any] | None = None) -> NDArray[np.float64]:
    """The closest values to finite values (N,), of positive weights, that never fall. Values that never fall stay as they are."""
    if (np.diff(values) >= 0).all():
        return np.asarray(values, np.float64)
    weight = np.ones(len(values)) if weights is None else np.asarray(weights, np.float64)
    return rising_steps(np.asarray(values, np.float64), weight)


def rising_steps(means: NDArray[np.float64], count: NDArray[np.float64]) -> NDArray[np.float64]:
    """The closest rising curve (N,) to the means of bins with a `count`. An empty bin has the value of the next.

    This is plain Python, which compiled loops can compile, and which takes less time than it takes to load SciPy.
    """
    bins = len(means)
    level = np.zeros(bins)
    weight = np.zeros(bins)
    last = np.zeros(bins, np.int64)
    blocks = 0
    for k in range(bins):
        if count[k] == 0:
            continue
        level[blocks], weight[blocks], last[blocks] = means[k], count[k], k
        blocks += 1
        while blocks > 1 and level[blocks - 2] > level[blocks - 1]:
            blocks -= 1
            joined = weight[blocks - 1] + weight[blocks]
            level[blocks - 1] = (level[blocks - 1] * weight[blocks - 1] + level[blocks] * weight[blocks]) / joined
            weight[blocks - 1], last[blocks - 1] = joined, last[blocks]
    curve = np.zeros(bins)
    block = 0
    for k in range(bins):
        while block < blocks - 1 and k > last[block]:
            block += 1
        curve[k] = level[block]
    return curve
