"""A face in a photograph: where it is, who it may be, and what its eyes, mouth and focus show."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

NOBODY = -1
"""The number of the person of a face that is unknown."""


@dataclass(frozen=True)
class Face:
    """Where a face is in a photograph, in pixels of the picture as it is shown (orientation applied).

    `area` is (x, y, width, height) of the box, which may reach beyond the border. `landmarks` (5, 2) are the eye at the left of
    the picture, the eye at its right, the tip of the nose, and the corners of the mouth at the left and the right.
    `confidence` from 0 to 1 is the detector's.
    """

    area: tuple[float, float, float, float]
    landmarks: NDArray[np.float32]
    confidence: float

    @property
    def size(self) -> float:
        """The shorter side of the box in pixels."""
        return min(self.area[2:])


@dataclass(frozen=True)
class FaceMeasures:
    """What a face shows. None is unknown: the pixels cannot tell.

    `yaw`, `pitch` and `roll` are degrees, 0 for a face that looks into the camera; positive yaw looks to the right of the
    picture, positive pitch up, positive roll turns clockwise. `eyes` (the less open eye), `smile` and `focus` are from 0 to 1.
    `unknown` says why a measure, or the person, is unknown, by its name.
    """

    yaw: float | None = None
    pitch: float | None = None
    roll: float | None = None
    eyes: float | None = None
    smile: float | None = None
    focus: float | None = None
    unknown: tuple[tuple[str, str], ...] = ()


@dataclass(frozen=True)
class SeenFace:
    """A face of one photograph with its embedding (a unit vector), its measures, and its person (None: unknown)."""

    path: Path
    face: Face
    embedding: NDArray[np.float32]
    measures: FaceMeasures
    person: int | None = None

    @property
    def where(self) -> tuple[Path, tuple[float, float, float, float]]:
        """The photograph and the box: no two faces have the same."""
        return self.path, self.face.area


@dataclass(frozen=True)
class SeenPhoto:
    """A photograph that was looked at, with its faces from left to right.

    Photographs of one press of the shutter, or of one exposure bracket, have the same `shot`: the path of the photograph that
    stands for them. Each face of a shot is listed once, with the photograph that shows it best. `failure` says why the photograph
    could not be read, and is empty if it was.
    """

    path: Path
    shot: Path
    faces: tuple[SeenFace, ...] = ()
    failure: str = ""


class Category(StrEnum):
    """How much a person matters to the score of a photograph."""

    MAIN = "main"
    IMPORTANT = "important"
    OTHER = "other"


@dataclass(frozen=True)
class Label:
    """What a human says of a person. The name may be empty."""

    category: Category = Category.OTHER
    name: str = ""


@dataclass(frozen=True)
class KnownPerson:
    """A person of earlier runs: the sum (D,) of the unit vectors of so many faces."""

    number: int
    total: NDArray[np.float32]
    count: int
