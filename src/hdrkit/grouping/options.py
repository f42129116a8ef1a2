"""What can be chosen about the way files become brackets."""

from __future__ import annotations

from dataclasses import dataclass, field
from enum import StrEnum
from pathlib import Path


class By(StrEnum):
    """The rule that puts photos into brackets."""

    AUTO = "auto"
    FOLDER = "folder"
    GROUPS = "groups"
    TIME = "time"


@dataclass(frozen=True)
class InputOptions:
    """How files become brackets; the command line and the Python interface read these."""

    by: By = field(
        default=By.AUTO,
        metadata={
            "help": "what makes a bracket: each folder, a list (--groups), or timestamps in names; auto takes the list where "
            "there is one, timestamps where every name has one, folders otherwise"
        },
    )
    round_to: str = field(default="30s", metadata={"help": "span of time that one bracket falls into (--by time)"})
    groups: Path | None = field(default=None, metadata={"help": "CSV with the columns path and bracket (--by groups)"})
    exposures: Path | None = field(
        default=None, metadata={"help": "CSV with the columns filename,exposure_time_s[,f_number,iso]; wins over all metadata"}
    )
    literal: bool = field(
        default=False, metadata={"help": "take exposure times and apertures as written: 1/60 s is 1/60 s, not 1/64 s"}
    )
    max_pixels: int = field(default=500_000_000, metadata={"help": "refuse pictures with more pixels than this"})
