"""What can be chosen about the way files become brackets."""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from enum import StrEnum
from pathlib import Path

from hdrkit.errors import InputError

_SPAN = re.compile(r"([0-9]*\.?[0-9]+)\s*(ms|s|sec|min|m|h)?")
_SECONDS = {"ms": 0.001, "s": 1.0, "sec": 1.0, "min": 60.0, "m": 60.0, "h": 3600.0}


class By(StrEnum):
    """The rule that puts photos into brackets."""

    AUTO = "auto"
    FOLDER = "folder"
    GROUPS = "groups"
    TIME = "time"


@dataclass(frozen=True)
class InputOptions:
    """How files become brackets; the command line and the Python interface read these.

    Raises InputError for a `round_to` that is no span of time.
    """

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
    estimate_exposures: bool = field(
        default=False, metadata={"help": "replace stated exposures, and fill in missing ones, by what the pixels show"}
    )
    literal: bool = field(
        default=False, metadata={"help": "take exposure times and apertures as written: 1/60 s is 1/60 s, not 1/64 s"}
    )
    max_pixels: int = field(default=500_000_000, metadata={"help": "refuse pictures with more pixels than this"})

    def __post_init__(self) -> None:
        parse_span_s(self.round_to)


def parse_span_s(text: str) -> float:
    """Seconds from `30s`, `1min`, `500ms`. Raises InputError."""
    match = _SPAN.fullmatch(text.strip().lower())
    if match is None or float(match[1]) <= 0:
        raise InputError(f"{text!r} is not a span of time; write for example 30s or 1min")
    return float(match[1]) * _SECONDS[match[2] or "s"]
