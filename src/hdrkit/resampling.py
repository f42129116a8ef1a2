"""The compiled loops of `warping`: cubic interpolation of a moved frame, a run of pixels of one row at a time.

Along a row the place in the frame advances by nearly a pixel a pixel. Runs over which it stays in step read their sources one
after the other, which the compiler turns into vector instructions, whatever the motion.
"""

from __future__ import annotations

from typing import Any

import numpy as np

from hdrkit.compiled import compiled

_CHUNK = 512  # pixels whose places are worked out at a time
_NOWHERE = -1


@compiled
def resample_rows(pixels: Any, seen: Any, motion: Any, top: int, white: float, clipped: float, out: Any, out_seen: Any) -> None:
    """Rows of the reference from `top` on, as many as `out` (h, W, C) has; pixels that are not seen are left alone."""
    height, width, channels = out.shape
    scratch = _scratch(pixels, channels)
    for y in range(height):
        row = out[y].reshape(width * channels)
        for x in range(0, width, _CHUNK):
            n = min(_CHUNK, width - x)
            part = row[x * channels : (x + n) * channels]
            _resample(pixels, seen, motion, x, top + y, white, clipped, scratch, part, out_seen[y, x : x + n])


@compiled
def resample_points(pixels: Any, seen: Any, motion: Any, rows: Any, columns: Any, white: float, clipped: float, out: Any) -> None:
    """Single pixels of the reference into `out` (N, C)."""
    scratch = _scratch(pixels, out.shape[1])
    out_seen = np.empty(1, np.bool_)
    for n in range(rows.size):
        _resample(pixels, seen, motion, columns[n], rows[n], white, clipped, scratch, out[n], out_seen)


@compiled
def sources(motion: Any, rows: Any, columns: Any) -> tuple[Any, Any]:
    """Column and row of the pixel before the place in the frame, for pixels (N,) of the reference."""
    x, y = np.empty(rows.size, np.int64), np.empty(rows.size, np.int64)
    for n in range(rows.size):
        u, v = _place(motion, columns[n], rows[n])
        x[n], y[n] = np.floor(u), np.floor(v)
    return x, y


@compiled
def _place(motion: Any, x: int, y: int) -> tuple[float, float]:
    """Where a pixel of the reference lies in the frame; what is behind the camera is far outside."""
    u = motion[0, 0] * x + (motion[0, 1] * y + motion[0, 2])
    v = motion[1, 0] * x + (motion[1, 1] * y + motion[1, 2])
    w = motion[2, 0] * x + (motion[2, 1] * y + motion[2, 2])
    if w <= 0:
        return -1e9, -1e9
    return max(min(u / w, 1e9), -1e9), max(min(v / w, 1e9), -1e9)


@compiled
def _scratch(pixels: Any, channels: int) -> tuple[Any, Any, Any, Any]:
    """Steps (2, n) to the pixel in the frame, fractions (2, n C) beyond it, and the brightest (n C) that contribute."""
    size = _CHUNK * channels
    return np.empty((2, _CHUNK), np.int64), np.empty(size, np.float32), np.empty(size, np.float32), np.empty(size, pixels.dtype)


@compiled
def _resample(
    pixels: Any, seen: Any, motion: Any, x: int, y: int, white: float, clipped: float, scratch: Any, out: Any, out_seen: Any
) -> None:
    """Pixels of the reference from (x, y) along the row into `out` (n C,), as far as `out_seen` (n,) says afterwards."""
    height, width, channels = pixels.shape
    frame = pixels.reshape(height, width * channels)
    step, across, down, most = scratch
    rounding = np.float32(0 if isinstance(most[0], np.float32) else 0.5)  # codes are whole numbers
    count = out_seen.size
    for k in range(count):
        u, v = _place(motion, x + k, y)
        i, j = int(np.floor(u)), int(np.floor(v))
        inside = i >= 1 and j >= 1 and i + 2 < width and j + 2 < height
        if seen is not None:
            inside = inside and _all(seen, i, j)
        out_seen[k] = inside
        step[0, k], step[1, k] = i - k, j
        for c in range(channels):
            across[k * channels + c], down[k * channels + c] = u - i, v - j
    start = 0
    while start < count:
        end = start + 1
        while end < count and step[0, end] == step[0, start] and step[1, end] == step[1, start]:
            if out_seen[end] != out_seen[start]:
                break
            end += 1
        if out_seen[start]:
            j, first = step[1, start], (step[0, start] + start - 1) * channels
            here = slice(start * channels, end * channels)
            there = slice(first, first + (end - start + 3) * channels)
            rows = frame[j - 1, there], frame[j, there], frame[j + 1, there], frame[j + 2, there]
            _interpolate(rows, channels, across[here], down[here], rounding, most[here], out[here])
            if most[here].max() >= white:
                _mark_clipped(most[here], channels, white, clipped, out[here])
        start = end


@compiled
def _all(seen: Any, i: int, j: int) -> bool:
    for row in range(j - 1, j + 3):
        for column in range(i - 1, i + 3):
            if not seen[row, column]:
                return False
    return True


@compiled
def _weights(t: Any) -> tuple[Any, Any, Any, Any]:
    """Weights of the two pixels before and the two after a place: the cubic of Keys 1981 with a = -1/2."""
    half, one = np.float32(0.5), np.float32(1)
    s = one - t
    before, after = -half * t * s * s, -half * s * t * t
    near = one + t * t * (np.float32(1.5) * t - np.float32(2.5))
    return before, near, one - before - near - after, after


@compiled
def _between(row: Any, i: int, channels: int, weights: Any) -> tuple[Any, Any, Any]:
    """The weighted sum of four pixels of a row, the least and the most of them."""
    a, b, c, d = row[i], row[i + channels], row[i + 2 * channels], row[i + 3 * channels]
    wa, wb, wc, wd = weights
    total = (wa * np.float32(a) + wb * np.float32(b)) + (wc * np.float32(c) + wd * np.float32(d))
    return total, min(min(a, b), min(c, d)), max(max(a, b), max(c, d))


@compiled
def _interpolate(rows: Any, channels: int, across: Any, down: Any, rounding: Any, most: Any, out: Any) -> None:
    """Values `across` and `down` between the pixels of four rows, and the brightest of the 16 that each is made of."""
    for i in range(out.size):
        weights = _weights(across[i])
        wa, wb, wc, wd = _weights(down[i])
        a, least_a, most_a = _between(rows[0], i, channels, weights)
        b, least_b, most_b = _between(rows[1], i, channels, weights)
        c, least_c, most_c = _between(rows[2], i, channels, weights)
        d, least_d, most_d = _between(rows[3], i, channels, weights)
        least = min(min(least_a, least_b), min(least_c, least_d))
        most[i] = max(max(most_a, most_b), max(most_c, most_d))
        total = (wa * a + wb * b) + (wc * c + wd * d)
        out[i] = min(max(total + rounding, np.float32(least)), np.float32(most[i]))


@compiled
def _mark_clipped(most: Any, channels: int, white: float, clipped: float, out: Any) -> None:
    """Give pixels that a clipped one contributes to the clipped code in every channel."""
    for first in range(0, out.size, channels):
        for c in range(channels):
            if most[first + c] >= white:
                out[first : first + channels] = clipped
