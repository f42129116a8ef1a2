"""Measures of the quality of a solved curve: coverage, residuals, monotonicity, agreement of the channels."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from hdrkit.calibration.axis import ln_codes
from hdrkit.calibration.observations import Observations, read_at
from hdrkit.imaging.monotone import rising

_ENOUGH = 3  # number of samples from which a code is covered
CHANNEL_TOLERANCE = 0.25  # in ln exposure: largest effect of white balance and colour processing


def covered_codes(observations: Sequence[Observations], knots: int) -> tuple[tuple[int, int], ...]:
    """Lowest and highest knot with data in each channel."""
    result = []
    for o in observations:
        count = np.bincount(np.rint(o.code).astype(np.int64), minlength=knots)
        covered = np.flatnonzero(count >= min(_ENOUGH, count.max()))
        result.append((int(covered[0]), int(covered[-1])) if count.any() else (0, 0))
    return tuple(result)


def filled_monotone(g: NDArray[np.float64], observations: Sequence[Observations]) -> tuple[NDArray[np.float64], tuple[int, ...]]:
    """Curves (knots, C) without gaps that never fall, and the number of codes that changed in each channel.

    Gaps are filled along ln z; the ends continue with the slope of the outermost tenth of the known codes. Falling pieces become
    flat by isotonic regression, weighted by the number of samples of each code.
    """
    curves, repaired = [], []
    for c, o in enumerate(observations):
        filled = _filled(g[:, c])
        count = np.bincount(np.rint(o.code).astype(np.int64), minlength=len(filled))
        curve = rising(filled, count + 1e-3)
        curves.append(curve)
        repaired.append(int((np.abs(curve - filled) > 1e-9).sum()))
    return np.stack(curves, axis=1), tuple(repaired)


def _filled(g: NDArray[np.float64]) -> NDArray[np.float64]:
    known = np.isfinite(g)
    if known.all():
        return g
    u = ln_codes(g.size)
    filled = np.interp(u, u[known], g[known])
    at = np.flatnonzero(known)
    reach = max(1, len(at) // 10)
    for end, inner in ((at[0], at[reach]), (at[-1], at[-1 - reach])):
        slope = max(0.0, (g[end] - g[inner]) / (u[end] - u[inner]))
        beyond = u < u[end] if end < inner else u > u[end]
        filled[beyond] = g[end] + slope * (u[beyond] - u[end])
    return filled


def residuals(
    g: NDArray[np.float64], observations: Sequence[Observations], weights: NDArray[np.float64]
) -> tuple[tuple[float, ...], list[NDArray[np.float64]]]:
    """Weighted RMS of g(z) - ln E - ln t in each channel, and the residual of every observation."""
    rms, all_of_them = [], []
    for c, o in enumerate(observations):
        weight = read_at(weights[:, c], o.code)
        value = read_at(g[:, c], o.code) - o.ln_time
        total = np.maximum(np.bincount(o.pixel, weight, o.pixels), 1e-12)
        rest = value - (np.bincount(o.pixel, weight * value, o.pixels) / total)[o.pixel]
        freedom = max(1.0 - o.pixels / max(o.code.size, 1), 1e-3)
        rms.append(float(np.sqrt((weight * rest**2).sum() / max(weight.sum(), 1e-12) / freedom)))
        all_of_them.append(rest)
    return tuple(rms), all_of_them


def channel_spread(g: NDArray[np.float64], covered: Sequence[tuple[int, int]]) -> tuple[float, ...]:
    """Largest difference of each channel's curve from the median channel, over the codes that all channels cover.

    The darkest eighth is left out: black levels differ there, and ln exposure falls without bounds.
    """
    low, high = max(len(g) // 8, *(c[0] for c in covered)), min(c[1] for c in covered)
    if high <= low:
        return tuple(0.0 for _ in covered)
    shared = g[low : high + 1]
    difference = shared - np.median(shared, axis=1, keepdims=True)
    return tuple(float(np.abs(difference[:, c]).max()) for c in range(g.shape[1]))
