"""The options of the people commands: how faces become persons, and photographs are scored. All interfaces use them."""

from __future__ import annotations

import math
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Any

from hdrkit.errors import InputError, chosen

_PANEL, _SCORE = "Persons", "Scores"


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
            "groups, parted as by average; a face in none is unknown, which suits crowds of passers-by",
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


_ALL, _ANY = ("1", "true", "all"), ("0", "false", "any")
_CATEGORIES = ("main", "important", "other")  # the members of Category, whose module is heavy
_EVERYBODY = ",".join(_CATEGORIES)


def parse_rule(text: str) -> str:
    """The categories in which all must, `main,other`, from such a list, or from 1 (all) or 0 (none). Raises ValueError."""
    words = [word.strip() for word in text.lower().split(",") if word.strip()]
    if len(words) == 1 and words[0] in (*_ALL, *_ANY):
        return _EVERYBODY if words[0] in _ALL else ""
    if unknown := [word for word in words if word not in _CATEGORIES]:
        raise ValueError(f"{unknown[0]!r} is no category; write 1 (all must), 0 (one is enough), or {_EVERYBODY} or some of them")
    return ",".join(category for category in _CATEGORIES if category in words)


def _rule(flag: str, what: str, default: str) -> Any:
    text = f"1: all {what}; 0: one is enough; or the categories in which all must"
    return field(
        default=default,
        metadata={"flag": flag, "panel": _SCORE, "help": text, "parse": parse_rule, "metavar": "1|0|CATEGORY,..."},
    )


@dataclass(frozen=True)
class ScoringOptions:
    """From which measure on eyes count as open, and so on, and who must: all persons of a category, or one of them.

    Each rule holds the categories in which all must, as `parse_rule` gives them. Raises InputError for values out of range.
    """

    eyes: float = field(
        default=0.5, metadata={"flag": "--eyes", "panel": _SCORE, "help": "eyes, 0 to 1, from which on they are open"}
    )
    smile: float = field(
        default=0.5, metadata={"flag": "--smile", "panel": _SCORE, "help": "smile, 0 to 1, from which on it is a smile"}
    )
    focus: float = field(
        default=0.4,
        metadata={
            "flag": "--focus",
            "panel": _SCORE,
            "help": "focus, 0 to 1, from which on a face is in focus; 0.4 is a blur of 2.3 pixels in a face of 200",
        },
    )
    require_all_eyes_open: str = _rule("--require-all-eyes-open", "must have their eyes open", _EVERYBODY)
    require_all_smiles: str = _rule("--require-all-smiles", "must smile", "")
    require_all_in_focus: str = _rule("--require-all-in-focus", "must be in focus", "")

    def __post_init__(self) -> None:
        for name in ("eyes", "smile", "focus"):
            if not 0 <= getattr(self, name) <= 1:
                raise InputError(f"{name} is from 0 to 1, not {getattr(self, name)!r}")
        for name in ("require_all_eyes_open", "require_all_smiles", "require_all_in_focus"):
            try:
                object.__setattr__(self, name, parse_rule(str(getattr(self, name))))
            except ValueError as error:
                raise InputError(f"{name}: {error}") from None

    def all_must(self, category: str) -> tuple[bool, bool, bool]:
        """Whether all persons of a category must have open eyes, smile, and be in focus."""
        rules = (self.require_all_eyes_open, self.require_all_smiles, self.require_all_in_focus)
        eyes, smile, focus = (category in rule.split(",") for rule in rules)
        return eyes, smile, focus
