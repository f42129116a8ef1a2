"""Whether the brightness of one photograph is a growing function of the other's, as between two exposures of one view."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from hdrkit.grouping.evidence.descriptor import CellState
from hdrkit.grouping.evidence.displacement import displaced
from hdrkit.imaging.compiled import compiled
from hdrkit.imaging.monotone import rising_steps

_REACH = 6  # cells between the two cells that are compared
_LEAST_DIFFERENCE = 256  # 1 code, in steps of the stored luminance; closer cells are a tie
_BINS = 64
_FLAT = 1e-3 * 256.0**4  # so that pictures without differences do not correlate
_rising_steps = compiled(rising_steps)
_MEASURED, _PARTLY = int(CellState.MEASURED), int(CellState.PARTLY_CLIPPED)


@compiled
def brightness_order(a: NDArray[np.int32], b: NDArray[np.int32]) -> tuple[int, int]:
    """The number of pairs of near cells that differ in both photographs in the same order of brightness, and in any order.

    `a`, `b` (S, S) hold luminance; negative cells are left out. White cells take part: they are brighter than others.
    """
    size = a.shape[0]
    same = compared = 0
    for y in range(0, size, 2):
        for x in range(0, size, 2):
            if a[y, x] < 0 or b[y, x] < 0:
                continue
            for way in range(4):
                other_y = y + (0 if way == 0 else _REACH)
                other_x = x + (0 if way == 1 else -_REACH if way == 3 else _REACH)
                if other_y >= size or other_x >= size or other_x < 0 or a[other_y, other_x] < 0 or b[other_y, other_x] < 0:
                    continue
                in_a, in_b = a[other_y, other_x] - a[y, x], b[other_y, other_x] - b[y, x]
                if abs(in_a) >= _LEAST_DIFFERENCE and abs(in_b) >= _LEAST_DIFFERENCE:
                    compared += 1
                    same += (in_a > 0) == (in_b > 0)
    return same, compared


@compiled
def transferred_gradient(a: NDArray[np.int32], b: NDArray[np.int32], measured: NDArray[np.bool_]) -> tuple[float, int]:
    """The correlation of differences between neighbours in `b` and in f(a), f the best growing function, and the number of cells.

    f is the isotonic regression of b on a (pool adjacent violators: Ayer et al. 1955) in 64 bins of code. Two scenes that
    are alike by chance have a good f as well, but their edges do not follow it.
    """
    size = a.shape[0]
    curve = isotonic(a, b, measured)
    predicted = np.full((size, size), np.nan)
    cells = 0
    for y in range(size):
        for x in range(size):
            if measured[y, x]:
                at = min(max(a[y, x] * _BINS / 65536 - 0.5, 0.0), _BINS - 1.001)
                low = int(at)
                predicted[y, x] = curve[low] + (at - low) * (curve[low + 1] - curve[low])
                cells += 1
    product = in_predicted = in_b = 0.0
    count = 0
    for y in range(size - 2):
        for x in range(size - 2):
            if not measured[y, x]:
                continue
            for way in range(2):
                other_y, other_x = (y + 2, x) if way == 0 else (y, x + 2)
                if measured[other_y, other_x]:
                    step = predicted[other_y, other_x] - predicted[y, x]
                    true = float(b[other_y, other_x] - b[y, x])
                    product += step * true
                    in_predicted += step * step
                    in_b += true * true
                    count += 1
    return (product / np.sqrt(in_predicted * in_b + _FLAT * count) if count else 0.0), cells


@compiled
def isotonic(a: NDArray[np.int32], b: NDArray[np.int32], measured: NDArray[np.bool_]) -> NDArray[np.float64]:
    """The growing function of `a` in bins that is closest to `b` over the measured cells."""
    total = np.zeros(_BINS)
    count = np.zeros(_BINS)
    for y in range(a.shape[0]):
        for x in range(a.shape[1]):
            if measured[y, x]:
                bin_of = a[y, x] * _BINS // 65536
                total[bin_of] += b[y, x]
                count[bin_of] += 1
    for k in range(_BINS):
        if count[k] > 0:
            total[k] /= count[k]
    return _rising_steps(total, count)


@compiled
def laid_over(
    light: NDArray[np.uint16], state_a: NDArray[np.uint8], state_b: NDArray[np.uint8], moved: NDArray[np.float64]
) -> tuple[NDArray[np.int32], NDArray[np.bool_]]:
    """The luminance of the second photograph at the cells of the first, -1 where unknown; and the cells that both measured.

    Cells clipped in some channels only are unknown: the rest of their colour does not keep the order of brightness.
    """
    size = light.shape[0]
    over = np.full((size, size), -1, np.int32)
    measured = np.zeros((size, size), np.bool_)
    for y in range(size):
        for x in range(size):
            fy, fx = displaced(moved, y, x, size)
            near_y, near_x = int(np.rint(fy)), int(np.rint(fx))
            top, left = int(np.floor(fy)), int(np.floor(fx))
            if top < 0 or left < 0 or top >= size - 1 or left >= size - 1:
                continue
            if state_a[y, x] == _PARTLY or state_b[near_y, near_x] == _PARTLY:
                continue
            v, u = fy - top, fx - left
            mixed = (1 - v) * ((1 - u) * light[top, left] + u * light[top, left + 1])
            mixed += v * ((1 - u) * light[top + 1, left] + u * light[top + 1, left + 1])
            over[y, x] = int(mixed)
            measured[y, x] = state_a[y, x] == _MEASURED and state_b[near_y, near_x] == _MEASURED
    return over, measured
