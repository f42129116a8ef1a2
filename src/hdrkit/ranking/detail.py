"""The fine detail in each cell of a picture: gradient energies, fine and coarse, without the energy of noise.

The square of a gradient contains the energy of noise. Here the gradients of two neighbouring rows, or columns, are multiplied.
They share the content of the picture but no pixel, so noise that is independent between pixels does not change the mean. The
picture is measured in half its size. There noise is weaker by half, and blur that cannot be seen at that size does not matter to
a person who chooses. The measure of a cell is the ratio r of its energy at the finest scale to that at the two coarsest ones.
Exposure, contrast and the slope of the response cancel in it. A cell counts only if nothing in it is clipped or black.
"""

from __future__ import annotations

import math
from dataclasses import dataclass

import cv2
import numpy as np
from numpy.typing import NDArray

from hdrkit.imaging.compiled import compiled

SCALES = 4  # pixels of 1, 2, 4 and 8 times the half size
CELL = 16  # pixels of the half size
_MEASURED = (0, 2, 3)  # scales: fine detail, and the two coarsest, to which it is relative
_DARKEST, _BRIGHTEST = 8, 247  # codes that are neither black nor clipped, with a margin for compression
_CLEAR = 4.0  # smallest contrast of a cell, in multiples of what may be noise
_MOST_CONTRAST = 0.25  # relative; a stronger contrast has no more weight
NOISE = 0.1  # standard error of the finest energy relative to the unevenness, for white noise, times 1.5
_SUBJECT = 7  # cells a side

Maps = NDArray[np.float32]


@dataclass(frozen=True)
class Detail:
    """The measure r of a picture in its cells, `ratio` (rows, columns), with its standard `error` from noise.

    `weight` is the contrast of each cell, 0 if the cell does not count. `first` is the (row, column) of the first cell in a
    lattice that is fixed to the scene, `view` names that lattice, and `start` (y, x) is the pixel where that cell begins.
    """

    ratio: Maps
    error: Maps
    weight: Maps
    first: tuple[int, int] = (0, 0)
    view: int = 0
    start: tuple[int, int] = (0, 0)

    def subject(self) -> tuple[int, int]:
        """The (row, column) in the lattice with the most fine detail around it."""
        fine = self.weight * np.minimum(self.ratio, 1)
        around = cv2.blur(fine, (_SUBJECT, _SUBJECT)) if fine.size else np.zeros((1, 1), np.float32)
        row, column = np.unravel_index(int(np.argmax(around)), around.shape)
        return int(row) + self.first[0], int(column) + self.first[1]

    def pixel_of(self, cell: tuple[int, int]) -> tuple[int, int]:
        """The (x, y) of the middle of a cell of the lattice, in pixels of the full size."""
        axes = zip(self.start, cell, self.first, strict=True)
        y, x = (2 * (start + CELL * (at - first) + CELL // 2) for start, at, first in axes)
        return x, y


def measure_detail(half: NDArray[np.uint8], shift: tuple[float, float] = (0.0, 0.0), view: int = 0) -> Detail:
    """The detail of a gray picture (H, W) of 8-bit codes, given in half its size.

    `shift` (x, y) in pixels is the shift of its content relative to the lattice `view`.
    """
    (left, column), (top, row) = (_start(part) for part in shift)
    height, width = (max(side - start, 0) // CELL * CELL for side, start in zip(half.shape, (top, left), strict=True))
    codes = half[top : top + height, left : left + width]
    picture, usable = codes.astype(np.float32), (codes >= _DARKEST) & (codes <= _BRIGHTEST)
    energy, uneven = np.zeros((2, SCALES, height // CELL, width // CELL), np.float32)
    for scale in range(SCALES):
        if scale in _MEASURED:
            measure_cells(picture, usable, CELL >> scale, energy[scale], uneven[scale])
        picture, usable = halved(picture, usable)
    return Detail(*_weighed(energy, uneven, level=picture), (row, column), view, (top, left))


def _start(shift: float) -> tuple[int, int]:
    """The pixel at which the first whole cell begins along one axis, and its number in the lattice."""
    number = math.ceil(-round(shift) / CELL)
    return round(shift) + CELL * number, number


def _weighed(energy: Maps, uneven: Maps, level: Maps) -> tuple[Maps, Maps, Maps]:
    """The ratio r, its error from noise, which follows from the unevenness, and its weight, which is the contrast."""
    coarse = energy[-2:].mean(axis=0)
    valid = (uneven >= 0).all(axis=0) & (coarse > _CLEAR * uneven[-2] / 4 + 1)
    coarse = np.where(valid, coarse, 1)
    contrast = np.minimum(np.sqrt(coarse) / np.maximum(level, 1), _MOST_CONTRAST)
    ratio, error, weight = (np.where(valid, of, 0) for of in (energy[0] / coarse, NOISE * uneven[0] / coarse, contrast))
    return ratio.astype(np.float32), error.astype(np.float32), weight.astype(np.float32)


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
