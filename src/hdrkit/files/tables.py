"""Tables as CSV files, written and read."""

from __future__ import annotations

import codecs
import csv
import io
import re
from collections.abc import Iterable, Iterator
from pathlib import Path

from hdrkit.errors import InputError
from hdrkit.files.atomic import read_bytes
from hdrkit.files.text import show

_DECIMAL_COMMA = re.compile(r"[+-]?[0-9]+,[0-9]+([eE][+-]?[0-9]+)?")


def to_csv(rows: Iterable[Iterable[str]]) -> bytes:
    """Rows as a CSV with a line feed after each. Undecodable bytes of a path stay as they are.

    A cell is quoted if it holds a comma, a quote, a line feed or a carriage return, which Python's own writer leaves bare.
    """
    lines = "".join(",".join(map(_quoted, row)) + "\n" for row in rows)
    return lines.encode("utf-8", "surrogateescape")


def _quoted(cell: str) -> str:
    return '"' + cell.replace('"', '""') + '"' if any(mark in cell for mark in ',"\r\n') else cell


def read_rows(path: Path | str, required: tuple[str, ...]) -> Iterator[tuple[int, dict[str, str]]]:
    """Line numbers and rows of a CSV with a header. Blank lines are left out, cells are stripped, missing cells are empty.

    The table may be UTF-8 or UTF-16. Where semicolons or tabs separate its cells, a comma in a number is a decimal point.
    Raises InputError if it cannot be read.
    """
    text = _text(path)
    first = text.partition("\n")[0]
    separator = max(",;\t", key=first.count)  # spreadsheets of many countries write semicolons
    reader = csv.reader(io.StringIO(text, newline=""), delimiter=separator)
    try:
        header = [name.strip().lower() for name in next(reader, [])]
        missing = [name for name in required if name not in header]
        if missing:
            raise InputError(
                f"{show(path)}: no column {missing[0]!r}; the first line must be a header such as {','.join(required)}"
            )
        for cells in reader:
            if any(cell.strip() for cell in cells):
                padded = [_plain_number(cell.strip(), separator) for cell in cells] + [""] * (len(header) - len(cells))
                yield reader.line_num, dict(zip(header, padded, strict=False))
    except csv.Error as error:
        raise InputError(f"{show(path)}, line {reader.line_num}: not a table of comma-separated values ({error})") from error


def _text(path: Path | str) -> str:
    data = read_bytes(path)
    try:
        wide = data.startswith((codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE))
        return data.decode("utf-16") if wide else data.decode("utf-8-sig", "surrogateescape")
    except UnicodeDecodeError as error:
        raise InputError(f"{show(path)}: not text in UTF-16, as its beginning says; save it as CSV in UTF-8") from error


def _plain_number(cell: str, separator: str) -> str:
    return cell.replace(",", ".") if separator != "," and _DECIMAL_COMMA.fullmatch(cell) else cell
