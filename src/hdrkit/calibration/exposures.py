"""Do the pixels agree with the stated exposures? Each step between neighbouring frames, as stated and as seen."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import combinations, pairwise

import numpy as np
from numpy.typing import NDArray

from hdrkit.calibration.debevec import solve_times
from hdrkit.calibration.observations import Observations
from hdrkit.calibration.sampling import Samples
from hdrkit.types import StepCheck
from hdrkit.weighting import scale_clip

_TOLERANCE_EV = 0.2  # what shutters, flare and a picture style may do to a step
_OBJECTION_EV = 0.07  # what a wrong step leaves after the curve has bent to it
_WELL_EXPOSED = (32.0, 230.0)  # 8-bit codes
_FEWEST, _LEAST_SHARE = 100, 0.05  # observations a frame needs, and what share of the best frame's
_LN2 = float(np.log(2))


def check_steps(
    samples: Sequence[Samples],
    observations: Sequence[Observations],
    g: NDArray[np.float64],
    weights: NDArray[np.float64],
    smoothness: float,
) -> tuple[StepCheck, ...]:
    """Every step of every bracket, given the solved curves g (knots, C).

    For the estimate, curve and times are solved together, so that a wrong time cannot hide in the curve. A bracket's
    times are only known up to a scale and a power; both are fixed by the straight line that most frames lie on (least
    absolute deviation). Brackets of two frames are taken at their word: no estimate. A step counts as contradicted
    only where the well exposed pixels under the solved curve object as well.
    """
    telling = _telling_frames(observations)
    starts = np.cumsum([0, *(one.ln_times.size for one in samples)])
    held = np.zeros(starts[-1], bool)
    for start, end in pairwise(starts):
        inside = start + np.flatnonzero(telling[start:end])
        held[inside[[0, -1]] if inside.size else []] = True
    offsets = solve_times(observations, weights, len(g), smoothness, held)
    offsets[~telling] = np.nan
    return tuple(
        step
        for one, (start, end) in zip(samples, pairwise(starts), strict=True)
        for step in _steps(one, offsets[start:end], _plain_errors(one, g))
    )


def _telling_frames(observations: Sequence[Observations]) -> NDArray[np.bool_]:
    """Frames with enough observations in every channel to say anything about their time."""
    counts = np.stack([np.bincount(o.frame, minlength=o.frames) for o in observations])
    return np.asarray((counts >= np.maximum(_FEWEST, _LEAST_SHARE * counts.max(axis=1, keepdims=True))).all(axis=0))


def _plain_errors(one: Samples, g: NDArray[np.float64]) -> NDArray[np.float64]:
    """Median of g(longer) - g(shorter) less the stated step (K - 1,), over pixels well exposed in both; NaN where too few are."""
    low, high = scale_clip(_WELL_EXPOSED, one.levels)
    knots = np.arange(len(g))
    errors = np.full(one.ln_times.size - 1, np.nan)
    for k in range(errors.size):
        differences = []
        for c in range(g.shape[1]):
            pair = one.codes[:, k : k + 2, c].astype(float)
            pair = pair[((pair >= low) & (pair <= high)).all(axis=1)]
            at = np.interp(pair * ((len(g) - 1) / (one.levels - 1)), knots, g[:, c])
            differences.append(at[:, 1] - at[:, 0])
        seen = np.concatenate(differences)
        if seen.size >= _FEWEST:
            errors[k] = np.median(seen) - (one.ln_times[k + 1] - one.ln_times[k])
    return errors


def _steps(one: Samples, offsets: NDArray[np.float64], plain_errors: NDArray[np.float64]) -> list[StepCheck]:
    """The steps of one bracket; `offsets` (frames, C) are what the pixels would add to ln t, NaN where they do not tell."""
    wrong = _off_the_line(one.ln_times, offsets.mean(axis=1))
    spread = offsets - offsets.mean(axis=1, keepdims=True)
    checks = []
    for k, plain in enumerate(plain_errors):
        stated = float(one.ln_times[k + 1] - one.ln_times[k]) / _LN2
        off = float(wrong[k + 1] - wrong[k]) / _LN2
        uncertainty = float(np.std(spread[k + 1] - spread[k])) / _LN2
        told = bool(len(offsets) > 2 and np.isfinite(off) and np.isfinite(plain))
        objects = told and off * plain > 0 and abs(plain) / _LN2 > _OBJECTION_EV
        checks.append(
            StepCheck(
                bracket=one.bracket,
                shorter=one.names[k],
                longer=one.names[k + 1],
                stated_ev=stated,
                estimated_ev=stated + off if told else None,
                uncertainty_ev=uncertainty if told else None,
                contradicts=bool(objects and abs(off) > _TOLERANCE_EV + 2 * uncertainty),
            )
        )
    return checks


def _off_the_line(ln_times: NDArray[np.float64], offsets: NDArray[np.float64]) -> NDArray[np.float64]:
    """What to add to ln t so that the seen times keep the scale and power of the stated ones.

    Seen times are ln t + offset = a + p ln t for frames that are stated right. The line through two of the frames with
    the least absolute deviation of the others gives a and p; (offset - line) / p is left for those that are not on it.
    """
    seen = ln_times + offsets
    known = np.flatnonzero(np.isfinite(offsets))
    best, least = np.where(np.isfinite(offsets), 0.0, np.nan), np.inf
    for i, j in combinations(known, 2):
        if ln_times[i] == ln_times[j] or seen[i] == seen[j]:
            continue
        power = (seen[j] - seen[i]) / (ln_times[j] - ln_times[i])
        wrong = (seen - seen[i]) / power - (ln_times - ln_times[i])
        if np.nansum(np.abs(wrong)) < least - 1e-9:
            least, best = float(np.nansum(np.abs(wrong))), wrong
    return best
