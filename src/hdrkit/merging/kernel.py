"""The fused merge: one read of every frame, one write of the result, no copy of the stack.

Frames are added a band of rows at a time, so that the sums stay in the cache; bands run side by side in threads. The compiled
loops know neither the number of frames nor the size of the pictures: they are compiled once.
"""

from __future__ import annotations

import os
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import numpy as np
from numpy.typing import NDArray

from hdrkit.compiled import compiled
from hdrkit.errors import InputError
from hdrkit.merging.weights import Tables
from hdrkit.types import Frame, Validity
from hdrkit.warping import Area, placed, whole

_SATURATED, _BLACK, _PARTIAL = int(Validity.SATURATED), int(Validity.BLACK), int(Validity.PARTIAL)
_UNSEEN, _CLIPPED = -1, -2  # in place of the number of the longest frame that measured a pixel
_WHOLE, _SHARE = np.float32(1), np.float32(1 / 255)
_BAND_BYTES = 1_000_000  # of sums: what a core keeps close


def run_tables(
    frames: Sequence[Frame],
    tables: Tables,
    exposures: Sequence[float],
    clip: tuple[int, int],
    want_variance: bool,
    trust: Sequence[NDArray[np.uint8] | None] | None = None,
    area: Area | None = None,
) -> tuple[NDArray[np.float32], NDArray[np.uint8], NDArray[np.float32], NDArray[np.int64]]:
    """Merge coded frames, sorted from the shortest to the longest exposure; `trust` and `area` as `merge_frames`
    has them.

    Returns radiance (H, W, C), validity flags (H, W), variance (H, W, C) or an empty array, and the number of pixels
    that each frame contributed to as a whole. Where a frame is above clip[1] in some channels, the others still count, by
    tables of their own.
    """
    first, last, left, right = area or whole(frames[0])
    height, width, channels = last - first, right - left, frames[0].pixels.shape[2]
    out = np.empty((height, width, channels), np.float32)
    validity = np.zeros((height, width), np.uint8)
    variance = np.empty((height, width, channels) if want_variance else (0, 0, channels), np.float32)
    high = clip[1]
    trust = trust or [None] * len(frames)
    limits = [tables.exposure / np.float32(t) for t in exposures]
    darkest = np.stack([tables.black / np.float32(t) for t in exposures])
    band = max(1, _BAND_BYTES // (8 * channels * width))

    def merge_band(top: int) -> list[int]:
        rows = slice(top, min(top + band, height))
        here = slice(first + rows.start, first + rows.stop), slice(left, right)
        shape = out[rows].shape
        a, b = np.zeros(shape, np.float32), np.zeros(shape, np.float32)
        v = np.zeros(shape if want_variance else (0, 0, channels))
        longest = np.full(shape[:2], _UNSEEN, np.int16)
        partly = np.full(shape[:2], _UNSEEN, np.int16)
        used = []
        for k, (frame, limit, weight) in enumerate(zip(frames, limits, trust, strict=True)):
            there = placed(frame, here[0].start, here[0].stop)
            codes = np.ascontiguousarray(there.pixels[:, here[1]])
            _require_below(tables.exposure.shape[1], codes, frame)
            seen = None if there.seen is None else np.ascontiguousarray(there.seen[:, here[1]])
            share = None if weight is None else np.ascontiguousarray(weight[here])
            luts, luts_beside = ((tables.numerator[kind, k], tables.denominator[kind, k]) for kind in (0, 1))
            used.append(_add(codes, seen, share, high, k, *luts, limit, a, b, longest, out[rows], validity[rows]))
            if channels == 3 and used[-1] < longest.size:
                _add_beside(codes, seen, share, high, k, *luts_beside, a, b, partly)
            if want_variance:
                _add_spread(codes, share, longest, partly, k, tables.variance[:, k], v)
        _finish(a, b, longest, partly, darkest, tables.logarithmic, out[rows], validity[rows])
        if want_variance:
            _finish_spread(b, v, tables.logarithmic, out[rows], variance[rows])
        return used

    with ThreadPoolExecutor(os.cpu_count()) as pool:
        used = np.array(list(pool.map(merge_band, range(0, height, band))), np.int64).sum(axis=0)
    return out, validity, variance, used


def _require_below(levels: int, codes: NDArray[Any], frame: Frame) -> None:
    """Raise InputError for codes beyond the end of the tables."""
    if levels <= np.iinfo(codes.dtype).max and (highest := codes.max()) >= levels:
        raise InputError(f"{frame.name}: holds code {highest}, but the first frame has {levels} levels only")


@compiled
def _add(
    codes: Any,
    seen: Any,
    share: Any,
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
    """Add a band of frame k to the sums, and note it where it measured. Returns the number of pixels used.

    Where the frame is the first to see a pixel, and clipped, the least light that it can be is noted. `seen` and `share` may
    be None: then the compiler leaves the questions out.
    """
    rows, width, channels = codes.shape
    used = 0
    for y in range(rows):
        for x in range(width):
            if seen is not None and not seen[y, x]:
                validity[y, x] = _PARTIAL
                continue
            weight = _WHOLE
            if share is not None:
                if share[y, x] == 0:
                    continue
                weight = share[y, x] * _SHARE
            if channels == 3:  # written out, which is twice as fast
                red, green, blue = codes[y, x, 0], codes[y, x, 1], codes[y, x, 2]
                if max(red, max(green, blue)) <= high:
                    used += 1
                    longest[y, x] = k
                    a[y, x, 0] += weight * numerator[0, red]
                    b[y, x, 0] += weight * denominator[0, red]
                    a[y, x, 1] += weight * numerator[1, green]
                    b[y, x, 1] += weight * denominator[1, green]
                    a[y, x, 2] += weight * numerator[2, blue]
                    b[y, x, 2] += weight * denominator[2, blue]
                    continue
            else:
                gray = codes[y, x, 0]
                if gray <= high:
                    used += 1
                    longest[y, x] = k
                    a[y, x, 0] += weight * numerator[0, gray]
                    b[y, x, 0] += weight * denominator[0, gray]
                    continue
            if longest[y, x] == _UNSEEN:
                longest[y, x] = _CLIPPED
                for c in range(channels):
                    out[y, x, c] = limit[c, codes[y, x, c]]
    return used


@compiled
def _add_beside(
    codes: Any, seen: Any, share: Any, high: int, k: int, numerator: Any, denominator: Any, a: Any, b: Any, partly: Any
) -> None:
    """Add what a band of frame k measured where it is clipped in some of three channels, and note it in `partly`."""
    rows, width = partly.shape
    for y in range(rows):
        for x in range(width):
            red, green, blue = codes[y, x, 0], codes[y, x, 1], codes[y, x, 2]
            if max(red, max(green, blue)) <= high or min(red, min(green, blue)) > high or (seen is not None and not seen[y, x]):
                continue
            weight = _WHOLE if share is None else share[y, x] * _SHARE
            if weight > 0:
                partly[y, x] = k
                a[y, x, 0] += weight * numerator[0, red]
                b[y, x, 0] += weight * denominator[0, red]
                a[y, x, 1] += weight * numerator[1, green]
                b[y, x, 1] += weight * denominator[1, green]
                a[y, x, 2] += weight * numerator[2, blue]
                b[y, x, 2] += weight * denominator[2, blue]


@compiled
def _add_spread(codes: Any, share: Any, longest: Any, partly: Any, k: int, spread: Any, v: Any) -> None:
    """Add a band of frame k to the variance, where `_add` has just used it."""
    rows, width, channels = codes.shape
    for y in range(rows):
        for x in range(width):
            if longest[y, x] == k or partly[y, x] == k:
                weight = 1.0 if share is None else share[y, x] / 255.0
                kind = 0 if longest[y, x] == k else 1
                for c in range(channels):
                    v[y, x, c] += weight**2 * spread[kind, c, codes[y, x, c]]


@compiled
def _bounded(value: Any, darkest: Any, last: int, c: int, validity: Any, y: int, x: int) -> Any:
    """The value, or the most that a pixel can be that frame number `last` does not tell from black."""
    if value >= darkest[last, c]:
        return value
    validity[y, x] |= _BLACK
    return darkest[last, c]


@compiled
def _finish(a: Any, b: Any, longest: Any, partly: Any, darkest: Any, logarithmic: bool, out: Any, validity: Any) -> None:
    """Sums to radiance; pixels that no frame measured take their bound."""
    rows, width, channels = a.shape
    for y in range(rows):
        for x in range(width):
            for c in range(channels):
                if b[y, x, c] > 0:
                    value = a[y, x, c] / b[y, x, c]
                    if logarithmic:
                        value = np.exp(value)
                    if value < darkest[0, c]:  # of the shortest frame, which is quicker to look up than that of the longest here
                        value = _bounded(value, darkest, max(longest[y, x], partly[y, x]), c, validity, y, x)
                    out[y, x, c] = value
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
