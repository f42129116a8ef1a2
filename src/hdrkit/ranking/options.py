"""What can be chosen about ranking; the command line and Python read these."""

from __future__ import annotations

import math
import os
from dataclasses import dataclass, field
from enum import StrEnum

from hdrkit.errors import InputError
from hdrkit.sidecars.sidecar import Sidecar
from hdrkit.sidecars.xmp import MOST_STARS


class Method(StrEnum):
    """What makes a series of photographs."""

    HASH = "hash"
    FEATURES = "features"
    VIEW = "view"


class Measure(StrEnum):
    """What sharpness is measured by."""

    DETAIL = "detail"
    LAPLACIAN = "laplacian"


@dataclass(frozen=True)
class RankingOptions:
    """How photographs are grouped, ranked and rated. Raises InputError for values that make no sense."""

    method: Method = field(
        default=Method.HASH,
        metadata={
            "flag": "--method",
            "help": "what makes a series: consecutive photographs alike by hash, or by matching features, or all of one view "
            "as hdrkit group finds it",
        },
    )
    measure: Measure = field(
        default=Measure.DETAIL,
        metadata={
            "flag": "--sharpness",
            "help": "detail: fine contrast without noise, fair across exposures; laplacian: its variance in the middle",
        },
    )
    diff: float | None = field(
        default=None,
        metadata={
            "flag": "-d --diff",
            "shown": "from the data",
            "help": "difference, 0 to 1, up to which neighbours are one series; chosen from the data if not given",
        },
    )
    max_rank: int = field(
        default=3,
        metadata={
            "flag": "-m --max-rank",
            "panel": "Ratings",
            "min": 1,
            "max": MOST_STARS,
            "help": "stars of the sharpest photograph of a series",
        },
    )
    exclude: bool = field(
        default=False,
        metadata={"flag": "-e --exclude", "help": "leave out photographs that have a sidecar, or stars inside, already"},
    )
    sidecar: Sidecar = field(
        default=Sidecar.DARKTABLE,
        metadata={
            "flag": "--sidecar",
            "panel": "Ratings",
            "help": "whose sidecars to write: IMG.JPG.xmp, or IMG.xmp of RAW files alone",
        },
    )
    overwrite: bool = field(
        default=False, metadata={"flag": "--overwrite", "panel": "Ratings", "help": "replace ratings that a person gave, too"}
    )
    workers: int = field(
        default_factory=lambda: os.cpu_count() or 1,
        metadata={"flag": "--jobs -j", "min": 1, "shown": "all cores", "help": "photographs worked on side by side"},
    )

    def __post_init__(self) -> None:
        if self.diff is not None and not (math.isfinite(self.diff) and 0 <= self.diff <= 1):
            raise InputError(f"a difference is a number from 0 to 1, not {self.diff!r}")
        if self.diff is not None and self.method is Method.VIEW:
            raise InputError("views are not told by a difference: give one with the methods hash and features alone")
        if not 1 <= self.max_rank <= MOST_STARS:
            raise InputError(f"the sharpest gets 1 to {MOST_STARS} stars, not {self.max_rank!r}")
        if self.workers < 1:
            raise InputError(f"at least 1 photograph is worked on, not {self.workers!r}")
