"""The loops of the merge by NumPy, for small pictures: the same result as that of the compiled loops, bit for bit.

Most pixels are measured in all channels. They are summed all together; the others are looked at one group after the other.
"""

from __future__ import annotations

from typing import Any

import cv2
import numpy as np
from numpy.typing import NDArray

from hdrkit.merging.bands import BLACK, CLIPPED, NOTHING, NOWHERE, PARTIAL, SATURATED, SHARE, Band, Bounds, Merged, Rule

Codes = NDArray[Any]
Mask = NDArray[np.bool_]


def clip(codes: Codes, valid: Mask | None, share: NDArray[np.uint8] | None, near: Any, full: Codes, last: Any, rows: int) -> None:
    """Set codes above `near` to `last` where the code of a shorter frame is above its `full` (K, W C).

    Pixels that do not count become black, which implies nothing about longer frames.
    """
    count, _, width, channels = codes.shape
    must = np.zeros((rows, width * channels), codes.dtype)
    for k in range(count):
        pixels = codes[k, :rows].reshape(-1, channels)
        if valid is not None:
            pixels[np.flatnonzero(~valid[k, :rows])] = 0  # numbers of pixels are faster than a mask
        if share is not None:
            pixels[np.flatnonzero(share[k, :rows] == 0)] = 0
        row = pixels.reshape(must.shape)
        np.maximum(row, must * (row > near), out=row)
        np.maximum(must, last * (row > full[k]), out=must)


def merge(band: Band, rule: Rule, spread: None, bounds: Bounds, merged: Merged) -> None:  # noqa: ARG001
    """Merge a band, as many rows as `merged` has, and count the pixels that each frame measured in all channels."""
    height, width, channels = merged.radiance.shape
    above, below = (np.zeros((height * width, channels), np.float32) for _ in range(2))
    whole_by, partly_by = (np.full(height * width, NOWHERE) for _ in range(2))
    flags = np.full(height * width, NOTHING)
    unfaded = np.count_nonzero(rule.fade == 1) - 1
    for k in range(len(band.codes)):
        codes = band.codes[k, :height].reshape(-1, channels)
        top = _highest(codes)
        numerator, denominator = (_looked_up(codes, rule.pairs[0, k, ..., part]) for part in range(2))
        counts, weight = np.ones(len(codes), np.bool_), None
        if band.valid is not None:
            counts = band.valid[k, :height].reshape(-1)
            flags[~counts] = PARTIAL
        if band.share is not None:
            share = band.share[k, :height].reshape(-1)
            counts = counts & (share > 0)
            less = np.flatnonzero(share != 255)
            weight = share * SHARE
            numerator[less] *= weight[less][:, None]
            denominator[less] *= weight[less][:, None]
        lost = np.flatnonzero(~counts)
        numerator[lost] = denominator[lost] = 0
        bright = np.flatnonzero(counts & (top > unfaded))
        clipped = top[bright] > rule.high
        clips = bright[clipped]
        partly = clips[(codes[clips] <= rule.high).any(axis=1)]
        fading = np.concatenate([bright[~clipped], partly])  # codes above the limit have no weight
        fade = rule.fade.take(top[fading])
        weights = fade, np.float32(1) - fade
        if weight is not None:
            weights = weight[fading] * weights[0], weight[fading] * weights[1]
        beside = codes[fading].astype(np.int64)
        for part, (terms, sums) in enumerate(((numerator, above), (denominator, below))):
            first, second = (
                np.stack([rule.pairs[kind, k, c, beside[:, c], part] for c in range(channels)], axis=1) * weights[kind][:, None]
                for kind in range(2)
            )
            terms[fading] = first
            sums += terms
            sums[fading] += second
        plain = counts & (top <= rule.high)
        whole_by[clips[whole_by[clips] == NOWHERE]] = CLIPPED - k
        np.copyto(whole_by, k, where=plain)
        partly_by[partly] = k
        merged.used[k] += np.count_nonzero(plain)
    with np.errstate(divide="ignore", invalid="ignore"):
        above /= below
    least = np.tile(bounds.darkest[0], width)
    doubtful = _any(~(above.reshape(height, -1) >= least).reshape(-1, channels))
    at = np.flatnonzero(doubtful)
    if at.size:
        codes = band.codes[:, :height].reshape(len(band.codes), -1, channels)[:, at]
        above[at], flags[at] = _bounded(above[at], below[at] > 0, whole_by[at], partly_by[at], codes, bounds, flags[at])
    merged.radiance[:], merged.validity[:] = above.reshape(merged.radiance.shape), flags.reshape(height, width)


def _highest(codes: Codes) -> Codes:
    """The highest code of each pixel (N, C); `max` along a short axis is slow."""
    found = codes[:, 0]
    for c in range(1, codes.shape[1]):
        found = np.maximum(found, codes[:, c])
    return found


def _any(marked: Mask) -> Mask:
    """Whether any channel (N, C) is marked; `any` along a short axis is slow."""
    found = marked[:, 0]
    for c in range(1, marked.shape[1]):
        found = found | marked[:, c]
    return found


def _looked_up(codes: Codes, table: NDArray[np.float32]) -> NDArray[np.float32]:
    """The values of a table (C, levels) at codes (N, C)."""
    channels, levels = table.shape
    if codes.dtype == np.uint8 and levels == 256:
        return np.asarray(cv2.LUT(codes[None], np.ascontiguousarray(table.T)[None]), np.float32).reshape(codes.shape)
    return np.stack([table[c].take(codes[:, c]) for c in range(channels)], axis=1)


def _bounded(
    value: NDArray[np.float32],
    measured: Mask,
    whole_by: NDArray[np.int64],
    partly_by: NDArray[np.int64],
    codes: Codes,
    bounds: Bounds,
    flags: NDArray[np.uint8],
) -> tuple[NDArray[np.float32], NDArray[np.uint8]]:
    """Values (N, C) and flags, with bounds in the channels that no frame measured, or that no frame can tell from black."""
    everywhere, longest = np.arange(len(value)), np.maximum(whole_by, 0)
    for c in range(value.shape[1]):
        known, out = measured[:, c], value[:, c].copy()
        floor = bounds.darkest[np.maximum(longest, partly_by), c]
        black = np.where(known, out < floor, whole_by >= 0)
        saturated = ~known & (whole_by < 0)
        first = np.where(saturated & (whole_by != NOWHERE), CLIPPED - whole_by, 0)
        most = bounds.exposure[c, codes[first, everywhere, c]] / bounds.times[first]
        out = np.where(known, np.where(black, floor, out), bounds.darkest[longest, c])
        value[:, c] = np.where(saturated, np.where(whole_by == NOWHERE, 0, most), out)
        flags = flags | np.where(black, BLACK, NOTHING) | np.where(saturated, SATURATED, NOTHING)
    return value, flags
