"""Samples as equations: the code of each pixel at each exposure, one channel at a time."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from hdrkit.calibration.sampling import Samples

MAX_KNOTS = 1024


@dataclass(frozen=True)
class Observations:
    """Trusted observations of one channel.

    `code` is a position among the knots of the curve; it lies between knots if there are fewer knots than levels. `pixel` numbers
    the unknown irradiances in rising order, `frame` numbers the frames of all brackets, and `ln_time` is ln exposure, all (M,). A
    pixel with a single observation gives no information and is left out.
    """

    code: NDArray[np.float64]
    pixel: NDArray[np.int64]
    frame: NDArray[np.int64]
    ln_time: NDArray[np.float64]
    pixels: int
    frames: int


def knots_beside(code: NDArray[np.float64], knots: int) -> Iterator[tuple[NDArray[np.int64], NDArray[np.float64]]]:
    """The knots below and above each code (the same one for a code on a knot), and their shares in a value at the code."""
    below = code.astype(np.int64)
    share = code - below
    yield below, 1 - share
    if share.any():
        yield np.minimum(below + 1, knots - 1), share


def read_at(table: NDArray[np.float64], code: NDArray[np.float64]) -> NDArray[np.float64]:
    """Values of a table (knots,) at codes (M,), linear between knots."""
    return np.asarray(sum(table[at] * share for at, share in knots_beside(code, table.size)), np.float64)


def observe(samples: Sequence[Samples], channel: int, clip: tuple[int, int], knots: int) -> Observations:
    """Observations of one channel over all brackets: codes within the clip limits, pixels with at least two observations."""
    codes, pixels, frames, times = [], [], [], []
    pixel_count = frame_count = 0
    for one in samples:
        z = one.codes[:, :, channel].astype(np.int64)
        trusted = (z >= clip[0]) & (one.codes <= clip[1]).all(axis=2)
        trusted &= trusted.sum(axis=1, keepdims=True) >= 2
        row, frame = np.nonzero(trusted)
        codes.append(z[row, frame] * ((knots - 1) / (one.levels - 1)))
        number = np.cumsum(trusted.any(axis=1))
        pixels.append(number[row] - 1 + pixel_count)
        frames.append(frame + frame_count)
        times.append(one.ln_times[frame])
        pixel_count += int(number[-1])
        frame_count += one.ln_times.size
    return Observations(
        np.concatenate(codes), np.concatenate(pixels), np.concatenate(frames), np.concatenate(times), pixel_count, frame_count
    )
