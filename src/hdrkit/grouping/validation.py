"""How sure a view is: as sure as its weakest part belongs to the rest, and as its strongest rival outside does not."""

from __future__ import annotations

import math
from collections import defaultdict
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from hdrkit.grouping.linkage import MOST, evidence_between

# Log-odds about which confidence turns. With linking made too eager and too shy on purpose, 99 % of right views of six sets had a
# weakest cut above 1.8 and a rival below -0.1; all views that mixed two a cut below 0.5, most torn ones a rival above 0.
_HELD_TOGETHER, _LEFT_OUT, _SCALE = 1.0, 0.0, 0.35
_OF_SIZE = {1: 0.75, 2: 0.7}  # what errors leave behind is mostly of these sizes, which brackets seldom are
_BY_METADATA, _CONTRADICTED, _MAY_LACK = 0.95, 0.9, 0.9
_UNSEEN = 0.15  # share of likely rivals that belong to a view though their evidence says no
_LITTLE_TRUST = 0.3

Array = NDArray[np.float64]


@dataclass(frozen=True)
class Margins:
    """What holds a view of `members` photographs together and what pulls at it from outside, as log-odds.

    `mean` of all pairs within; `weakest`: the evidence across the weakest cut of the view in two, and the `trust` of the
    best pair behind it; `rival`: the evidence for the view outside that it is most like. None where nothing was compared.
    """

    members: int
    mean: float | None = None
    weakest: float | None = None
    trust: float | None = None
    rival: float | None = None


def measure_views(
    views: Sequence[Sequence[int]], pairs: NDArray[np.int32], log_odds: Array, trust: Array, photos: int
) -> list[Margins]:
    """The margins of each view, whose members are indices of `photos` photographs.

    `pairs` (P, 2) were compared with `log_odds` and `trust` (P,); evidence between groups is what linkage takes it for.
    """
    view_of = np.full(photos, -1)
    for v, members in enumerate(views):
        view_of[list(members)] = v
    ends = view_of[pairs]
    known = (ends >= 0).all(axis=1)
    inside, outside = (np.flatnonzero(known & ((ends[:, 0] == ends[:, 1]) == same)) for same in (True, False))
    rivals: dict[int, float] = {}
    for (a, b), rows in _grouped(outside, np.sort(ends[outside], axis=1)).items():
        evidence = evidence_between(log_odds[rows], trust[rows])
        for v in (a, b):
            rivals[v] = max(rivals.get(v, -math.inf), evidence)
    within = _grouped(inside, ends[inside])
    return [_margins(members, pairs, log_odds, trust, within.get((v, v)), rivals.get(v)) for v, members in enumerate(views)]


def _grouped(rows: NDArray[np.intp], keys: NDArray[np.int64]) -> dict[tuple[int, int], NDArray[np.intp]]:
    """The rows of each pair of views."""
    found: dict[tuple[int, int], list[int]] = defaultdict(list)
    for row, (a, b) in zip(rows.tolist(), keys.tolist(), strict=True):
        found[a, b].append(row)
    return {key: np.array(group) for key, group in found.items()}


def _margins(
    members: Sequence[int],
    pairs: NDArray[np.int32],
    log_odds: Array,
    trust: Array,
    rows: NDArray[np.intp] | None,
    rival: float | None,
) -> Margins:
    if rows is None:
        return Margins(len(members), rival=rival)
    place = {k: i for i, k in enumerate(members)}
    ends = np.array([[place[k] for k in pair] for pair in pairs[rows].tolist()])
    weakest, behind = math.inf, 0.0
    for part in _cuts(len(members), ends, log_odds[rows]):
        across = rows[part[ends[:, 0]] != part[ends[:, 1]]]
        evidence = evidence_between(log_odds[across], trust[across])
        if evidence < weakest:
            weakest, behind = evidence, float(trust[across].max(initial=0.0))
    return Margins(len(members), float(np.clip(log_odds[rows], -MOST, MOST).mean()), weakest, behind, rival)


def _cuts(members: int, ends: NDArray[np.int64], log_odds: Array) -> Iterator[NDArray[np.bool_]]:
    """Divisions of a view in two, (members,) each: both sides of every merge of single linkage, against all the rest."""
    label = np.arange(members)
    for row in np.argsort(-log_odds, kind="stable"):
        a, b = label[ends[row]]
        if a != b:
            yield label == a
            yield label == b
            label[label == b] = a
    for part in np.unique(label)[1:]:  # never compared with the rest
        yield label == part


def confidence(
    margins: Margins, by_metadata: int = 0, contradicted: bool = False, may_lack: int = 0
) -> tuple[float, tuple[str, ...]]:
    """Confidence in 0..1 that a view is whole and nothing else, and its reasons.

    The product of logistic functions of the weakest cut within and of the strongest rival outside, times factors for a size
    that errors leave behind, for frames placed by metadata, metadata that pixels contradict, and frames that may be lacking.
    """
    value, reasons = _OF_SIZE.get(margins.members, 1.0), []
    if margins.members > 1:
        weakest = -math.inf if margins.weakest is None else margins.weakest
        value *= _logistic((weakest - _HELD_TOGETHER) / _SCALE)
        reasons.append(f"its least similar part belongs to the rest with {_percent(weakest)}")
    else:
        reasons.append("no other photograph is like it")
    if margins.trust is not None and margins.trust < _LITTLE_TRUST:
        reasons.append("little is visible in both of its parts")
    if margins.rival is not None:
        value *= _logistic((_LEFT_OUT - margins.rival) / _SCALE) * (1 - _UNSEEN * _logistic(margins.rival))
        reasons.append(f"the view most like it belongs to it with {_percent(margins.rival)}")
    if by_metadata:
        value *= _BY_METADATA
        reasons.append(f"{by_metadata} frame{'s' if by_metadata > 1 else ''} without visible content placed by metadata alone")
    if contradicted:
        value *= _CONTRADICTED
    if may_lack:
        value *= _MAY_LACK
        reasons.append(f"{may_lack} unplaced frame{'s' if may_lack > 1 else ''} without visible content may belong to it")
    return value, tuple(reasons)


def _percent(log_odds: float) -> str:
    return f"{100 * _logistic(log_odds):.0f} %"


def _logistic(x: float) -> float:
    return 1 / (1 + math.exp(-min(max(x, -50.0), 50.0)))
