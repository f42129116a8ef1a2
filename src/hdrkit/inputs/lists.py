"""The two CSV files that users give: lists of exposures and lists of groups."""

from __future__ import annotations

import math
import os
from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass, field, replace
from functools import cache
from pathlib import Path

from hdrkit.errors import ExposureError, InputError
from hdrkit.exposure import as_listed, parse_time_s
from hdrkit.files.tables import read_rows
from hdrkit.files.text import counted, show
from hdrkit.types import Bracket, Exposure, Photo


def read_exposure_list(path: Path | str) -> dict[str, Exposure]:
    """Exposures from a CSV with the columns filename, exposure_time_s and optionally f_number and iso.

    Times are seconds (0.0125) or fractions (1/80). Keys are the file names as in the list: bare names, or paths. Raises
    InputError that names the line if a value is missing, contradicts another line or is not a positive number.
    """
    exposures: dict[str, Exposure] = {}
    for line, row in read_rows(path, ("filename", "exposure_time_s")):
        where = f"{show(path)}, line {line}"
        if not row["filename"]:
            raise InputError(f"{where}: no file name; write one or take the line out")
        name = str(Path(row["filename"]))
        try:
            exposure = Exposure(
                parse_time_s(row["exposure_time_s"]), _positive("f_number", row.get("f_number")), _positive("iso", row.get("iso"))
            )
        except ExposureError as error:
            raise InputError(f"{where}: {error}") from error
        if exposures.setdefault(name, exposure) != exposure:
            raise InputError(f"{where}: {show(name)} is already listed with another exposure; keep one of the lines")
    return exposures


class ExposureList:
    """Exposures by file name from a list of the user. Without a file it is empty."""

    def __init__(self, path: Path | None = None) -> None:
        self._path, self._rows = path, read_exposure_list(path) if path else {}

    def of(self, path: Path) -> Exposure | None:
        """The exposure of the row that names this file; of several rows, the one with the longest matching path."""
        for start in range(len(path.parts)):
            if (row := self._rows.get("/".join(path.parts[start:]))) is not None:
                return row
        return None

    def applied(self, photos: Iterable[Photo]) -> Iterator[Photo]:
        """The photographs. Those that are listed have the exposure of the list."""
        for photo in photos:
            row = self.of(photo.path)
            yield replace(photo, exposure=as_listed(row, photo.exposure)) if row else photo

    def notes_on(self, brackets: Iterable[Bracket]) -> Iterator[str]:
        """A note for each bracket in which exposures of the list and of the photographs meet."""
        for bracket in brackets if self._rows else ():
            unlisted = [photo for photo in bracket.photos if not self.of(photo.path)]
            others = [photo for photo in unlisted if photo.exposure]
            if others and len(unlisted) < len(bracket.photos):
                names = ", ".join(show(photo.path.name) for photo in others)
                whose = "its exposure is" if len(others) == 1 else "their exposures are"
                yield f"{bracket.name}: {show(self._path or '')} does not list {names}; {whose} taken from the photographs"

    def require_any(self, paths: Iterable[Path]) -> None:
        """Raise InputError if none of these files is listed."""
        if self._rows and not any(self.of(path) for path in paths):
            raise InputError(f"{show(self._path or '')}: none of its file names is among the photographs")


@dataclass(frozen=True)
class GroupList:
    """A list of groups: all its paths, the bracket of each path to merge, and a line about the others (empty if there are none).

    `ev` has the relative exposure of the paths to merge, in EV, if the list has it. More light is a greater value.
    """

    paths: tuple[str, ...]
    brackets: dict[str, str]
    left_out: str = ""
    ev: dict[str, float] = field(default_factory=dict)


_NOT_MERGED = ("duplicate", "accidental", "flash")  # frames with these flags would harm their bracket


def read_groups(path: Path | str) -> GroupList:
    """Brackets from a CSV with the columns path and bracket. Rows without a bracket are skipped.

    Paths are relative to the folder of the CSV, and are returned joined to it. A column ev is read if there is one. With a
    column kind, as in the lists of `hdrkit group`, only rows of kind `bracket` are used. With a column flags, rows are left
    out that are flagged as a duplicate of an earlier frame, as an accident or as lit by flash. Raises InputError for a file that
    is not such a list, or that puts one photo into two brackets.
    """
    groups: dict[str, str] = {}
    exposures: dict[str, float] = {}
    real = cache(os.path.realpath)
    others: dict[str, tuple[str, str]] = {}  # photo -> its group, and why it is left out
    for line, row in read_rows(path, ("path", "bracket")):
        if not row["bracket"]:
            continue
        where, bracket = f"{show(path)}, line {line}", row["bracket"]
        if not row["path"]:
            raise InputError(f"{where}: bracket {bracket!r} has no path; write one or take the line out")
        if Path(bracket).is_absolute() or ".." in Path(bracket).parts:
            raise InputError(f"{where}: bracket {bracket!r} leads out of the output folder; give it a plain name")
        photo = _joined(Path(path).parent, row["path"], real)
        flags = [flag for flag in _NOT_MERGED if flag in row.get("flags", "").split()]
        if row.get("kind", "bracket") != "bracket":
            others[photo] = bracket, row["kind"]
        elif flags:
            others[photo] = "", flags[0]
        elif groups.setdefault(photo, bracket) != bracket:
            raise InputError(f"{where}: {show(photo)} is in bracket {groups[photo]!r} already; keep one of the lines")
        elif (ev := _finite(where, row.get("ev"))) is not None:
            exposures[photo] = ev
    return GroupList((*groups, *others), groups, _left_out(others), exposures)


def _joined(folder: Path, path: str, real: Callable[[Path], str]) -> str:
    """A path joined to a folder. `..` is resolved unless a link makes it lead elsewhere."""
    joined = folder / path
    short = Path(os.path.normpath(joined))
    return str(short if real(short.parent) == real(joined.parent) else joined)


def _finite(where: str, text: str | None) -> float | None:
    """An EV, None for an empty cell."""
    if not text:
        return None
    value = _number(text)
    if not math.isfinite(value):
        raise InputError(f"{where}: ev {text!r} is not a number; correct it, or leave it empty")
    return value


def _number(text: str) -> float:
    """The number in a cell, NaN if it holds none."""
    try:
        return float(text)
    except ValueError:
        return math.nan


def _left_out(others: Mapping[str, tuple[str, str]]) -> str:
    """A line: left out 3 photographs in 2 groups that are not exposure brackets: 2 single, and 1 frame of brackets: ..."""
    kinds = {(group, kind) for group, kind in others.values() if group}
    lines = []
    if kinds:
        number = sum(bool(group) for group, _ in others.values())
        lines.append(
            f"{counted(number, 'photograph')} in {counted(len(kinds), 'group')} that are not exposure brackets: "
            + _tally(kind for _, kind in kinds)
        )
    if flags := [flag for group, flag in others.values() if not group]:
        lines.append(f"{counted(len(flags), 'frame')} of brackets: {_tally(flags)}")
    return "left out " + ", and ".join(lines) if lines else ""


def _tally(words: Iterable[str]) -> str:
    return ", ".join(f"{number} {word.replace('_', ' ')}" for word, number in sorted(Counter(words).items()))


def _positive(name: str, text: str | None) -> float | None:
    if not text:
        return None
    value = _number(text)
    if not 0 < value < math.inf:
        raise ExposureError(f"{name} {text!r} is not a positive number")
    return value
