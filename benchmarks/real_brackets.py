"""The real brackets of the data folder, as lists of photographs with their true exposures."""

from __future__ import annotations

import csv
from collections import defaultdict
from pathlib import Path

from benchmarks.truth import data_folder
from hdrkit.alignment.options import AlignmentMethod, AlignmentOptions
from hdrkit.formats.metadata import read_photo
from hdrkit.formats.pixels import read_frame
from hdrkit.types import Bracket, Exposure, Stack

_STILL = ("tripod", "pre-aligned by authors")


def real_brackets() -> dict[str, list[dict[str, str]]]:
    """The rows of each bracket that states at least two exposures, the photographs as `path`, by name."""
    found: dict[str, list[dict[str, str]]] = defaultdict(list)
    for folder, table, name in (("brackets", "truth.csv", "bracket"), ("originals", "index.csv", "scene")):
        with (data_folder() / folder / table).open(newline="") as file:
            for row in csv.DictReader(file):
                if row.get("kind", "bracket") == "bracket" and row["exposure_time_s"]:
                    where = Path("images") / row["filename"] if folder == "brackets" else Path(row["scene"]) / row["file"]
                    of = row[name] if folder == "brackets" else f"{row[name]} (original)"
                    found[of].append(row | {"path": str(data_folder() / folder / where)})
    return {of: rows for of, rows in sorted(found.items()) if len({row["exposure_time_s"] for row in rows}) > 1}


def stack_of(name: str, rows: list[dict[str, str]]) -> tuple[Stack, AlignmentOptions]:
    """The frames of a bracket by exposure, and how to align them: not at all if the camera stood still."""
    photos = sorted(
        (read_photo(Path(row["path"]), override=_exposure(row)) for row in rows),
        key=lambda photo: photo.exposure.relative if photo.exposure else 0.0,
    )
    bracket = Bracket(name, tuple(photos), reference=len(photos) // 2)
    method = AlignmentMethod.NONE if rows[0]["motion"] in _STILL else AlignmentMethod.AUTO
    return Stack(bracket, tuple(read_frame(photo) for photo in photos)), AlignmentOptions(method=method)


def _exposure(row: dict[str, str]) -> Exposure:
    f_number, iso = (float(row[key]) if row[key] else None for key in ("fnumber", "iso"))
    return Exposure(float(row["exposure_time_s"]), f_number, iso)
