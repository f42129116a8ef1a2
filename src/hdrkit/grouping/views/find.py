"""Photographs -> views: nominate pairs, weigh the evidence, link, and compare what is left inside the views."""

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
_SMALL = 2  # largest view whose partners are searched a second time,
_SEARCHED = 1000  # among this many photographs
_FULLY_COMPARED = 32  # largest view of which all pairs are compared; in larger views neighbours are enough
_SURE = 4.0  # log-odds that stand for a decision of HDBSCAN when decisions of a person are added


@dataclass(frozen=True)
class Views:
    """A partition into views, and the evidence for it.

    `labels` (N,): the view of each photograph, -1 if it shows too little. `pairs` (P, 2) i < j with `evidence` and
    the `log_odds` (P,) that linkage uses, metadata included. `together` (M, 2): pairs that a person put into one view.
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
    """The views of photographs in a decided_pairs order.

    `compare` measures the evidence of the likelier ones of the pairs `candidates` (P, 2), as `evidence.compare` or from a cache.
    `prior` gives log-odds that metadata add to pairs. The pairs that a person `decided` override all evidence. Raises InputError
    if these decisions contradict each other.
    """
    decided = decided or Decided()
    shows_content = descriptors.content >= LEAST_CONTENT
    candidates = candidates[shows_content[candidates].all(axis=1)]

    def linked(pairs: NDArray[np.int32], rows: NDArray[np.float32]) -> Views:
        evidence = Evidence.of_rows(rows)
        log_odds = evidence.log_odds() + (prior(pairs) if prior is not None else 0.0)
        labels = _linked(len(shows_content), pairs, log_odds, evidence.trust(), options, decided)
        return Views(labels, pairs, evidence, log_odds, decided.together)

    pairs = _likeliest(descriptors, candidates)
    rows = compare(pairs)
    views = linked(pairs, rows)
    for turn in range(_ROUNDS):
        requested = _within(views.labels)
        if turn == 0:
            small = np.flatnonzero(shows_content & (np.bincount(views.labels)[views.labels] <= _SMALL))
            requested = merged(requested, _likeliest_partners(descriptors, small, np.flatnonzero(shows_content)))
        if not len(new := _without(requested, pairs)):
            break
        pairs, rows = np.concatenate([pairs, new]), np.concatenate([rows, compare(new)])
        views = linked(pairs, rows)
    alone = (
        ~shows_content
        & (np.bincount(views.labels)[views.labels] == 1)
        & ~np.isin(np.arange(len(shows_content)), decided.together)
    )
    return replace(views, labels=np.where(alone, -1, views.labels))


def _likeliest(descriptors: Descriptors, candidates: NDArray[np.int32]) -> NDArray[np.int32]:
    """For each photograph the few of its candidates that are most similar at their best shift."""
    neighbours: dict[int, list[tuple[float, int]]] = defaultdict(list)
    for (i, j), likeness in zip(candidates.tolist(), nominated(descriptors, candidates).tolist(), strict=True):
        neighbours[i].append((-likeness, j))
        neighbours[j].append((-likeness, i))
    pairs = {(min(i, j), max(i, j)) for i, others in neighbours.items() for _, j in sorted(others)[:_COMPARED]}
    return np.array(sorted(pairs), np.int32).reshape(-1, 2)


def _likeliest_partners(descriptors: Descriptors, lone: NDArray[np.int64], among: NDArray[np.int64]) -> NDArray[np.int32]:
    """The likeliest partners of photographs that have none by signature. Signatures ignore shifts and suit white frames badly."""
    signatures = descriptors.signature[among].astype(np.float32)
    pairs = [np.zeros((0, 2), np.int32)]
    for i in lone:
        order = np.argsort(-(signatures @ descriptors.signature[i].astype(np.float32)), kind="stable")
        nearest = among[order[: _SEARCHED + 1]]
        nearest = nearest[nearest != i]
        likeness = nominated(descriptors, np.stack([np.full(len(nearest), i), nearest], axis=1).astype(np.int32))
        likeliest = nearest[np.argsort(-likeness, kind="stable")[:_COMPARED]]
        pairs.append(np.stack([np.minimum(i, likeliest), np.maximum(i, likeliest)], axis=1).astype(np.int32))
    return merged(*pairs)


def _within(labels: NDArray[np.int64]) -> NDArray[np.int32]:
    """All pairs inside views of the usual sizes."""
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
    """The labels by the linkage of the options, with the decisions of a person."""
    if options.method is Linkage.HDBSCAN:
        labels = hdbscan_linkage(count, pairs, log_odds, options.min_cluster_size, options.cluster_selection_epsilon)
        if not len(decided.apart) and not len(decided.together):
            return labels
        same = labels[pairs[:, 0]] == labels[pairs[:, 1]]
        log_odds, trust = np.where(same, _SURE, -_SURE), np.ones(len(pairs))
    together = decided.together[decided.together[:, 0] != decided.together[:, 1]]
    decided_pairs = np.concatenate([together, decided.apart])
    undecided = _positions_without(pairs, decided_pairs)
    labels = average_linkage(
        count,
        np.concatenate([pairs[undecided], decided_pairs]),
        np.concatenate([log_odds[undecided], np.repeat([np.inf, -np.inf], [len(together), len(decided.apart)])]),
        np.concatenate([trust[undecided], np.zeros(len(decided_pairs))]),
    )
    parted = labels[together[:, 0]] != labels[together[:, 1]]
    if parted.any() or (labels[decided.apart[:, 0]] == labels[decided.apart[:, 1]]).any():
        raise InputError(
            "the lists of pairs contradict each other: some link photographs that others keep apart; correct the lists"
        )
    return labels
