"""Robertson, Borman & Stevenson 2003: irradiances and response in turn, each as the weighted mean that the other implies."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from hdrkit.calibration.observations import Observations

_ROUNDS = 300
_SETTLED = 1e-5


def solve_robertson(observations: Sequence[Observations], weights: NDArray[np.float64], knots: int) -> NDArray[np.float64]:
    """Response curves g (knots, C), 0 at the middle knot, NaN at codes that no sample holds."""
    return np.stack([_solve_channel(o, weights[:, c], knots) for c, o in enumerate(observations)], axis=1)


def _solve_channel(o: Observations, weight_of_code: NDArray[np.float64], knots: int) -> NDArray[np.float64]:
    code = np.rint(o.code).astype(np.int64)
    time = np.exp(o.ln_time - o.ln_time.mean())
    weight = weight_of_code[code]
    count = np.bincount(code, minlength=knots)
    held = count > 0
    exposure = (np.arange(knots) + 0.5) / (knots // 2)  # the iteration starts from a linear camera
    energy = np.bincount(o.pixel, weight * time**2, o.pixels)
    for _ in range(_ROUNDS):
        irradiance = np.bincount(o.pixel, weight * time * exposure[code], o.pixels) / np.maximum(energy, 1e-12)
        updated = np.bincount(code, time * irradiance[o.pixel], knots) / np.maximum(count, 1)
        updated /= np.interp(knots // 2, np.flatnonzero(held), updated[held])
        change = np.abs(updated - exposure)[held].max()
        exposure = updated
        if change < _SETTLED:
            break
    positive = held & (exposure > 0)
    return np.where(positive, np.log(np.where(positive, exposure, 1.0)), np.nan)
