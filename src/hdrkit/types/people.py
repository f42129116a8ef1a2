"""The result of `hdrkit faces`: who is in each photograph."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from hdrkit.types.faces import Label, SeenFace, SeenPhoto
from hdrkit.types.failure import Failure


@dataclass(frozen=True)
class FoundPerson:
    """A person among photographs: the faces, the least sure first, the clearest of them, and the label (None: not labelled).

    `doubts` are from 0 to 1, one for each face: the average distance to the other faces of the person, relative to that to the
    nearest other person. It is None where the person has no other face to compare with.
    """

    number: int
    faces: tuple[SeenFace, ...]
    doubts: tuple[float | None, ...]
    clearest: SeenFace
    label: Label | None = None


@dataclass(frozen=True)
class PeopleReport:
    """The report of a run: the options, the models by role, the threshold, the seconds of each step, notes.

    `read` photographs were looked at in this run; the others were known by their content.
    """

    options: dict[str, Any]
    models: dict[str, str]
    threshold: float
    seconds: dict[str, float]
    read: int
    notes: tuple[str, ...] = ()
    ignored: int = 0


@dataclass(frozen=True)
class PeopleResult:
    """Every photograph once, also those that cannot be read. Persons are in the order of their numbers.

    `labels` are all that are known, also of persons who are not in these photographs.
    """

    photos: tuple[SeenPhoto, ...]
    persons: tuple[FoundPerson, ...]
    unknown: tuple[SeenFace, ...]
    labels: Mapping[int, Label]
    failures: tuple[Failure, ...]
    report: PeopleReport = field(compare=False)
