"""Frames seen from where the reference stands, with what is clipped and what was never seen kept per pixel."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import replace
from typing import Any

import cv2
import numpy as np
from numpy.typing import NDArray

from hdrkit.alignment.planes import Matrix
from hdrkit.errors import AlignmentError
from hdrkit.types import Frame

Mask = NDArray[np.bool_]


def warp(frame: Frame, matrix: Matrix) -> Frame:
    """The frame resampled so that its pixels lie on the reference's; `matrix` (3, 3) maps reference pixels to frame pixels.

    Shifts by whole pixels copy codes; other motion interpolates them bicubically. A pixel to which a clipped one contributes
    is clipped in all channels, and no other is, however the interpolation overshoots. A pixel whose footprint leaves
    the frame is not `seen`.
    """
    outside = np.zeros(frame.pixels.shape[:2], bool) if frame.seen is None else ~frame.seen
    shift = _whole_shift(matrix)
    if shift is not None:
        return replace(frame, pixels=_shifted(frame.pixels, *shift), seen=~_shifted(outside, *shift, border=True))
    clipped: Mask = np.asarray((frame.pixels >= frame.white).any(axis=2))
    touched = _touched(clipped, matrix, border=0.0)
    pixels = np.clip(_resampled(frame.pixels, matrix), frame.pixels.min(), _brightest_unclipped(frame))
    if touched.any():
        pixels[touched] = math.ceil(frame.white) if pixels.dtype.kind == "u" else frame.white
    return replace(frame, pixels=pixels, seen=~_touched(outside, matrix, border=1.0))


def common_area(frames: Sequence[Frame]) -> tuple[int, int, int, int]:
    """(top, bottom, left, right), the end exclusive, of a large rectangle that every frame has seen.

    The sides close in, always the one that misses most, until nothing is missing: unseen pixels are taken to lie at
    the borders, as warping leaves them. Raises AlignmentError where the frames have no area in common.
    """
    seen = np.ones(frames[0].pixels.shape[:2], bool)
    for frame in frames:
        if frame.seen is not None:
            seen &= frame.seen
    top, left = 0, 0
    bottom, right = frames[0].pixels.shape[:2]
    while top < bottom and left < right:
        sides = seen[top, left:right], seen[bottom - 1, left:right], seen[top:bottom, left], seen[top:bottom, right - 1]
        missing = [1 - float(side.mean()) for side in sides]
        worst = int(np.argmax(missing))
        if missing[worst] == 0:
            return top, bottom, left, right
        top, bottom, left, right = top + (worst == 0), bottom - (worst == 1), left + (worst == 2), right - (worst == 3)
    raise AlignmentError(f"{frames[0].name}: the aligned frames of this bracket have no area in common; merge it without --crop")


def crop(frames: Sequence[Frame], area: tuple[int, int, int, int]) -> list[Frame]:
    """The frames cut to (top, bottom, left, right), the end exclusive."""
    top, bottom, left, right = area
    return [
        replace(
            frame,
            pixels=np.ascontiguousarray(frame.pixels[top:bottom, left:right]),
            seen=None if frame.seen is None else frame.seen[top:bottom, left:right].copy(),
        )
        for frame in frames
    ]


def _whole_shift(matrix: Matrix) -> tuple[int, int] | None:
    """(x, y) where the motion is a shift by whole pixels."""
    x, y = round(float(matrix[0, 2])), round(float(matrix[1, 2]))
    return (x, y) if np.array_equal(matrix, np.array([[1, 0, x], [0, 1, y], [0, 0, 1]])) else None


def _shifted(pixels: NDArray[Any], x: int, y: int, border: int = 0) -> NDArray[Any]:
    height, width = pixels.shape[:2]
    moved = np.full_like(pixels, border)
    rows, columns = (slice(max(0, -step), max(0, size - max(0, step))) for step, size in ((y, height), (x, width)))
    sources = (slice(max(0, step), max(0, size + min(0, step))) for step, size in ((y, height), (x, width)))
    moved[rows, columns] = pixels[tuple(sources)]
    return moved


def _resampled(pixels: NDArray[Any], matrix: Matrix) -> NDArray[Any]:
    height, width, channels = pixels.shape
    flags = cv2.INTER_CUBIC | cv2.WARP_INVERSE_MAP
    moved = cv2.warpPerspective(pixels, matrix, (width, height), flags=flags, borderMode=cv2.BORDER_REPLICATE)
    return np.ascontiguousarray(moved.reshape(height, width, channels))


def _touched(mask: Mask, matrix: Matrix, border: float) -> Mask:
    """Pixels whose bicubic footprint holds a pixel of the mask, outside the picture counting as `border`.

    A 3 x 3 dilation under bilinear interpolation covers the 4 x 4 pixels of the footprint exactly.
    """
    height, width = mask.shape
    near = cv2.dilate(mask.astype(np.float32), np.ones((3, 3), np.uint8), borderType=cv2.BORDER_CONSTANT, borderValue=border)
    flags = cv2.INTER_LINEAR | cv2.WARP_INVERSE_MAP
    moved = cv2.warpPerspective(near, matrix, (width, height), flags=flags, borderMode=cv2.BORDER_CONSTANT, borderValue=border)
    return np.asarray(moved > 0, bool)


def _brightest_unclipped(frame: Frame) -> Any:
    """The largest code below `white`, in the type of the pixels."""
    kind = frame.pixels.dtype.type
    if kind is np.float32:
        return np.nextafter(np.float32(frame.white), np.float32(-np.inf))
    return kind(min(math.ceil(frame.white) - 1, frame.levels - 1))
