"""The compiled loops of `resampling`, for the rows of any picture.

Columns and pixels that move in step with their sources are processed in runs, which the compiler turns into vector instructions.
The pixels of a steep line are interpolated one by one.
"""

from __future__ import annotations

from typing import Any

import numpy as np

from hdrkit.imaging.compiled import compiled
from hdrkit.imaging.resampling import FAR, STEEP


@compiled
def resample_rows(pixels: Any, valid: Any, motion: Any, top: int, left: int, clipped: Any, out: Any, out_valid: Any) -> None:
    """Pixels of the reference from row `top` and column `left`, as many as `out` (h, w, C) has.

    Pixels that are not valid are left unchanged. A code at or above `clipped` is clipped. Each pixel to which it contributes gets
    the code `clipped`.
    """
    height, width, channels = out.shape
    scratch = _scratch(pixels, width)
    for row in range(height):
        count = 1 if _is_steep(motion, top + row) else width
        codes = out[row].reshape(width * channels)
        for x in range(0, width, count):
            part = codes[x * channels : (x + count) * channels]
            _resample(pixels, valid, motion, left + x, top + row, clipped, scratch, part, out_valid[row, x : x + count])


@compiled
def _is_valid(height: int, width: int, valid: Any, motion: Any, x: int, y: int) -> bool:
    """Whether the four pixels of four columns that contribute to a pixel of the reference lie in the frame and are valid."""
    slope, start = _line(motion, x, y)
    i = int(np.floor(_position(motion, x, y)[0]))
    if i < 1 or i + 2 >= width:
        return False
    for column in range(i - 1, i + 3):
        j = int(np.floor(_bounded(start + slope * column)))
        if j < 1 or j + 2 >= height:
            return False
        if valid is not None and not valid[j - 1 : j + 3, column].all():
            return False
    return True


@compiled
def _bounded(position: float) -> float:
    return max(min(position, FAR), -FAR)


@compiled
def _position(motion: Any, x: int, y: int) -> tuple[float, float]:
    """The position of a pixel of the reference in the frame. A point behind the camera is far outside."""
    u = motion[0, 0] * x + (motion[0, 1] * y + motion[0, 2])
    v = motion[1, 0] * x + (motion[1, 1] * y + motion[1, 2])
    w = motion[2, 0] * x + (motion[2, 1] * y + motion[2, 2])
    if w <= 0:
        return -FAR, -FAR
    return _bounded(u / w), _bounded(v / w)


@compiled
def _row_line(motion: Any, y: int) -> tuple[float, float]:
    """Slope and start of the line v = start + slope u in the frame on which a row of the reference lies; arbitrary if upright."""
    u = motion[0, 1] * y + motion[0, 2]
    v = motion[1, 1] * y + motion[1, 2]
    w = motion[2, 1] * y + motion[2, 2]
    across = motion[0, 0] * w - motion[2, 0] * u
    return (motion[1, 0] * w - motion[2, 0] * v) / across, (motion[0, 0] * v - motion[1, 0] * u) / across


@compiled
def _is_steep(motion: Any, y: int) -> bool:
    return not abs(_row_line(motion, y)[0]) <= STEEP


@compiled
def _line(motion: Any, x: int, y: int) -> tuple[float, float]:
    """Slope and start of the line in the frame on which a pixel of the reference is interpolated."""
    if _is_steep(motion, y):
        return 0.0, _position(motion, x, y)[1]
    return _row_line(motion, y)


@compiled
def _columns(motion: Any, x: int, y: int, count: int, width: int) -> tuple[int, int]:
    """The columns (end exclusive) that contribute to pixels from (x, y) along the row. All if one is behind the camera."""
    ends = _position(motion, x, y)[0], _position(motion, x + count - 1, y)[0]
    if min(ends) <= -FAR:
        return 0, width
    first = max(0, int(np.floor(min(ends))) - 1)
    return first, max(first, min(width, int(np.floor(max(ends))) + 3))


@compiled
def _scratch(pixels: Any, count: int) -> Any:
    """Buffers: steps and fractions (W,), fractions (W C) by channel, values, minimum and maximum of a line, bounds of a row."""
    width = max(pixels.shape[1], count)
    size = width * pixels.shape[2]
    bounds = np.empty(size, pixels.dtype), np.empty(size, pixels.dtype)
    line = np.empty(size, np.float32), np.empty(size, pixels.dtype), np.empty(size, pixels.dtype)
    return np.empty(width, np.int32), np.empty(width, np.float32), np.empty(size, np.float32), line, bounds


@compiled
def _resample(pixels: Any, valid: Any, motion: Any, x: int, y: int, clipped: Any, scratch: Any, out: Any, out_valid: Any) -> None:
    """Pixels of the reference from (x, y) along the row into `out` (n C,), where `out_valid` (n,) is set by the call."""
    height, width, channels = pixels.shape
    step, part, parts, line, bounds = scratch
    first, last = _columns(motion, x, y, out_valid.size, width)
    slope, start = _line(motion, x, y)
    for column in range(first, last):
        v = _bounded(start + slope * column)
        step[column] = np.int32(np.floor(v))
        part[column] = v - np.floor(v)
    _for_channels(part, first, last, channels, parts)
    left, right = _interpolate_down(pixels, first, last, step, parts, line)
    _spread_clipped(line[2], left, right, channels, clipped)
    for k in range(out_valid.size):
        u = _position(motion, x + k, y)[0]
        step[k] = np.int32(np.floor(u)) - k
        part[k] = u - np.floor(u)
    _for_channels(part, 0, out_valid.size, channels, parts)
    _interpolate_across(line, bounds, left, right, step, parts, channels, clipped, out, out_valid)
    if valid is not None:
        for k in range(out_valid.size):
            if out_valid[k] and not _is_valid(height, width, valid, motion, x + k, y):
                out_valid[k] = False
                out[k * channels : (k + 1) * channels] = 0


@compiled
def _for_channels(part: Any, first: int, last: int, channels: int, parts: Any) -> None:
    """Repeat the fraction of each column or pixel for its channels."""
    if channels == 3:  # written out, because that is several times as fast
        for k in range(first, last):
            parts[3 * k], parts[3 * k + 1], parts[3 * k + 2] = part[k], part[k], part[k]
    else:
        for k in range(first, last):  # an assignment of slices takes a second to compile
            parts[k] = part[k]


@compiled
def _end_of_run(step: Any, start: int, end: int) -> int:
    for k in range(start + 1, end):
        if step[k] != step[start]:
            return k
    return end


@compiled
def _interpolate_down(pixels: Any, first: int, last: int, step: Any, parts: Any, line: Any) -> tuple[int, int]:
    """Interpolate columns at their step and fraction where these lie in the frame: from the first returned one to the second."""
    height, width, channels = pixels.shape
    frame = pixels.reshape(height, width * channels)
    left, right = last, last
    while first < last:
        end, j = _end_of_run(step, first, last), step[first]
        if j >= 1 and j + 2 < height:
            left, right = min(left, first), end
            here = slice(first * channels, end * channels)
            rows = frame[j - 1, here], frame[j, here], frame[j + 1, here], frame[j + 2, here]
            _cubic(rows, parts[here], line[0][here])
            _least(rows, line[1][here])
            _most(rows, line[2][here])
        first = end
    return left, right


@compiled
def _spread_clipped(most: Any, left: int, right: int, channels: int, clipped: Any) -> None:
    """If a column is clipped in one channel, mark it in all."""
    if channels == 3:
        for k in range(left, right):
            brightest = max(most[3 * k], max(most[3 * k + 1], most[3 * k + 2]))
            if brightest >= clipped:
                most[3 * k], most[3 * k + 1], most[3 * k + 2] = brightest, brightest, brightest


@compiled
def _interpolate_across(
    line: Any, bounds: Any, left: int, right: int, step: Any, parts: Any, channels: int, clipped: Any, out: Any, out_valid: Any
) -> None:
    """Interpolate a line, known from column `left` to `right`, at the steps and fractions of pixels, and mark those it gives."""
    first, count = 0, out_valid.size
    while first < count:
        last = _end_of_run(step, first, count)
        begin, end = max(first, left + 1 - step[first]), min(last, right - 2 - step[first])
        out_valid[first:last] = False
        if begin < end:
            out_valid[begin:end] = True
            here = slice(begin * channels, end * channels)
            at, size = (begin + step[first] - 1) * channels, (end - begin) * channels
            low, high = bounds[0][:size], bounds[1][:size]
            _least(_four(line[1], at, size, channels), low)
            _most(_four(line[2], at, size, channels), high)
            _finish(_four(line[0], at, size, channels), parts[here], low, high, clipped, out[here])
        first = last


@compiled
def _four(line: Any, first: int, size: int, channels: int) -> Any:
    """The two values before and the two after positions, from `first` on."""
    a, b, c, d = first, first + channels, first + 2 * channels, first + 3 * channels
    return line[a : a + size], line[b : b + size], line[c : c + size], line[d : d + size]


@compiled
def _between(a: Any, b: Any, c: Any, d: Any, t: Any) -> Any:
    """The cubic of Keys 1981 with a = -1/2 through four values, at t of the way from the second to the third."""
    a, b, c, d = np.float32(a), np.float32(b), np.float32(c), np.float32(d)
    two, half = np.float32(2), np.float32(0.5)
    bend = two * a - np.float32(5) * b + np.float32(4) * c - d
    twist = np.float32(3) * (b - c) + d - a
    return b + half * t * (c - a + t * (bend + t * twist))


@compiled
def _cubic(four: Any, t: Any, out: Any) -> None:
    for i in range(out.size):
        out[i] = _between(four[0][i], four[1][i], four[2][i], four[3][i], t[i])


@compiled
def _least(four: Any, out: Any) -> None:
    for i in range(out.size):
        out[i] = min(min(four[0][i], four[1][i]), min(four[2][i], four[3][i]))


@compiled
def _most(four: Any, out: Any) -> None:
    for i in range(out.size):
        out[i] = max(max(four[0][i], four[1][i]), max(four[2][i], four[3][i]))


@compiled
def _finish(four: Any, t: Any, low: Any, high: Any, clipped: Any, out: Any) -> None:
    """Codes along a line: within the range of their sources, and clipped if one source is clipped."""
    rounding = np.float32(0 if isinstance(out[0], np.float32) else 0.5)  # codes are whole numbers
    for i in range(out.size):
        brightest = np.float32(high[i])
        value = _between(four[0][i], four[1][i], four[2][i], four[3][i], t[i]) + rounding
        value = min(max(value, np.float32(low[i])), brightest)
        out[i] = clipped if brightest >= clipped else value
