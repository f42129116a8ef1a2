"""The fused merge: it reads every frame once and writes the result once, and keeps neither sums nor a copy of the stack.

Bands of rows are gathered from all frames, resampled if a frame moved, and merged pixel by pixel. Bands are small enough to stay
in the cache and run in parallel threads.
"""

from __future__ import annotations

import os
from collections.abc import Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from types import ModuleType
from typing import Any

import numpy as np
from numpy.typing import NDArray

from hdrkit.errors import InputError
from hdrkit.imaging.borders import guess_beyond
from hdrkit.imaging.small import is_small
from hdrkit.imaging.warping import Area, place, whole
from hdrkit.merging.bands import PARTIAL, Band, Merged, Rule, bounds_of
from hdrkit.merging.trust import Trust
from hdrkit.merging.weights import Tables, near_clipping
from hdrkit.types import Frame

_BAND_BYTES = 500_000  # codes of all frames: they fit in the cache of a core


def run_tables(
    frames: Sequence[Frame],
    tables: Tables,
    exposures: Sequence[float],
    clip: tuple[int, int],
    want_variance: bool,
    trust: Sequence[Trust | None] | None = None,
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
    rule = Rule(pairs, tables.fade, clip[1], tables.logarithmic)
    spread = tables.variance if want_variance else None
    rows = min(height, max(1, _BAND_BYTES // (len(frames) * width * channels * frames[0].pixels.itemsize)))
    shape = len(frames), rows, width
    levels, kind = tables.exposure.shape[1], frames[0].pixels.dtype.type
    near, full = kind(near_clipping(levels, clip[1])), np.tile(tables.full, width).astype(kind)
    loops = _loops(frames, tables, want_variance)
    moved = any(frame.motion is not None for frame in frames)
    looked = moved or any(frame.valid is not None for frame in frames)

    def merge_bands(tops: Iterator[int]) -> NDArray[np.int64]:
        codes = np.empty((*shape, channels), frames[0].pixels.dtype)
        valid = np.empty(shape, np.bool_) if looked else None
        share = np.full(shape, 255, np.uint8) if moved or trust is not None else None
        used = np.zeros(len(frames), np.int64)
        for top in tops:
            band = slice(top, min(top + rows, height))
            here = slice(0, band.stop - top)
            partial = np.zeros((here.stop, width), np.bool_)
            for k, frame in enumerate(frames):
                place(frame, first + top, left, codes[k, here], None if valid is None else valid[k, here])
                _require_below(levels, codes[k, here], frame)
                if share is not None:
                    weight = None if trust is None else trust[k]
                    share[k, here] = 255 if weight is None else weight[first + top : first + band.stop, left:right]
                    if valid is not None:
                        partial |= guess_beyond(frame, first + top, left, codes[k, here], valid[k, here], share[k, here])
            loops.clip(codes, valid, share, near, full, kind(levels - 1), here.stop)
            merged = Merged(out[band], validity[band], variance[band], used)
            loops.merge(Band(codes, valid, share), rule, spread, bounds, merged)
            merged.validity[partial] |= PARTIAL
        return used

    tops = iter(range(0, height, rows))
    threads = os.cpu_count() or 1
    with ThreadPoolExecutor(threads) as pool:
        used = np.sum(list(pool.map(merge_bands, [tops] * threads)), axis=0)
    return Merged(out, validity, variance, used)


def _loops(frames: Sequence[Frame], tables: Tables, want_variance: bool) -> ModuleType:
    """The loops that take the least time; where both can do it, their results are the same, bit for bit."""
    if is_small(frames[0].pixels.shape) and not tables.logarithmic and not want_variance:
        from hdrkit.merging import plain

        return plain
    from hdrkit.merging import loops  # numba is loaded only if it is needed

    return loops


def _require_below(levels: int, codes: NDArray[Any], frame: Frame) -> None:
    """Raise InputError for codes beyond the end of the tables."""
    if levels <= np.iinfo(codes.dtype).max and (highest := codes.max()) >= levels:
        raise InputError(f"{frame.name}: holds code {highest}, but the first frame has {levels} levels only")
