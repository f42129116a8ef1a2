"""The options of ranking. The command line and Python use them."""

from __future__ import annotations

import math
import os
from dataclasses import dataclass, field
from enum import StrEnum

from hdrkit.errors import InputError
from hdrkit.sidecars.sidecar import Sidecar
from hdrkit.sidecars.xmp import MOST_STARS


class SeriesMethod(StrEnum):
    """How photographs are put into series."""

    HASH = "hash"
    FEATURES = "features"
    VIEW = "view"


class Measure(StrEnum):
    """The measure of sharpness."""

    DETAIL = "detail"
    LAPLACIAN = "laplacian"


@dataclass(frozen=True)
class RankingOptions:
    """How photographs are grouped, ranked and rated. Raises InputError for values out of range."""

    method: SeriesMethod = field(
        default=SeriesMethod.HASH,
        metadata={
            "flag": "--method",
            "help": "what makes a series: consecutive photographs that are similar by hash, or by matching features, or all "
            "photographs of one view as in hdrkit group",
        },
    )
    measure: Measure = field(
        default=Measure.DETAIL,
        metadata={
            "flag": "--sharpness",
            "help": "detail: fine contrast without noise, fair across exposures; laplacian: variance of the Laplacian in "
            "the middle of the picture",
        },
    )
    diff: float | None = field(
        default=None,
        metadata={
            "flag": "-d --diff",
            "shown": "from the data",
            "help": "largest difference, 0 to 1, between neighbours of one series; chosen from the data if not given",
        },
    )
    max_rank: int = field(
        default=3,
        metadata={
            "flag": "-m --max-rank",
            "panel": "Ratings",
            "min": 1,
            "max": MOST_STARS,
            "help": "stars for the sharpest photograph of a series",
        },
    )
    exclude: bool = field(
        default=False,
        metadata={"flag": "-e --exclude", "help": "leave out photographs that already have a sidecar, or stars inside"},
    )
    sidecar: Sidecar = field(
        default=Sidecar.DARKTABLE,
        metadata={
            "flag": "--sidecar",
            "panel": "Ratings",
            "help": "program to write sidecars for: darktable reads IMG.JPG.xmp; lightroom reads IMG.xmp, for RAW files only",
        },
    )
    overwrite: bool = field(
        default=False, metadata={"flag": "--overwrite", "panel": "Ratings", "help": "also replace ratings that a person gave"}
    )
    workers: int = field(
        default_factory=lambda: os.cpu_count() or 1,
        metadata={"flag": "--jobs -j", "min": 1, "shown": "all cores", "help": "photographs processed side by side"},
    )

    def __post_init__(self) -> None:
        if self.diff is not None and not (math.isfinite(self.diff) and 0 <= self.diff <= 1):
            raise InputError(f"a difference is a number from 0 to 1, not {self.diff!r}")
        if self.diff is not None and self.method is SeriesMethod.VIEW:
            raise InputError("the method view has no difference: give one only with the methods hash and features")
        if not 1 <= self.max_rank <= MOST_STARS:
            raise InputError(f"the sharpest gets 1 to {MOST_STARS} stars, not {self.max_rank!r}")
        if self.workers < 1:
            raise InputError(f"at least 1 photograph is processed at a time, not {self.workers!r}")
