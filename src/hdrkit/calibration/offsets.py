"""The errors of stated exposures: unknowns that are solved together with the response curve.

The pixels leave two things open: a factor for the exposures of each bracket, and one power of all exposures, which another curve
could compensate. The stated exposures fix both, along the straight line (against ln t) on which most frames lie. Radiance thus
keeps its scale, and one wrong frame changes neither the factor nor the power.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import pairwise

import numpy as np
from numpy.typing import NDArray

from hdrkit.calibration.sampling import Samples

_SPREAD = 0.001  # smallest spread of ln t: the accuracy of shutters
_SCALE = 1.48  # ratio of standard deviation to median distance
_FIRST = 0.3
_UNKNOWN = 1e3  # spread of an exposure that is not stated
_HEAVINESS = 4.0  # degrees of freedom of Student's t: frames far from the line do not move it
_LEAST_STEP = 1e-3  # smallest difference of ln t at which two frames fix a power
_MOST_LINES = 400
_PRECISION = 1e-12

Array = NDArray[np.float64]


@dataclass(frozen=True)
class Frames:
    """The frames of all brackets in one row: stated ln exposure, and number of the bracket.

    `unknown` frames have no influence on factors and power: their exposure is a guess, or their pixels do not show it.
    """

    ln_times: Array
    bracket: NDArray[np.int64]
    unknown: NDArray[np.bool_]
    parts: tuple[slice, ...]

    @staticmethod
    def of(samples: Sequence[Samples], unknown: NDArray[np.bool_]) -> Frames:
        """The frames of these samples, bracket after bracket."""
        sizes = [one.ln_times.size for one in samples]
        ends = np.cumsum([0, *sizes])
        return Frames(
            np.concatenate([one.ln_times for one in samples]),
            np.repeat(np.arange(len(sizes)), sizes),
            unknown,
            tuple(slice(int(start), int(end)) for start, end in pairwise(ends)),
        )

    @property
    def count(self) -> int:
        """Number of frames."""
        return int(self.ln_times.size)

    def first_spread(self) -> Array:
        """The possible error of the exposure of each frame before anything is measured."""
        return np.where(self.unknown, _UNKNOWN, _FIRST)


@dataclass(frozen=True)
class OffsetSolution:
    """The corrections of ln t of every frame (F,), with covariance (F, F), and which frames have pixels that determine them.

    `power_error` is the standard error of the power of all exposures; it is 0 if the response curve was known.
    """

    value: Array
    covariance: Array
    known: NDArray[np.bool_]
    power_error: float
    parts: tuple[slice, ...]


def free_directions(frames: Frames, spread: Array) -> Array:
    """Orthonormal directions (F, n) of the offsets that keep each bracket's factor and the power, under these spreads."""
    held = _lines(frames, spread) / spread[:, None] ** 2
    q, _ = np.linalg.qr(held / np.linalg.norm(held, axis=0), mode="complete")
    return np.asarray(q[:, held.shape[1] :], np.float64)


def about_the_line(offsets: Array, frames: Frames, spread: Array) -> Array:
    """The offsets minus the line that fits them best under these spreads."""
    lines = _lines(frames, spread)
    weighted = lines / spread[:, None] ** 2
    return np.asarray(offsets - lines @ np.linalg.solve(weighted.T @ lines, weighted.T @ offsets))


def _lines(frames: Frames, spread: Array) -> Array:
    """The directions that pixels leave open (F, brackets + 1): a factor per bracket, and the power about their weighted means."""
    lines = np.zeros((frames.count, len(frames.parts) + 1))
    lines[np.arange(frames.count), frames.bracket] = 1.0
    lines[:, -1] = _about_mean(frames, 1 / spread**2)
    return lines


def _about_mean(frames: Frames, weight: Array) -> Array:
    mean = np.bincount(frames.bracket, weight * frames.ln_times) / np.bincount(frames.bracket, weight)
    return np.asarray(frames.ln_times - mean[frames.bracket])


def spread_of(offsets: Array, frames: Frames) -> Array:
    """The possible error of each exposure, from the distances of the offsets to the line on which most of them lie."""
    known = ~frames.unknown
    if not known.any():
        return np.full(frames.count, _UNKNOWN)
    off = np.abs(_off_the_line(offsets, frames))
    freedom = max(1, int(known.sum()) - len(frames.parts) - 1)  # the line runs through all the others
    scale = max(_SPREAD, _SCALE * float(np.median(np.sort(off[known])[-freedom:])))
    return np.where(frames.unknown, _UNKNOWN, scale * np.sqrt(1 + off**2 / (_HEAVINESS * scale**2)))


def _off_the_line(offsets: Array, frames: Frames) -> Array:
    """Distances to the lines of one common slope and one height per bracket that have the least sum of absolute distances."""
    pairs = [
        (i, j)
        for part in frames.parts
        for i in range(part.start, part.stop)
        for j in range(i + 1, part.stop)
        if not frames.unknown[[i, j]].any() and frames.ln_times[j] - frames.ln_times[i] > _LEAST_STEP
    ]
    slopes = [
        (offsets[j] - offsets[i]) / (frames.ln_times[j] - frames.ln_times[i])
        for i, j in pairs[:: max(1, len(pairs) // _MOST_LINES)]
    ]
    lines = offsets - np.array(slopes or [0.0])[:, None] * frames.ln_times
    for part in frames.parts:
        known = lines[:, part][:, ~frames.unknown[part]]
        if known.size:
            lines[:, part] -= np.median(known, axis=1, keepdims=True)
    return np.asarray(lines[np.argmin(np.abs(lines[:, ~frames.unknown]).sum(axis=1))])


def solution_of(offsets: Array, covariance: Array, known: NDArray[np.bool_], frames: Frames, spread: Array) -> OffsetSolution:
    """The solution, with the error of the power that the stated exposures leave."""
    weight = 1 / spread**2
    about = _about_mean(frames, weight)
    power_variance = 1 / max(float((weight * about**2).sum()), _PRECISION)
    return OffsetSolution(
        offsets, covariance + power_variance * np.outer(about, about), known, float(np.sqrt(power_variance)), frames.parts
    )


def nothing_known(samples: Sequence[Samples]) -> OffsetSolution:
    """The solution if the pixels do not determine any correction."""
    frames = Frames.of(samples, np.concatenate([one.unknown for one in samples]))
    return OffsetSolution(
        np.zeros(frames.count), np.zeros((frames.count, frames.count)), np.zeros(frames.count, np.bool_), 0.0, frames.parts
    )
