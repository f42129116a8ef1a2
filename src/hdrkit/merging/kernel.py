"""The fused merge: it reads every frame once and writes the result once, and keeps neither sums nor a copy of the stack.

Bands of rows are gathered from all frames, resampled if a frame moved, and merged pixel by pixel. Bands are small enough to stay
in the cache and run in parallel threads. The compiled loop depends neither on the number of frames nor on the size of the
pictures, so it is compiled once.
"""

from __future__ import annotations

import os
from collections.abc import Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from hdrkit.errors import InputError
from hdrkit.imaging.compiled import compiled
from hdrkit.imaging.warping import Area, place, whole
from hdrkit.merging.bands import Bounds, Merged, bounds_of
from hdrkit.merging.weights import Tables, near_clipping
from hdrkit.types import Frame, Validity

_SATURATED, _BLACK, _PARTIAL = np.uint8(Validity.SATURATED), np.uint8(Validity.BLACK), np.uint8(Validity.PARTIAL)
_NOTHING = np.uint8(0)
_NOWHERE, _CLIPPED = -1, -2  # these stand in for the number of the longest frame that measured a pixel
_SHARE = np.float32(1 / 255)
_BAND_BYTES = 500_000  # codes of all frames: they fit in the cache of a core


class Band(NamedTuple):
    """Rows of all frames, the shortest exposure first: codes (K, rows, W, C), and masks (K, rows, W) or None.

    `valid` marks the pixels for which a frame has data, and `share` is its trust, 0 to 255. If a mask is None, the compiler
    leaves its tests out.
    """

    codes: NDArray[Any]
    valid: NDArray[np.bool_] | None
    share: NDArray[np.uint8] | None


class Rule(NamedTuple):
    """The weights of codes: numerators and denominators (2, K, C, levels, 2), and the highest code that counts."""

    pairs: NDArray[np.float32]
    high: int
    logarithmic: bool


def run_tables(
    frames: Sequence[Frame],
    tables: Tables,
    exposures: Sequence[float],
    clip: tuple[int, int],
    want_variance: bool,
    trust: Sequence[NDArray[np.uint8] | None] | None = None,
    area: Area | None = None,
) -> Merged:
    """Merge coded frames, sorted from the shortest to the longest exposure; `trust` and `area` are as in `merge_frames`.

    If a frame is above clip[1] in some channels, its other channels still count, with tables of their own. A channel that is
    nearly clipped counts as clipped if a shorter frame shows that it must be: cameras mix channels, which may bring a clipped one
    back below the limit.
    """
    first, last, left, right = area or whole(frames[0])
    height, width, channels = last - first, right - left, frames[0].pixels.shape[2]
    out = np.empty((height, width, channels), np.float32)
    validity = np.empty((height, width), np.uint8)
    variance = np.empty((height, width, channels) if want_variance else (0, 0, channels), np.float32)
    bounds = bounds_of(tables, exposures)
    pairs = np.stack([tables.numerator, tables.denominator], axis=-1)  # the loop looks both up together
    rule = Rule(pairs, clip[1], tables.logarithmic)
    spread = tables.variance if want_variance else None
    rows = min(height, max(1, _BAND_BYTES // (len(frames) * width * channels * frames[0].pixels.itemsize)))
    shape = len(frames), rows, width
    levels, kind = tables.exposure.shape[1], frames[0].pixels.dtype.type
    near, full = kind(near_clipping(levels, clip[1])), np.tile(tables.full, width).astype(kind)
    looked = any(frame.motion is not None or frame.valid is not None for frame in frames)

    def merge_bands(tops: Iterator[int]) -> NDArray[np.int64]:
        codes = np.empty((*shape, channels), frames[0].pixels.dtype)
        valid = np.empty(shape, np.bool_) if looked else None
        share = None if trust is None else np.full(shape, 255, np.uint8)
        used = np.zeros(len(frames), np.int64)
        for top in tops:
            band = slice(top, min(top + rows, height))
            here = slice(0, band.stop - top)
            for k, frame in enumerate(frames):
                place(frame, first + top, left, codes[k, here], None if valid is None else valid[k, here])
                _require_below(levels, codes[k, here], frame)
                if share is not None and trust is not None and (weight := trust[k]) is not None:
                    share[k, here] = weight[first + top : first + band.stop, left:right]
            _clip(codes, valid, share, near, full, kind(levels - 1), here.stop)
            merged = Merged(out[band], validity[band], variance[band], used)
            _merge(Band(codes, valid, share), rule, spread, bounds, merged)
        return used

    tops = iter(range(0, height, rows))
    threads = os.cpu_count() or 1
    with ThreadPoolExecutor(threads) as pool:
        used = np.sum(list(pool.map(merge_bands, [tops] * threads)), axis=0)
    return Merged(out, validity, variance, used)


def _require_below(levels: int, codes: NDArray[Any], frame: Frame) -> None:
    """Raise InputError for codes beyond the end of the tables."""
    if levels <= np.iinfo(codes.dtype).max and (highest := codes.max()) >= levels:
        raise InputError(f"{frame.name}: holds code {highest}, but the first frame has {levels} levels only")


@compiled
def _clip(codes: Any, valid: Any, share: Any, near: Any, full: Any, last: Any, rows: int) -> None:
    """Set codes above `near` to `last` where the code of a shorter frame is above its `full` (K, W C).

    Pixels that do not count become black, which implies nothing about longer frames.
    """
    count, _, width, channels = codes.shape
    must = np.empty(width * channels, codes.dtype)
    for y in range(rows):
        must[:] = 0
        for k in range(count):
            if valid is not None or share is not None:
                for x in range(width):
                    if (valid is not None and not valid[k, y, x]) or (share is not None and share[k, y, x] == 0):
                        codes[k, y, x] = 0
            row = codes[k, y].reshape(-1)
            for i in range(width * channels):
                row[i] = max(row[i], must[i]) if row[i] > near else row[i]
                must[i] = last if row[i] > full[k, i] else must[i]


@compiled
def _merge(band: Band, rule: Rule, spread: Any, bounds: Bounds, merged: Merged) -> None:
    """Merge a band, as many rows as `merged` has, and count the pixels that each frame measured in all channels.

    `spread`, the numerators of the variance (2, K, C, levels), may be None.
    """
    height, width, channels = merged.radiance.shape
    weights = None if spread is None else np.empty((width, channels), np.float32)
    for y in range(height):
        _merge_row(band, y, rule, bounds, weights, merged)
        if spread is not None:
            _spread_row(band, y, rule, spread, weights, merged)


@compiled
def _looks(valid: Any, k: int, y: int, x: int) -> bool:
    """Whether frame k has data at the pixel."""
    if valid is None:
        return True
    return bool(valid[k, y, x])


@compiled
def _trust(share: Any, k: int, y: int, x: int) -> Any:
    """The trust in frame k at the pixel, 0 to 255."""
    if share is None:
        return np.uint8(255)
    return share[k, y, x]


@compiled
def _weight(share: Any, k: int, y: int, x: int) -> Any:
    """The trust in frame k at the pixel, 0 to 1."""
    if share is None:
        return np.float32(1)
    return share[k, y, x] * _SHARE


@compiled
def _merge_row(band: Band, y: int, rule: Rule, bounds: Bounds, weights: Any, merged: Merged) -> None:
    """Merge a row. If `weights` is not None, the sums of weights go there."""
    codes, tables, high, darkest = band.codes, rule.pairs, rule.high, bounds.darkest
    out, validity, used = merged.radiance[y], merged.validity[y], merged.used
    width, channels = out.shape
    green, blue = min(1, channels - 1), channels - 1  # gray reads the same channel three times
    zero = np.float32(0)
    for x in range(width):
        a0 = a1 = a2 = b0 = b1 = b2 = zero
        whole_by, partly_by, flags = _NOWHERE, _NOWHERE, _NOTHING
        for k in range(codes.shape[0]):
            if not _looks(band.valid, k, y, x):
                flags = _PARTIAL
                continue
            if _trust(band.share, k, y, x) == 0:
                continue
            z0, z1, z2 = codes[k, y, x, 0], codes[k, y, x, green], codes[k, y, x, blue]
            kind = 0
            if max(z0, max(z1, z2)) <= high:
                used[k] += 1
                whole_by = k
            else:
                if whole_by == _NOWHERE:
                    whole_by = _CLIPPED - k
                if min(z0, min(z1, z2)) > high:
                    continue
                kind, partly_by = 1, k
            weight = _weight(band.share, k, y, x)
            a0 += weight * tables[kind, k, 0, z0, 0]
            b0 += weight * tables[kind, k, 0, z0, 1]
            a1 += weight * tables[kind, k, green, z1, 0]
            b1 += weight * tables[kind, k, green, z1, 1]
            a2 += weight * tables[kind, k, blue, z2, 0]
            b2 += weight * tables[kind, k, blue, z2, 1]
        v0, v1, v2 = a0 / b0, a1 / b1, a2 / b2
        if rule.logarithmic:
            v0, v1, v2 = np.exp(v0), np.exp(v1), np.exp(v2)
        out[x, 0], validity[x] = v0, flags
        if channels == 3:
            out[x, 1], out[x, 2] = v1, v2
        if weights is not None:
            weights[x, 0] = b0
            if channels == 3:
                weights[x, 1], weights[x, 2] = b1, b2
        # The bound of the shortest frame is faster to find than that of the longest frame that measured here, and higher.
        if not (v0 >= darkest[0, 0] and v1 >= darkest[0, green] and v2 >= darkest[0, blue]):
            _bound((b0, b1, b2), whole_by, partly_by, codes[:, y, x], bounds, x, out, validity)


@compiled
def _bound(b: Any, whole_by: int, partly_by: int, codes: Any, bounds: Bounds, x: int, out: Any, validity: Any) -> None:
    """Set a pixel to its bound in the channels that no frame measured, or that no frame can tell from black."""
    darkest = bounds.darkest
    for c in range(out.shape[1]):
        if b[c] > 0:
            last = max(whole_by, partly_by)
            if out[x, c] < darkest[last, c]:
                out[x, c] = darkest[last, c]
                validity[x] |= _BLACK
        elif whole_by >= 0:  # black in every frame that is not clipped: an upper bound
            out[x, c] = darkest[whole_by, c]
            validity[x] |= _BLACK
        else:  # clipped in every frame: a lower bound, which is 0 if no frame has data
            first = _CLIPPED - whole_by
            out[x, c] = 0 if whole_by == _NOWHERE else bounds.exposure[c, codes[first, c]] / bounds.times[first]
            validity[x] |= _SATURATED


@compiled
def _spread_row(band: Band, y: int, rule: Rule, spread: Any, weights: Any, merged: Merged) -> None:
    """The variance of the result of `_merge_row`. The uncertainty of a bound is its own value."""
    codes, high = band.codes, rule.high
    out, variance = merged.radiance[y], merged.variance[y]
    width, channels = out.shape
    green, blue = min(1, channels - 1), channels - 1
    v = np.empty(channels)
    for x in range(width):
        v[:] = 0
        for k in range(codes.shape[0]):
            z0, z1, z2 = codes[k, y, x, 0], codes[k, y, x, green], codes[k, y, x, blue]
            if min(z0, min(z1, z2)) <= high and _looks(band.valid, k, y, x):
                kind = 0 if max(z0, max(z1, z2)) <= high else 1
                weight = _trust(band.share, k, y, x) / 255.0
                for c in range(channels):
                    v[c] += weight**2 * spread[kind, k, c, codes[k, y, x, c]]
        for c in range(channels):
            square = np.float64(out[x, c]) ** 2
            if weights[x, c] > 0:
                square = v[c] / np.float64(weights[x, c]) ** 2 * (square if rule.logarithmic else 1.0)
            variance[x, c] = square
