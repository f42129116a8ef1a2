"""Curves of other makers' files made usable: codes filled in that no data supported, and order restored."""

from __future__ import annotations

import math

import numpy as np
from numpy.typing import NDArray

from hdrkit.imaging.monotone import rising

_TOLERANCE = 1e-9  # what text and float32 leave of a flat piece


def usable_curve(ln_exposure: NDArray[np.float64]) -> tuple[NDArray[np.float64], int]:
    """A finite curve that does not decrease, (levels, C), and the number of values that were changed for it.

    Missing codes are interpolated; at the dark end they get half the exposure of the first known code, at the bright
    end the last one. Falling pieces become flat: isotonic regression, the nearest curve in least squares.
    Raises ValueError where fewer than half of the codes are known.
    """
    repaired = np.column_stack([_repaired(channel) for channel in ln_exposure.T])
    changed = ~np.isclose(repaired, ln_exposure, rtol=0, atol=_TOLERANCE)
    return repaired, int(changed.sum())


def _repaired(g: NDArray[np.float64]) -> NDArray[np.float64]:
    known = np.isfinite(g)
    if 2 * known.sum() < g.size:
        raise ValueError(f"only {known.sum()} of {g.size} codes have a value")
    codes = np.arange(g.size)
    first = g[known][0]
    filled = np.interp(codes, codes[known], g[known], left=first - math.log(2))
    return rising(filled)
