"""Scanlines of Radiance pictures: run-length coding of four-byte pixels, compiled because each run depends on the last."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from hdrkit.imaging.compiled import compiled

MIN_WIDTH, MAX_WIDTH = 8, 32767  # beyond these a scanline is stored flat

_LONGEST_RUN = 127
_LONGEST_LITERAL = 128

TRUNCATED, MALFORMED = -1, -2


@compiled
def _encode(rows: NDArray[np.uint8], out: NDArray[np.uint8]) -> int:
    height, width, _ = rows.shape
    plane, begins_run = np.empty(width, np.uint8), np.zeros(width, np.bool_)
    at = 0
    for y in range(height):
        out[at], out[at + 1], out[at + 2], out[at + 3] = 2, 2, width >> 8, width & 255
        at += 4
        for c in range(4):
            for x in range(width):
                plane[x] = rows[y, x, c]
            for x in range(width - 3):  # a run shorter than four costs more than it saves
                begins_run[x] = (plane[x] == plane[x + 1]) & (plane[x] == plane[x + 2]) & (plane[x] == plane[x + 3])
            x = 0
            while x < width:
                start, end = x, min(x + _LONGEST_LITERAL, width)
                while x < end and not begins_run[x]:
                    x += 1
                if x > start:
                    out[at] = x - start
                    out[at + 1 : at + 1 + x - start] = plane[start:x]
                    at += 1 + x - start
                    continue
                end = min(x + _LONGEST_RUN, width)
                while x < end and plane[x] == plane[start]:
                    x += 1
                out[at], out[at + 1] = 128 + x - start, plane[start]
                at += 2
    return at


@compiled
def _decode_planes(data: NDArray[np.uint8], at: int, row: NDArray[np.uint8]) -> int:
    """Decode one new-style scanline, four planes one after the other. Gives the offset after it, or what is wrong."""
    width = row.shape[0]
    for c in range(4):
        x = 0
        while x < width:
            if at + 1 >= data.size:
                return TRUNCATED
            count = int(data[at])
            run = count > 128
            if run:
                count -= 128
            if count == 0 or x + count > width:
                return MALFORMED
            if run:
                row[x : x + count, c] = data[at + 1]
                at += 2
            else:
                if at + 1 + count > data.size:
                    return TRUNCATED
                row[x : x + count, c] = data[at + 1 : at + 1 + count]
                at += 1 + count
            x += count
    return at


@compiled
def _decode_pixels(data: NDArray[np.uint8], at: int, row: NDArray[np.uint8]) -> int:
    """Decode one flat or old-style scanline of whole pixels. (1, 1, 1, n) repeats the last pixel, several n in base 256."""
    width = row.shape[0]
    x = 0
    shift = 0
    while x < width:
        if at + 4 > data.size:
            return TRUNCATED
        if data[at] == 1 and data[at + 1] == 1 and data[at + 2] == 1:
            count = int(data[at + 3]) << shift
            if x == 0 or shift > 16 or x + count > width:
                return MALFORMED
            row[x : x + count] = row[x - 1]
            x += count
            shift += 8
        else:
            row[x] = data[at : at + 4]
            x += 1
            shift = 0
        at += 4
    return at


@compiled
def _decode(data: NDArray[np.uint8], out: NDArray[np.uint8]) -> int:
    at = 0
    width = out.shape[1]
    for y in range(out.shape[0]):
        if at + 4 > data.size:
            return TRUNCATED
        new_style = MIN_WIDTH <= width <= MAX_WIDTH and data[at] == 2 and data[at + 1] == 2 and data[at + 2] < 128
        if new_style:
            if (int(data[at + 2]) << 8 | int(data[at + 3])) != width:
                return MALFORMED
            at = _decode_planes(data, at + 4, out[y])
        else:
            at = _decode_pixels(data, at, out[y])
        if at < 0:
            return at
    return at


def encode_scanlines(rows: NDArray[np.uint8]) -> bytes:
    """Pixels (H, W, 4) as new-style run lengths, or flat for widths that these cannot express."""
    height, width, _ = rows.shape
    if not MIN_WIDTH <= width <= MAX_WIDTH:
        return rows.tobytes()
    longest = 4 + 4 * (width + width // 64 + 2)
    out = np.empty(height * longest, np.uint8)
    end = _encode(np.ascontiguousarray(rows), out)
    return out[:end].tobytes()


def decode_scanlines(data: NDArray[np.uint8], height: int, width: int) -> NDArray[np.uint8] | int:
    """Pixels (H, W, 4) from flat, old-style or new-style scanlines, or TRUNCATED or MALFORMED."""
    out = np.empty((height, width, 4), np.uint8)
    end = _decode(data, out)
    return end if end < 0 else out
