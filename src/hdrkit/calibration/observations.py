"""Samples as equations: which code was seen at which pixel under which exposure, one channel at a time."""

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

    `code` as a position among the knots of the curve (between them where there are fewer knots than levels), `pixel` numbers the
    unknown irradiances and rises, `frame` the frames of all brackets, `ln_time` is the exposure, all (M,); a pixel seen only once
    says nothing and is left out.
    """

    code: NDArray[np.float64]
    pixel: NDArray[np.int64]
    frame: NDArray[np.int64]
    ln_time: NDArray[np.float64]
    pixels: int
    frames: int


def knots_beside(code: NDArray[np.float64], knots: int) -> Iterator[tuple[NDArray[np.int64], NDArray[np.float64]]]:
    """The knot at or below each code, and the one above where codes lie between knots, with their shares in a value there."""
    below = code.astype(np.int64)
    share = code - below
    yield below, 1 - share
    if share.any():
        yield np.minimum(below + 1, knots - 1), share


def read_at(table: NDArray[np.float64], code: NDArray[np.float64]) -> NDArray[np.float64]:
    """Values of a table (knots,) at codes (M,), linear between knots."""
    return np.asarray(sum(table[at] * share for at, share in knots_beside(code, table.size)), np.float64)


def observe(samples: Sequence[Samples], channel: int, clip: tuple[int, int], knots: int) -> Observations:
    """Observations of one channel over all brackets, codes within the clip limits, pixels seen at least twice."""
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
