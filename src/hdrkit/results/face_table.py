"""`face_data.csv`: one row for each face, written and read. A photograph without a face has a row of its own.

The first four columns are those of the document that many scripts read: filename, facial_area, embedding, cluster.
"""

from __future__ import annotations

import json
import math
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import fields
from functools import cache
from pathlib import Path
from typing import Any

import numpy as np

from hdrkit.errors import InputError
from hdrkit.files.tables import read_rows, to_csv
from hdrkit.files.text import show
from hdrkit.results.group_layout import relative_to
from hdrkit.types import Face, FaceMeasures, SeenFace, SeenPhoto

FACE_TABLE = "face_data.csv"
MEASURES = tuple(field.name for field in fields(FaceMeasures) if field.name != "unknown")
COLUMNS = (
    *("filename", "facial_area", "embedding", "cluster", "confidence", "size"),
    *MEASURES,
    *("landmarks", "unknown", "shot"),
)
NOBODY = -1  # the cluster of a face whose person is unknown
_PHOTOGRAPH = "photograph"  # the name in the column `unknown` under which it says why a photograph could not be read


def face_table(photos: Iterable[SeenPhoto], folder: Path) -> bytes:
    """Photographs with their faces as a CSV. Paths are relative to `folder`, where the CSV will lie."""
    at = folder.resolve()

    @cache
    def folder_of(path: Path) -> str:
        return relative_to(at, path.resolve())

    def name_of(path: Path) -> str:
        name = Path(folder_of(path.parent), path.name).as_posix()
        return f"./{name}" if name[0].isspace() else name  # cells are stripped when they are read

    def rows() -> Iterator[Iterable[str]]:
        yield COLUMNS
        for photo in photos:
            name = name_of(photo.path)
            shot = name if photo.shot == photo.path else name_of(photo.shot)
            if not photo.faces:
                why = photo.failure.removeprefix(f"{show(photo.path)}: ")  # the row names the file
                cells = {"unknown": json.dumps({_PHOTOGRAPH: why})} if why else {}
                yield (({"filename": name, "shot": shot} | cells).get(column, "") for column in COLUMNS)
            for face in photo.faces:
                yield (name, *_cells(face), shot)

    return to_csv(rows())


def _cells(seen: SeenFace) -> Iterator[str]:
    face, measures = seen.face, seen.measures
    yield _numbers(face.area, "%.1f")
    yield _numbers(seen.embedding, "%.7g")
    yield str(NOBODY if seen.person is None else seen.person)
    yield f"{face.confidence:.4f}"
    yield f"{face.size:.1f}"
    for name in MEASURES:
        value = getattr(measures, name)
        yield "" if value is None else f"{value:.4f}"
    yield "[" + ", ".join(_numbers(point, "%.1f") for point in face.landmarks) + "]"
    yield json.dumps(dict(measures.unknown), ensure_ascii=False) if measures.unknown else ""


def _numbers(values: Any, form: str) -> str:
    return "[" + ", ".join([form] * len(values)) % tuple(values) + "]"


def read_face_table(path: Path | str) -> tuple[SeenPhoto, ...]:
    """The photographs of a `face_data.csv` in the order of their first rows. Paths are those of files, not relative to the CSV.

    The CSV may have been edited: the order of rows and columns does not matter, and only filename, facial_area and cluster must
    be there; without embeddings those of the faces are empty. Raises InputError, which names the line, for a cell that does not
    hold what its column says.
    """
    folder = Path(path).parent
    photos: dict[Path, SeenPhoto] = {}
    faces: dict[Path, list[SeenFace]] = {}
    dims = 0
    for line, row in read_rows(path, ("filename", "facial_area", "cluster")):
        where = f"{show(path)}, line {line}"
        if not row["filename"]:
            raise InputError(f"{where}: no filename; give the name of the photograph")
        file = folder / row["filename"]
        unknown = _object(row.get("unknown", ""), f"{where}: unknown")
        shot = folder / row["shot"] if row.get("shot") else file
        photos.setdefault(file, SeenPhoto(file, shot, failure=unknown.pop(_PHOTOGRAPH, "")))
        if row["facial_area"]:
            seen = _face(file, row, unknown, where)
            dims = dims or len(seen.embedding)
            if len(seen.embedding) not in (0, dims):
                raise InputError(
                    f"{where}: embedding has {len(seen.embedding)} numbers, others have {dims}; run hdrkit faces again"
                )
            faces.setdefault(file, []).append(seen)
    return tuple(SeenPhoto(photo.path, photo.shot, tuple(faces.get(file, ())), photo.failure) for file, photo in photos.items())


def _face(file: Path, row: Mapping[str, str], unknown: Mapping[str, str], where: str) -> SeenFace:
    x, y, width, height = _vector(row["facial_area"], f"{where}: facial_area", 4)
    points = _list(row.get("landmarks") or "[]", f"{where}: landmarks")
    landmarks = np.full((5, 2), np.nan, np.float32)
    if points:
        for k, point in enumerate(points):
            if len(points) != 5 or not isinstance(point, list) or len(point) != 2:
                raise InputError(f"{where}: landmarks must be five points [x, y], not {row['landmarks'][:40]!r}")
            landmarks[k] = _finite(point, f"{where}: landmarks", row["landmarks"])
    confidence = _number(row.get("confidence", ""), f"{where}: confidence")
    measures = {name: _number(row.get(name, ""), f"{where}: {name}") for name in MEASURES}
    person = _number(row["cluster"], f"{where}: cluster")
    if person is not None and (not person.is_integer() or person < NOBODY):
        raise InputError(f"{where}: cluster must be the number of a person, or {NOBODY} for unknown, not {row['cluster']!r}")
    return SeenFace(
        file,
        Face((x, y, width, height), landmarks, 1.0 if confidence is None else confidence),
        np.array(_vector(row.get("embedding") or "[]", f"{where}: embedding"), np.float32),
        FaceMeasures(**measures, unknown=tuple(unknown.items())),
        None if person is None or person == NOBODY else int(person),
    )


def _number(text: str, where: str) -> float | None:
    if not text:
        return None
    try:
        value = float(text)
    except ValueError:
        value = math.nan
    if not math.isfinite(value):
        raise InputError(f"{where} must be a number or empty, not {text[:40]!r}")
    return value


def _list(text: str, where: str) -> list[Any]:
    try:
        value = json.loads(text)
    except ValueError:
        value = None
    if not isinstance(value, list):
        raise InputError(f"{where} must be a list of numbers in brackets, not {text[:40]!r}")
    return value


def _vector(text: str, where: str, length: int | None = None) -> list[float]:
    values = _finite(_list(text, where), where, text)
    if length is not None and len(values) != length:
        raise InputError(f"{where} must be a list of {length} numbers, not {text[:40]!r}")
    return values


def _finite(values: list[Any], where: str, text: str) -> list[float]:
    if not all(isinstance(one, (int, float)) and not isinstance(one, bool) and math.isfinite(one) for one in values):
        raise InputError(f"{where} must be a list of numbers in brackets, not {text[:40]!r}")
    return values


def _object(text: str, where: str) -> dict[str, str]:
    if not text:
        return {}
    try:
        value = json.loads(text)
    except ValueError:
        value = None
    if not isinstance(value, dict):
        raise InputError(f'{where} must be empty or reasons by name, such as {{"eyes": "too small"}}, not {text[:40]!r}')
    return {str(name): str(reason) for name, reason in value.items()}
