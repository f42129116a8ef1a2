"""Do two planes show the same light? Their difference, measured against its noise (after Granados et al. 2013).

A difference counts only beyond what neighbouring blocks span, so that edges which alignment left a fraction of a block apart
agree, and only after the planes have been tied to each other brightness by brightness, so that errors of exposure times, response
and flare agree too.
"""

from __future__ import annotations

from dataclasses import replace

import cv2
import numpy as np
from numpy.typing import NDArray

from hdrkit.merging.blocks import Plane, Values, halved

_LEVELS = 3  # sizes of window: blocks, and two and four times their side
_BINS, _SAMPLES = 16, 16384  # of brightness, and blocks in all of them
_STRAY = 0.15  # ln; how far the tie at one brightness may stray from the middle one: more is motion
_LEAST_SPREAD, _MOST_SPREAD = 0.02, 0.15  # relative: what response curves are good to, and what is more than that
_MIDDLE = (0.25, 0.75)  # quantiles that a moving quarter leaves alone
_MIDDLE_SIGMA = 1.349  # between them, in a normal distribution
_FEWEST = 20  # blocks in a bin
_NEAR = np.ones((3, 3), np.uint8)


def tied(plane: Plane, anchor: Plane) -> Plane:
    """The plane on the brightness scale of the anchor: the ratio of the two at each brightness, by medians, taken out.

    Too little in common leaves the plane as it is.
    """
    radiance = plane.radiance.copy()
    for c in range(radiance.shape[2]):
        ln, ratio = _in_common(plane, anchor, c)
        if ratio.shape[1] < _FEWEST:
            continue
        middle = np.median(ratio)
        stray = np.clip(np.median(ratio, axis=1), middle - _STRAY, middle + _STRAY)
        at = np.log(np.maximum(plane.radiance[..., c], 1e-30))
        radiance[..., c] *= np.exp(-np.interp(at, np.maximum.accumulate(ln + stray), stray))
    return replace(plane, radiance=radiance)


def disagreement(plane: Plane, anchor: Plane, first: int = 0) -> Values:
    """By how many standard deviations two planes differ, float32 (h, w), the most over channels and windows.

    Windows are blocks of 2^first to 2^(levels - 1) times the side. 0 where nothing can be said: one is unseen, both are clipped,
    or one is clipped and the other not below its bound.
    """
    height, width = plane.measured.shape[:2]
    result = np.zeros((height, width), np.float32)
    for level in range(_LEVELS):
        if level:
            plane, anchor = halved(plane), halved(anchor)
        if level >= first:
            here = cv2.resize(_at_one_size(plane, anchor), (width, height), interpolation=cv2.INTER_LINEAR)
            np.maximum(result, here, out=result)
    return result


def _at_one_size(plane: Plane, anchor: Plane) -> Values:
    (low_p, high_p), (low_a, high_a) = _span(plane), _span(anchor)
    x, a = plane.radiance, anchor.radiance
    above = np.maximum(x - high_a, low_p - a)
    above[~(plane.seen & anchor.measured)] = 0
    below = np.maximum(low_a - x, a - high_p)
    below[~(plane.measured & anchor.seen)] = 0
    beyond = np.maximum(above, below)
    spread = _spread(plane, anchor)
    variance = plane.variance + anchor.variance + plane.floor + anchor.floor + (spread * a.max(axis=2, keepdims=True)) ** 2
    apart = beyond / np.sqrt(variance + np.float32(1e-30))
    worst: Values = np.maximum.reduce([np.maximum(apart[..., c], 0) for c in range(apart.shape[2])])
    return worst


def _span(plane: Plane) -> tuple[Values, Values]:
    """The least and the most radiance around each block; clipped neighbours may be infinitely bright, unseen ones anything."""
    low, high = plane.radiance.copy(), plane.radiance.copy()
    high[~plane.measured] = np.inf
    low[~plane.seen] = -np.inf
    return (
        np.asarray(cv2.erode(low, _NEAR), np.float32).reshape(low.shape),
        np.asarray(cv2.dilate(high, _NEAR), np.float32).reshape(high.shape),
    )


def _spread(plane: Plane, anchor: Plane) -> Values:
    """Relative standard deviation of the difference (h, w, C), as the still majority shows it at each brightness."""
    result = np.empty_like(anchor.radiance)
    for c in range(result.shape[2]):
        ln, ratio = _in_common(plane, anchor, c)
        if ratio.shape[1] < _FEWEST:
            result[..., c] = _LEAST_SPREAD
            continue
        low, high = np.quantile(ratio, _MIDDLE, axis=1)
        spread = np.clip((high - low) / _MIDDLE_SIGMA, _LEAST_SPREAD, _MOST_SPREAD)
        result[..., c] = np.interp(np.log(np.maximum(anchor.radiance[..., c], 1e-30)), ln, spread)
    return result


def _in_common(plane: Plane, anchor: Plane, c: int) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """Blocks that both measured well, in bins of equal number from dark to bright.

    Returns the mean ln radiance of each bin (bins,) and ln plane / anchor (bins, n); n is 0 where there is nothing.
    """
    both = np.flatnonzero((plane.measured & anchor.measured)[..., c])
    both = both[:: max(1, both.size // _SAMPLES)]
    x, a = (one.radiance[..., c].ravel()[both].astype(float) for one in (plane, anchor))
    doubt = sum((one.variance + one.floor)[..., c].ravel()[both] for one in (plane, anchor))
    clear = np.minimum(x, a) ** 2 > 9 * doubt
    x, a = np.log(x[clear]), np.log(a[clear])
    order = np.argsort(x + a)[: x.size // _BINS * _BINS].reshape(_BINS, -1)
    return a[order].mean(axis=1) if order.size else np.zeros(_BINS), (x - a)[order]
