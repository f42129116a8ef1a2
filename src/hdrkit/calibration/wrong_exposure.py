"""The patches of a bracket in which one stated exposure may be wrong."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from hdrkit.calibration.debevec import solve_debevec
from hdrkit.calibration.observations import Observations
from hdrkit.calibration.patches import PatchSolution, solve_patches, usable_patches
from hdrkit.calibration.quality import residuals
from hdrkit.calibration.sampling import Samples

_UNLIKE = 1.2  # ratio to the residual of a free curve above which the family does not fit
_POOR = 0.2  # residual in ln exposure that noise and compression cannot explain
_MOST_DOUBTED = 12  # number of frames that are tested for a wrong stated exposure
_BETTER = 0.5  # share of the residual that may remain without the wrong exposure
_CLEARLY = 0.1  # ln exposure


def patches_without_doubt(
    samples: Sequence[Samples],
    observations: Sequence[Observations],
    weights: NDArray[np.float64],
    free: NDArray[np.float64],
    smoothness: float,
) -> tuple[PatchSolution | None, tuple[str, ...]]:
    """The patches at the stated exposures or, if these do not fit, without the one stated exposure that prevents the fit.

    An exposure that is far off bends the curve instead of standing out. Several exposures may explain the misfit: the one is left
    out without which the others need clearly the smallest correction. If there is no clear one, a note names them all.
    """
    knots, unknown = len(weights), np.concatenate([one.unknown for one in samples])
    usable = usable_patches(samples, knots)
    patches = solve_patches(samples, usable, free, unknown)
    rest = _rest(patches, observations, weights)
    fits = max(rest) < _POOR and _alike(rest, residuals(free, observations, weights)[0])
    if fits or unknown.size > _MOST_DOUBTED:
        return patches, ()
    found: list[tuple[float, str, PatchSolution]] = []
    for k, name in enumerate(name for one in samples for name in one.names):
        doubted = unknown | (np.arange(unknown.size) == k)
        trial = None if unknown[k] else solve_patches(samples, usable, free, doubted)
        without = _rest(trial, observations, weights)
        if trial is None or not trial.offsets.known[k] or max(without) > _BETTER * max(rest):
            continue
        corrected = _corrected(observations, trial)
        if _alike(without, residuals(solve_debevec(corrected, weights, knots, smoothness), corrected, weights)[0]):
            found.append((float(np.abs(trial.offsets.value[~doubted]).max(initial=0.0)), name, trial))
    found.sort(key=lambda one: one[0])
    if len(found) > 1 and found[1][0] - found[0][0] < _CLEARLY:
        names = ", ".join(Path(name).name for _, name, _ in found)
        return patches, (f"one stated exposure is wrong; by the pixels it may be any of these: {names}",)
    return found[0][2] if found else patches, ()


def _corrected(observations: Sequence[Observations], patches: PatchSolution) -> list[Observations]:
    """The samples of frames whose pixels show their exposure, at the exposures that the patches show."""
    known = (_of_frames(o, patches.offsets.known) for o in observations)
    return [replace(o, ln_time=o.ln_time + patches.offsets.value[o.frame]) for o in known]


def _rest(patches: PatchSolution | None, observations: Sequence[Observations], weights: NDArray[np.float64]) -> tuple[float, ...]:
    """The residual that the patches leave in each channel."""
    return (np.inf,) if patches is None else residuals(patches.g, _corrected(observations, patches), weights)[0]


def _alike(ours: Sequence[float], of_free: Sequence[float]) -> bool:
    """Whether the family explains the data about as well as a free curve does."""
    return all(our <= _UNLIKE * their for our, their in zip(ours, of_free, strict=False))


def _of_frames(o: Observations, kept: NDArray[np.bool_]) -> Observations:
    if kept.all():
        return o
    keep = kept[o.frame]
    return replace(o, code=o.code[keep], pixel=o.pixel[keep], frame=o.frame[keep], ln_time=o.ln_time[keep])
