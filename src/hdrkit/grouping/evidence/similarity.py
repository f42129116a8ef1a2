"""How well the gradient directions of two photographs agree, and at which shift. Cells without a direction do not count."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

from hdrkit.imaging.compiled import compiled

REACH = 3  # cells of the coarse grid: photographs of one view are looked for within 9 % of the picture
SHIFT_COST = 0.012  # similarity that each cell of shift must gain: at a large shift white frames agree with any picture
DOUBT = 30.0  # cells of agreement that are expected by chance


@compiled
def agreement(a: NDArray[np.int8], b: NDArray[np.int8], dy: int, dx: int) -> tuple[float, int]:
    """Sum of the products of unit gradients, and number of cells that have both.

    `a`, `b` are (2, S, S) int8 as in `Descriptors`; cell (y, x) of `a` meets cell (y + dy, x + dx) of `b`.
    """
    size = a.shape[1]
    products = 0
    cells = 0
    left, right = max(0, -dx), min(size, size - dx)
    for y in range(max(0, -dy), min(size, size - dy)):
        ax, ay = a[0, y, left:right], a[1, y, left:right]
        bx, by = b[0, y + dy, left + dx : right + dx], b[1, y + dy, left + dx : right + dx]
        row: Any = np.int32(0)
        both: Any = np.int32(0)
        for x in range(right - left):
            row += np.int32(np.int16(ax[x]) * np.int16(bx[x])) + np.int32(np.int16(ay[x]) * np.int16(by[x]))
            both += np.int32(((ax[x] | ay[x]) != 0) & ((bx[x] | by[x]) != 0))
        products += row
        cells += both
    return products / 16129.0, cells


@compiled
def coarse_similarity(coarse: NDArray[np.int8], pairs: NDArray[np.int32], out: NDArray[np.float32]) -> None:
    """The best similarity on the coarse grid (N, 2, 32, 32) over all shifts, for each of the pairs (P, 2), into `out` (P,)."""
    for p in range(len(pairs)):
        best = -9.0
        for dy in range(-REACH, REACH + 1):
            for dx in range(-REACH, REACH + 1):
                products, cells = agreement(coarse[pairs[p, 0]], coarse[pairs[p, 1]], dy, dx)
                best = max(best, products / (cells + DOUBT / 4) - 4 * SHIFT_COST * np.hypot(dy, dx))
        out[p] = best


@compiled
def find_shift(fine: NDArray[np.int8], middle: NDArray[np.int8], coarse: NDArray[np.int8], i: int, j: int) -> tuple[int, int]:
    """The shift (dy, dx) in cells of the fine grid at which photographs `i` and `j` agree best. Large shifts cost similarity.

    The search starts at no shift and at the best two of all shifts on the coarse grid, and continues at their neighbours on the
    finer grids.
    """
    first, second = (0, 0), (0, 0)
    best = next_best = -9.0
    for dy in range(-REACH, REACH + 1):
        for dx in range(-REACH, REACH + 1):
            products, cells = agreement(coarse[i], coarse[j], dy, dx)
            similarity = products / (cells + DOUBT / 4) - 4 * SHIFT_COST * np.hypot(dy, dx)
            if similarity > best:
                best, next_best, first, second = similarity, best, (dy, dx), first
            elif similarity > next_best:
                next_best, second = similarity, (dy, dx)
    at, best = (0, 0), -9.0
    for start in (first, second, (0, 0)):
        shift, similarity = _best_about(middle[i], middle[j], 2 * start[0], 2 * start[1], DOUBT / 4, 2 * SHIFT_COST)
        if similarity > best:
            at, best = shift, similarity
    return _best_about(fine[i], fine[j], 2 * at[0], 2 * at[1], DOUBT, SHIFT_COST)[0]


@compiled
def _best_about(
    a: NDArray[np.int8], b: NDArray[np.int8], y: int, x: int, doubt: float, cost: float
) -> tuple[tuple[int, int], float]:
    """The best shift at most one cell from (y, x), and its similarity less the cost of the shift."""
    at, best = (y, x), -9.0
    for dy in range(y - 1, y + 2):
        for dx in range(x - 1, x + 2):
            products, cells = agreement(a, b, dy, dx)
            similarity = products / (cells + doubt) - cost * np.hypot(dy, dx)
            if similarity > best:
                at, best = (dy, dx), similarity
    return at, best
