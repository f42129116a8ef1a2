"""The options of how files become brackets."""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from enum import StrEnum
from pathlib import Path
from typing import TypeVar

from hdrkit.errors import InputError

GAP = "gap"
_MOST_EV = 60

Member = TypeVar("Member", bound=StrEnum)

_SPAN = re.compile(r"([0-9]*\.?[0-9]+)\s*(ms|s|sec|min|m|h)?")
_SECONDS = {"ms": 0.001, "s": 1.0, "sec": 1.0, "min": 60.0, "m": 60.0, "h": 3600.0}


class By(StrEnum):
    """The rule that puts photos into brackets."""

    AUTO = "auto"
    FOLDER = "folder"
    GROUPS = "groups"
    TIME = "time"


class ExposureUnit(StrEnum):
    """The unit of the number at the end of a file name."""

    MICROSECONDS = "us"
    MILLISECONDS = "ms"
    SECONDS = "s"

    @property
    def seconds(self) -> float:
        """The unit in seconds."""
        return {"us": 1e-6, "ms": 1e-3, "s": 1.0}[self.value]


def parse_ev(text: str) -> tuple[float, ...]:
    """Exposures in EV from a text such as `-2,0,2`. Raises ValueError."""
    try:
        return tuple(float(part) for part in text.split(","))
    except ValueError:
        raise ValueError(f"{text!r} is not a list of exposures in EV; write for example -2,0,2") from None


@dataclass(frozen=True)
class InputOptions:
    """How files become brackets. The command line and Python use these options.

    Enumerations may be given by their values. Raises InputError if `round_to` is not a span of time, and for other values out
    of range.
    """

    by: By = field(
        default=By.AUTO,
        metadata={
            "flag": "--by",
            "panel": "Input",
            "help": "what makes a bracket: each folder, a list (--groups), or timestamps in file names; auto uses the list if "
            "there is one, timestamps if every name has one, else folders",
        },
    )
    round_to: str = field(
        default="30s",
        metadata={
            "flag": "--round",
            "panel": "Input",
            "help": "with --by time: the span of time that holds one bracket, such as 30s or 1min; or gap: pauses of the camera "
            "divide brackets",
        },
    )
    exposure_unit: ExposureUnit | None = field(
        default=None,
        metadata={
            "flag": "--exposure-unit",
            "panel": "Input",
            "help": "unit of the exposure times at the end of file names. With it, the names win over metadata. Without it, the "
            "names count only if metadata have no exposure",
        },
    )
    min_frames: int = field(
        default=2,
        metadata={
            "flag": "--min-frames",
            "panel": "Input",
            "min": 2,
            "help": "smallest number of readable frames; brackets with fewer are left out and reported",
        },
    )
    max_groups: int | None = field(
        default=None,
        metadata={
            "flag": "--max-groups",
            "panel": "Input",
            "min": 1,
            "help": "largest number of brackets to use, spread evenly over those found; complete ones if there are enough",
        },
    )
    groups: Path | None = field(
        default=None,
        metadata={"flag": "--groups", "panel": "Input", "help": "CSV with the columns path and bracket (--by groups)"},
    )
    exposures: Path | None = field(
        default=None,
        metadata={
            "flag": "--exposures",
            "panel": "Input",
            "metavar": "FILE.csv",
            "words": {"estimate": "estimate_exposures"},
            "together": True,
            "help": "CSV with the columns filename,exposure_time_s[,f_number,iso]; it replaces all metadata",
        },
    )
    estimate_exposures: bool = field(
        default=False,
        metadata={"help": "estimate all exposures from the pixels, stated and missing ones. Give both if a CSV states them"},
    )
    ev: tuple[float, ...] | None = field(
        default=None,
        metadata={
            "flag": "--ev",
            "panel": "Input",
            "metavar": "EV,EV,...",
            "parse": parse_ev,
            "shown": "none",
            "help": "exposures of the frames of each bracket in EV, such as -2,0,2, in the order of the command line or, in "
            "folders, of their names (5 before 10); they replace all metadata",
        },
    )
    literal: bool = field(
        default=False,
        metadata={
            "flag": "--literal-exif",
            "panel": "Input",
            "help": "use exposure times and apertures as written: 1/60 s is 1/60 s, not 1/64 s",
        },
    )
    max_pixels: int = field(
        default=500_000_000,
        metadata={"flag": "--max-pixels", "panel": "Input", "min": 1, "help": "refuse pictures with more pixels than this"},
    )

    def __post_init__(self) -> None:
        object.__setattr__(self, "by", _member(By, self.by))
        if self.exposure_unit is not None:
            object.__setattr__(self, "exposure_unit", _member(ExposureUnit, self.exposure_unit))
        self.span_s  # noqa: B018 - raises if it is not a span
        if self.ev is not None:
            object.__setattr__(self, "ev", tuple(self.ev))
            if len(set(self.ev)) < 2 or not all(abs(ev) <= _MOST_EV for ev in self.ev):
                raise InputError(f"exposures in EV are different numbers from -{_MOST_EV} to {_MOST_EV}, not {self.ev}")
            if self.exposures is not None:
                raise InputError("--ev and --exposures FILE.csv both state the exposures; leave out one of them")
        if self.min_frames < 2:
            raise InputError(f"a bracket has two frames or more, not {self.min_frames}")
        if self.max_groups is not None and self.max_groups < 1:
            raise InputError(f"the largest number of brackets must be 1 or more, not {self.max_groups}")
        if self.max_pixels < 1:
            raise InputError(f"the limit of pixels must be 1 or more, not {self.max_pixels}")

    @property
    def span_s(self) -> float | None:
        """The span of one bracket in seconds; None if pauses divide brackets."""
        return None if self.round_to.strip().lower() == GAP else parse_span_s(self.round_to)


def _member(kind: type[Member], value: str) -> Member:
    """The member of an enumeration that has this value."""
    try:
        return kind(value)
    except ValueError:
        raise InputError(f"{value!r} is not one of {', '.join(kind)}") from None


def parse_span_s(text: str) -> float:
    """Seconds from a text such as `30s`, `1min` or `500ms`. Raises InputError."""
    match = _SPAN.fullmatch(text.strip().lower())
    if match is None or float(match[1]) <= 0:
        raise InputError(f"{text!r} is not a span of time; write for example 30s or 1min")
    return float(match[1]) * _SECONDS[match[2] or "s"]
