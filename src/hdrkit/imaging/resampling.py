"""Cubic interpolation of a moved frame along the lines that are rows of the reference.

A row of the reference is a straight line in the frame. The columns that it crosses are interpolated down to the line, and then
the line is interpolated across to each pixel. This takes two cubics per pixel, while the 4 x 4 pixels around it would take five.
A steep line crosses too few columns: each of its pixels is interpolated on a level line of its own.

Here this is done by NumPy: for single pixels, and for the rows of small pictures, which take less time than it takes to load
machine code. `resampling_loops` gives the same codes, bit for bit, for the rows of any picture.
"""

from __future__ import annotations

from collections.abc import Sequence
from functools import reduce
from typing import Any

import cv2
import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float64]
Places = NDArray[np.int64]
Mask = NDArray[np.bool_]

STEEP = 0.5  # rows per column
FAR = 1e9
_ROWS, _POINTS = 16, 1 << 14  # at a time, so that temporaries stay in the cache
_HALF = np.float32(0.5)
_EXACT: dict[type, Any] = {np.uint8: np.int16, np.uint16: np.float32, np.float32: np.float32}


def are_gentle(motion: Floats, top: int, left: int, height: int, width: int) -> bool:
    """Whether no row of this area of the reference is steep in the frame, and no pixel lies behind the camera."""
    y = np.array([top, top + height - 1, top, top + height - 1])
    x = np.array([left, left, left + width - 1, left + width - 1])
    depth = motion[2, 0] * x + (motion[2, 1] * y + motion[2, 2])
    return bool((depth > 0).all() and (np.abs(_row_lines(motion, np.arange(top, top + height))[0]) <= STEEP).all())


def resample_rows(
    pixels: NDArray[Any], motion: Floats, top: int, left: int, clipped: np.float32, out: NDArray[Any], out_valid: Mask
) -> None:
    """Pixels of the reference from row `top` and column `left`, as many as `out` (h, w, C) has, in an area that is gentle.

    Pixels that are not valid are 0. A code at or above `clipped` is clipped. Each pixel to which it contributes gets the code
    `clipped`.
    """
    for first in range(0, len(out), _ROWS):
        here = slice(first, first + _ROWS)
        _resample_rows(pixels, motion, top + first, left, clipped, out[here], out_valid[here])


def _resample_rows(
    pixels: NDArray[Any], motion: Floats, top: int, left: int, clipped: np.float32, out: NDArray[Any], out_valid: Mask
) -> None:
    height, width, channels = pixels.shape
    rows = np.arange(len(out))[:, None]
    slope, start = _row_lines(motion, top + rows)
    u = _position(motion, 0, np.arange(left, left + out.shape[1]), top + rows)
    j, down = _split(np.clip(start + slope * np.arange(width), -FAR, FAR))
    i, across = _split(u)
    known = (j >= 1) & (j + 2 < height)  # one run of columns in each row
    first = known.argmax(axis=1)[:, None]
    end = first + np.count_nonzero(known, axis=1)[:, None]
    out_valid[:] = (i - 1 >= first) & (i + 2 < end)

    here = _places(np.arange(width), np.where(known, j - 1, 0))
    four = [_picked(pixels[k:], here) for k in range(4)]
    low, high = _least(*four), _most(*four)
    line = _between(four, _for_channels(down, channels))
    _spread_clipped(high, clipped)
    here = _places(np.where(out_valid, i - 1, 0), rows)
    value = _between([_picked(line[:, k:], here) for k in range(4)], _for_channels(across, channels))
    low, high = (_picked(_along(one, choice), here) for one, choice in ((low, np.minimum), (high, np.maximum)))
    _finish(value, low, high, clipped)
    value.reshape(-1, channels)[np.flatnonzero(~out_valid)] = 0  # numbers of pixels are faster than a mask
    out[:] = value


def _places(x: Places, y: Places) -> NDArray[np.int16]:
    places = np.empty((*np.broadcast_shapes(x.shape, y.shape), 2), np.int16)
    places[..., 0], places[..., 1] = x, y
    return places


def _picked(picture: NDArray[Any], places: NDArray[np.int16]) -> NDArray[Any]:
    """The pixels (h, w, C) of a picture at places (h, w, 2)."""
    found = cv2.remap(picture, places, np.empty(0, np.int16), cv2.INTER_NEAREST)
    return found.reshape(*places.shape[:2], picture.shape[2])


def _for_channels(fraction: NDArray[np.float32], channels: int) -> NDArray[np.float32]:
    """Fractions (h, w) as (h, w, C): arithmetic that repeats a value along so short an axis is slow."""
    wide = fraction if channels == 1 else cv2.merge([fraction] * channels)
    return np.asarray(wide, np.float32).reshape(*fraction.shape, channels)


def resample_points(
    pixels: NDArray[Any], motion: Floats, rows: Places, columns: Places, clipped: np.float32, out: NDArray[Any]
) -> None:
    """Single pixels of the reference into `out` (N, C). All of them are valid."""
    height, width, channels = pixels.shape
    codes = pixels.reshape(height * width, channels)
    for here in (slice(first, first + _POINTS) for first in range(0, rows.size, _POINTS)):
        i, across, slope, start = _lines(motion, rows[here], columns[here])
        values, lows, highs = [], [], []
        for column in (i - 1, i, i + 1, i + 2):
            j, down = _split(np.clip(start + slope * column, -FAR, FAR))
            four = [codes.take((j + k) * width + column, axis=0, mode="clip") for k in (-1, 0, 1, 2)]
            values.append(_between(four, _for_channels(down[None], channels)[0]))
            lows.append(_least(*four))
            highs.append(_most(*four))
        high = _most(*highs)
        _spread_clipped(high, clipped)
        value = _between(values, _for_channels(across[None], channels)[0])
        _finish(value, _least(*lows), high, clipped)
        out[here] = value


def valid_points(height: int, width: int, valid: Mask | None, motion: Floats, rows: Places, columns: Places) -> Mask:
    """Whether the four pixels of four columns that contribute to pixels of the reference (N,) lie in the frame and are valid."""
    i, _, slope, start = _lines(motion, rows, columns)
    inside = (i >= 1) & (i + 2 < width)
    for column in (i - 1, i, i + 1, i + 2):
        j = np.floor(np.clip(start + slope * column, -FAR, FAR)).astype(np.int64)
        inside &= (j >= 1) & (j + 2 < height)
        if valid is not None:
            at = np.clip(column, 0, width - 1)
            for k in (-1, 0, 1, 2):
                inside &= valid[np.clip(j + k, 0, height - 1), at]
    return inside


def _lines(motion: Floats, rows: Places, columns: Places) -> tuple[Places, NDArray[np.float32], Floats, Floats]:
    """For pixels of the reference, the column before each and the fraction after it, and slope and start of its line."""
    u, v = (_position(motion, axis, columns, rows) for axis in (0, 1))
    slope, start = _row_lines(motion, rows)
    gentle = np.abs(slope) <= STEEP
    return *_split(u), np.where(gentle, slope, 0.0), np.where(gentle, start, v)


def _position(motion: Floats, axis: int, x: Places, y: Places) -> Floats:
    """The x (axis 0) or y (1) in the frame of pixels of the reference. A point behind the camera is far outside."""
    at, depth = (np.asarray(motion[k, 0] * x + (motion[k, 1] * y + motion[k, 2])) for k in (axis, 2))
    with np.errstate(divide="ignore", invalid="ignore"):
        at /= depth
        np.clip(at, -FAR, FAR, out=at)
    if not (ahead := depth > 0).all():
        at[~ahead] = -FAR
    return at


def _row_lines(motion: Floats, y: Places) -> tuple[Floats, Floats]:
    """Slope and start of the lines v = start + slope u in the frame on which rows of the reference lie; arbitrary if upright."""
    u, v, w = (motion[k, 1] * y + motion[k, 2] for k in range(3))
    across = motion[0, 0] * w - motion[2, 0] * u
    with np.errstate(divide="ignore", invalid="ignore"):
        return (motion[1, 0] * w - motion[2, 0] * v) / across, (motion[0, 0] * v - motion[1, 0] * u) / across


def _split(position: Floats) -> tuple[Places, NDArray[np.float32]]:
    """The whole number below each position, and the fraction after it."""
    below = np.floor(position)
    return below.astype(np.int64), (position - below).astype(np.float32)


def _between(four: Sequence[NDArray[Any]], t: NDArray[np.float32]) -> NDArray[np.float32]:
    """The cubic of Keys 1981 with a = -1/2 through four values, at t of the way from the second to the third.

    The steps are those of the compiled loop. Those between codes are exact in any type that is large enough.
    """
    exact = _EXACT[four[0].dtype.type]
    a, b, c, d = (one.astype(exact, copy=False) for one in four)
    bend = 2 * a
    bend -= 5 * b
    bend += 4 * c
    bend -= d
    twist = b - c
    twist *= 3
    twist += d
    twist -= a
    value = twist * t
    value += bend
    value *= t
    value += c - a
    value *= _HALF * t
    value += b
    return np.asarray(value, np.float32)


def _finish(value: NDArray[np.float32], low: NDArray[Any], high: NDArray[Any], clipped: np.float32) -> None:
    """Make codes of interpolated values: within the range of their sources, and clipped if one source is clipped."""
    if low.dtype.kind == "u":  # codes are whole numbers
        value += _HALF
    np.maximum(value, low.astype(np.float32), out=value)
    np.minimum(value, high.astype(np.float32), out=value)
    value[high >= clipped] = clipped


def _spread_clipped(most: NDArray[Any], clipped: np.float32) -> None:
    """If a column is clipped in one channel, mark it in all."""
    if (most >= clipped).any():
        channels = [most[..., c].reshape(-1) for c in range(most.shape[-1])]  # `max` along a short axis is slow
        brightest = reduce(np.maximum, channels)
        beyond = np.flatnonzero(brightest >= clipped)
        for c in range(most.shape[-1]):  # so is a choice of whole pixels
            most.reshape(-1, most.shape[-1])[beyond, c] = brightest[beyond]


def _least(a: NDArray[Any], b: NDArray[Any], c: NDArray[Any], d: NDArray[Any]) -> NDArray[Any]:
    return np.asarray(np.minimum(np.minimum(a, b), np.minimum(c, d)))


def _most(a: NDArray[Any], b: NDArray[Any], c: NDArray[Any], d: NDArray[Any]) -> NDArray[Any]:
    return np.asarray(np.maximum(np.maximum(a, b), np.maximum(c, d)))


def _along(line: NDArray[Any], choice: np.ufunc) -> NDArray[Any]:
    """The least or the most of each value of lines (h, w, C) and the three after it."""
    pairs = choice(line[:, :-1], line[:, 1:])
    return np.asarray(choice(pairs[:, :-2], pairs[:, 2:]))
