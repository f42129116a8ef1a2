"""The result of grouping: which photographs belong together, in which order, and why."""

from __future__ import annotations

from dataclasses import dataclass, field
from enum import StrEnum
from typing import Any

from hdrkit.errors import InputError
from hdrkit.types.failure import Failure
from hdrkit.types.photo import Photo


class Kind(StrEnum):
    """What kind of sequence photographs of one view form."""

    BRACKET = "bracket"
    BURST = "burst"
    FLASH_AMBIENT = "flash_ambient"
    FOCUS_BRACKET = "focus_bracket"
    SINGLE = "single"
    UNASSIGNED = "unassigned"
    UNREADABLE = "unreadable"


class Flag(StrEnum):
    """What a person should look at. A flag never removes a photograph."""

    ACCIDENTAL = "accidental"
    BY_METADATA = "by_metadata"
    DUPLICATE = "duplicate"
    FLASH = "flash"
    INCOMPLETE = "incomplete"
    NO_CONTENT = "no_content"
    PANORAMA = "panorama"
    UNREADABLE = "unreadable"


@dataclass(frozen=True)
class Member:
    """A photograph of a cluster. `ev` is its exposure in EV relative to the reference frame; None if it is unknown."""

    photo: Photo
    ev: float | None = None
    flags: tuple[Flag, ...] = ()
    reason: str = ""


@dataclass(frozen=True)
class Cluster:
    """One sequence of photographs of one view, the shortest exposure first. Several clusters may have the same `view`.

    `reference` is the index of the member on which the others are aligned. `confidence` is in 0..1, `reasons` explain it in
    words, and `metrics` are the numbers behind them.
    """

    name: str
    view: str
    kind: Kind
    members: tuple[Member, ...]
    reference: int = 0
    confidence: float = 1.0
    reasons: tuple[str, ...] = ()
    metrics: dict[str, float | None] = field(default_factory=dict)

    def __post_init__(self) -> None:
        if not self.members:
            raise InputError(f"cluster {self.name!r} holds no photographs")
        if not 0 <= self.reference < len(self.members):
            raise InputError(f"cluster {self.name!r} has no frame {self.reference} to serve as reference")


@dataclass(frozen=True)
class GroupingReport:
    """The report of a grouping: the options, the seconds of each step, and notes on what differs from the request."""

    options: dict[str, Any]
    seconds: dict[str, float]
    notes: tuple[str, ...] = ()
    ignored: int = 0


@dataclass(frozen=True)
class GroupingResult:
    """Every photograph once: in a cluster, unassigned, or unreadable. A single photograph has a cluster of its own."""

    clusters: tuple[Cluster, ...]
    unassigned: tuple[Member, ...]
    unreadable: tuple[Failure, ...]
    report: GroupingReport
