"""Notes on any number of brackets by time: how many are unusual, and the first few of them."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from hdrkit.files.text import counted, show
from hdrkit.inputs.brackets import hint_at_pauses, unusual_brackets
from hdrkit.inputs.options import By
from hdrkit.inputs.timestamps import timestamp_in_name
from hdrkit.types import Bracket, Photo

_NAMED = 3
_ASKED = 3  # folders of several brackets that show whether pauses are the better rule


@dataclass(frozen=True)
class UnusualBrackets:
    """How many of the brackets are unusual, and the first of those, each with its name and its remark."""

    brackets: int
    unusual: int
    first: tuple[str, ...]

    def __str__(self) -> str:
        more = f" and {self.unusual - len(self.first)} more" if self.unusual > len(self.first) else ""
        return f"{self.unusual} of {counted(self.brackets, 'bracket')} unusual: {'; '.join(self.first)}{more}"


class Remarks:
    """Collects notes on brackets by spans of time: photographs left out, unusual brackets, and a hint if pauses are better.

    `take` may be called several times, once for each folder. The first folders with several brackets decide about the hint.
    """

    def __init__(self, span_s: float | None) -> None:
        self._span_s = span_s
        self._brackets = self._lost = self._unusual = self._asked = 0
        self._first_lost: Path | None = None
        self._first_unusual: list[str] = []
        self._hint: str | None = None

    def take(self, photos: Sequence[Photo], brackets: Sequence[Bracket]) -> None:
        """Add brackets, and the photographs that they were formed from."""
        if self._hint is None and self._asked < _ASKED and len(brackets) > 2:
            self._asked += 1
            self._hint = hint_at_pauses(brackets, self._span_s)
        self._brackets += len(brackets)
        unusual = unusual_brackets(brackets)
        self._unusual += len(unusual)
        self._first_unusual += unusual[: _NAMED - len(self._first_unusual)]
        if all(bracket.kind == By.TIME for bracket in brackets):
            lost = [photo.path for photo in photos if timestamp_in_name(photo.path) is None]
            self._lost += len(lost)
            self._first_lost = self._first_lost or next(iter(lost), None)

    @property
    def notes(self) -> list[str | UnusualBrackets]:
        """The notes, at most one of each kind."""
        notes: list[str | UnusualBrackets] = []
        if self._first_lost is not None:
            count = counted(self._lost, "photograph")
            notes.append(f"left out {count} without a timestamp in the name; the first is {show(self._first_lost)}")
        if self._unusual:
            notes.append(UnusualBrackets(self._brackets, self._unusual, tuple(self._first_unusual)))
        return [*notes, self._hint] if self._hint else notes
