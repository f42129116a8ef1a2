"""Almost black and white frames -> the views that they belong to, by metadata alone.

Such a frame shows nothing to compare. It joins a view if the same camera took it next to the frames of the view in time, its
exposure continues theirs, and its exposure explains how dark or bright it is. If two views fit, or none fits, it gets no view:
a frame in the wrong view does more harm than one that a person must place.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import islice

import numpy as np
from numpy.typing import NDArray

from hdrkit.grouping.evidence.facts import SAME_EV, body, gap_s, pair_facts, stated_ev, time_key
from hdrkit.grouping.sequences.find import RAPID_S
from hdrkit.grouping.sequences.order import Codes, codes_of, ordinary_curve
from hdrkit.types import Drive, Photo

_USUAL_S = 60.0  # the longest pause within a view, of cameras whose gaps show no other limit
_NEARER = 3.0  # how many times nearer in time than another view that fits
_SAME_CODES = 2.0  # difference of mean codes that separates no exposures
_MIDDLE = 128  # mean code that divides dark frames from bright ones
_MISJUDGED_EV, _MISJUDGED_CODES = 2.0, 12.0  # error of the curve of an ordinary camera near black and white


@dataclass(frozen=True)
class Placement:
    """Where a frame without visible content belongs: the index of its view, None if it has none, and the reason in words."""

    photo: int
    view: int | None
    reason: str


def place_by_metadata(
    photos: Sequence[Photo],
    views: Sequence[Sequence[int]],
    loose: Sequence[int],
    luminance: NDArray[np.uint16],
    dividing_gaps: Mapping[str, float],
) -> list[Placement]:
    """A placement for each of the `loose` photographs. `views` hold indices; `luminance` is that of the descriptors of all."""
    view_of = {k: v for v, members in enumerate(views) for k in members}
    found = {k: Placement(k, None, "it shows no content, and its metadata do not state camera, time and exposure") for k in loose}
    cameras: dict[str, list[int]] = defaultdict(list)
    for k in (*view_of, *loose):
        if photos[k].camera and photos[k].taken_at is not None and stated_ev(photos[k]) is not None:
            cameras[body(photos[k])].append(k)
    for name, frames in cameras.items():
        line = sorted(frames, key=lambda k: time_key(photos[k]))
        limit_s = dividing_gaps.get(name, _USUAL_S)
        changed = True
        while changed:  # a placed frame may be the neighbour that another one lacked
            changed = False
            for at, k in enumerate(line):
                if k not in view_of:
                    found[k] = _placement(k, list(_neighbours(line, at, view_of)), photos, views, view_of, luminance, limit_s)
                    if (view := found[k].view) is not None:
                        view_of[k], changed = view, True
    return [found[k] for k in loose]


def _neighbours(line: Sequence[int], at: int, view_of: Mapping[int, int]) -> Iterator[int]:
    """The nearest frames before and after that have a view."""
    for direction in (range(at - 1, -1, -1), range(at + 1, len(line))):
        yield from islice((line[i] for i in direction if line[i] in view_of), 1)


def _placement(
    k: int,
    neighbours: Sequence[int],
    photos: Sequence[Photo],
    views: Sequence[Sequence[int]],
    view_of: Mapping[int, int],
    luminance: NDArray[np.uint16],
    limit_s: float,
) -> Placement:
    objections = {n: _objection(k, n, photos, views[view_of[n]], luminance, limit_s) for n in neighbours}
    pauses = {n: gap_s(photos[n], photos[k]) or 0.0 for n in neighbours}
    fitting = sorted((n for n in neighbours if not objections[n]), key=lambda n: pauses[n])
    if not fitting:
        nearest = min(neighbours, key=lambda n: pauses[n], default=None)
        why = "no other frame of its camera has a view" if nearest is None else objections[nearest]
        return Placement(k, None, f"it shows no content, and {why}")
    rivals = [n for n in fitting[1:] if view_of[n] != view_of[fitting[0]]]
    if any(pauses[n] < _NEARER * max(pauses[fitting[0]], 1.0) for n in rivals):
        return Placement(k, None, "it shows no content, and its metadata fit two views")
    exposure = "shorter" if codes_of(luminance[k]).mean() < _MIDDLE else "longer"
    pause = f"{pauses[fitting[0]]:.0f} s"
    reason = f"it shows no content; the same camera took it {pause} from a frame of the view, with a {exposure} exposure"
    return Placement(k, view_of[fitting[0]], reason)


def _objection(
    k: int, neighbour: int, photos: Sequence[Photo], view: Sequence[int], luminance: NDArray[np.uint16], limit_s: float
) -> str:
    """Why frame `k` cannot belong to the view of its neighbour in time; empty if it can."""
    facts = pair_facts(photos[neighbour], photos[k])
    if facts.gap_s is None or facts.gap_s > limit_s:
        return f"its camera took the nearest frame more than {limit_s:.0f} s before or after it"
    if facts.setup is False:
        return "its lens, focal length or shape differs from that of the frame beside it"
    if facts.gap_s <= RAPID_S and _consecutive(photos[neighbour], photos[k]):
        return ""
    own, known = stated_ev(photos[k]), {j: ev for j in view if (ev := stated_ev(photos[j])) is not None}
    if own is None or not known:
        return "the exposures of the frames beside it are unknown"
    brightness = float(codes_of(luminance[k]).mean())
    side = -1 if brightness < _MIDDLE else 1
    brighter = {j: float(codes_of(luminance[j]).mean()) - brightness for j in known}
    if any(side * (own - ev) < -SAME_EV and side * brighter[j] < -_SAME_CODES for j, ev in known.items()):
        return "a frame of the view is " + ("brighter with less exposure" if side < 0 else "darker with more exposure")
    nearest = min(known, key=lambda j: abs(known[j] - own))
    expected = _mean_code(codes_of(luminance[nearest]), own - known[nearest] + side * _MISJUDGED_EV)
    if side * (expected - brightness) < -_MISJUDGED_CODES:
        return f"it is {'darker' if side < 0 else 'brighter'} than its exposure explains"
    return ""


def _consecutive(a: Photo, b: Photo) -> bool:
    """Whether two frames have consecutive counts in one bracket of the camera."""
    bracket = a.drive is b.drive is Drive.EXPOSURE_BRACKET
    return bracket and a.shot is not None and b.shot is not None and abs(a.shot - b.shot) == 1


def _mean_code(codes: Codes, change_ev: float) -> float:
    """The mean code of a frame at another exposure, with the curve of an ordinary camera."""
    curve = ordinary_curve()
    return float(np.interp(curve + change_ev, curve, np.arange(256.0))[codes].mean())
