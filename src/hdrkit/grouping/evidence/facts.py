"""What metadata say about two photographs: the same camera, the same set-up, the gap in time, the step of exposure.

Names, folders and the order of files do not count. A fact that one of the two does not state is unknown; it is evidence neither
for nor against one view.
"""

from __future__ import annotations

import math
from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC

import numpy as np
from numpy.typing import NDArray

from hdrkit.types import Photo

SAME_EV = 0.15  # exposures this close are one setting
_SAME_FOCAL, _SAME_SHAPE = 0.02, 0.02  # relative differences of one setting
# Logistic regression of "one view" on ln(1 + gap) less that of the camera's dividing gap, over 32 sources of photographs of equal
# weight; each left out in turn: height 1.0..2.2, slope -2.2..-1.5, log loss 0.24 (0.33 without dividing gaps).
_HEIGHT, _SLOPE = 1.2, -1.5
_LONGEST_DIVIDE_S = 300.0  # and what divides where nothing can be learned
_FEWEST_GAPS, _MANY_GAPS = 4, 12  # of a camera, to learn from: one kind from another, and kinds among the short ones
_CLEAR, _CLEARER = 2.0, 2.7  # distance of two means in ln(1 + gap): of two kinds of gaps, of two kinds among the short ones
_MOST, _LEAST, _LEAST_SOON = 0.75, -4.0, -1.0  # log-odds that times can bring; the last within `_LONGEST_DIVIDE_S`
_OTHER_SETUP, _OTHER_CAMERA = -8.0, -20.0  # log-odds that no picture outweighs


@dataclass(frozen=True)
class PairFacts:
    """Two photographs side by side; None is unknown.

    `camera`: whether one body took both. `setup`: whether lens, focal length and the picture's shape are the same.
    `gap_s`: seconds from the end of the earlier exposure to the start of the later, at least 0. `step_ev`: how much more
    light the second got.
    """

    camera: bool | None
    setup: bool | None
    gap_s: float | None
    step_ev: float | None


def pair_facts(a: Photo, b: Photo) -> PairFacts:
    """What is known of two photographs."""
    first, second = stated_ev(a), stated_ev(b)
    return PairFacts(
        camera=_same(_agree(a.camera, b.camera), _agree(a.serial, b.serial)),
        setup=_same(
            _agree(a.lens, b.lens),
            _close(a.focal_length_mm, b.focal_length_mm, _SAME_FOCAL),
            _close(a.width / a.height, b.width / b.height, _SAME_SHAPE),
        ),
        gap_s=gap_s(a, b),
        step_ev=None if first is None or second is None else second - first,
    )


def metadata_log_odds(a: Photo, b: Photo, dividing_gaps: Mapping[str, float]) -> float:
    """Log-odds of one view that metadata add to the evidence of the pixels; 0 if they say nothing.

    Times are evidence for one view only if the exposure changes, as within brackets. This evidence is weak: quick shots of
    several views have the same times. `dividing_gaps` are the result of the function of that name.
    """
    facts = pair_facts(a, b)
    if facts.camera is False:
        return _OTHER_CAMERA
    if facts.setup is False:
        return _OTHER_SETUP
    if facts.camera is None or facts.gap_s is None:
        return 0.0
    divide = dividing_gaps.get(body(a), _LONGEST_DIVIDE_S)
    odds = _HEIGHT + _SLOPE * (math.log1p(facts.gap_s) - math.log1p(divide))
    changes = facts.step_ev is not None and abs(facts.step_ev) > SAME_EV
    least = _LEAST_SOON if facts.gap_s <= _LONGEST_DIVIDE_S else _LEAST
    return min(max(odds, least), _MOST if changes else 0.0)


def dividing_gaps(photos: Sequence[Photo]) -> dict[str, float]:
    """For each camera the gap in seconds that divides its gaps within brackets from those between brackets.

    ln(1 + gap) of photographs that follow each other is divided into two groups. The shorter gaps are divided again, since after
    days of shooting one group holds both kinds. Cameras with few gaps, or with one kind of them, are left out.
    """
    cameras: dict[str, list[Photo]] = defaultdict(list)
    for photo in photos:
        if photo.camera and photo.taken_at is not None:
            cameras[body(photo)].append(photo)
    found = {}
    for name, group in cameras.items():
        in_time = in_order_of_time(group)
        gaps = [gap for a, b in zip(in_time, in_time[1:], strict=False) if (gap := gap_s(a, b)) is not None]
        if (divide := _divide(np.sort(np.log1p(gaps)), _CLEAR)) is not None:
            found[name] = min(math.expm1(divide), _LONGEST_DIVIDE_S)
    return found


def _divide(values: NDArray[np.float64], distance: float) -> float | None:
    """The lowest value that divides sorted values into two groups with means at least `distance` apart; None if no value does."""
    if len(values) < _FEWEST_GAPS:
        return None
    count = np.arange(1, len(values))
    low = np.cumsum(values)[:-1]
    means = np.stack([low / count, (values.sum() - low) / (len(values) - count)])
    k = int(np.argmax((means**2 * np.stack([count, len(values) - count])).sum(axis=0)))  # least scatter within the groups
    if means[1, k] - means[0, k] < distance:
        return None
    lower = _divide(values[: k + 1], _CLEARER) if k + 1 >= _MANY_GAPS else None
    return float(values[k] + values[k + 1]) / 2 if lower is None else lower


def body(photo: Photo) -> str:
    """The name and serial number of the camera that took a photograph; empty if unknown."""
    return f"{photo.camera} {photo.serial}".strip()


def in_order_of_time(photos: Sequence[Photo]) -> list[Photo]:
    """Photographs in order of time, those without a time last. Equal times are in order of shot counts, then of exposure."""
    return sorted(photos, key=time_key)


def time_key(photo: Photo) -> tuple[float, int, int, float]:
    """The sort key for the order of time. Times without a zone count as times of one zone."""
    taken = math.inf if photo.taken_at is None else photo.taken_at.replace(tzinfo=photo.taken_at.tzinfo or UTC).timestamp()
    ev = stated_ev(photo)
    return taken, photo.shutter_count or 0, photo.shot or 0, math.inf if ev is None else ev


def gap_s(a: Photo, b: Photo) -> float | None:
    """Seconds from the end of the earlier exposure to the start of the later, at least 0.

    None if a time is unknown, or if only one of the two has a zone.
    """
    if a.taken_at is None or b.taken_at is None or (a.taken_at.tzinfo is None) != (b.taken_at.tzinfo is None):
        return None
    apart, earlier = (b.taken_at - a.taken_at).total_seconds(), a
    if apart < 0:
        apart, earlier = -apart, b
    return max(apart - (earlier.exposure.time_s if earlier.exposure and earlier.exposure.in_seconds else 0.0), 0.0)


def stated_ev(photo: Photo) -> float | None:
    """The exposure in EV up to a constant of the camera. None if metadata do not state it; numbers in names do not count."""
    return math.log2(photo.exposure.relative) if photo.exposure and photo.exposure.in_seconds else None


def _agree(a: str, b: str) -> bool | None:
    return a == b if a and b else None


def _close(a: float | None, b: float | None, tolerance: float) -> bool | None:
    return abs(a / b - 1) <= tolerance if a and b else None


def _same(*answers: bool | None) -> bool | None:
    """False if one answer is False, None if all are None, else True."""
    known = [answer for answer in answers if answer is not None]
    return all(known) if known else None
