"""Flags for brackets that lack a frame and for panoramas. Flagged clusters stay in the result."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import replace

import numpy as np

from hdrkit.grouping.evidence.facts import SAME_EV, body, gap_s, stated_ev, time_key
from hdrkit.grouping.sequences.order import Array
from hdrkit.types import Cluster, Flag, Kind

_FEWEST_LEVELS = 4  # of a ladder in which a hole can be found
_REGULAR_EV, _REGULAR_SHARE = 0.2, 0.3  # largest difference of regular steps: stated in EV, or of pixels as a share of the step
_WIDE = 1.5  # smallest hole, in usual steps
_FEWEST_OTHERS, _MAJORITY = 3, 2 / 3  # brackets of a camera that agree on the number of their frames
_PANORAMA_VIEWS, _TURN_S = 3, 15.0  # views at the least, seconds to turn the camera at the most


def flag_incomplete(clusters: Sequence[Cluster]) -> list[Cluster]:
    """The clusters. Brackets with a hole, or with one frame less than most brackets of their camera and step, are flagged."""
    counts: dict[tuple[str, float], Counter[int]] = {}
    for cluster in clusters:
        if (ladder := _regular_ladder(cluster)) is not None:
            counts.setdefault(ladder, Counter())[_frames(cluster)] += 1
    flagged = []
    for cluster in clusters:
        reason = _hole(cluster)
        if not reason and (ladder := _regular_ladder(cluster)) is not None:
            reason = _short_of(_frames(cluster), counts[ladder])
        flagged.append(_flagged(cluster, Flag.INCOMPLETE, reason) if reason else cluster)
    return flagged


def _hole(cluster: Cluster) -> str:
    """The hole in a ladder of otherwise regular steps, in words; empty if it has none or is not regular."""
    levels = exposure_levels(cluster)
    if cluster.kind is not Kind.BRACKET or len(levels) < _FEWEST_LEVELS:
        return ""
    steps = np.diff(levels)
    step = float(np.median(steps))
    wide = np.flatnonzero(steps > _WIDE * step)
    if len(wide) != 1:
        return ""
    rest, gap = np.delete(steps, wide), float(steps[wide[0]])
    tolerance = _REGULAR_EV if _is_stated(cluster) else _REGULAR_SHARE * step
    if np.ptp(rest) > tolerance or abs(gap - step * round(gap / step)) > tolerance:
        return ""
    return f"one step is {gap:.1f} EV, the usual step is {step:.1f} EV: a frame may be missing"


def _short_of(frames: int, counts: Counter[int]) -> str:
    usual, times = counts.most_common(1)[0]
    if frames != usual - 1 or times < max(_FEWEST_OTHERS, _MAJORITY * counts.total()):
        return ""
    return f"it has {frames} frames; most brackets of this camera have {usual}"


def _frames(cluster: Cluster) -> int:
    """The number of photographs in a cluster without duplicates."""
    return sum(Flag.DUPLICATE not in member.flags for member in cluster.members)


def _regular_ladder(cluster: Cluster) -> tuple[str, float] | None:
    """Camera and step of a bracket whose steps are regular, as metadata state them."""
    if cluster.kind is not Kind.BRACKET or not _frames(cluster) or not _is_stated(cluster):
        return None
    camera, steps = body(cluster.members[0].photo), np.diff(exposure_levels(cluster))
    if not camera or not len(steps) or np.ptp(steps) > _REGULAR_EV:
        return None
    return camera, round(3 * float(np.median(steps))) / 3


def flag_panoramas(clusters: Sequence[Cluster]) -> list[Cluster]:
    """The clusters in order of time. Brackets in a row of several views, by one camera with the same exposures, are flagged."""
    runs: list[list[int]] = []
    for at, cluster in enumerate(clusters):
        if cluster.kind is not Kind.BRACKET or not _is_stated(cluster):
            continue
        if runs and _turned(clusters[runs[-1][-1]], cluster):
            runs[-1].append(at)
        else:
            runs.append([at])
    grids = [run for run in runs if len({clusters[at].view for at in run}) >= _PANORAMA_VIEWS]
    why = {at: f"it is one of {len(run)} brackets in a row: different views, the same exposures" for run in grids for at in run}
    return [_flagged(cluster, Flag.PANORAMA, why[at]) if at in why else cluster for at, cluster in enumerate(clusters)]


def _turned(a: Cluster, b: Cluster) -> bool:
    """Whether both have one camera, focal length and set of exposures, and follow each other without a pause."""
    last, first = max((m.photo for m in a.members), key=time_key), min((m.photo for m in b.members), key=time_key)
    pause = gap_s(last, first)
    if pause is None or pause > _TURN_S or body(last) != body(first) or last.focal_length_mm != first.focal_length_mm:
        return False
    one, other = (sorted(stated_ev(m.photo) or 0.0 for m in cluster.members) for cluster in (a, b))
    return len(one) == len(other) and all(abs(x - y) <= SAME_EV for x, y in zip(one, other, strict=True))


def exposure_levels(cluster: Cluster) -> Array:
    """The different exposures of a cluster in EV from its reference, lowest first. Frames of unknown exposure are left out."""
    ev = np.sort([member.ev for member in cluster.members if member.ev is not None])
    return ev[np.diff(ev, prepend=-np.inf) > SAME_EV]


def _is_stated(cluster: Cluster) -> bool:
    """Whether the exposures of all members are those of their metadata."""
    offsets = [None if (ev := stated_ev(m.photo)) is None or m.ev is None else ev - m.ev for m in cluster.members]
    known = [offset for offset in offsets if offset is not None]
    return len(known) == len(offsets) and max(known) - min(known) < 1e-6


def _flagged(cluster: Cluster, flag: Flag, reason: str) -> Cluster:
    members = tuple(replace(member, flags=(*member.flags, flag)) for member in cluster.members)
    return replace(cluster, members=members, reasons=(*cluster.reasons, reason))
