"""Aligned frames: the codes of a frame at the pixels of the reference.

Alignment gives a frame its `motion` and leaves its pixels unchanged. Code that needs pixels on the grid of the reference requests
rows or points. Each is computed independently, so that any choice of rows gives the same codes.

Shifts by whole pixels copy codes. Other motion interpolates them by cubic convolution (Keys 1981, a = -1/2) along the line in the
frame that is a row of the reference. The result stays within the range of the 16 pixels that contribute, four of each of four
columns, so that no overshoot looks clipped. A pixel to which a clipped one contributes is clipped in all channels. A pixel is not
valid if any of its 16 sources is outside the frame or not `valid` there.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import replace
from typing import Any

import numpy as np
from numpy.lib.stride_tricks import sliding_window_view
from numpy.typing import NDArray

from hdrkit.errors import AlignmentError
from hdrkit.imaging.resampling import are_gentle, resample_points, resample_rows, valid_points
from hdrkit.imaging.small import is_small
from hdrkit.types import Frame

Area = tuple[int, int, int, int]  # top, bottom, left, right of a rectangle of the reference, the end exclusive
Mask = NDArray[np.bool_]
Places = NDArray[np.int64]

_STRIDE = 32  # pixels between the points at which a side of the common area is tested first


def whole(frame: Frame) -> Area:
    """The area of all pixels."""
    height, width = frame.pixels.shape[:2]
    return 0, height, 0, width


def placed(frame: Frame, top: int = 0, bottom: int | None = None) -> Frame:
    """Rows `top` to `bottom` (exclusive; None: the last) of the reference as this frame shows them, without `motion`.

    A frame without motion is not copied. Pixels that are not valid are 0.
    """
    rows = slice(top, frame.pixels.shape[0] if bottom is None else bottom)
    if frame.motion is None:
        if rows == slice(0, frame.pixels.shape[0]):
            return frame
        return replace(frame, pixels=frame.pixels[rows], valid=None if frame.valid is None else frame.valid[rows])
    shape = (rows.stop - rows.start, *frame.pixels.shape[1:])
    pixels, valid = np.empty(shape, frame.pixels.dtype), np.empty(shape[:2], np.bool_)
    place(frame, top, 0, pixels, valid)
    return replace(frame, pixels=pixels, valid=valid, motion=None)


def place(frame: Frame, top: int, left: int, pixels: NDArray[Any], valid: Mask | None) -> None:
    """Fill `pixels` (h, w, C) and `valid` (h, w) with the result of `placed` from row `top` and column `left`.

    `valid` may be None for a frame without motion whose pixels are all valid.
    """
    if frame.motion is None and frame.valid is None:
        height, width, _ = pixels.shape
        pixels[:] = frame.pixels[top : top + height, left : left + width]
        if valid is not None:
            valid[:] = True
        return
    assert valid is not None
    pixels[:], valid[:] = 0, False
    if (shift := _whole_shift(frame)) is not None:
        _copy(frame, shift[0] + left, shift[1] + top, pixels, valid)
    elif frame.valid is None and is_small(frame.pixels.shape) and are_gentle(_matrix(frame), top, left, *valid.shape):
        resample_rows(frame.pixels, _matrix(frame), top, left, _clipped(frame), pixels, valid)
    else:
        from hdrkit.imaging.resampling_loops import resample_rows as run_rows  # numba is loaded only if it is needed

        run_rows(frame.pixels, frame.valid, frame.motion, top, left, _clipped(frame), pixels, valid)


def codes_at(frame: Frame, rows: Places, columns: Places) -> NDArray[Any]:
    """The codes (..., C) of `placed` at single pixels, `rows` and `columns` of one shape; all of them are valid."""
    if (shift := _whole_shift(frame)) is not None:
        return np.asarray(frame.pixels[rows + shift[1], columns + shift[0]])
    codes = np.empty((rows.size, frame.pixels.shape[2]), frame.pixels.dtype)
    resample_points(frame.pixels, _matrix(frame), rows.ravel(), columns.ravel(), _clipped(frame), codes)
    return codes.reshape(*rows.shape, codes.shape[1])


def squares_at(frame: Frame, tops: Places, lefts: Places, side: int) -> NDArray[Any]:
    """The codes (M, side * side, C) of `placed` in M squares of the reference, given by their corners; all pixels are valid."""
    if len(tops) == 0 or (shift := _whole_shift(frame)) is None:
        return codes_at(frame, *square_points(tops, lefts, side))
    height, width, channels = frame.pixels.shape
    lines = sliding_window_view(frame.pixels.reshape(height, width * channels), side * channels, axis=1)
    rows = (tops + shift[1])[:, None] + np.arange(side)
    squares: NDArray[Any] = lines[rows, (lefts + shift[0])[:, None] * channels]
    return squares.reshape(len(tops), side * side, channels)


def square_points(tops: Places, lefts: Places, side: int) -> tuple[Places, Places]:
    """Rows and columns (M, side * side) of the pixels of squares."""
    inside = np.arange(side * side)
    return tops[:, None] + inside // side, lefts[:, None] + inside % side


def valid_at(frame: Frame, rows: Places, columns: Places) -> Mask:
    """The mask `valid` of `placed` at single pixels, `rows` and `columns` of one shape."""
    height, width = frame.pixels.shape[:2]
    if (shift := _whole_shift(frame)) is None:
        inside = valid_points(height, width, frame.valid, _matrix(frame), rows.ravel(), columns.ravel())
        return inside.reshape(rows.shape)
    x, y = columns + shift[0], rows + shift[1]
    there: Mask = (x >= 0) & (y >= 0) & (x < width) & (y < height)
    if frame.valid is not None:
        there &= frame.valid[np.clip(y, 0, height - 1), np.clip(x, 0, width - 1)]
    return there


def common_area(frames: Sequence[Frame]) -> Area:
    """A large rectangle in which every frame is valid.

    The side with the most invalid pixels moves inwards until no pixel is invalid; the method assumes that invalid pixels lie at
    the borders, where motion leaves them. Raises AlignmentError if the frames have no area in common.
    """
    top, bottom, left, right = whole(frames[0])
    stride = _STRIDE
    while top < bottom and left < right:
        across, down = np.arange(left, right, stride), np.arange(top, bottom, stride)
        sides = np.cumsum([across.size, across.size, down.size])
        rows = np.repeat([top, bottom - 1], across.size), down, down
        columns = across, across, np.repeat([left, right - 1], down.size)
        points = np.concatenate(rows), np.concatenate(columns)
        valid = np.logical_and.reduce([valid_at(frame, *points) for frame in frames])
        missing = [1 - float(side.mean()) for side in np.split(valid, sides)]
        worst = int(np.argmax(missing))
        if missing[worst] > 0:
            top, bottom, left, right = top + (worst == 0), bottom - (worst == 1), left + (worst == 2), right - (worst == 3)
        elif stride > 1:
            stride = 1
        else:
            return top, bottom, left, right
    raise AlignmentError(f"{frames[0].name}: the aligned frames of this bracket have no area in common; merge it without --crop")


def _whole_shift(frame: Frame) -> tuple[int, int] | None:
    """(x, y) if the frame is not moved or is moved by whole pixels."""
    if frame.motion is None:
        return 0, 0
    matrix = _matrix(frame)
    x, y = round(float(matrix[0, 2])), round(float(matrix[1, 2]))
    return (x, y) if np.array_equal(matrix, np.array([[1, 0, x], [0, 1, y], [0, 0, 1]])) else None


def _copy(frame: Frame, x: int, y: int, pixels: NDArray[Any], valid: Mask) -> None:
    """Copy the pixels of the frame from its column x and its row y, as far as they exist."""
    rows, columns = (
        slice(max(0, -first), max(0, min(length, size - first)))
        for first, size, length in zip((y, x), frame.pixels.shape, valid.shape, strict=False)
    )
    source = slice(rows.start + y, rows.stop + y), slice(columns.start + x, columns.stop + x)
    if rows.start < rows.stop and columns.start < columns.stop:
        pixels[rows, columns] = frame.pixels[source]
        valid[rows, columns] = True if frame.valid is None else frame.valid[source]


def _matrix(frame: Frame) -> NDArray[np.float64]:
    return np.asarray(frame.motion)


def _clipped(frame: Frame) -> np.float32:
    """The code from which a pixel is clipped; clipped pixels also get this code."""
    return np.float32(math.ceil(frame.white) if frame.pixels.dtype.kind == "u" else frame.white)
