"""What the real darktable makes of our sidecars: imported into a fresh library, and read from its database."""

import shutil
import sqlite3
import subprocess
from contextlib import closing
from pathlib import Path

import cv2
import numpy as np
import pytest
from PIL import Image

from hdrkit.ranking import read_rating, write_rating
from hdrkit.sidecars.xmp import new_sidecar

pytestmark = pytest.mark.skipif(
    shutil.which("darktable-cli") is None, reason="no darktable here (apt-get install darktable, as .ci/run does)"
)
REJECTED, STARS = 8, 7  # bits of the column flags
RATINGS = range(-1, 6)


def take_pictures(folder: Path) -> dict[int, Path]:
    """A photograph for each rating."""
    folder.mkdir()
    pictures = {number: folder / f"IMG_{number + 1}.JPG" for number in RATINGS}
    for number, path in pictures.items():
        cv2.imwrite(str(path), np.random.default_rng(number + 1).integers(0, 256, (48, 64, 3), np.uint8))
    return pictures


def imported(photographs: Path, library: Path) -> tuple[dict[str, int], dict[str, list[tuple[object, ...]]]]:
    """The ratings, and the history of edits, that a library of its own has of a folder after darktable has read it."""
    library.mkdir()
    command = ["darktable-cli", photographs, library / "out", "--width", "32", "--core", "--configdir", library / "config"]
    command += ["--cachedir", library / "cache", "--library", library / "library.db", "--conf", "write_sidecar_files=on import"]
    (library / "out").mkdir()
    done = subprocess.run([str(word) for word in command], capture_output=True, text=True, timeout=300, check=False)
    assert (library / "library.db").exists(), done.stderr
    with closing(sqlite3.connect(library / "library.db")) as database:
        flags = dict(database.execute("SELECT filename, flags FROM images"))
        ratings = {name: -1 if bits & REJECTED else bits & STARS for name, bits in flags.items()}
        query = (
            "SELECT filename, num, operation, enabled, op_params, blendop_params FROM history "
            "JOIN images ON images.id = history.imgid ORDER BY filename, num"
        )
        history: dict[str, list[tuple[object, ...]]] = {}
        for name, *edit in database.execute(query):
            history.setdefault(name, []).append(tuple(edit))
    return ratings, history


def test_what_we_write_is_what_its_database_holds(tmp_path):
    pictures = take_pictures(tmp_path / "photographs")
    for number, path in pictures.items():
        assert write_rating(path, number)
    ratings, _ = imported(tmp_path / "photographs", tmp_path / "library")
    assert ratings == {path.name: number for number, path in pictures.items()}
    assert {number: read_rating(path) for number, path in pictures.items()} == {number: number for number in RATINGS}


def test_its_own_sidecars_keep_their_edits_under_a_new_rating(tmp_path):
    pictures = take_pictures(tmp_path / "photographs")
    _, edits = imported(tmp_path / "photographs", tmp_path / "first library")
    assert all(len(steps) > 0 for steps in edits.values())
    for number, path in pictures.items():
        before = path.with_name(f"{path.name}.xmp").read_bytes()
        assert b"darktable:history" in before
        assert write_rating(path, number, overwrite=True)
        after = path.with_name(f"{path.name}.xmp").read_bytes()
        assert len(after) - len(before) == len(str(number)) - 1
    ratings, kept = imported(tmp_path / "photographs", tmp_path / "second library")
    assert ratings == {path.name: number for number, path in pictures.items()}
    assert kept == edits


@pytest.mark.parametrize("tag", [False, True])
def test_it_sees_the_rating_inside_a_photograph_that_we_keep(tmp_path, tag):
    pictures = take_pictures(tmp_path / "photographs")
    if tag:
        del pictures[-1]
    for number, path in pictures.items():
        exif = Image.Exif()
        if tag:
            exif[0x4746] = number
        with Image.open(path) as image:
            image.save(path, exif=exif, **({} if tag else {"xmp": new_sidecar(number)}))
        assert write_rating(path, 2) is (number == 0)
    ratings, _ = imported(tmp_path / "photographs", tmp_path / "library")
    assert {path.name: ratings[path.name] for path in pictures.values()} == {
        path.name: number or 2 for number, path in pictures.items()
    }
