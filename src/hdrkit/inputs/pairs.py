"""Lists of pairs of photographs: a person decided whether they belong together."""

from __future__ import annotations

import csv
import io
from collections.abc import Iterator
from pathlib import Path

from hdrkit.errors import InputError
from hdrkit.files.atomic import read_bytes
from hdrkit.files.text import show


def read_pairs(path: Path) -> Iterator[tuple[int, tuple[Path, Path]]]:
    """The line number and the two paths of each line of a CSV with two columns. Paths are relative to its folder.

    Empty lines, lines that begin with #, and a header `path,path` are skipped. Raises InputError for a line that does not hold
    two paths.
    """
    reader = csv.reader(io.StringIO(read_bytes(path).decode("utf-8-sig", "surrogateescape"), newline=""))
    for cells in reader:
        names = [cell.strip() for cell in cells]
        if not any(names) or names[0].startswith("#") or [name.casefold() for name in names] == ["path", "path"]:
            continue
        if len(names) != 2 or not all(names):
            raise InputError(f"{show(path)}, line {reader.line_num}: a line must hold two paths, separated by a comma")
        yield reader.line_num, (path.parent / names[0], path.parent / names[1])
