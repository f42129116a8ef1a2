"""Photographs scored by eyes, smile and focus of the persons who matter: thresholds, rules, letters, and an order.

A measure that is unknown counts neither for nor against a photograph. The letters give points: yes adds, no takes away, by the
weight of the category (main 4, important 2, other 1) times that of the quality (eyes 3, focus 2, smile 1). Photographs with the
same points are ordered by the mean of what was measured. Each shot is judged once, with each face as it is seen best in it.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from hdrkit.faces.options import ScoringOptions
from hdrkit.files.text import counted, listed
from hdrkit.types import Category, Label, PhotoScore, SeenFace, SeenPhoto
from hdrkit.types.scoring import Measured

NO, YES, NOBODY = "a", "b", "c"
Letters = tuple[str, ...]
_QUALITIES = ("eyes", "smile", "focus")
_OF_CATEGORY = {Category.MAIN: 4, Category.IMPORTANT: 2, Category.OTHER: 1}
_OF_QUALITY = (3, 1, 2)
_FAULTS = ("eyes closed", "no smile", "out of focus")
_MOST_STARS = 5
_STARS_OF_FAULT = {Category.MAIN: 1, Category.IMPORTANT: 2, Category.OTHER: 3}  # eyes or focus
_STARS_WITHOUT_SMILE = 4
_DIGITS = 2  # of the mean by which photographs with the same points are ordered


@dataclass(frozen=True)
class _Shot:
    """A shot that was judged."""

    results: str
    faces: Mapping[Category, tuple[Measured, ...]]
    total: int
    points: int
    mean: float
    stars: int | None
    reason: str

    @property
    def order(self) -> tuple[int, float]:
        return self.points, round(self.mean, _DIGITS)


def score_photos(
    photos: Iterable[SeenPhoto], labels: Mapping[int, Label] | None, options: ScoringOptions | None = None
) -> tuple[PhotoScore, ...]:
    """The score of every photograph, best first; those that could not be read come last.

    `labels` are those of persons by their numbers; faces of other persons, and of nobody known, have no label and do not count.
    With `labels` None every face counts as other.
    """
    options, photos = options or ScoringOptions(), tuple(photos)
    of_shot: dict[Path, list[SeenFace]] = defaultdict(list)
    for photo in photos:
        of_shot[photo.shot] += photo.faces
    judged = {shot: _judged(faces, labels, options) for shot, faces in of_shot.items()}
    orders = sorted({judged[photo.shot].order for photo in photos if not photo.failure}, reverse=True)
    places = {order: place for place, order in enumerate(orders, 1)}
    scores = [_score(photo, judged[photo.shot], places) for photo in photos]
    return tuple(sorted(scores, key=lambda one: (one.final_score or len(places) + 1, str(one.shot), str(one.path))))


def _score(photo: SeenPhoto, shot: _Shot, places: Mapping[tuple[int, float], int]) -> PhotoScore:
    if photo.failure:
        return PhotoScore(photo.path, photo.shot, None, NOBODY * 9, None, {}, 0, photo.failure)
    return PhotoScore(photo.path, photo.shot, places[shot.order], shot.results, shot.stars, shot.faces, shot.total, shot.reason)


def _judged(faces: Sequence[SeenFace], labels: Mapping[int, Label] | None, options: ScoringOptions) -> _Shot:
    labelled: dict[Category, list[Measured]] = {category: [] for category in Category}
    for seen in faces:
        label = Label() if labels is None else labels.get(-1 if seen.person is None else seen.person)
        if label is not None:
            labelled[label.category].append(_measured(seen))
    letters = {category: _letters(labelled[category], category, options) for category in Category}
    weights = {category: [_OF_CATEGORY[category] * quality for quality in _OF_QUALITY] for category in Category}
    points = sum(
        weight * {NO: -1, YES: 1, NOBODY: 0}[letter]
        for category in Category
        for weight, letter in zip(weights[category], letters[category], strict=True)
    )
    counting = [one for of_category in labelled.values() for one in of_category] or [_measured(seen) for seen in faces]
    known = [value for one in counting for value in one if value is not None]
    return _Shot(
        "".join(letter for three in letters.values() for letter in three),
        {category: tuple(of_category) for category, of_category in labelled.items()},
        len(faces),
        points,
        sum(known) / len(known) if known else 0.0,
        _stars(letters),
        _reason(labelled, letters, len(faces), options),
    )


def _measured(seen: SeenFace) -> Measured:
    return seen.measures.eyes, seen.measures.smile, seen.measures.focus


def _letters(persons: Sequence[Measured], category: Category, options: ScoringOptions) -> Letters:
    """The letters for eyes, smile and focus."""
    letters = []
    for quality, (name, all_must) in enumerate(zip(_QUALITIES, options.all_must(category), strict=True)):
        passes = [value >= getattr(options, name) for one in persons if (value := one[quality]) is not None]
        enough = all(passes) if all_must else any(passes)
        letters.append((YES if enough else NO) if passes else NOBODY)
    return tuple(letters)


def _stars(letters: Mapping[Category, Letters]) -> int | None:
    """Five stars where nothing is missing, fewer for what is, by the most important person; None where nobody is judged."""
    if all(letter == NOBODY for three in letters.values() for letter in three):
        return None
    for category, (eyes, _, focus) in letters.items():
        if NO in (eyes, focus):
            return _STARS_OF_FAULT[category]
    return _STARS_WITHOUT_SMILE if any(smile == NO for _, smile, _ in letters.values()) else _MOST_STARS


def _reason(
    labelled: Mapping[Category, Sequence[Measured]], letters: Mapping[Category, Letters], total: int, options: ScoringOptions
) -> str:
    """One line: what is missing, then what could not be told."""
    if not total:
        return "no face"
    if not any(labelled.values()):
        return f"{counted(total, 'face')}, none of a labelled person"
    missing, untold = [], []
    for category, persons in labelled.items():
        for quality, name in enumerate(_QUALITIES):
            known = [value for one in persons if (value := one[quality]) is not None]
            failing = sum(value < getattr(options, name) for value in known)
            if letters[category][quality] == NO:
                missing.append(f"{category}: {_FAULTS[quality]}{_share(failing, len(persons))}")
            if len(known) < len(persons):
                untold.append(f"{name} of {len(persons) - len(known)} {category}")
    told = any(letter != NOBODY for three in letters.values() for letter in three)
    said = "; ".join(missing) if missing else f"{'all is well for' if told else 'nothing can be told of'} {_who(labelled)}"
    if not told:
        return said
    return said + (f"; not told: {listed(untold, 'and')}" if untold else "")


def _share(failing: int, number: int) -> str:
    return f" ({failing} of {number})" if number > 1 else ""


def _who(labelled: Mapping[Category, Sequence[Measured]]) -> str:
    return listed([f"{len(persons)} {category}" for category, persons in labelled.items() if persons], "and")
