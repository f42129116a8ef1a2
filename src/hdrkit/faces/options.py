"""The options of the people commands: how faces become persons. The command line, the config file and Python use them."""

from __future__ import annotations

import math
from dataclasses import dataclass, field
from enum import StrEnum

from hdrkit.errors import InputError, chosen

_PANEL = "Persons"


class PersonMethod(StrEnum):
    """How faces are joined into persons."""

    AVERAGE = "average"
    HDBSCAN = "hdbscan"


@dataclass(frozen=True)
class PersonOptions:
    """How faces are joined into persons. Raises InputError for values out of range.

    Distances are cosine distances of embeddings, 0 to 2. `threshold` None is the one that was measured for the embedding network.
    Faces that are smaller, more turned or less in focus than the limits never begin a person.
    """

    method: PersonMethod = field(
        default=PersonMethod.AVERAGE,
        metadata={
            "flag": "--method",
            "panel": _PANEL,
            "help": "average: average linkage, which compares all faces of one person with all of another; hdbscan: dense "
            "groups, and faces in none are unknown",
        },
    )
    threshold: float | None = field(
        default=None,
        metadata={
            "flag": "--threshold",
            "panel": _PANEL,
            "shown": "of the embedding",
            "help": "largest average cosine distance, 0 to 2, between the faces of one person; smaller makes more persons",
        },
    )
    min_size: float = field(
        default=32.0,
        metadata={"flag": "--min-size", "panel": _PANEL, "help": "pixels below which a face joins a person only when sure"},
    )
    max_yaw: float = field(
        default=60.0,
        metadata={
            "flag": "--max-yaw",
            "panel": _PANEL,
            "help": "degrees of turn above which it joins a person only when sure",
        },
    )
    min_focus: float = field(
        default=0.1,
        metadata={
            "flag": "--min-focus",
            "panel": _PANEL,
            "help": "focus, 0 to 1, below which it joins a person only when sure",
        },
    )
    min_confidence: float = field(
        default=0.5,
        metadata={
            "flag": "--min-confidence",
            "panel": _PANEL,
            "help": "confidence of the detector below which a face joins a person only when sure",
        },
    )

    def __post_init__(self) -> None:
        object.__setattr__(self, "method", chosen(PersonMethod, self.method, "method"))
        if self.threshold is not None and not (math.isfinite(self.threshold) and 0 < self.threshold <= 2):
            raise InputError(f"a threshold is a cosine distance above 0 and up to 2, not {self.threshold!r}")
        if not self.min_size >= 0:
            raise InputError(f"the smallest face has 0 pixels or more, not {self.min_size!r}")
        if not 0 <= self.max_yaw <= 180:
            raise InputError(f"the largest yaw is from 0 to 180 degrees, not {self.max_yaw!r}")
        for name in ("min_focus", "min_confidence"):
            if not 0 <= getattr(self, name) <= 1:
                raise InputError(f"{name} is from 0 to 1, not {getattr(self, name)!r}")
