"""Photographs into views: nominate pairs, weigh the evidence, link, and compare what the answer would else take on trust."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable
from dataclasses import dataclass, field, replace

import numpy as np
from numpy.typing import NDArray

from hdrkit.errors import InputError
from hdrkit.grouping.evidence.compare import Evidence, nominated
from hdrkit.grouping.evidence.descriptor import LEAST_CONTENT, Descriptors
from hdrkit.grouping.options import ClusteringOptions, Linkage
from hdrkit.grouping.views.candidates import merged
from hdrkit.grouping.views.linkage import average_linkage, hdbscan_linkage

NEIGHBOURS = 24  # looked up for each photograph by signature
_COMPARED = 6  # of them compared in full
_ROUNDS = 5
_SMALL = 2  # photographs in a view whose partners are looked for once more,
_LOOKED_FOR = 1000  # among this many
_FULLY_COMPARED = 32  # photographs of a view of which all pairs are compared; of larger ones the neighbours do
_SURE = 4.0  # log-odds that stand for HDBSCAN's word where a person's decisions are added to it


@dataclass(frozen=True)
class Views:
    """A partition into camera angles, and what it rests on.

    `labels` (N,): the view of each photograph, -1 where there is too little to see. `pairs` (P, 2) i < j with
    `evidence` and the `log_odds` (P,) that were linked by, metadata included. `together` (M, 2): what a person put into one view.
    """

    labels: NDArray[np.int64]
    pairs: NDArray[np.int32]
    evidence: Evidence
    log_odds: NDArray[np.float64]
    together: NDArray[np.int32] = field(default_factory=lambda: np.zeros((0, 2), np.int32))


@dataclass(frozen=True)
class Decided:
    """Pairs (M, 2) i < j of photographs that a person put `together` into one view, or `apart`; i = j for copies put together."""

    together: NDArray[np.int32] = field(default_factory=lambda: np.zeros((0, 2), np.int32))
    apart: NDArray[np.int32] = field(default_factory=lambda: np.zeros((0, 2), np.int32))


Compare = Callable[[NDArray[np.int32]], NDArray[np.float32]]
Prior = Callable[[NDArray[np.int32]], NDArray[np.float64]]


def find_views(
    descriptors: Descriptors,
    candidates: NDArray[np.int32],
    compare: Compare,
    options: ClusteringOptions,
    prior: Prior | None = None,
    decided: Decided | None = None,
) -> Views:
    """The views of photographs in a fixed order.

    `candidates` (P, 2) are pairs worth a look, of which the likelier are given to `compare`, which measures the evidence
    of pairs (as `evidence.compare`, or from a store). `prior` gives log-odds that metadata add to pairs. Pairs that a
    person `decided` are in one view or are not, whatever is seen. Raises InputError where such decisions contradict each other.
    """
    decided = decided or Decided()
    seen = descriptors.content >= LEAST_CONTENT
    candidates = candidates[seen[candidates].all(axis=1)]

    def linked(pairs: NDArray[np.int32], rows: NDArray[np.float32]) -> Views:
        evidence = Evidence.of_rows(rows)
        log_odds = evidence.log_odds() + (prior(pairs) if prior is not None else 0.0)
        labels = _linked(len(seen), pairs, log_odds, evidence.trust(), options, decided)
        return Views(labels, pairs, evidence, log_odds, decided.together)

    pairs = _likeliest(descriptors, candidates)
    rows = compare(pairs)
    views = linked(pairs, rows)
    for turn in range(_ROUNDS):
        wanted = _within(views.labels)
        if turn == 0:
            small = np.flatnonzero(seen & (np.bincount(views.labels)[views.labels] <= _SMALL))
            wanted = merged(wanted, _looked_for(descriptors, small, np.flatnonzero(seen)))
        if not len(new := _without(wanted, pairs)):
            break
        pairs, rows = np.concatenate([pairs, new]), np.concatenate([rows, compare(new)])
        views = linked(pairs, rows)
    alone = ~seen & (np.bincount(views.labels)[views.labels] == 1) & ~np.isin(np.arange(len(seen)), decided.together)
    return replace(views, labels=np.where(alone, -1, views.labels))


def _likeliest(descriptors: Descriptors, candidates: NDArray[np.int32]) -> NDArray[np.int32]:
    """For each photograph the few of its candidates that are most similar at any shift."""
    neighbours: dict[int, list[tuple[float, int]]] = defaultdict(list)
    for (i, j), likeness in zip(candidates.tolist(), nominated(descriptors, candidates).tolist(), strict=True):
        neighbours[i].append((-likeness, j))
        neighbours[j].append((-likeness, i))
    pairs = {(min(i, j), max(i, j)) for i, others in neighbours.items() for _, j in sorted(others)[:_COMPARED]}
    return np.array(sorted(pairs), np.int32).reshape(-1, 2)


def _looked_for(descriptors: Descriptors, lone: NDArray[np.int64], among: NDArray[np.int64]) -> NDArray[np.int32]:
    """The likeliest partners of photographs that found none by signature, which knows no shifts, and little of white frames."""
    signatures = descriptors.signature[among].astype(np.float32)
    pairs = [np.zeros((0, 2), np.int32)]
    for i in lone:
        order = np.argsort(-(signatures @ descriptors.signature[i].astype(np.float32)), kind="stable")
        nearest = among[order[: _LOOKED_FOR + 1]]
        nearest = nearest[nearest != i]
        likeness = nominated(descriptors, np.stack([np.full(len(nearest), i), nearest], axis=1).astype(np.int32))
        likeliest = nearest[np.argsort(-likeness, kind="stable")[:_COMPARED]]
        pairs.append(np.stack([np.minimum(i, likeliest), np.maximum(i, likeliest)], axis=1).astype(np.int32))
    return merged(*pairs)


def _within(labels: NDArray[np.int64]) -> NDArray[np.int32]:
    """All pairs inside views of a size that real ones have."""
    pairs = [np.zeros((0, 2), np.int32)]
    order = np.argsort(labels, kind="stable")
    for members in np.split(order, np.flatnonzero(np.diff(labels[order])) + 1):
        if 2 < len(members) <= _FULLY_COMPARED:
            i, j = np.triu_indices(len(members), 1)
            pairs.append(np.stack([members[i], members[j]], axis=1).astype(np.int32))
    return np.concatenate(pairs)


def _without(pairs: NDArray[np.int32], known: NDArray[np.int32]) -> NDArray[np.int32]:
    return pairs[_positions_without(pairs, known)]


def _positions_without(pairs: NDArray[np.int32], known: NDArray[np.int32]) -> NDArray[np.bool_]:
    def packed(pairs: NDArray[np.int32]) -> NDArray[np.int64]:
        return pairs[:, 0].astype(np.int64) << 32 | pairs[:, 1]

    return ~np.isin(packed(pairs), packed(known))


def _linked(
    count: int,
    pairs: NDArray[np.int32],
    log_odds: NDArray[np.float64],
    trust: NDArray[np.float64],
    options: ClusteringOptions,
    decided: Decided,
) -> NDArray[np.int64]:
    """The labels of the rule that was chosen, with what a person decided."""
    if options.method is Linkage.HDBSCAN:
        labels = hdbscan_linkage(count, pairs, log_odds, options.min_cluster_size, options.cluster_selection_epsilon)
        if not len(decided.apart) and not len(decided.together):
            return labels
        same = labels[pairs[:, 0]] == labels[pairs[:, 1]]
        log_odds, trust = np.where(same, _SURE, -_SURE), np.ones(len(pairs))
    together = decided.together[decided.together[:, 0] != decided.together[:, 1]]
    told = np.concatenate([together, decided.apart])
    open_to_question = _positions_without(pairs, told)
    labels = average_linkage(
        count,
        np.concatenate([pairs[open_to_question], told]),
        np.concatenate([log_odds[open_to_question], np.repeat([np.inf, -np.inf], [len(together), len(decided.apart)])]),
        np.concatenate([trust[open_to_question], np.zeros(len(told))]),
    )
    parted = labels[together[:, 0]] != labels[together[:, 1]]
    if parted.any() or (labels[decided.apart[:, 0]] == labels[decided.apart[:, 1]]).any():
        raise InputError("the lists of pairs contradict each other: photographs that must be linked are kept apart by others")
    return labels
