"""The confidence of a view: whether its weakest part belongs to the rest, and whether its strongest rival stays outside."""

from __future__ import annotations

import math
from collections import defaultdict
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

from hdrkit.grouping.views.linkage import MOST, evidence_between

# Log-odds at which confidence changes. In a test with thresholds too low and too high, 99 % of right views of six sets had a
# weakest cut above 1.8 and a rival below -0.1. All mixtures of two views had a cut below 0.5; most views that were torn apart
# had a rival above 0.
_HELD_TOGETHER, _LEFT_OUT, _SCALE = 1.0, 0.0, 0.35
_OF_SIZE = {1: 0.75, 2: 0.7}  # wrong views are mostly of these sizes, brackets rarely
_BY_METADATA, _CONTRADICTED, _MAY_LACK = 0.95, 0.9, 0.9
_UNSEEN = 0.15  # share of likely rivals that belong to a view although their evidence is against it
_LITTLE_TRUST = 0.3
_REPEATED = 0.6
_ALIKE, _NEAR = 0.95, 0.1  # probabilities that need no reason: that the weakest part belongs, that a rival does

Array = NDArray[np.float64]


@dataclass(frozen=True)
class Margins:
    """The evidence within a view of `members` photographs, and for its rivals outside, as log-odds.

    `mean` of all pairs within; `weakest`: the evidence across the weakest cut of the view in two, with the smaller
    `part` and the `trust` of the best pair across the cut. `rival`: the evidence for the most similar view outside, and its index
    `rival_view`. None if nothing was compared. `by_hand`: a person put some of its photographs together.
    """

    members: int
    by_hand: bool = False
    mean: float | None = None
    weakest: float | None = None
    trust: float | None = None
    part: tuple[int, ...] = ()
    rival: float | None = None
    rival_view: int | None = None


def measure_views(
    views: Sequence[Sequence[int]],
    pairs: NDArray[np.int32],
    log_odds: Array,
    trust: Array,
    photos: int,
    together: NDArray[np.int32],
) -> list[Margins]:
    """The margins of each view, whose members are indices of `photos` photographs.

    `pairs` (P, 2) were compared with `log_odds` and `trust` (P,). Evidence between groups is that of `linkage`.
    `together` (M, 2) are pairs that a person put into one view.
    """
    view_of = np.full(photos, -1)
    for v, members in enumerate(views):
        view_of[list(members)] = v
    ends = view_of[pairs]
    known = (ends >= 0).all(axis=1)
    inside, outside = (np.flatnonzero(known & ((ends[:, 0] == ends[:, 1]) == same)) for same in (True, False))
    rivals: dict[int, tuple[float, int]] = {}
    for (a, b), rows in _grouped(outside, np.sort(ends[outside], axis=1)).items():
        evidence = evidence_between(log_odds[rows], trust[rows])
        for v, other in ((a, b), (b, a)):
            rivals[v] = max(rivals.get(v, (-math.inf, -1)), (evidence, other))
    within, by_hand = _grouped(inside, ends[inside]), set(view_of[together].ravel().tolist())
    found = []
    for v, members in enumerate(views):
        margins = _margins(members, pairs, log_odds, trust, within.get((v, v)))
        rival, rival_view = rivals.get(v, (None, None))
        found.append(replace(margins, rival=rival, rival_view=rival_view, by_hand=v in by_hand))
    return found


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
) -> Margins:
    if rows is None:
        return Margins(len(members))
    position = {k: i for i, k in enumerate(members)}
    ends = np.array([[position[k] for k in pair] for pair in pairs[rows].tolist()])
    weakest, behind, cut_off = math.inf, 0.0, np.zeros(len(members), np.bool_)
    for part in _cuts(len(members), ends, log_odds[rows]):
        across = rows[part[ends[:, 0]] != part[ends[:, 1]]]
        evidence = evidence_between(log_odds[across], trust[across])
        if evidence < weakest:
            weakest, behind, cut_off = evidence, float(trust[across].max(initial=0.0)), part
    smaller = cut_off if 2 * cut_off.sum() <= len(members) else ~cut_off
    return Margins(
        members=len(members),
        mean=float(np.clip(log_odds[rows], -MOST, MOST).mean()),
        weakest=weakest,
        trust=behind,
        part=tuple(members[k] for k in np.flatnonzero(smaller).tolist()),
    )


def _cuts(members: int, ends: NDArray[np.int64], log_odds: Array) -> Iterator[NDArray[np.bool_]]:
    """Divisions of a view in two, (members,) each: both sides of every merge of single linkage, each against the rest."""
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
    margins: Margins,
    photo_names: Callable[[int], str],
    view_names: Sequence[str],
    by_metadata: int = 0,
    contradicted: bool = False,
    may_lack: int = 0,
    repeats: int = 1,
) -> tuple[float, tuple[str, ...]]:
    """The confidence in 0..1 that a view is complete and holds no other view, and the reasons in words.

    It is a product of logistic functions of the weakest cut and of the strongest rival. A decision of a person replaces the cut.
    Factors lower it for sizes that wrong views have, for frames placed by metadata, for metadata that the pixels contradict, for
    frames that may be missing, and for `repeats` of each exposure that times do not explain. Reasons name the photographs least
    like the rest by `photo_names` and the rival by `view_names`.
    """
    value, reasons = 1.0, []
    if margins.by_hand:
        reasons.append("a list of pairs puts some of its photographs together")
    else:
        value *= _OF_SIZE.get(margins.members, 1.0)
        value *= _held_together(margins)
        reasons += _inner_reasons(margins, photo_names)
    if margins.rival is not None and margins.rival_view is not None:
        value *= _logistic((_LEFT_OUT - margins.rival) / _SCALE) * (1 - _UNSEEN * _logistic(margins.rival))
        if _logistic(margins.rival) > _NEAR:
            reasons.append(f"{view_names[margins.rival_view]} may belong to it too ({_percent(margins.rival)})")
    if by_metadata:
        value *= _BY_METADATA
        reasons.append(f"metadata alone place {by_metadata} frame{'s' if by_metadata > 1 else ''} without visible content in it")
    if contradicted:
        value *= _CONTRADICTED
    if may_lack:
        value *= _MAY_LACK
        reasons.append(f"{may_lack} unplaced frame{'s' if may_lack > 1 else ''} without visible content may belong to it")
    if repeats > 1:
        value *= _REPEATED
        reasons.append(
            f"each exposure occurs {repeats} times: it may be {repeats} similar views, or one view taken {repeats} times"
        )
    return value, tuple(reasons)


def _held_together(margins: Margins) -> float:
    if margins.members == 1:
        return 1.0
    return _logistic(((-math.inf if margins.weakest is None else margins.weakest) - _HELD_TOGETHER) / _SCALE)


def _inner_reasons(margins: Margins, photo_names: Callable[[int], str]) -> list[str]:
    """The reasons for and against the photographs of a view being one view."""
    if margins.members == 1:
        return ["no other photograph is like it"]
    if margins.weakest is None:
        return ["its photographs were not compared"]
    reasons = ["it has only two photographs"] if margins.members == 2 else []
    if _logistic(margins.weakest) >= _ALIKE:
        return reasons or ["all its frames are alike"]
    first, more = photo_names(margins.part[0]), len(margins.part) - 1
    least = f"{first} and {more} more are" if more else f"{first} is"
    reasons.append(f"{least} least like the rest ({_percent(margins.weakest)})")
    if margins.trust is not None and margins.trust < _LITTLE_TRUST:
        reasons.append("little is visible in both parts")
    return reasons


def _percent(log_odds: float) -> str:
    return f"{100 * _logistic(log_odds):.0f} %"


def _logistic(x: float) -> float:
    return 1 / (1 + math.exp(-min(max(x, -50.0), 50.0)))
