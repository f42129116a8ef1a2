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

from hdrkit.imaging.energy import halved, measure_cells

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
