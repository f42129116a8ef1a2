"""Which photographs belong together, in which order, and why: the value that grouping gives."""

from __future__ import annotations

from dataclasses import dataclass, field
from enum import StrEnum
from typing import Any

from hdrkit.errors import InputError
from hdrkit.types.failure import Failure
from hdrkit.types.photo import Photo


class Kind(StrEnum):
    """What a sequence of photographs of one view is."""

    BRACKET = "bracket"
    BURST = "burst"
    FLASH_AMBIENT = "flash_ambient"
    FOCUS_BRACKET = "focus_bracket"
    SINGLE = "single"
    UNASSIGNED = "unassigned"
    UNREADABLE = "unreadable"


class Flag(StrEnum):
    """What a person may want to look at; nothing is dropped for it."""

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
    """A photograph in its place: `ev` is its exposure in EV from the reference frame's, None where nothing tells."""

    photo: Photo
    ev: float | None = None
    flags: tuple[Flag, ...] = ()
    reason: str = ""


@dataclass(frozen=True)
class Cluster:
    """One exposure sequence of one view, shortest exposure first; `view` names the camera angle that several may share.

    `reference` indexes the member that the others are aligned to, `confidence` is in 0..1 with its `reasons` in words,
    `metrics` the figures behind them.
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
    """How the grouping came about: the options, the seconds that each step took, what was done otherwise than asked for."""

    options: dict[str, Any]
    seconds: dict[str, float]
    notes: tuple[str, ...] = ()
    ignored: int = 0


@dataclass(frozen=True)
class GroupingResult:
    """Every photograph once: in a cluster (single ones in a cluster of their own), unassigned, or unreadable."""

    clusters: tuple[Cluster, ...]
    unassigned: tuple[Member, ...]
    unreadable: tuple[Failure, ...]
    report: GroupingReport
