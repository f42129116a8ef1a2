"""The compiled loops of the merge. They depend neither on the number of frames nor on the size of the pictures."""

from __future__ import annotations

from typing import Any

import numpy as np

from hdrkit.imaging.compiled import compiled
from hdrkit.merging.bands import BLACK, CLIPPED, NOTHING, NOWHERE, PARTIAL, SATURATED, SHARE, Band, Bounds, Merged, Rule


@compiled
def clip(codes: Any, valid: Any, share: Any, near: Any, full: Any, last: Any, rows: int) -> None:
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
def merge(band: Band, rule: Rule, spread: Any, bounds: Bounds, merged: Merged) -> None:
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
    return share[k, y, x] * SHARE


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
        whole_by, partly_by, flags = NOWHERE, NOWHERE, NOTHING
        for k in range(codes.shape[0]):
            if not _looks(band.valid, k, y, x):
                flags = PARTIAL
                continue
            if _trust(band.share, k, y, x) == 0:
                continue
            z0, z1, z2 = codes[k, y, x, 0], codes[k, y, x, green], codes[k, y, x, blue]
            fade = rule.fade[max(z0, max(z1, z2))]
            if max(z0, max(z1, z2)) <= high:
                used[k] += 1
                whole_by = k
            else:
                if whole_by == NOWHERE:
                    whole_by = CLIPPED - k
                if min(z0, min(z1, z2)) > high:
                    continue
                partly_by = k
            for kind in range(2):
                share = fade if kind == 0 else np.float32(1) - fade
                if share == 0:
                    continue
                weight = _weight(band.share, k, y, x) * share
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
                validity[x] |= BLACK
        elif whole_by >= 0:  # black in every frame that is not clipped: an upper bound
            out[x, c] = darkest[whole_by, c]
            validity[x] |= BLACK
        else:  # clipped in every frame: a lower bound, which is 0 if no frame has data
            first = CLIPPED - whole_by
            out[x, c] = 0 if whole_by == NOWHERE else bounds.exposure[c, codes[first, c]] / bounds.times[first]
            validity[x] |= SATURATED


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
                fade = np.float64(rule.fade[max(z0, max(z1, z2))])
                weight = _trust(band.share, k, y, x) / 255.0
                for c in range(channels):
                    plain, beside = spread[0, k, c, codes[k, y, x, c]], spread[1, k, c, codes[k, y, x, c]]
                    v[c] += (weight * (fade * np.sqrt(plain) + (1 - fade) * np.sqrt(beside))) ** 2
        for c in range(channels):
            square = np.float64(out[x, c]) ** 2
            if weights[x, c] > 0:
                square = v[c] / np.float64(weights[x, c]) ** 2 * (square if rule.logarithmic else 1.0)
            variance[x, c] = square
