"""Faces to persons: sure faces are joined first, and faces of which the pixels tell little are added only when that is sure."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, field

import numpy as np
from numpy.typing import NDArray

from hdrkit.faces.focus import LARGEST
from hdrkit.faces.linkage import Groups, average_linkage
from hdrkit.faces.options import PersonMethod, PersonOptions
from hdrkit.types import NOBODY, KnownPerson, SeenFace

SURE_SHARE = 0.85  # of the threshold: a face that tells little joins a person that is at most so far away
CLEAR_SHARE = 0.15  # of the threshold: and so much farther from the next one
_DETAIL = 0.75  # of the smallest size: what a face must have left of its pixels after its blur
_BLOCK = 1024  # faces that are compared with all persons at a time
LOOK_SHARE = 0.4  # of the threshold: faces that are at most so far apart are one look of a person, such as copies of a photograph
FEW_SHARES = {2: 0.55, 3: 0.65}  # of the threshold: a person of so few looks is at most so wide, see benchmarks/RESULTS.md
Pairs = Iterable[tuple[int, int]]


@dataclass(frozen=True)
class Persons:
    """Who each of N faces is: `numbers` (N,) of persons, -1 for unknown. `why` says why a face is unknown."""

    numbers: NDArray[np.int64]
    why: dict[int, str] = field(default_factory=dict)


def weakness(seen: SeenFace, options: PersonOptions) -> str:
    """Why a face alone must not begin a person; empty if it may."""
    face, measures = seen.face, seen.measures
    if face.size < options.min_size:
        return f"small: {face.size:.0f} pixels"
    if face.confidence < options.min_confidence:
        return f"perhaps no face: confidence {face.confidence:.2f}"
    if measures.yaw is not None and abs(measures.yaw) > options.max_yaw:
        return f"turned away: {abs(measures.yaw):.0f} degrees"
    if measures.focus is not None and measures.focus < options.min_focus:
        return f"blurred: focus {measures.focus:.2f}"
    if measures.focus is not None and min(face.size, LARGEST) * measures.focus < _DETAIL * options.min_size:
        return f"blurred for its size: focus {measures.focus:.2f}, {face.size:.0f} pixels"
    return ""


def find_persons(
    embeddings: NDArray[np.float32],
    apart: Sequence[frozenset[int]],
    weak: Sequence[str],
    threshold: float,
    method: PersonMethod = PersonMethod.AVERAGE,
    known: Sequence[KnownPerson] = (),
    taken: Mapping[int, Collection[int]] | None = None,
    must_link: Pairs = (),
    first_number: int = 0,
) -> Persons:
    """The persons of N faces with unit vectors `embeddings` (N, D).

    Faces that share a mark in `apart` (N sets) are different persons: the number of their photograph, and one for each pair that
    a human tells apart. Faces of a pair of `must_link` are one. `weak` (N,) holds `weakness` of each face. `known` persons keep
    their numbers and are never joined to each other; `taken` holds the marks that they have already. New ones are numbered from
    `first_number`, from the one with the most faces.
    """
    pieces = _pieces(embeddings, apart, must_link)
    strong = np.array([any(not weak[k] for k in members) for members in pieces.members], bool)
    join = _dense if method is PersonMethod.HDBSCAN else _linked
    there = [frozenset((taken or {}).get(one.number, ())) for one in known]
    labels = join(pieces, strong, known, there, threshold)
    persons = _People(pieces, labels, known, there, first_number)
    why = {k: "in no dense group" for piece in np.flatnonzero(strong & (labels < 0)) for k in pieces.members[piece]}
    for piece in np.flatnonzero(~strong):
        reason = persons.attach(int(piece), threshold)
        if reason:
            why |= {k: f"{weak[k]}; {reason}" for k in pieces.members[piece]}
    return Persons(persons.of_faces(len(embeddings)), why)


@dataclass(frozen=True)
class _Pieces:
    """Faces that are one person from the beginning. `members` holds their faces, the smallest number first."""

    groups: Groups
    members: list[list[int]]


def _pieces(embeddings: NDArray[np.float32], apart: Sequence[frozenset[int]], must: Pairs) -> _Pieces:
    stands = list(range(len(embeddings)))

    def root(k: int) -> int:
        while stands[k] != k:
            stands[k] = stands[stands[k]]
            k = stands[k]
        return k

    for a, b in must:
        a, b = sorted((root(a), root(b)))
        stands[b] = a
    members: dict[int, list[int]] = {}
    for k in range(len(embeddings)):
        members.setdefault(root(k), []).append(k)
    marks = [frozenset[int]().union(*(apart[k] for k in faces)) for faces in members.values()]
    sums = np.array([embeddings[faces].sum(axis=0) for faces in members.values()], np.float32)
    counts = np.array([len(faces) for faces in members.values()], np.int64)
    groups = Groups(sums.reshape(len(counts), embeddings.shape[1]), counts, marks)
    return _Pieces(groups, list(members.values()))


def _linked(
    pieces: _Pieces,
    strong: NDArray[np.bool_],
    known: Sequence[KnownPerson],
    there: Sequence[frozenset[int]],
    threshold: float,
) -> NDArray[np.int64]:
    """The label of each piece by average linkage, -1 for weak ones. Label k below the number of known persons is person k."""
    own, chosen = pieces.groups, np.flatnonzero(strong)
    one_person = frozenset([np.iinfo(np.int64).max])  # known persons stay apart
    dims = own.sums.shape[1]
    groups = Groups(
        np.concatenate([np.array([one.total for one in known], np.float32).reshape(-1, dims), own.sums[chosen]]),
        np.concatenate([np.array([one.count for one in known], np.int64), own.counts[chosen]]),
        [one_person | marks for marks in there] + [own.apart[k] for k in chosen.tolist()],
    )
    found = _near(groups, threshold)
    labels = np.full(len(strong), NOBODY, np.int64)
    labels[chosen] = found[len(known) :]
    return labels


def _near(groups: Groups, threshold: float) -> NDArray[np.int64]:
    """The cluster of each group (G,) by average linkage, the smallest index of its members.

    Few comparisons say less than the average of many, and copies of a photograph say nothing new. So a cluster of two or three
    looks is joined anew with a smaller threshold.
    """
    found = average_linkage(groups, threshold)
    for first in np.flatnonzero(np.bincount(found, minlength=len(found)) > 1):
        members = np.flatnonzero(found == first)
        part = _part(groups, members)
        if (part.widths > LOOK_SHARE * threshold).any():  # known in many looks, or joined by a human
            continue
        looks = len(np.unique(average_linkage(part, LOOK_SHARE * threshold)))
        if looks in FEW_SHARES:
            found[members] = members[average_linkage(part, FEW_SHARES[looks] * threshold)]
    return found


def _part(groups: Groups, members: NDArray[np.int64]) -> Groups:
    return Groups(groups.sums[members], groups.counts[members], [groups.apart[k] for k in members.tolist()])


def _dense(
    pieces: _Pieces,
    strong: NDArray[np.bool_],
    known: Sequence[KnownPerson],
    there: Sequence[frozenset[int]],
    threshold: float,
) -> NDArray[np.int64]:
    """The label of each piece by HDBSCAN, -1 for those in no dense group. Labels of known persons are as in `_linked`.

    A dense group is no person yet: chains of strangers are dense too. It is parted by average linkage, so that no person is wider
    than the threshold, and faces that are left alone are in no group. A part within the threshold of a known person, on average,
    is that person. Of its pieces that must stay apart the one nearest to the middle stays in it.
    """
    from hdbscan import HDBSCAN

    labels, chosen = np.full(len(strong), NOBODY, np.int64), np.flatnonzero(strong)
    found = np.full(len(chosen), NOBODY)
    means = pieces.groups.means[chosen].astype(np.float64)
    if len(chosen) > 2:
        units = means / np.linalg.norm(means, axis=1, keepdims=True)
        dense = HDBSCAN(min_cluster_size=2, min_samples=1).fit_predict(units)
        for label in range(dense.max(initial=NOBODY) + 1):
            inside = np.flatnonzero(dense == label)
            parts = average_linkage(_part(pieces.groups, chosen[inside]), threshold)
            for first in np.flatnonzero(np.bincount(parts) > 1):
                found[inside[parts == first]] = found.max(initial=NOBODY) + 1
    lone = [k for k in np.flatnonzero(found < 0) if len(pieces.members[chosen[k]]) > 1]  # one person by must_link
    found[lone] = found.max(initial=NOBODY) + 1 + np.arange(len(lone))
    people = np.array([one.total / one.count for one in known]).reshape(-1, means.shape[1])
    for label in range(found.max(initial=NOBODY) + 1):
        inside = np.flatnonzero(found == label)
        centre = means[inside].mean(axis=0)
        nearest = int(np.argmax(people @ centre)) if len(people) else 0
        if not len(people) or 1 - people[nearest] @ centre > threshold:
            near = _near(_part(pieces.groups, chosen[inside]), threshold)
            for k, first in enumerate(near.tolist()):
                if (near == first).sum() > 1 or len(pieces.members[chosen[inside[k]]]) > 1:
                    labels[chosen[inside[k]]] = len(known) + inside[first]
            continue
        taken = set(there[nearest])
        for k in inside[np.argsort(-(means[inside] @ centre), kind="stable")]:
            marks = pieces.groups.apart[chosen[k]]
            if not marks & taken:
                labels[chosen[k]] = nearest
                taken |= marks
    return labels


class _People:
    """Persons that take faces: the known ones, and then a new one for each other label."""

    def __init__(
        self,
        pieces: _Pieces,
        labels: NDArray[np.int64],
        known: Sequence[KnownPerson],
        there: Sequence[frozenset[int]],
        first_number: int,
    ) -> None:
        self._pieces = pieces
        by_label: dict[int, list[int]] = {}
        for strong in np.flatnonzero(labels >= 0).tolist():
            by_label.setdefault(int(labels[strong]), []).append(strong)
        counts = pieces.groups.counts
        new = [label for label in by_label if label >= len(known)]
        new.sort(key=lambda label: (-int(counts[by_label[label]].sum()), pieces.members[by_label[label][0]][0]))
        self.numbers = np.array([*(one.number for one in known), *range(first_number, first_number + len(new))], np.int64)
        self._sums = np.zeros((len(self.numbers), pieces.groups.sums.shape[1]), np.float32)
        self._counts = np.zeros(len(self.numbers), np.int64)
        self._marks: list[set[int]] = [*map(set, there), *(set[int]() for _ in new)]
        for k, one in enumerate(known):
            self._sums[k], self._counts[k] = one.total, one.count
        self.of_piece = np.full(len(labels), NOBODY, np.int64)  # the row of its person
        for label, place in zip([*range(len(known)), *new], range(len(self.numbers)), strict=True):
            for piece in by_label.get(label, ()):
                self._take(place, piece)

    def _take(self, row: int, piece: int) -> None:
        self.of_piece[piece] = row
        self._sums[row] += self._pieces.groups.sums[piece]
        self._counts[row] += self._pieces.groups.counts[piece]
        self._marks[row] |= self._pieces.groups.apart[piece]

    def attach(self, piece: int, threshold: float) -> str:
        """Add a piece to a person if that is sure. Else give the reason why not."""
        if not len(self.numbers):
            return "nobody to compare with"
        distances = 1 - self._sums @ self._pieces.groups.means[piece] / self._counts
        for row, marks in enumerate(self._marks):
            if marks & self._pieces.groups.apart[piece]:
                distances[row] = np.inf
        first, second = (*np.sort(distances)[:2], np.inf)[:2]
        if not first <= SURE_SHARE * threshold:
            return "like nobody who is known"
        if second - first < CLEAR_SHARE * threshold:
            return "like two persons"
        self._take(int(np.argmin(distances)), piece)
        return ""

    def of_faces(self, faces: int) -> NDArray[np.int64]:
        """The number of the person of each face."""
        numbers = np.full(faces, NOBODY, np.int64)
        for members, row in zip(self._pieces.members, self.of_piece, strict=True):
            if row >= 0:
                numbers[members] = self.numbers[row]
        return numbers


def distances_to_persons(
    embeddings: NDArray[np.float32], numbers: NDArray[np.int64], persons: Sequence[KnownPerson]
) -> tuple[NDArray[np.float32], NDArray[np.float32]]:
    """For N faces of persons, the average distance to the other faces of the own person, and to the nearest other person.

    Each is NaN where there is nobody to compare with. Faces whose number is not among the persons are compared as unknown ones.
    """
    own, other = (np.full(len(embeddings), np.nan, np.float32) for _ in range(2))
    row_of = {one.number: row for row, one in enumerate(persons)}
    totals = np.array([one.total for one in persons], np.float32)
    counts = np.array([one.count for one in persons], np.float32)
    for start in range(0, len(embeddings) if persons else 0, _BLOCK):
        block = embeddings[start : start + _BLOCK] @ totals.T
        rows = np.array([row_of.get(number, NOBODY) for number in numbers[start : start + _BLOCK].tolist()])
        here = np.flatnonzero(rows >= 0)
        several = counts[rows[here]] > 1
        distance = 1 - (block[here, rows[here]] - 1) / np.maximum(counts[rows[here]] - 1, 1)
        own[start + here] = np.where(several, distance, np.nan)
        distances = 1 - block / counts
        distances[here, rows[here]] = np.inf
        nearest = distances.min(axis=1)
        other[start : start + _BLOCK] = np.where(np.isfinite(nearest), nearest, np.nan)
    return own, other
