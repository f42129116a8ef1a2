"""Average linkage of faces under constraints, without a matrix of distances.

The average cosine distance of two clusters of unit vectors is 1 - (a . b) / (number of pairs), where a and b are the sums of
their vectors, so a cluster is a sum and a count. Chains of nearest neighbours (Murtagh 1983) give the clusters of the greedy
algorithm, because a distance that is infinite for clusters that must stay apart is still reducible.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy.sparse import coo_array
from scipy.sparse.csgraph import connected_components

_BLOCK = 1024  # rows of similarities that are in memory at a time


@dataclass(frozen=True)
class Groups:
    """Faces that belong together from the beginning: the `sums` (G, D) of their unit vectors, and their `counts` (G,).

    Two groups that share one of their `apart` marks are never joined.
    """

    sums: NDArray[np.float32]
    counts: NDArray[np.int64]
    apart: Sequence[frozenset[int]]

    @property
    def means(self) -> NDArray[np.float32]:
        """The mean vectors (G, D). The product of two is 1 minus the average distance."""
        return (self.sums / self.counts[:, None]).astype(np.float32)

    @property
    def widths(self) -> NDArray[np.float32]:
        """The average distance of the faces of each group from each other (G,), 0 for a single one."""
        pairs = self.counts * (self.counts - 1)
        alike = (np.square(self.sums).sum(axis=1) - self.counts) / np.maximum(pairs, 1)
        return np.where(pairs > 0, 1 - alike, 0).astype(np.float32)


def average_linkage(groups: Groups, threshold: float) -> NDArray[np.int64]:
    """The cluster of each group (G,). Clusters are joined, nearest first, while their average distance is at most `threshold`."""
    cluster = np.arange(len(groups.counts))
    parts = _components(groups.means, threshold)
    for members in _lists(parts):
        if len(members) > 1:
            cluster[members] = members[_chains(groups, members, threshold)]
    return cluster


def _components(means: NDArray[np.float32], threshold: float) -> NDArray[np.int64]:
    """Labels (G,) of the parts that pairs within the threshold connect. Average linkage joins nothing across them."""
    total = len(means)
    labels: NDArray[np.int64] = np.arange(total)
    for start in range(0, total, _BLOCK):
        near = means[start : start + _BLOCK] @ means[start:].T >= 1 - threshold - 1e-6
        a, b = np.nonzero(near)
        pairs = labels[a + start], labels[b + start]
        graph = coo_array((np.ones(len(a), np.int8), pairs), shape=(total, total))
        labels = connected_components(graph, directed=False)[1].astype(np.int64)[labels]
    return labels


def _lists(labels: NDArray[np.int64]) -> Iterable[NDArray[np.int64]]:
    """The members of each label, in ascending order."""
    order = np.argsort(labels, kind="stable")
    return np.split(order, np.flatnonzero(np.diff(labels[order])) + 1)


def _chains(groups: Groups, members: NDArray[np.int64], threshold: float) -> NDArray[np.int64]:
    """For each member the member that stands for its cluster, as indices into `members`."""
    work = _Work(groups, members)
    stands = np.arange(len(members))
    chain: list[int] = []
    while work.alive:
        if not chain:
            chain.append(work.first)
        here, before = chain[-1], chain[-2] if len(chain) > 1 else None
        nearest, distance = work.nearest(here, before)
        if distance > threshold:  # and so it is to all that the others may become
            work.retire(chain.pop())
        elif nearest == before:
            chain = chain[:-2]
            kept, gone = work.join(here, nearest)
            stands[gone] = kept
        else:
            chain.append(nearest)
    while not np.array_equal(stands, stands[stands]):
        stands = stands[stands]
    return stands


class _Work:
    """The clusters of one part that may still be joined."""

    def __init__(self, groups: Groups, members: NDArray[np.int64]) -> None:
        self._ids: NDArray[np.int64] = np.arange(len(members))  # of the rows below
        self._row = np.arange(len(members))  # of each id
        self._sums: NDArray[np.float32] = groups.sums[members].copy()
        self._counts: NDArray[np.float32] = groups.counts[members].astype(np.float32)
        self._open: NDArray[np.bool_] = np.ones(len(members), bool)  # by row
        self._apart = {k: set(groups.apart[member]) for k, member in enumerate(members)}
        self._marked: dict[int, set[int]] = defaultdict(set)
        for k, marks in self._apart.items():
            for mark in marks:
                self._marked[mark].add(k)
        self.alive = len(members)

    @property
    def first(self) -> int:
        """Any cluster, always the same one."""
        return int(self._ids[np.argmax(self._open)])

    def nearest(self, one: int, preferred: int | None) -> tuple[int, float]:
        """The nearest cluster that may be joined, and its average distance; `preferred` if it is as near."""
        row = self._row[one]
        distances = 1 - (self._sums @ self._sums[row]) / (self._counts * self._counts[row])
        distances[~self._open] = np.inf
        distances[row] = np.inf
        for mark in self._apart[one]:
            distances[[self._row[other] for other in self._marked[mark]]] = np.inf
        best = int(np.argmin(distances))
        if preferred is not None and distances[self._row[preferred]] <= distances[best] + 1e-7:
            best = int(self._row[preferred])
        return int(self._ids[best]), float(distances[best])

    def retire(self, one: int) -> None:
        """Take out a cluster that stays as it is."""
        self._open[self._row[one]] = False
        for mark in self._apart[one]:
            self._marked[mark].discard(one)
        self.alive -= 1
        if 2 * self.alive < len(self._open):
            self._compact()

    def join(self, a: int, b: int) -> tuple[int, int]:
        """Join two clusters into the one of the smaller number. Gives the one that is kept and the one that is gone."""
        kept, gone = min(a, b), max(a, b)
        self._sums[self._row[kept]] += self._sums[self._row[gone]]
        self._counts[self._row[kept]] += self._counts[self._row[gone]]
        marks = self._apart[gone]
        self.retire(gone)
        self._apart[kept] |= marks
        for mark in marks:
            self._marked[mark].add(kept)
        return kept, gone

    def _compact(self) -> None:
        self._ids, self._sums, self._counts = self._ids[self._open], self._sums[self._open], self._counts[self._open]
        self._row[self._ids] = np.arange(len(self._ids))
        self._open = np.ones(len(self._ids), bool)
