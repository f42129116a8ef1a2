"""The fused merge: one read of every frame, one write of the result, no copy of the stack.

Frames are added a band of rows at a time, so that the sums stay in the cache; bands run side by side in threads. The compiled
loops know neither the number of frames nor the size of the pictures: they are compiled once.
"""

from __future__ import annotations

import os
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import numpy as np
from numpy.typing import NDArray

from hdrkit.compiled import compiled
from hdrkit.merging.weights import Tables
from hdrkit.types import Frame, Validity

_SATURATED, _BLACK, _PARTIAL = int(Validity.SATURATED), int(Validity.BLACK), int(Validity.PARTIAL)
_UNSEEN, _CLIPPED = -1, -2  # in place of the number of the longest frame that measured a pixel
_BAND_BYTES = 1_000_000  # of sums: what a core keeps close


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
    low, high = clip
    limits = [tables.exposure / np.float32(t) for t in exposures]
    darkest = np.stack([limit[:, low] for limit in limits])
    band = max(1, _BAND_BYTES // (8 * channels * width))

    def merge_band(top: int) -> list[int]:
        rows = slice(top, min(top + band, height))
        shape = out[rows].shape
        a, b = np.zeros(shape, np.float32), np.zeros(shape, np.float32)
        v = np.zeros(shape if want_variance else (0, 0, channels))
        longest = np.full(shape[:2], _UNSEEN, np.int16)
        everywhere = np.ones(shape[:2], np.bool_)
        used = []
        for k, (frame, limit) in enumerate(zip(frames, limits, strict=True)):
            seen = everywhere if frame.seen is None else frame.seen[rows]
            sums = (tables.numerator[k], tables.denominator[k], limit, a, b, longest, out[rows], validity[rows])
            used.append(_add(frame.pixels[rows], seen, high, k, *sums))
            if want_variance:
                _add_spread(frame.pixels[rows], longest, k, tables.variance[k], v)
        _finish(a, b, longest, darkest, tables.logarithmic, out[rows], validity[rows])
        if want_variance:
            _finish_spread(b, v, tables.logarithmic, out[rows], variance[rows])
        return used

    with ThreadPoolExecutor(os.cpu_count()) as pool:
        used = np.array(list(pool.map(merge_band, range(0, height, band))), np.int64).sum(axis=0)
    return out, validity, variance, used


@compiled
def _add(
    codes: Any,
    seen: Any,
    high: int,
    k: int,
    numerator: Any,
    denominator: Any,
    limit: Any,
    a: Any,
    b: Any,
    longest: Any,
    out: Any,
    validity: Any,
) -> int:
    """Add a band of frame k to the sums, and note it where it measured. Returns the number of pixels used."""
    used = 0
    for y in range(codes.shape[0]):
        used += _add_row(codes[y], seen[y], high, k, numerator, denominator, limit, a[y], b[y], longest[y], out[y], validity[y])
    return used


@compiled
def _add_row(
    codes: Any,
    seen: Any,
    high: int,
    k: int,
    numerator: Any,
    denominator: Any,
    limit: Any,
    a: Any,
    b: Any,
    longest: Any,
    out: Any,
    validity: Any,
) -> int:
    """Add a row. Where the frame is the first to see a pixel, and clipped, note the least light that it can be."""
    width, channels = codes.shape
    used = 0
    for x in range(width):
        if not seen[x]:
            validity[x] = _PARTIAL
            continue
        if channels == 3:  # written out, which is twice as fast
            red, green, blue = codes[x, 0], codes[x, 1], codes[x, 2]
            if max(red, max(green, blue)) <= high:
                used += 1
                longest[x] = k
                a[x, 0] += numerator[0, red]
                b[x, 0] += denominator[0, red]
                a[x, 1] += numerator[1, green]
                b[x, 1] += denominator[1, green]
                a[x, 2] += numerator[2, blue]
                b[x, 2] += denominator[2, blue]
                continue
        else:
            gray = codes[x, 0]
            if gray <= high:
                used += 1
                longest[x] = k
                a[x, 0] += numerator[0, gray]
                b[x, 0] += denominator[0, gray]
                continue
        if longest[x] == _UNSEEN:
            longest[x] = _CLIPPED
            for c in range(channels):
                out[x, c] = limit[c, codes[x, c]]
    return used


@compiled
def _add_spread(codes: Any, longest: Any, k: int, spread: Any, v: Any) -> None:
    """Add a band of frame k to the variance, where `_add` has just used it."""
    rows, width, channels = codes.shape
    for y in range(rows):
        for x in range(width):
            if longest[y, x] == k:
                for c in range(channels):
                    v[y, x, c] += spread[c, codes[y, x, c]]


@compiled
def _finish(a: Any, b: Any, longest: Any, darkest: Any, logarithmic: bool, out: Any, validity: Any) -> None:
    """Sums to radiance; pixels that no frame measured take their bound."""
    rows, width, channels = a.shape
    for y in range(rows):
        for x in range(width):
            for c in range(channels):
                if b[y, x, c] > 0:
                    value = a[y, x, c] / b[y, x, c]
                    out[y, x, c] = np.exp(value) if logarithmic else value
                elif longest[y, x] >= 0:  # black wherever it is not clipped: the most that it can be
                    out[y, x, c] = darkest[longest[y, x], c]
                    validity[y, x] |= _BLACK
                else:  # clipped in every frame: the least that it can be, which is nothing where no frame looked
                    if longest[y, x] == _UNSEEN:
                        out[y, x, c] = 0
                    validity[y, x] |= _SATURATED


@compiled
def _finish_spread(b: Any, v: Any, logarithmic: bool, out: Any, variance: Any) -> None:
    """The variance of what `_finish` has written; a bound is uncertain by its own size."""
    rows, width, channels = b.shape
    for y in range(rows):
        for x in range(width):
            for c in range(channels):
                square = np.float64(out[y, x, c]) ** 2
                if b[y, x, c] > 0:
                    variance[y, x, c] = v[y, x, c] / np.float64(b[y, x, c]) ** 2 * (square if logarithmic else 1.0)
                else:
                    variance[y, x, c] = square
