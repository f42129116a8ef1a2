"""Which photographs of a series are the sharpest, and what became of their ratings: the value that ranking gives."""

from __future__ import annotations

from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from hdrkit.types.failure import Failure
from hdrkit.types.photo import Photo


@dataclass(frozen=True)
class Take:
    """Photographs that are rated as one: a single one, or an exposure bracket, whose `reference` frame carries the stars.

    `companions` are other files of the same shots, RAW files above all.
    """

    photos: tuple[Photo, ...]
    reference: int = 0
    companions: tuple[Photo, ...] = ()

    @property
    def shown(self) -> Photo:
        """The photograph that stands for the take."""
        return self.photos[self.reference]


@dataclass(frozen=True)
class RankedTake:
    """A take in its group: its place there, 1 the sharpest, its sharpness (NaN: nothing to see) and its stars.

    `focus` (x, y) is the place with the most fine detail, in pixels of the photograph that is shown.
    """

    take: Take
    group: str
    rank: int
    sharpness: float
    stars: int
    focus: tuple[int, int]


@dataclass(frozen=True)
class Rated:
    """What became of the rating of one file: the stars it should have, None for none, whether they were written, and why.

    `error` is what kept them from being written; a person's own rating is none.
    """

    photo: Photo
    group: str
    rank: int | None
    sharpness: float | None
    stars: int | None
    written: bool
    reason: str
    error: str = ""


@dataclass(frozen=True)
class RankingReport:
    """How the ranking came about: the options, the `threshold` of difference that was used, the seconds of each step, notes.

    `doubtful` is how many differences of neighbours alone did not tell whether they are one series.
    """

    options: dict[str, Any]
    threshold: float | None
    seconds: dict[str, float]
    notes: tuple[str, ...] = ()
    ignored: int = 0
    excluded: tuple[Path, ...] = ()
    doubtful: int = 0


@dataclass(frozen=True)
class RankingResult:
    """Every photograph that was looked at: in a group, the groups in order and each from sharp to soft, or unreadable."""

    groups: tuple[tuple[RankedTake, ...], ...]
    unreadable: tuple[Failure, ...]
    report: RankingReport = field(compare=False)
