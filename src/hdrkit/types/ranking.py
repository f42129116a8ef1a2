"""The result of ranking: which photographs of a series are the sharpest, and which ratings were written."""

from __future__ import annotations

from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from hdrkit.types.failure import Failure
from hdrkit.types.photo import Photo


@dataclass(frozen=True)
class Take:
    """Photographs that are rated as one: a single photograph, or a bracket, whose `reference` frame gets the stars.

    `companions` are other files of the same shots, such as RAW files.
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
    """A take in its group: its rank (1 is the sharpest), its sharpness (NaN if the picture is empty) and its stars.

    `focus` (x, y) is the point with the most fine detail, in pixels of the photograph that is shown.
    """

    take: Take
    group: str
    rank: int
    sharpness: float
    stars: int
    focus: tuple[int, int]


@dataclass(frozen=True)
class Rated:
    """The rating of one file: the stars that it should have (None for no stars), whether they were written, and why.

    `error` says what prevented the writing. A rating that a person gave is not an error.
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
    """The report of a ranking: the options, the `threshold` of difference, the seconds of each step, notes.

    `doubtful` is the number of neighbours whose difference alone does not decide whether they are one series.
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
    """Every photograph once: in a group or unreadable. The groups are in order, each from sharp to soft."""

    groups: tuple[tuple[RankedTake, ...], ...]
    unreadable: tuple[Failure, ...]
    report: RankingReport = field(compare=False)
