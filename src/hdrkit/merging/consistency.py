"""Tests whether two planes show the same light: their difference over windows, against its noise (after Granados et al. 2013).

A difference counts only beyond the range that a window takes when it is shifted by one block, so that edges agree that the
alignment left a fraction of a block apart. The planes are first tied to each other at each brightness, so that errors of exposure
times, response and flare do not count. The noise and the errors of compression are measured in the bracket itself: the densest
half of the differences at each brightness is taken as static.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Any

import cv2
import numpy as np
from numpy.typing import NDArray

from hdrkit.imaging.warping import Mask
from hdrkit.merging.blocks import FramePlane, Values

_SIDES = (1, 2, 4)  # of windows, in blocks
_BINS, _SAMPLES = 16, 16384  # bins of brightness, and the number of windows in all of them
_FEWEST = 0.05  # share of all windows: with fewer in common, perhaps all of them show something that moved
_STRAY = 0.15  # ln: largest distance of the tie at one brightness from the middle one; more is motion
_TIED = 0.03  # relative error that remains after the tie: the accuracy of response curves
_MOST_SPREAD = 0.15  # relative; more is motion
_HALF_SIGMA = 1.349  # width of the densest half of a normal distribution
_NEAR = np.ones((3, 3), np.uint8)

Floats = NDArray[np.float64]


@dataclass(frozen=True)
class _Windows:
    """Means of a plane over square windows, float32 (h, w, C), and their lowest (`low`) and highest (`high`) under a shift."""

    radiance: Values
    low: Values
    high: Values
    variance: Values
    black: Values
    measured: Mask
    known: Mask


def tied(plane: FramePlane, anchor: FramePlane) -> FramePlane:
    """The plane on the brightness scale of the anchor, divided by the most frequent ratio of the two at each brightness.

    If the planes have too little in common, the plane keeps its scale, and its uncertainty grows by the possible error of that
    scale.
    """
    radiance, floor = plane.radiance.copy(), plane.floor.copy()
    doubt = plane.doubt + anchor.doubt
    both = plane.measured & anchor.measured & (np.minimum(plane.radiance, anchor.radiance) ** 2 > 9 * doubt)
    for c in range(radiance.shape[2]):
        x, a = _by_brightness(both[..., c], plane.radiance[..., c], anchor.radiance[..., c])
        if not x.size:
            floor[..., c] += (_STRAY * radiance[..., c]) ** 2
            continue
        ratio = np.log(x / a)
        middle = np.mean(_densest_half(ratio.reshape(1, -1)))
        stray = np.clip(np.mean(_densest_half(ratio), axis=0), middle - _STRAY, middle + _STRAY)
        at = np.log(np.maximum(plane.radiance[..., c], 1e-30))
        radiance[..., c] *= np.exp(-np.interp(at, np.maximum.accumulate(np.log(a).mean(axis=1) + stray), stray))
    return replace(plane, radiance=radiance, floor=floor)


def disagreement(plane: FramePlane, anchor: FramePlane, first: int = 0) -> Values:
    """The number of standard deviations by which two planes differ, float32 (h, w): the maximum over channels and windows.

    The smallest windows, up to number `first`, are left out. The value is 0 where the planes cannot be compared: one is unknown,
    both are clipped, or one is clipped and the other is not below its bound.
    """
    height, width = plane.measured.shape[:2]
    result = np.zeros((height, width), np.float32)
    for side in _SIDES[first:]:
        apart = _apart(_windows(plane, side), _windows(anchor, side))
        size = apart.shape[1] * side, apart.shape[0] * side
        np.maximum(result, cv2.resize(apart, size, interpolation=cv2.INTER_LINEAR)[:height, :width], out=result)
    return result


def _apart(x: _Windows, a: _Windows) -> Values:
    above = np.maximum(x.radiance - a.high, x.low - a.radiance)
    above[~(x.known & a.measured)] = 0
    below = np.maximum(a.low - x.radiance, a.radiance - x.high)
    below[~(x.measured & a.known)] = 0
    ratio = np.maximum(above, below) / np.sqrt(_variance(x, a))
    worst: Values = np.maximum.reduce([np.maximum(ratio[..., c], 0) for c in range(ratio.shape[2])])
    return worst


def _windows(plane: FramePlane, side: int) -> _Windows:
    """Windows of side x side blocks that fill the plane. Windows at the right and lower border repeat its last blocks."""
    height, width = plane.measured.shape[:2]
    sampled = np.s_[side // 2 :: side, side // 2 :: side]  # the positions where filters of this side cover exactly one window

    def whole(values: NDArray[Any]) -> NDArray[Any]:
        padded = cv2.copyMakeBorder(values, 0, -height % side, 0, -width % side, cv2.BORDER_REPLICATE)
        return np.asarray(padded).reshape(*padded.shape[:2], values.shape[2])

    def means(values: Values) -> Values:
        blurred = cv2.blur(whole(values), (side, side), borderType=cv2.BORDER_REPLICATE)
        return np.asarray(blurred, np.float32).reshape(*blurred.shape[:2], values.shape[2])

    def anywhere(mask: Mask, within: int) -> Mask:
        """Whether the mask is set in the window or, for `within` side + 2, in the area that its shifts cover."""
        found = cv2.dilate(whole(mask.astype(np.uint8)), np.ones((within, within), np.uint8))[sampled] > 0
        return found.reshape(*found.shape[:2], mask.shape[2])

    unmeasured, unknown, mean = ~plane.measured, ~plane.known, means(plane.radiance)
    low, high = (np.asarray(shifted(mean, _NEAR)).reshape(mean.shape)[sampled] for shifted in (cv2.erode, cv2.dilate))
    return _Windows(
        mean[sampled],
        np.where(anywhere(unknown, side + 2), -np.inf, low),
        np.where(anywhere(unmeasured, side + 2), np.inf, high),
        np.maximum(means(plane.variance)[sampled] / np.float32(side**2) + means(plane.floor)[sampled], 0),
        np.maximum(means(plane.black)[sampled], 0),
        ~anywhere(unmeasured, side),
        ~anywhere(unknown, side),
    )


def _variance(x: _Windows, a: _Windows) -> Values:
    """The variance of the difference of two windows: that of noise, or the larger one of static windows at this brightness."""
    size = x.radiance * a.radiance  # errors of a ratio are shares of this, squared
    result = x.variance + a.variance + np.float32(_TIED**2) * size + np.float32(1e-30)
    both = x.measured & a.measured
    for c in range(result.shape[2]):
        expected = result[..., c]
        one, other, sigma = _by_brightness(both[..., c], x.radiance[..., c], a.radiance[..., c], np.sqrt(expected))
        if not one.size:
            continue
        low, high = _densest_half((one - other) / sigma)
        excess = np.maximum(((high - low) / _HALF_SIGMA) ** 2 + ((high + low) / 2) ** 2 - 1, 0)
        more = np.interp(a.radiance[..., c], other.mean(axis=1), excess).astype(np.float32) * expected
        expected += np.minimum(more, np.float32(_MOST_SPREAD**2) * size[..., c] + x.black[..., c] + a.black[..., c])
    return result


def _by_brightness(chosen: Mask, x: Values, a: Values, *more: Values) -> list[Floats]:
    """Some of the chosen values of each array, in bins of equal number from dark to bright, (bins, n); n is 0 for too few."""
    positions = np.flatnonzero(chosen)
    positions = positions[:: max(1, positions.size // _SAMPLES)] if positions.size >= _FEWEST * chosen.size else positions[:0]
    values = [one.ravel()[positions].astype(float) for one in (x, a, *more)]
    order = np.argsort(values[0] + values[1])[: positions.size // _BINS * _BINS].reshape(_BINS, -1)
    return [one[order] for one in values]


def _densest_half(values: Floats) -> tuple[Floats, Floats]:
    """The ends of the narrowest range that holds half of each row (rows, n)."""
    ordered = np.sort(values, axis=1)
    half = ordered.shape[1] // 2
    at = np.argmin(ordered[:, half:] - ordered[:, : ordered.shape[1] - half], axis=1)
    rows = np.arange(len(values))
    return ordered[rows, at], ordered[rows, at + half]
