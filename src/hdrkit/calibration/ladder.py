"""The ladder of methods: solutions of one calibration, from the most accurate to the safest, and the choice between them.

A method is accurate if its assumptions hold: an ordinary camera, true exposures, one curve for all frames. Each solution is
judged by how well it predicts the frames from each other. The first sound one is taken, unless a later one predicts clearly
better. More rungs are tried only if the first ones fail.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

from hdrkit.calibration.debevec import solve_debevec
from hdrkit.calibration.family import ordinary_curve
from hdrkit.calibration.observations import Observations, observe
from hdrkit.calibration.offsets import OffsetSolution
from hdrkit.calibration.options import CalibrationMethod
from hdrkit.calibration.patches import PatchSolution, solve_patches, usable_patches
from hdrkit.calibration.prediction import DOUBTFUL, LOST, MUCH_BETTER, Prediction, predict
from hdrkit.calibration.quality import filled_monotone
from hdrkit.calibration.sampling import Samples

_BETTER = 0.8  # share of the score of an earlier method below which a later one is taken
_SPAN = 1.2, 13.0  # g at code 240 minus g at code 20: a linear camera has 2.5, an ordinary one 3.4 to 4.7
_APART = 4.0  # largest difference between the spans of the channels
_CONTRASTS = np.linspace(0.0, 1.2, 13)

Array = NDArray[np.float64]


@dataclass(frozen=True)
class Solution:
    """Curves g (knots, C) that never fall, 0 at the middle knot, and what is known about them.

    `name` says how they were found, `method` by which equations, if by any. `samples` hold the exposures that belong to the
    curves. `measured` says that these are measured, not stated. `sigma` is the standard error of g, `orders` are those of
    polynomials, `repaired` counts the codes that changed to make the curves rise.
    """

    name: str
    method: CalibrationMethod | None
    g: Array
    samples: tuple[Samples, ...]
    prediction: Prediction
    repaired: tuple[int, ...]
    sigma: Array | None = None
    orders: tuple[int, ...] = ()
    offsets: OffsetSolution | None = None
    measured: bool = False

    @property
    def sound(self) -> bool:
        """Whether the solution can be trusted: it predicts the frames, and its curves are those of a camera."""
        knots = len(self.g)
        span = self.g[round(240 / 255 * (knots - 1))] - self.g[round(20 / 255 * (knots - 1))]
        return bool(
            self.prediction.error <= LOST and span.min() >= _SPAN[0] and span.max() <= _SPAN[1] and np.ptp(span) <= _APART
        )


def judged(
    name: str,
    method: CalibrationMethod | None,
    g: Array,
    samples: Sequence[Samples],
    observations: Sequence[Observations],
    sigma: Array | None = None,
    orders: tuple[int, ...] = (),
    offsets: OffsetSolution | None = None,
    measured: bool = False,
) -> Solution:
    """A solution from curves g, which may have gaps, with its prediction."""
    g, repaired = filled_monotone(g, observations)
    g = g - g[len(g) // 2]
    return Solution(name, method, g, tuple(samples), predict(samples, g), repaired, sigma, orders, offsets, measured)


@dataclass(frozen=True)
class Problem:
    """What every rung starts from: samples, their observations, and the options that all methods share.

    `weights` (knots, C) are the trust in each code. `free` is the curve by Debevec. `patches` is None if they cannot be solved.
    `measured` says that the exposures of the samples are measured already.
    """

    samples: Sequence[Samples]
    observations: Sequence[Observations]
    weights: Array
    clip: tuple[int, int]
    smoothness: float
    free: Array
    patches: PatchSolution | None
    measured: bool


def best_solution(problem: Problem) -> tuple[Solution, tuple[Solution, ...]]:
    """The solution to take, and all that were tried."""
    tried: list[Solution] = []
    for solution in _rungs(problem, tried):
        tried.append(solution)
    return _choice(tried), tuple(tried)


def _rungs(problem: Problem, tried: Sequence[Solution]) -> Iterator[Solution]:
    """The solutions in the order of the ladder. `tried` are those that the caller has taken so far."""
    samples, observations, patches = problem.samples, problem.observations, problem.patches
    if patches is not None:
        yield judged(
            "patches", CalibrationMethod.PATCHES, patches.g, samples, observations, patches.sigma, offsets=patches.offsets
        )
    yield judged("debevec", CalibrationMethod.DEBEVEC, problem.free, samples, observations)
    best = _choice(tried)
    if best.sound and best.prediction.error <= DOUBTFUL:
        return
    if patches is not None and not problem.measured:
        corrected = at_measured_exposures(samples, patches.offsets)
        name, method = "patches, exposures measured", CalibrationMethod.PATCHES
        yield judged(name, method, patches.g, corrected, observations, patches.sigma, offsets=patches.offsets, measured=True)
    if len(observations) > 1:
        yield from _shared(problem)
    if not _choice(tried).sound:
        yield _ordinary(problem)


def _choice(tried: Sequence[Solution]) -> Solution:
    """The first sound solution, or a later one that predicts clearly better. If none is sound, the one that predicts best."""
    sound = [one for one in tried if one.sound]
    if not sound:
        return min(tried, key=lambda one: one.prediction.score)
    chosen = sound[0]
    for one in sound[1:]:
        least = MUCH_BETTER if one.measured and not chosen.measured else _BETTER
        if one.prediction.score < least * chosen.prediction.score:
            chosen = one
    return chosen


def at_measured_exposures(samples: Sequence[Samples], offsets: OffsetSolution) -> list[Samples]:
    """The samples at the exposures that the pixels show; those that they do not show stay as stated."""
    correction = np.where(offsets.known, offsets.value, 0.0)
    return [replace(one, ln_times=one.ln_times + correction[part]) for one, part in zip(samples, offsets.parts, strict=True)]


def _shared(problem: Problem) -> Iterator[Solution]:
    """One curve for all channels: most cameras have one, and three times the data determine it."""
    knots, channels = problem.weights.shape
    gray = [_as_gray(one) for one in problem.samples]
    seen = [observe(gray, 0, problem.clip, knots)]
    free = solve_debevec(seen, problem.weights[:, :1], knots, problem.smoothness)
    solved = solve_patches(gray, usable_patches(gray, knots), free, np.concatenate([one.unknown for one in gray]))
    if solved is not None:
        g, sigma = (np.repeat(one, channels, axis=1) for one in (solved.g, solved.sigma))
        name, method = "patches, one curve for all channels", CalibrationMethod.PATCHES
        yield judged(name, method, g, problem.samples, problem.observations, sigma, offsets=solved.offsets)


def _as_gray(one: Samples) -> Samples:
    """The samples with each channel as a pixel of its own."""
    _, pixels, frames, _ = one.patches.shape
    codes = np.moveaxis(one.codes, 2, 1).reshape(-1, frames, 1)
    return replace(one, codes=codes, patches=np.moveaxis(one.patches, 3, 1).reshape(-1, pixels, frames, 1))


def _ordinary(problem: Problem) -> Solution:
    """The curve of an ordinary camera with the contrast that predicts best."""
    knots, channels = problem.weights.shape
    curves = (np.repeat(ordinary_curve(knots, contrast)[:, None], channels, axis=1) for contrast in _CONTRASTS)
    solutions = [judged("the curve of an ordinary camera", None, g, problem.samples, problem.observations) for g in curves]
    return min(solutions, key=lambda one: one.prediction.score)
