"""The fused merge: one read of every frame, one write of the result, no copy of the stack."""

from __future__ import annotations

import threading
from typing import Any

import numpy as np
from numba import njit, prange
from numpy.typing import NDArray

from hdrkit.merging.weights import Tables
from hdrkit.types import Frame, Validity

_SATURATED, _BLACK, _PARTIAL = int(Validity.SATURATED), int(Validity.BLACK), int(Validity.PARTIAL)
# numba's own thread pool must not be entered twice at a time.
_kernel = threading.Lock()


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
    with _kernel:
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


@njit(parallel=True, cache=True, nogil=True, error_model="numpy")  # type: ignore[untyped-decorator]
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
        a = np.empty(channels, np.float32)
        b = np.empty(channels, np.float32)
        v = np.empty(channels, np.float32)
        for column in range(width):
            a[:] = 0
            b[:] = 0
            v[:] = 0
            shortest = -1
            longest_unclipped = -1
            flags = 0
            for k in range(count):
                if masked[k] and not seen[k][row, column]:
                    flags |= _PARTIAL
                    continue
                if shortest < 0:
                    shortest = k
                brightest = 0
                for c in range(channels):
                    brightest = max(brightest, frames[k][row, column, c])
                if brightest > high:
                    continue
                longest_unclipped = k
                used[row, k] += 1
                for c in range(channels):
                    z = frames[k][row, column, c]
                    a[c] += numerator[k, c, z]
                    b[c] += denominator[k, c, z]
                    if want_variance:
                        v[c] += spread[k, c, z]
            for c in range(channels):
                if b[c] > 0:
                    value = a[c] / b[c]
                    out[row, column, c] = np.exp(value) if logarithmic else value
                    if want_variance:
                        variance[row, column, c] = v[c] / b[c] ** 2 * (out[row, column, c] ** 2 if logarithmic else 1)
                elif longest_unclipped >= 0:  # black wherever it is not clipped: the most that it can be
                    out[row, column, c] = exposure[c, low] * per_time[longest_unclipped]
                    flags |= _BLACK
                    if want_variance:
                        variance[row, column, c] = out[row, column, c] ** 2
                else:  # clipped in every frame: the least that it can be
                    out[row, column, c] = exposure[c, frames[shortest][row, column, c]] * per_time[shortest]
                    flags |= _SATURATED
                    if want_variance:
                        variance[row, column, c] = out[row, column, c] ** 2
            validity[row, column] = flags
