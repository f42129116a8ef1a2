"""Isotonic regression: the curve that never falls and is closest to given values in weighted least squares.

The method pools adjacent violators (Ayer et al. 1955): neighbours that fall become one block at their mean.
"""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray


def rising(values: NDArray[np.float64], weights: NDArray[Any] | None = None) -> NDArray[np.float64]:
    """The closest values to finite values (N,) that never fall. Values that never fall are returned unchanged."""
    if (np.diff(values) >= 0).all():
        return np.asarray(values, np.float64)
    from scipy.optimize import isotonic_regression  # loading it takes longer than most curves

    return np.asarray(isotonic_regression(values, weights=weights).x, np.float64)


def rising_steps(total: NDArray[np.float64], count: NDArray[np.float64]) -> NDArray[np.float64]:
    """The closest rising curve (N,) to the means of bins that hold a `total` and a `count`. An empty bin has the value of the
    next.

    This is plain Python that compiled loops, which cannot call SciPy, can compile. It agrees with `rising` except for the last
    bits.
    """
    bins = len(total)
    level = np.zeros(bins)
    weight = np.zeros(bins)
    last = np.zeros(bins, np.int64)
    blocks = 0
    for k in range(bins):
        if count[k] == 0:
            continue
        level[blocks], weight[blocks], last[blocks] = total[k] / count[k], count[k], k
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
