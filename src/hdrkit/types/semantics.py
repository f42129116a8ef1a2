"""The result of `hdrkit map`: where each picture lies among the others, and which of them show the same."""

from __future__ import annotations

from dataclasses import dataclass, field
from enum import StrEnum
from pathlib import Path
from typing import TYPE_CHECKING, Any

from hdrkit.types.failure import Failure

if TYPE_CHECKING:
    import pandas as pd

ALONE = -1
"""The number of the group of a picture that is in none."""


class Cohesion(StrEnum):
    """Whether the pictures of a group lie close together: low if their spread is above 1.2 times the mean of all groups."""

    HIGH = "high"
    LOW = "low"


@dataclass(frozen=True)
class MappedPicture:
    """A picture with its place on the map, its group (`ALONE`: in none), and what is said of it.

    `silhouette` from -1 to 1 is how much nearer it is to its own group than to the next one (Rousseeuw 1987); None in no group.
    `crops` are the boxes (x, y, width, height) of what was embedded beside the whole picture, relative to its width and height.
    """

    path: Path
    label: str
    position: tuple[float, float, float]
    group: int
    quality: Cohesion
    silhouette: float | None = None
    crops: tuple[tuple[float, float, float, float], ...] = ()
    enlarged: bool = False


@dataclass(frozen=True)
class PictureGroup:
    """Pictures that show the same: their indices, the most typical first, the mean distance to their centre, and words for it."""

    number: int
    members: tuple[int, ...]
    spread: float
    quality: Cohesion
    silhouette: float
    words: str = ""


@dataclass(frozen=True)
class MapReport:
    """The report of a run: the options, the models by role, how groups were found, the seconds of each step, notes.

    `read` pictures were embedded in this run; the others were known by their content. `clustering` holds the settings that were
    tuned, such as the epsilon of DBSCAN.
    """

    options: dict[str, Any]
    models: dict[str, str]
    clustering: dict[str, Any]
    seconds: dict[str, float]
    read: int
    notes: tuple[str, ...] = ()
    ignored: int = 0


@dataclass(frozen=True)
class MapResult:
    """Every picture that could be read, in the order of their paths, and the groups, the largest first."""

    pictures: tuple[MappedPicture, ...]
    groups: tuple[PictureGroup, ...]
    failures: tuple[Failure, ...]
    report: MapReport = field(compare=False)

    def frame(self) -> pd.DataFrame:
        """A row for each picture: filename, label, x, y, z, group, quality, silhouette."""
        import pandas as pd

        rows = [(str(one.path), one.label, *one.position, one.group, one.quality.value, one.silhouette) for one in self.pictures]
        return pd.DataFrame(rows, columns=["filename", "label", "x", "y", "z", "group", "quality", "silhouette"])
