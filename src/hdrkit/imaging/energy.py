"""The energy of gradients without that of noise, at halved sizes, in cells.

The square of a gradient contains the energy of noise. Here the gradients of two neighbouring rows, or columns, are multiplied.
They share the content of the picture but no pixel, so noise that is independent between pixels does not change the mean.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from hdrkit.imaging.compiled import compiled

Maps = NDArray[np.float32]


@compiled
def measure_cells(picture: Maps, usable: NDArray[np.bool_], side: int, energy: Maps, uneven: Maps) -> None:
    """Energy and unevenness in cells of `side` pixels; -1 unless all of a cell and the pixels next to it are usable.

    From each square a b / c d of pixels: (b - a)(d - c) + (c - a)(d - b) is the energy, (a - b - c + d)^2 the unevenness.
    """
    height, width = picture.shape
    for row in range(energy.shape[0]):
        for column in range(energy.shape[1]):
            bottom, right = min((row + 1) * side, height - 1), min((column + 1) * side, width - 1)
            whole = True
            for y in range(row * side, bottom + 1):
                for x in range(column * side, right + 1):
                    whole &= usable[y, x]
            total, rough = np.float32(0), np.float32(0)
            if whole:
                for y in range(row * side, bottom):
                    for x in range(column * side, right):
                        a, b, c, d = picture[y, x], picture[y, x + 1], picture[y + 1, x], picture[y + 1, x + 1]
                        total += (b - a) * (d - c) + (c - a) * (d - b)
                        rough += (a - b - c + d) * (a - b - c + d)
            number = (bottom - row * side) * (right - column * side)
            energy[row, column] = total / number if whole else -1
            uneven[row, column] = rough / number if whole else -1


@compiled
def halved(picture: Maps, usable: NDArray[np.bool_]) -> tuple[Maps, NDArray[np.bool_]]:
    """A picture in half its size, and which of its pixels are made of usable pixels only."""
    height, width = picture.shape[0] // 2, picture.shape[1] // 2
    half, all_usable = np.empty((height, width), np.float32), np.empty((height, width), np.bool_)
    for y in range(height):
        for x in range(width):
            v, u = 2 * y, 2 * x
            total = picture[v, u] + picture[v, u + 1] + picture[v + 1, u] + picture[v + 1, u + 1]
            half[y, x] = total * np.float32(0.25)
            all_usable[y, x] = usable[v, u] & usable[v, u + 1] & usable[v + 1, u] & usable[v + 1, u + 1]
    return half, all_usable
