"""Faces of this run -> persons: those of the gallery who are recognised, and new ones."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Mapping, Sequence

import numpy as np

from hdrkit.faces.clustering import find_persons, weakness
from hdrkit.faces.options import PersonOptions
from hdrkit.files.text import counted, show
from hdrkit.gallery.gallery import Gallery
from hdrkit.gallery.rows import Key
from hdrkit.models.roles import ModelKind
from hdrkit.pipeline.face_links import Links, Place, apply_labels
from hdrkit.results.label_file import Labels
from hdrkit.types import NOBODY, Progress

JOINING = "joining faces to persons"
THRESHOLDS = {ModelKind.DLIB_RESNET: 0.065, ModelKind.FACE_API: 0.065, ModelKind.ALIGNED_112: 0.6}
"""The threshold of each kind of embedding: that of dlib's network is measured, see benchmarks/RESULTS.md."""
BATCH = 10_000  # faces that are joined at a time; the next ones meet the persons of those before
_ALIKE = 0.5  # of the threshold: two faces of one photograph that are nearer look like one person


def decide_persons(
    places: Sequence[Place],
    labels: tuple[Labels, Labels],
    options: PersonOptions,
    threshold: float,
    gallery: Gallery,
    progress: Progress,
) -> list[str]:
    """Decide who these faces are, and keep it in the gallery. Gives notes. `labels` are what is said, and what was taken back.

    What was decided before stays, unless the labels say otherwise. Faces that were unknown are tried again when others are new.
    """
    links = apply_labels(*labels, places, gallery)
    decided = gallery.decided({place.key[0] for place in places})
    persons_of = {k: decided[place.key][0] for k, place in enumerate(places) if place.key in decided}
    parted = {k for pair in links.cannot for k in pair if persons_of.get(k, NOBODY) == NOBODY}
    if len(persons_of) == len(places) and not parted and not links.parted:
        return [*links.notes, *_at_odds(places, persons_of), *_twins(places, persons_of, threshold)]
    before = {k: number for k, number in persons_of.items() if number != NOBODY}
    todo = [k for k in range(len(places)) if k not in before]
    for start in range(0, len(todo), BATCH):
        _decide(todo[start : start + BATCH], before, places, links, options, threshold, gallery)
        progress(JOINING, min(start + BATCH, len(todo)), len(todo))
    _keep_numbers(links, gallery)
    return [*links.notes, *_at_odds(places, before), *_twins(places, before, threshold)]


def _decide(
    todo: list[int],
    before: dict[int, int],
    places: Sequence[Place],
    links: Links,
    options: PersonOptions,
    threshold: float,
    gallery: Gallery,
) -> None:
    """Decide about the faces `todo`, given the persons of those that were decided `before`, to which they are added."""
    row = {k: number for number, k in enumerate(todo)}
    taken: dict[int, set[int]] = defaultdict(set)
    for k, number in before.items():
        taken[number].add(places[k].shot)
    extra = max((place.shot for place in places), default=0) + 1
    shots = [frozenset([places[k].shot]) for k in todo]
    for mark, (a, b) in enumerate(links.cannot, extra):  # a pair is parted as if it were in one more photograph
        for k in (a, b):
            if k in row:
                shots[row[k]] |= {mark}
            elif k in before:
                taken[before[k]].add(mark)
    fixed = {row[a]: before[b] for pair in links.must for a, b in (pair, pair[::-1]) if a in row and b in before}
    persons = find_persons(
        np.stack([places[k].seen.embedding for k in todo]),
        shots,
        [weakness(places[k].seen, options) for k in todo],
        threshold,
        options.method,
        gallery.persons(),
        taken,
        [(row[a], row[b]) for a, b in links.must if a in row and b in row],
        gallery.next_number,
    )
    numbers = persons.numbers.tolist()
    for k, number in fixed.items():
        numbers[k] = number
    chosen: dict[Key, tuple[int, str]] = {}
    for k, number in zip(todo, numbers, strict=True):
        chosen[places[k].key] = number, persons.why.get(row[k], "") if number == NOBODY else ""
        if number != NOBODY:
            before[k] = number
    gallery.decide(chosen)


def _keep_numbers(links: Links, gallery: Gallery) -> None:
    """Give the number of a person whose faces were parted to the one who has most of them, unless somebody has it."""
    for number, keys in sorted(links.parted.items()):
        if number not in {person.number for person in gallery.persons()}:
            decided = gallery.decided({digest for digest, _ in keys})
            now = Counter(decided[key][0] for key in keys if decided[key][0] != NOBODY)
            if new := [one for one, _ in now.most_common() if one not in links.parted]:
                gallery.join(number, new[0])
            elif now:
                gallery.join(now.most_common(1)[0][0], number)


def _at_odds(places: Sequence[Place], persons_of: Mapping[int, int]) -> list[str]:
    """Notes about photographs of which the labels make several faces one person."""
    together: dict[tuple[int, int], list[int]] = defaultdict(list)
    for k, number in persons_of.items():
        if number != NOBODY:
            together[places[k].shot, number].append(k)
    return [
        f"{show(places[members[0]].seen.path.name)}: {len(members)} of its faces are person {number}, because the labels join "
        "them by a name or must_link; take that out if they are different persons"
        for (_, number), members in sorted(together.items())
        if len(members) > 1
    ]


def _twins(places: Sequence[Place], persons_of: dict[int, int], threshold: float) -> list[str]:
    """A note if photographs show faces that look like one person but are kept apart, as in a collage or a mirror."""
    by_shot: dict[int, list[int]] = defaultdict(list)
    for k in persons_of:
        by_shot[places[k].shot].append(k)
    alike: Counter[str] = Counter()
    for members in by_shot.values():
        if len(members) > 1:
            vectors = np.stack([places[k].seen.embedding for k in members])
            numbers = np.array([persons_of[k] for k in members])
            different = (numbers[:, None] != numbers) | (numbers == NOBODY)
            near = np.triu(different & (1 - vectors @ vectors.T < _ALIKE * threshold), 1).sum()
            if near:
                alike[places[members[0]].seen.path.name] += int(near)
    return [
        f"{name}: {counted(pairs, 'pair')} of faces look alike and are kept apart as different persons; "
        "if it is a collage or a mirror, link them with must_link"
        for name, pairs in alike.items()
    ]
