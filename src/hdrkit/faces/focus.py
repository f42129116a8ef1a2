"""How well a face is in focus, whatever its exposure, its noise and its size.

The blur in pixels is estimated from the gradient energies of the head at four halved sizes, which contain no noise, by comparison
with those of blurred pictures (`blur_model`). Contrast and exposure cancel, and clipped or black parts do not count. What content
and noise leave open is averaged over, by its probability. The focus is that at `LARGEST` pixels for a larger face: blur that
cannot be seen there does not matter to a person who chooses. Such a face is averaged over whole blocks of pixels only, and what
remains is a factor of the blur, because a reduction by a fraction makes neighbouring noise alike, which then looks like detail.
"""

from __future__ import annotations

from dataclasses import dataclass

import cv2
import numpy as np
from numpy.typing import NDArray

from hdrkit.faces.blur_model import BLURS, FALLS, SCALES, energies_of_blur
from hdrkit.imaging.energy import halved, measure_cells
from hdrkit.imaging.whole_blocks import averaged
from hdrkit.types import Face

Array = NDArray[np.float64]

LARGEST = 200  # pixels of a face, of which nothing here takes more
SMALLEST = 24  # pixels of a face that can tell
_CELL = 8
_DARKEST, _BRIGHTEST = 8, 247  # 8-bit codes that are neither black nor clipped, with a margin for compression
_LEAST_SEEN = 0.3  # share of the cells
_MOST_DOUBT = 0.2  # standard deviation of the focus
_FALL, _FALL_SPREAD = 2.4, 0.45  # of the spectra of faces
_MODEL_ERROR = 0.15  # of an energy, relative: no face has the spectrum of the model
_REACH = (1.25, 1.3, 1.25)  # aside, up and down from between eyes and mouth, in distances of the eyes
_LEVELS = 4.0 ** np.arange(SCALES)  # pixels that are averaged
_TINY = 1e-6


@dataclass(frozen=True)
class Focus:
    """`value` is 1 / sqrt(1 + s^2) for a blur of s pixels (standard deviation), None if unknown, for the reason `why`."""

    value: float | None
    why: str = ""


def measure_focus(pixels: NDArray[np.uint8], face: Face) -> Focus:
    """The focus of a face in a photograph (H, W, 3), RGB 8-bit codes."""
    if face.size < SMALLEST:
        return Focus(None, f"smaller than {SMALLEST} pixels")
    gray, share = _head(pixels, face)
    if min(gray.shape) < 2 * _CELL:
        return Focus(None, "beyond the border of the photograph")
    energy, uneven = _energies(gray)
    seen = (uneven >= 0).all(axis=0)
    cells = int(np.count_nonzero(seen))
    if cells < max(_LEAST_SEEN * seen.size, 2):
        return Focus(None, "blown out" if np.median(gray) > 127 else "too dark")
    value, doubt = _estimated(energy[:, seen].mean(axis=1), uneven[:, seen].mean(axis=1), cells * _CELL**2, share)
    return Focus(None, "too much noise") if doubt > _MOST_DOUBT else Focus(value)


def _head(pixels: NDArray[np.uint8], face: Face) -> tuple[NDArray[np.uint8], float]:
    """The head as gray codes, without much of what is around it, and how large a pixel is in pixels at which focus is told."""
    eyes, mouth = face.landmarks[:2].mean(axis=0), face.landmarks[3:].mean(axis=0)
    unit = max(float(np.hypot(*(face.landmarks[1] - face.landmarks[0]))), float(np.hypot(*(mouth - eyes))))
    middle, (aside, up, down) = (eyes + mouth) / 2, (share * unit for share in _REACH)
    left, right = (int(round(max(middle[0] + side, 0))) for side in (-aside, aside))
    top, bottom = (int(round(max(middle[1] + side, 0))) for side in (-up, down))
    part = pixels[top:bottom, left:right]
    if not part.size:
        return np.zeros((0, 0), np.uint8), 1.0
    block = max(1, int(face.size / LARGEST))
    gray = np.asarray(cv2.cvtColor(part, cv2.COLOR_RGB2GRAY), np.uint8)
    return averaged(gray, block), min(1.0, LARGEST * block / face.size)


def _energies(gray: NDArray[np.uint8]) -> tuple[NDArray[np.float32], NDArray[np.float32]]:
    """Energy and unevenness (SCALES, rows, columns) of the cells at each halved size; -1 where a cell is clipped or black."""
    rows, columns = (side // _CELL for side in gray.shape)
    codes = gray[: rows * _CELL, : columns * _CELL]
    picture, usable = codes.astype(np.float32), (codes >= _DARKEST) & (codes <= _BRIGHTEST)
    energy, uneven = np.zeros((2, SCALES, rows, columns), np.float32)
    for scale in range(SCALES):
        measure_cells(picture, usable, _CELL >> scale, energy[scale], uneven[scale])
        picture, usable = halved(picture, usable)
    return energy, uneven


def _estimated(energy: NDArray[np.float32], uneven: NDArray[np.float32], pixels: int, share: float) -> tuple[float, float]:
    """The mean and the standard deviation of the focus, for energies (SCALES,) of so many pixels, as the probability has it.

    `share` is the size of a pixel in those at which the focus is told.
    The variance of a product of gradients is 12 v^2 for noise of variance v, and 4 v times the energy. At each halved size v is a
    quarter. The unevenness is 4 v, and more where there is detail, so the smallest tells v.
    """
    table, power = energies_of_blur(), energy.astype(float)
    noise = float(np.min(uneven * _LEVELS)) / 4 / _LEVELS
    variance = (12 * noise**2 + 4 * noise * np.maximum(power, 0)) * _LEVELS / pixels
    trust = 1 / (variance + (_MODEL_ERROR * np.maximum(power, _TINY)) ** 2 + _TINY)
    contrast = (table * power * trust).sum(axis=2) / (table**2 * trust).sum(axis=2)
    model = contrast[..., None] * table
    spread = variance + (_MODEL_ERROR * model) ** 2 + _TINY
    likely = -0.5 * ((power - model) ** 2 / spread + np.log(spread)).sum(axis=2)
    likely = np.where(contrast > 0, likely - 0.5 * ((FALLS - _FALL) / _FALL_SPREAD) ** 2, -np.inf)
    if not np.isfinite(likely).any():
        return 0.0, 1.0
    of_blur = np.exp(likely - likely.max()).sum(axis=1)
    focus = 1 / np.sqrt(1 + (share * BLURS) ** 2)
    value = float(np.average(focus, weights=of_blur))
    return value, float(np.sqrt(np.average((focus - value) ** 2, weights=of_blur)))
