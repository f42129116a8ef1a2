"""Almost black and white frames -> the views that they belong to, by metadata alone.

Such a frame shows nothing that could be compared. It joins a view if the same camera took it next to the view's frames in time,
its exposure continues theirs, and it ought to be as dark or as bright as it is. Where two views would do, or none, it is
left: a frame in the wrong view does more harm than one that a person has to place.
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

_USUAL_S = 60.0  # the longest pause within a view, of cameras whose gaps teach nothing else
_NEARER = 3.0  # times nearer in time than another view that would do as well
_SAME_CODES = 2.0  # mean codes that tell no exposures apart
_MIDDLE = 128  # mean code that divides dark frames from bright ones
_MISJUDGED_EV, _MISJUDGED_CODES = 2.0, 12.0  # what an ordinary camera's curve may be off by, near black and white


@dataclass(frozen=True)
class Placement:
    """Where a frame without visible content belongs: the index of its view, None for nowhere, and why in words."""

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
    """A placement for each of the `loose` photographs; `views` hold indices, `luminance` is of descriptors, of all."""
    view_of = {k: v for v, members in enumerate(views) for k in members}
    found = {k: Placement(k, None, "nothing to see, and its metadata do not tell its camera, time and exposure") for k in loose}
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
        return Placement(k, None, f"nothing to see, and {why}")
    rivals = [n for n in fitting[1:] if view_of[n] != view_of[fitting[0]]]
    if any(pauses[n] < _NEARER * max(pauses[fitting[0]], 1.0) for n in rivals):
        return Placement(k, None, "nothing to see, and by its metadata it may belong to either of two views")
    exposure = "shorter" if codes_of(luminance[k]).mean() < _MIDDLE else "longer"
    reason = f"nothing to see; {pauses[fitting[0]]:.0f} s from a frame of the view by the same camera, with a {exposure} exposure"
    return Placement(k, view_of[fitting[0]], reason)


def _objection(
    k: int, neighbour: int, photos: Sequence[Photo], view: Sequence[int], luminance: NDArray[np.uint16], limit_s: float
) -> str:
    """Why frame `k` cannot be one of the view that its neighbour in time belongs to; empty where it can."""
    facts = pair_facts(photos[neighbour], photos[k])
    if facts.gap_s is None or facts.gap_s > limit_s:
        return f"the nearest frame of its camera was taken more than {limit_s:.0f} s apart"
    if facts.setup is False:
        return "lens, focal length or shape differ from its neighbours'"
    if facts.gap_s <= RAPID_S and _consecutive(photos[neighbour], photos[k]):
        return ""
    own, known = stated_ev(photos[k]), {j: ev for j in view if (ev := stated_ev(photos[j])) is not None}
    if own is None or not known:
        return "the exposures beside it are unknown"
    brightness = float(codes_of(luminance[k]).mean())
    side = -1 if brightness < _MIDDLE else 1
    brighter = {j: float(codes_of(luminance[j]).mean()) - brightness for j in known}
    if any(side * (own - ev) < -SAME_EV and side * brighter[j] < -_SAME_CODES for j, ev in known.items()):
        return "a frame beside it that got " + ("less light is brighter" if side < 0 else "more light is darker")
    nearest = min(known, key=lambda j: abs(known[j] - own))
    expected = _mean_code(codes_of(luminance[nearest]), own - known[nearest] + side * _MISJUDGED_EV)
    if side * (expected - brightness) < -_MISJUDGED_CODES:
        return f"with its exposure it ought not to be as {'dark' if side < 0 else 'bright'} as it is"
    return ""


def _consecutive(a: Photo, b: Photo) -> bool:
    """Whether the camera counted two frames one after the other in one bracket."""
    bracket = a.drive is b.drive is Drive.EXPOSURE_BRACKET
    return bracket and a.shot is not None and b.shot is not None and abs(a.shot - b.shot) == 1


def _mean_code(codes: Codes, change_ev: float) -> float:
    """What the mean code of a frame would be at another exposure, with an ordinary camera."""
    curve = ordinary_curve()
    return float(np.interp(curve + change_ev, curve, np.arange(256.0))[codes].mean())
