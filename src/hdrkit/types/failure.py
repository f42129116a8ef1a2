"""What failed, and why, as values: their text is the one line that a person reads."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path


@dataclass(frozen=True)
class Failure:
    """A file that could not be used, and why, in one line that names it."""

    path: Path
    reason: str

    def __str__(self) -> str:
        return self.reason


@dataclass(frozen=True)
class BracketFailure:
    """A bracket of which nothing was made, and why.

    `names_file` tells that the reason names the file that is to blame; where it does not, the text begins with the bracket.
    """

    bracket: str
    reason: str
    names_file: bool = False

    def __str__(self) -> str:
        return self.reason if self.names_file else f"{self.bracket}: {self.reason}"
