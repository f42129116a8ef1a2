"""face_data.csv: what is written is read back, and an edited table is read or refused with one line."""

from __future__ import annotations

import csv
from pathlib import Path

import numpy as np
import pytest

from hdrkit.errors import InputError
from hdrkit.results.face_table import COLUMNS, FACE_TABLE, face_table, read_face_table
from hdrkit.types import Face, FaceMeasures, SeenFace, SeenPhoto


def photographs(folder: Path) -> tuple[SeenPhoto, ...]:
    rng = np.random.default_rng(5)
    first, second, broken = folder / "a, b.jpg", folder / "sub" / "c.jpg", folder / "d.jpg"

    def seen(path: Path, person: int | None, measures: FaceMeasures) -> SeenFace:
        vector = rng.normal(size=16)
        unit = (vector / np.linalg.norm(vector)).astype(np.float32)
        points = rng.uniform(0, 900, (5, 2)).round(1).astype(np.float32)
        return SeenFace(path, Face((10.5, -3.0, 40.0, 50.2), points, 0.9375), unit, measures, person)

    full = FaceMeasures(yaw=-12.5, pitch=3.0, roll=0.25, eyes=0.9, smile=0.125, focus=1.0)
    part = FaceMeasures(unknown=(("eyes", "the face is too small: 14 px"), ("person", "turned away")))
    return (
        SeenPhoto(first, first, (seen(first, 0, full), seen(first, None, part))),
        SeenPhoto(second, first),
        SeenPhoto(broken, broken, failure=f"{broken}: it is damaged"),
    )


def written(folder: Path, photos: tuple[SeenPhoto, ...]) -> Path:
    table = folder / FACE_TABLE
    table.write_bytes(face_table(photos, folder))
    return table


def test_what_is_written_is_read_back(tmp_path: Path) -> None:
    photos = photographs(tmp_path)
    back = read_face_table(written(tmp_path, photos))
    assert [(one.path, one.shot, one.failure) for one in back] == [
        (one.path, one.shot, one.failure.rpartition(": ")[2])
        for one in photos  # the row names the file
    ]
    for one, other in zip(back[0].faces, photos[0].faces, strict=True):
        assert (one.face.area, one.face.confidence, one.measures, one.person) == (
            other.face.area,
            other.face.confidence,
            other.measures,
            other.person,
        )
        np.testing.assert_array_equal(one.face.landmarks, other.face.landmarks)
        np.testing.assert_allclose(one.embedding, other.embedding, atol=1e-7)


def test_the_columns_of_the_document_come_first(tmp_path: Path) -> None:
    with written(tmp_path, photographs(tmp_path)).open(newline="") as file:
        header, first, *_ = csv.reader(file)
    assert header[:4] == ["filename", "facial_area", "embedding", "cluster"] == list(COLUMNS[:4])
    assert first[0] == "a, b.jpg"
    assert first[1] == "[10.5, -3.0, 40.0, 50.2]"
    assert first[3] == "0"


def test_a_table_that_a_spreadsheet_saved_is_read(tmp_path: Path) -> None:
    table = written(tmp_path, photographs(tmp_path))
    with table.open(newline="") as file:
        rows = list(csv.DictReader(file))
    names = [*reversed(COLUMNS), "a note"]
    with table.open("w", newline="", encoding="utf-8-sig") as file:
        out = csv.DictWriter(file, names, lineterminator="\r\n")
        out.writeheader()
        for row in reversed(rows):
            row["cluster"] = row["cluster"] and f"{row['cluster']}.0"
            out.writerow({**row, "a note": "seen"})
    back = {photo.path.name: photo for photo in read_face_table(table)}
    assert sorted(str(face.person) for face in back["a, b.jpg"].faces) == ["0", "None"]


@pytest.mark.parametrize(
    ("column", "cell", "words"),
    [
        ("facial_area", "10 20", "line 2: facial_area must be a list"),
        ("facial_area", "[1, 2, 3]", "line 2: facial_area must be a list of 4 numbers"),
        ("embedding", "[0.1, 0.2", "line 2: embedding must be a list"),
        ("cluster", "Ann", "line 2: cluster must be a number"),
        ("cluster", "0.5", "line 2: cluster must be the number of a person"),
        ("eyes", "0,5", "line 2: eyes must be a number or empty"),
        ("landmarks", "[[1, 2]]", "line 2: landmarks must be five points"),
        ("unknown", "dark", "line 2: unknown must be empty or reasons"),
        ("filename", "", "line 2: no filename"),
    ],
)
def test_a_cell_that_is_wrong_is_named(tmp_path: Path, column: str, cell: str, words: str) -> None:
    table = written(tmp_path, photographs(tmp_path)[:1])
    with table.open(newline="") as file:
        rows = list(csv.DictReader(file))
    rows[0][column] = cell
    with table.open("w", newline="") as file:
        out = csv.DictWriter(file, COLUMNS)
        out.writeheader()
        out.writerows(rows)
    with pytest.raises(InputError, match=words.replace("(", r"\(").replace("[", r"\[")):
        read_face_table(table)


def test_embeddings_of_two_models_are_refused(tmp_path: Path) -> None:
    table = written(tmp_path, photographs(tmp_path)[:1])
    with table.open(newline="") as file:
        rows = list(csv.DictReader(file))
    rows[1]["embedding"] = "[1.0, 0.0]"
    with table.open("w", newline="") as file:
        out = csv.DictWriter(file, COLUMNS)
        out.writeheader()
        out.writerows(rows)
    with pytest.raises(InputError, match="embedding has 2 numbers, others have 16"):
        read_face_table(table)
