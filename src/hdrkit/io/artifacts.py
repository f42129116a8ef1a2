"""Reports as JSON, and the two small CSV files that users hand in: exposure lists and groups."""

from __future__ import annotations

import csv
import io
import json
import math
import os
from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass, field, fields, is_dataclass
from datetime import date
from enum import Enum
from functools import cache
from os import PathLike, fspath
from pathlib import Path
from typing import Any

import numpy as np

from hdrkit.errors import ExposureError, InputError
from hdrkit.exposure import parse_time_s
from hdrkit.io.files import read_bytes, show


def plain(value: Any) -> Any:
    """What JSON can hold of a value: dataclasses as objects, enums by value, paths and dates as text, arrays as lists.

    NaN and infinities become null. Raises TypeError for what has no such form.
    """
    match value:
        case Enum():
            return plain(value.value)
        case None | bool() | int() | str():
            return value
        case float():
            return value if math.isfinite(value) else None
        case np.ndarray() | np.generic():
            return plain(value.tolist())
        case PathLike():
            return fspath(value)
        case date():
            return value.isoformat()
        case Mapping():
            return {str(plain(key)): plain(entry) for key, entry in value.items()}
        case list() | tuple() | set() | frozenset():
            return [plain(entry) for entry in (sorted(value) if isinstance(value, (set, frozenset)) else value)]
        case _ if is_dataclass(value):
            return {field.name: plain(getattr(value, field.name)) for field in fields(value)}
        case _:
            raise TypeError(f"{type(value).__name__} has no JSON form")


def to_json(value: Any) -> str:
    """A report (any dataclass) or plain value as indented ASCII JSON; undecodable bytes of a path become surrogate escapes."""
    return json.dumps(plain(value), indent=2, allow_nan=False) + "\n"


def to_csv(rows: Iterable[Iterable[str]]) -> bytes:
    """Rows as a CSV with a line feed behind each; undecodable bytes of a path stay as they are.

    Cells are quoted where they hold what would divide them, a carriage return too, which Python's own writer leaves bare.
    """
    lines = "".join(",".join(map(_quoted, row)) + "\n" for row in rows)
    return lines.encode("utf-8", "surrogateescape")


def _quoted(cell: str) -> str:
    return '"' + cell.replace('"', '""') + '"' if any(mark in cell for mark in ',"\r\n') else cell


@dataclass(frozen=True)
class ExposureOverride:
    """What a line of an exposure list states: the time in seconds, and aperture and ISO where it has them."""

    time_s: float
    f_number: float | None = None
    iso: float | None = None


def read_exposure_list(path: Path | str) -> dict[str, ExposureOverride]:
    """Exposures from a CSV with the columns filename, exposure_time_s and, if wanted, f_number and iso.

    Times are seconds (0.0125) or fractions (1/80). Keys are the file names as the list has them: bare names, or paths.
    Raises InputError naming the line for a value that is missing, contradicts another line or is no positive number.
    """
    exposures: dict[str, ExposureOverride] = {}
    for line, row in _rows(path, ("filename", "exposure_time_s")):
        where = f"{show(path)}, line {line}"
        if not row["filename"]:
            raise InputError(f"{where}: no file name; write one or take the line out")
        name = str(Path(row["filename"]))
        try:
            exposure = ExposureOverride(
                parse_time_s(row["exposure_time_s"]), _positive("f_number", row.get("f_number")), _positive("iso", row.get("iso"))
            )
        except ExposureError as error:
            raise InputError(f"{where}: {error}") from error
        if exposures.setdefault(name, exposure) != exposure:
            raise InputError(f"{where}: {show(name)} is listed before with another exposure; keep one of the lines")
    return exposures


@dataclass(frozen=True)
class GroupList:
    """A list of groups: all its paths, the bracket of those to merge, and a line about the others (empty if there are none).

    `ev` has the relative exposure of those to merge, in EV, greater where there is more light, as far as the list has it.
    """

    paths: tuple[str, ...]
    brackets: dict[str, str]
    left_out: str = ""
    ev: dict[str, float] = field(default_factory=dict)


_NOT_MERGED = ("duplicate", "accidental", "flash")  # flags of frames that would harm their bracket


def read_groups(path: Path | str) -> GroupList:
    """Brackets from a CSV with the columns path and bracket; rows without a bracket are passed over.

    Paths are relative to the folder of the CSV, and come back joined to it. A column ev is read where there is one. Where there
    is a column kind, as in the lists of `hdrkit group`, only rows of kind `bracket` are taken, and of those with a column flags
    none that is flagged as a duplicate of an earlier frame, an accident or lit by flash. Raises InputError for a file that is no
    such list, or puts one photo into two brackets.
    """
    groups: dict[str, str] = {}
    exposures: dict[str, float] = {}
    real = cache(os.path.realpath)
    others: dict[str, tuple[str, str]] = {}  # photo -> its group, and why it is left out
    for line, row in _rows(path, ("path", "bracket")):
        if not row["bracket"]:
            continue
        where, bracket = f"{show(path)}, line {line}", row["bracket"]
        if not row["path"]:
            raise InputError(f"{where}: bracket {bracket!r} without a path; write one or take the line out")
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
    """A path as seen from a folder, without steps up that cancel others, unless a link makes them lead elsewhere."""
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
    """The number that a cell holds, NaN where it holds none."""
    try:
        return float(text)
    except ValueError:
        return math.nan


def _left_out(others: Mapping[str, tuple[str, str]]) -> str:
    """A line such as: left out 3 photographs in 2 groups that are no exposure brackets: 2 single; and 1 frame: 1 duplicate."""
    kinds = {(group, kind) for group, kind in others.values() if group}
    lines = []
    if kinds:
        number = sum(bool(group) for group, _ in others.values())
        lines.append(
            f"{counted(number, 'photograph')} in {counted(len(kinds), 'group')} that are no exposure brackets: "
            + _tally(kind for _, kind in kinds)
        )
    if flags := [flag for group, flag in others.values() if not group]:
        lines.append(f"{counted(len(flags), 'frame')} of brackets: {_tally(flags)}")
    return "left out " + ", and ".join(lines) if lines else ""


def _tally(words: Iterable[str]) -> str:
    return ", ".join(f"{number} {word.replace('_', ' ')}" for word, number in sorted(Counter(words).items()))


def counted(number: int, noun: str) -> str:
    """`1 photograph`, `2 photographs`."""
    return f"{number} {noun}{'' if number == 1 else 's'}"


def _positive(name: str, text: str | None) -> float | None:
    if not text:
        return None
    value = _number(text)
    if not 0 < value < math.inf:
        raise ExposureError(f"{name} {text!r} is not a positive number")
    return value


def _rows(path: Path | str, required: tuple[str, ...]) -> Iterator[tuple[int, dict[str, str]]]:
    """Line numbers and rows of a CSV with a header, blank lines left out, cells stripped, missing cells empty."""
    text = read_bytes(path).decode("utf-8-sig", "surrogateescape")
    reader = csv.reader(io.StringIO(text, newline=""))
    try:
        header = [name.strip().lower() for name in next(reader, [])]
        missing = [name for name in required if name not in header]
        if missing:
            raise InputError(
                f"{show(path)}: no column {missing[0]!r}; the first line must be a header such as {','.join(required)}"
            )
        for cells in reader:
            if any(cell.strip() for cell in cells):
                padded = [cell.strip() for cell in cells] + [""] * (len(header) - len(cells))
                yield reader.line_num, dict(zip(header, padded, strict=False))
    except csv.Error as error:
        raise InputError(f"{show(path)}, line {reader.line_num}: not a table of comma-separated values ({error})") from error
