"""What failed, and why, as values. The text of a failure is the line that a person reads."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path


@dataclass(frozen=True)
class Failure:
    """A file that could not be used. `reason` is one line that names the file."""

    path: Path
    reason: str

    def __str__(self) -> str:
        return self.reason


@dataclass(frozen=True)
class BracketFailure:
    """A bracket that gave no result, and why.

    `names_file` says that the reason names the file at fault. Otherwise the text begins with the name of the bracket.
    """

    bracket: str
    reason: str
    names_file: bool = False

    def __str__(self) -> str:
        return self.reason if self.names_file else f"{self.bracket}: {self.reason}"
