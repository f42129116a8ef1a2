"""The shift between hand-held pictures of one view, from the directions of their gradients. Exposure has no effect."""

from __future__ import annotations

from dataclasses import dataclass

import cv2
import numpy as np
from numpy.typing import NDArray

from hdrkit.imaging.peaks import vertex

_SIDE = 256  # pixels of the longer side that pictures are compared at
_WEAK = 1.5  # codes; weaker gradients have no direction
_LEAST_AGREEMENT = 0.1  # of directions, for pictures of one view; by chance it is below 0.05
_ANCHORS = 8  # pictures that a later one is compared with


@dataclass(frozen=True)
class Outline:
    """The `spectrum` of the directions of gradients in a picture of `size` (width, height), and how many `strong` ones it has."""

    spectrum: NDArray[np.complex64]
    strong: int
    size: tuple[int, int]


def outline(picture: NDArray[np.uint8]) -> Outline:
    """The outline of a gray picture (H, W)."""
    height, width = picture.shape
    smooth = cv2.GaussianBlur(small_picture(picture).astype(np.float32), (0, 0), 1.0)
    gradient = cv2.Scharr(smooth, cv2.CV_32F, 1, 0, scale=1 / 32) + 1j * cv2.Scharr(smooth, cv2.CV_32F, 0, 1, scale=1 / 32)
    strength = np.abs(gradient)
    strong = strength > _WEAK
    directions = np.where(strong, gradient / np.maximum(strength, 1e-6), 0).astype(np.complex64)
    return Outline(np.fft.fft2(directions).astype(np.complex64), int(strong.sum()), (width, height))


def small_picture(picture: NDArray[np.uint8]) -> NDArray[np.uint8]:
    """A gray picture averaged over whole squares of pixels, which is quick, to a longer side between 256 and 511 at most."""
    factor = _factor(*picture.shape)
    height, width = (max(1, side // factor) for side in picture.shape)
    squares = picture[: height * factor, : width * factor]
    return np.asarray(cv2.resize(squares, (width, height), interpolation=cv2.INTER_AREA), np.uint8)


def _factor(*sides: int) -> int:
    return max(1, max(sides) // _SIDE)


def shift_between(picture: Outline, reference: Outline) -> tuple[float, float] | None:
    """The shift (x, y), in pixels, of the content of a picture relative to the reference; None if they do not agree.

    It is the peak of the cross-correlation of unit gradients, to a fraction of a pixel of the size at which they are compared.
    """
    if picture.size != reference.size:
        return None
    correlation = np.fft.ifft2(picture.spectrum * np.conj(reference.spectrum)).real
    height, width = correlation.shape
    y, x = (int(at) for at in np.unravel_index(np.argmax(correlation), correlation.shape))
    if correlation[y, x] <= _LEAST_AGREEMENT * np.sqrt(picture.strong * reference.strong):
        return None
    dx = x + float(vertex(correlation[y, (x - 1) % width], correlation[y, x], correlation[y, (x + 1) % width]))
    dy = y + float(vertex(correlation[(y - 1) % height, x], correlation[y, x], correlation[(y + 1) % height, x]))
    factor = _factor(*picture.size)
    return factor * ((dx + width / 2) % width - width / 2), factor * ((dy + height / 2) % height - height / 2)


@dataclass(frozen=True)
class _Placed:
    outline: Outline
    shift: tuple[float, float]
    view: int


class Lattice:
    """The position of consecutive pictures: on the lattice of an earlier picture, or on a lattice of their own.

    A picture is compared with those that began a lattice. If it matches none, because the camera pans, it is compared with the
    picture before it. It may be up to one picture away. A picture that matches nothing, such as a black one, does not separate
    the pictures before it from those after it.
    """

    def __init__(self) -> None:
        self._anchors: list[_Placed] = []
        self._last: _Placed | None = None
        self._views = 0

    def locate(self, picture: Outline) -> tuple[tuple[float, float], int]:
        """The shift (x, y) of a picture in pixels, and the number of its lattice."""
        placed = next(filter(None, (_onto(picture, anchor) for anchor in self._anchors)), None)
        if placed is None and self._last is not None and (placed := _onto(picture, self._last)) is not None:
            self._remember(self._last)
        if placed is None:
            placed = _Placed(picture, (0.0, 0.0), self._views)
            self._views += 1
            self._remember(placed)
        self._last = placed
        return placed.shift, placed.view

    def _remember(self, anchor: _Placed) -> None:
        self._anchors = [anchor, *self._anchors][:_ANCHORS]


def _onto(picture: Outline, anchor: _Placed) -> _Placed | None:
    """A picture on the lattice of another; None if they do not agree, or if it would be more than one picture away."""
    found = shift_between(picture, anchor.outline)
    if found is None:
        return None
    shift = found[0] + anchor.shift[0], found[1] + anchor.shift[1]
    near = all(abs(part) < side for part, side in zip(shift, picture.size, strict=True))
    return _Placed(picture, shift, anchor.view) if near else None
