"""The result of scoring: how good each photograph is for the persons who matter."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from hdrkit.types.faces import Category

Measured = tuple[float | None, float | None, float | None]


@dataclass(frozen=True)
class PhotoScore:
    """The score of one photograph.

    `final_score` is 1 for the best, dense, and the same for photographs of one shot; None if the photograph could not be read.
    `results` has nine letters, for eyes, smile and focus of main, then of important, then of other persons: a no, b yes, c nobody
    of whom it could be told. `stars` are the stars that the photograph may be given, None if it shows nobody who is labelled.
    `faces` are eyes, smile and focus of the labelled persons of the shot, by category, and `total` counts all faces of the shot.
    """

    path: Path
    shot: Path
    final_score: int | None
    results: str
    stars: int | None
    faces: Mapping[Category, tuple[Measured, ...]]
    total: int
    reason: str

    def count(self, category: Category) -> int:
        """The number of persons of a category in the shot."""
        return len(self.faces.get(category, ()))


@dataclass(frozen=True)
class ScoringResult:
    """The scores, best first, with the options that they follow, and notes."""

    scores: tuple[PhotoScore, ...]
    options: Mapping[str, Any] = field(compare=False)
    notes: tuple[str, ...] = ()
