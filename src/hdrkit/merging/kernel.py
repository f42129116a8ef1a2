"""The fused merge: one read of every frame, one write of the result, no copy of the stack."""

from __future__ import annotations

import threading
from typing import Any

import numpy as np
from numba import prange
from numpy.typing import NDArray

from hdrkit.compiled import compiled, compiled_parallel
from hdrkit.merging.weights import Tables
from hdrkit.types import Frame, Validity

_SATURATED, _BLACK, _PARTIAL = int(Validity.SATURATED), int(Validity.BLACK), int(Validity.PARTIAL)
_one_at_a_time = threading.Lock()  # numba's thread pool must not be entered twice


def run_tables(
    frames: list[Frame], tables: Tables, exposures: list[float], clip: tuple[int, int], want_variance: bool
) -> tuple[NDArray[np.float32], NDArray[np.uint8], NDArray[np.float32], NDArray[np.int64]]:
    """Merge coded frames, sorted from the shortest to the longest exposure.

    Returns radiance (H, W, C), validity flags (H, W), variance (H, W, C) or an empty array, and the number of pixels
    that each frame contributed to. A pixel above clip[1] in any channel of a frame is clipped there.
    """
    height, width, channels = frames[0].pixels.shape
    out = np.empty((height, width, channels), np.float32)
    validity = np.zeros((height, width), np.uint8)
    variance = np.empty((height, width, channels) if want_variance else (0, 0, channels), np.float32)
    used = np.zeros((height, len(frames)), np.int64)
    everywhere = np.ones((1, 1), np.bool_)
    with _one_at_a_time:
        _merge(
            tuple(frame.pixels for frame in frames),
            tuple(everywhere if frame.seen is None else frame.seen for frame in frames),
            np.array([frame.seen is not None for frame in frames]),
            tables.numerator,
            tables.denominator,
            tables.variance,
            tables.exposure,
            np.array([1 / t for t in exposures], np.float32),
            clip[0],
            clip[1],
            tables.logarithmic,
            out,
            validity,
            variance,
            used,
        )
    return out, validity, variance, used.sum(axis=0)


@compiled
def _add(codes: Any, hidden: Any, high: int, k: int, numerator: Any, denominator: Any, a: Any, b: Any, longest: Any) -> int:
    """Add a row of frame k to the sums a and b, and note k as the longest frame that is not clipped. Returns pixels used."""
    width, channels = codes.shape
    used = 0
    if channels == 3:  # written out, which is twice as fast
        for x in range(width):
            red, green, blue = codes[x, 0], codes[x, 1], codes[x, 2]
            if max(red, max(green, blue)) > high or hidden[x]:
                continue
            used += 1
            longest[x] = k
            a[x, 0] += numerator[0, red]
            b[x, 0] += denominator[0, red]
            a[x, 1] += numerator[1, green]
            b[x, 1] += denominator[1, green]
            a[x, 2] += numerator[2, blue]
            b[x, 2] += denominator[2, blue]
    else:
        for x in range(width):
            code = codes[x, 0]
            if code > high or hidden[x]:
                continue
            used += 1
            longest[x] = k
            a[x, 0] += numerator[0, code]
            b[x, 0] += denominator[0, code]
    return used


@compiled
def _add_spread(codes: Any, longest: Any, k: int, spread: Any, v: Any) -> None:
    """Add a row of frame k to the variance, where `_add` has just used it."""
    for x in range(codes.shape[0]):
        if longest[x] == k:
            for c in range(codes.shape[1]):
                v[x, c] += spread[c, codes[x, c]]


@compiled_parallel
def _merge(
    frames: Any,
    seen: Any,
    masked: Any,
    numerator: Any,
    denominator: Any,
    spread: Any,
    exposure: Any,
    per_time: Any,
    low: int,
    high: int,
    logarithmic: bool,
    out: Any,
    validity: Any,
    variance: Any,
    used: Any,
) -> None:
    count = len(frames)
    height, width, channels = out.shape
    want_variance = variance.shape[0] > 0
    for row in prange(height):
        a = np.zeros((width, channels), np.float32)
        b = np.zeros((width, channels), np.float32)
        v = np.zeros((width if want_variance else 0, channels))
        hidden = np.zeros(width, np.bool_)
        shortest = np.full(width, count, np.int16)
        longest = np.full(width, -1, np.int16)
        for k in range(count):
            if masked[k]:
                hidden = ~seen[k][row]
                validity[row][hidden] = _PARTIAL
            else:
                hidden[:] = False
            for x in range(width):
                if shortest[x] == count and not hidden[x]:
                    shortest[x] = k
            used[row, k] = _add(frames[k][row], hidden, high, k, numerator[k], denominator[k], a, b, longest)
            if want_variance:
                _add_spread(frames[k][row], longest, k, spread[k], v)
        for x in range(width):
            flags = validity[row, x]
            for c in range(channels):
                if b[x, c] > 0:
                    value = a[x, c] / b[x, c]
                    value = np.exp(value) if logarithmic else value
                elif longest[x] >= 0:  # black wherever it is not clipped: the most that it can be
                    value = exposure[c, low] * per_time[longest[x]]
                    flags |= _BLACK
                else:  # clipped in every frame: the least that it can be, which is nothing where no frame looked
                    seen_by_one = shortest[x] < count
                    first = shortest[x] if seen_by_one else 0
                    value = exposure[c, frames[first][row, x, c]] * per_time[first] if seen_by_one else np.float32(0)
                    flags |= _SATURATED
                out[row, x, c] = value
                if want_variance:
                    relative = value * value if logarithmic else np.float32(1)
                    variance[row, x, c] = v[x, c] / np.float64(b[x, c]) ** 2 * relative if b[x, c] > 0 else value * value
            validity[row, x] = flags
