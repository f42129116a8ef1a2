"""The input of alignment: one gray plane per frame, at reduced size, and its usable pixels."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from functools import cached_property, reduce
from typing import Any

import cv2
import numpy as np
from numpy.typing import NDArray

from hdrkit.types import Frame

Matrix = NDArray[np.floating[Any]]
Gray = NDArray[np.float32]
ByteMask = NDArray[np.uint8]

LONGEST_PX = 1600
SMALLEST_PX = 96
DARK, BRIGHT = 2.5 / 255, 252.5 / 255
YES = 255  # value in a mask


@dataclass(frozen=True)
class View:
    """Brightness, float32 (h, w) in 0..1, and two masks (h, w) of YES or 0: `lit` pixels, and `valid` ones (also unclipped)."""

    values: Gray
    lit: ByteMask
    valid: ByteMask

    @property
    def size(self) -> tuple[int, int]:
        """Width and height."""
        return self.values.shape[1], self.values.shape[0]

    @cached_property
    def smoothed(self) -> Gray:
        """The brightness, smoothed as gradients need it."""
        return smooth(self.values)

    @cached_property
    def gradient(self) -> tuple[Gray, Gray]:
        """The gradient of brightness per pixel along x and along y, of the smoothed picture."""
        x, y = (cv2.Sobel(self.smoothed, cv2.CV_32F, *order, ksize=3, scale=1 / 8) for order in ((1, 0), (0, 1)))
        return np.asarray(x, np.float32), np.asarray(y, np.float32)


@dataclass(frozen=True)
class Plane(View):
    """The brightness of one frame, as a share of the range black..white; its square root if the frame is linear.

    `scale` (x, y) is plane pixels per frame pixel.
    """

    scale: tuple[float, float]

    def from_frame(self, matrix: Matrix) -> Matrix:
        """A motion between frames, (3, 3) in frame pixels, as a motion between planes of this size."""
        to_plane = self._to_plane()
        return np.asarray(to_plane @ matrix @ np.linalg.inv(to_plane))

    def to_frame(self, matrix: Matrix) -> Matrix:
        """A motion between planes of this size, as a motion between frames."""
        to_plane = self._to_plane()
        return scaled(np.linalg.inv(to_plane) @ matrix @ to_plane)

    def _to_plane(self) -> Matrix:
        x, y = self.scale
        return np.array([[x, 0, x / 2 - 0.5], [0, y, y / 2 - 0.5], [0, 0, 1]])


def pyramid(frame: Frame) -> list[Plane]:
    """The green channel (or the gray one) at halved sizes, coarsest first: longest sides from SMALLEST_PX to LONGEST_PX.

    Only green is used, because a brightness transfer between exposures holds for each channel, not for their mean. Codes are
    reduced as stored, by averages over areas. A pixel is lit or valid if all its sources are.
    """
    codes = cv2.extractChannel(frame.pixels, frame.pixels.shape[2] // 2)
    white = frame.white if np.isfinite(frame.white) else float(codes.max())
    reach = max(white - frame.black, 1e-12)
    dark, bright = (codes.dtype.type(frame.black + reach * (share**2 if frame.is_linear else share)) for share in (DARK, BRIGHT))
    shapes = list(_shapes(codes.shape))
    lit = reduce(_reduced_mask, shapes, _mask(codes > dark if frame.valid is None else (codes > dark) & frame.valid))
    valid = lit & reduce(_reduced_mask, shapes, _mask(codes <= bright))  # one after the other: both are as large as the frame
    picture = reduce(lambda larger, shape: _reduced(larger, shape).astype(np.float32), shapes, codes)
    values = np.clip((picture.astype(np.float32) - np.float32(frame.black)) / np.float32(reach), 0, 1)
    scale = values.shape[1] / codes.shape[1], values.shape[0] / codes.shape[0]
    levels = [Plane(np.sqrt(values) if frame.is_linear else values, lit, valid, scale)]
    while max(levels[-1].size) >= 2 * SMALLEST_PX and min(levels[-1].size) >= 2:
        levels.append(_halved(levels[-1]))
    return levels[::-1]


def scaled(matrix: Matrix) -> Matrix:
    """The same homography, scaled to 1 in its last element."""
    return np.asarray(matrix / matrix[2, 2])


def warped(plane: Plane, motion: Matrix) -> View:
    """The plane resampled by `motion` (3, 3, in plane pixels), which maps pixels of the result into it."""
    if np.array_equal(motion, np.eye(3)):
        return plane
    flags = cv2.INTER_CUBIC | cv2.WARP_INVERSE_MAP
    values = cv2.warpPerspective(plane.values, motion, plane.size, flags=flags, borderMode=cv2.BORDER_REPLICATE)
    flags = cv2.INTER_LINEAR | cv2.WARP_INVERSE_MAP
    masks = (cv2.warpPerspective(mask, motion, plane.size, flags=flags) for mask in (plane.lit, plane.valid))
    return View(np.asarray(values, np.float32), *(_mask(mask == YES) for mask in masks))


def smooth(values: Gray) -> Gray:
    """The plane blurred by a Gaussian of one pixel, before gradients are taken."""
    return np.asarray(cv2.GaussianBlur(values, (0, 0), 1.0), np.float32)


def eroded(mask: ByteMask) -> ByteMask:
    """The mask without the pixels within two of its edge, whose smoothed value partly comes from outside."""
    return np.asarray(cv2.erode(mask, np.ones((5, 5), np.uint8), borderValue=0), np.uint8)


def _halved(plane: Plane) -> Plane:
    shape = _half(plane.values.shape)
    scale = plane.scale[0] * shape[1] / plane.size[0], plane.scale[1] * shape[0] / plane.size[1]
    return Plane(_reduced(plane.values, shape), _reduced_mask(plane.lit, shape), _reduced_mask(plane.valid, shape), scale)


def _shapes(shape: tuple[int, ...]) -> Iterator[tuple[int, int]]:
    """The sizes from a frame down to the finest plane."""
    while (longest := max(shape)) > LONGEST_PX:
        shape = _half(shape) if longest > 2 * LONGEST_PX else _fitted(shape)
        yield shape


def _half(shape: tuple[int, ...]) -> tuple[int, int]:
    return (shape[0] + 1) // 2, (shape[1] + 1) // 2


def _fitted(shape: tuple[int, ...]) -> tuple[int, int]:
    shrink = LONGEST_PX / max(shape)
    return max(1, round(shape[0] * shrink)), max(1, round(shape[1] * shrink))


def _reduced(picture: NDArray[Any], shape: tuple[int, int]) -> NDArray[Any]:
    return np.asarray(cv2.resize(picture, shape[::-1], interpolation=cv2.INTER_AREA))


def _reduced_mask(mask: ByteMask, shape: tuple[int, int]) -> ByteMask:
    return _mask(_reduced(mask, shape) == YES)


def _mask(pixels: NDArray[np.bool_]) -> ByteMask:
    """A mask in the memory of its boolean array."""
    mask = pixels.view(np.uint8)
    mask *= np.uint8(YES)
    return mask
