"""Do the pixels agree with the stated exposures? Each step between neighbouring frames, as stated and as seen."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import combinations

import numpy as np
from numpy.typing import NDArray

from hdrkit.calibration.debevec import solve_times
from hdrkit.calibration.observations import Observations
from hdrkit.calibration.sampling import Samples
from hdrkit.errors import CalibrationError
from hdrkit.types import StepCheck

_TOLERANCE_EV = 0.12  # steps that real shutters miss by
_LN2 = float(np.log(2))


def check_steps(
    samples: Sequence[Samples], observations: Sequence[Observations], weights: NDArray[np.float64], knots: int, smoothness: float
) -> tuple[StepCheck, ...]:
    """Every step of every bracket. The curve and the times are solved together, so that a wrong time cannot hide in the curve.

    A bracket's times are only known up to a scale and a power; both are fixed by the straight line that most frames lie on
    (least absolute deviation). Brackets of two frames are taken at their word.
    Raises CalibrationError where pictures grow darker as the stated exposure grows.
    """
    ends = [np.isin(np.arange(one.ln_times.size), (0, one.ln_times.size - 1)) for one in samples]
    offsets = solve_times(observations, weights, knots, smoothness, held=np.concatenate(ends))
    checks: list[StepCheck] = []
    first = 0
    for one in samples:
        count = one.ln_times.size
        _require_brightening(one)
        per_channel = offsets[first : first + count]
        first += count
        free = _off_the_line(one.ln_times, per_channel.mean(axis=1))
        spread = per_channel - per_channel.mean(axis=1, keepdims=True)
        for k in range(count - 1):
            stated = float(one.ln_times[k + 1] - one.ln_times[k])
            estimated = stated + float(free[k + 1] - free[k])
            uncertainty = float(np.std(spread[k + 1] - spread[k])) / _LN2
            off = abs(estimated - stated) / _LN2
            checks.append(
                StepCheck(
                    bracket=one.bracket,
                    shorter=one.names[k],
                    longer=one.names[k + 1],
                    stated_ev=stated / _LN2,
                    estimated_ev=estimated / _LN2,
                    uncertainty_ev=uncertainty,
                    contradicts=off > _TOLERANCE_EV + 2 * uncertainty,
                )
            )
    return tuple(checks)


def _off_the_line(ln_times: NDArray[np.float64], offsets: NDArray[np.float64]) -> NDArray[np.float64]:
    """What to add to ln t so that the seen times keep the scale and power of the stated ones.

    Seen times are ln t + offset = a + p ln t for frames that are stated right. The line through two of the frames with
    the least absolute deviation of the others gives a and p; (offset - line) / p is left for those that are not on it.
    """
    seen = ln_times + offsets
    best, least = np.zeros_like(offsets), np.inf
    for i, j in combinations(range(len(offsets)), 2):
        if ln_times[i] == ln_times[j] or seen[i] == seen[j]:
            continue
        power = (seen[j] - seen[i]) / (ln_times[j] - ln_times[i])
        wrong = (seen - seen[i]) / power - (ln_times - ln_times[i])
        if np.abs(wrong).sum() < least - 1e-9:
            least, best = float(np.abs(wrong).sum()), wrong
    return best


def _require_brightening(one: Samples) -> None:
    """Raise CalibrationError where the longest exposure is darker than the shortest."""
    change = one.codes[:, -1].astype(float) - one.codes[:, 0]
    if np.count_nonzero(change < 0) > np.count_nonzero(change > 0):
        raise CalibrationError(
            f"{one.names[-1]}: darker than {one.names[0]} although its stated exposure is longer; "
            "the times are wrong or inverted (numbers in names count as times): give them with --exposures FILE.csv"
        )
