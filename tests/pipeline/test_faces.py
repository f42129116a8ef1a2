"""`hdrkit faces` on drawn photographs in which a patch of one colour is the face of one person."""

from __future__ import annotations

import csv
import io
import json
import re
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import cv2
import numpy as np
import pytest
from PIL import Image

import hdrkit.pipeline.faces
from hdrkit.errors import InputError
from hdrkit.faces.options import PersonOptions
from hdrkit.formats.metadata import read_content
from hdrkit.formats.previews import content_digest, read_preview
from hdrkit.gallery.rows import Content
from hdrkit.models.roles import ModelKind, Role
from hdrkit.models.store import Model
from hdrkit.pipeline.face_reader import FaceModels, crop_of
from hdrkit.pipeline.faces import FaceSources, find_people
from hdrkit.pipeline.forget import forget
from hdrkit.pipeline.score import score_folder
from hdrkit.ranking.options import RankingOptions
from hdrkit.results.face_table import read_face_table
from hdrkit.types import Category, Face, FaceMeasures, Failure, PeopleResult, Photo, SeenFace

pytest.importorskip("lancedb")

COLOURS = [(250, 30, 30), (30, 250, 30), (40, 40, 250), (250, 250, 30), (250, 30, 250)]
DIRECTIONS = np.random.default_rng(8).normal(size=(len(COLOURS), 32))


def photograph(path: Path, persons: list[int], seed: int, size: int = 60) -> Path:
    """A dark photograph with a patch for each person, from left to right."""
    rng = np.random.default_rng(seed)
    pixels = rng.integers(0, 25, (120, 80 * max(1, len(persons)), 3), dtype=np.uint8)
    for k, person in enumerate(persons):
        pixels[20 : 20 + size, 80 * k + 10 : 80 * k + 10 + size] = COLOURS[person]
    path.parent.mkdir(parents=True, exist_ok=True)
    Image.fromarray(pixels).save(path)
    return path


class DrawnReader:
    """Reads patches as faces. It counts what it reads."""

    def __init__(self) -> None:
        self.read: list[str] = []

    def __call__(self, photo: Photo, models: FaceModels) -> Content | Failure:  # noqa: ARG002
        try:
            data = read_content(photo.path)
            pixels = read_preview(photo, (4000, 4000), data)
        except InputError as error:
            return Failure(photo.path, str(error))
        self.read.append(photo.path.name)
        number, labels, boxes, _ = cv2.connectedComponentsWithStats((pixels.max(axis=2) > 120).astype(np.uint8))
        faces = []
        for k in range(1, number):
            x, y, width, height, _ = boxes[k]
            colour = pixels[labels == k].mean(axis=0)
            person = int(np.argmin(np.abs(np.array(COLOURS) - colour).sum(axis=1)))
            vector = DIRECTIONS[person] + 0.1 * np.random.default_rng([x, len(data)]).normal(size=32)
            face = Face((float(x), float(y), float(width), float(height)), np.zeros((5, 2), np.float32), 0.9)
            unit = (vector / np.linalg.norm(vector)).astype(np.float32)
            faces.append(SeenFace(Path(), face, unit, FaceMeasures(yaw=0.0, eyes=1.0, focus=0.9)))
        faces.sort(key=lambda seen: seen.face.area)
        return Content(content_digest(data), tuple(faces), tuple(crop_of(pixels, seen.face) for seen in faces))


@pytest.fixture
def reader(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> DrawnReader:
    monkeypatch.setenv("HDRKIT_GALLERY", str(tmp_path / "gallery"))
    monkeypatch.setenv("HDRKIT_CACHE", str(tmp_path / "cache"))
    weights = tmp_path / "weights"
    weights.write_bytes(b"weights")
    role = Role.FACE_EMBEDDING
    models = FaceModels(*(Model(role, ModelKind.ALIGNED_112, "drawn", weights, "MIT") for _ in range(3)))
    reading = DrawnReader()
    monkeypatch.setattr(hdrkit.pipeline.faces, "find_face_models", lambda _: models)
    monkeypatch.setattr(hdrkit.pipeline.faces, "read_faces", reading)
    return reading


@pytest.fixture
def shoot(tmp_path: Path) -> Path:
    folder = tmp_path / "photographs"
    for seed, persons in enumerate([[0, 1], [0, 2], [1], [2, 0], [1, 0], []]):
        photograph(folder / f"p{seed}.png", persons, seed)
    return folder


def people_in(output: Path) -> dict[str, list[int | None]]:
    return {photo.path.name: [face.person for face in photo.faces] for photo in read_face_table(output / "face_data.csv")}


EXPECTED = {"p0.png": [0, 1], "p1.png": [0, 2], "p2.png": [1], "p3.png": [2, 0], "p4.png": [1, 0], "p5.png": []}


def test_persons_are_found_and_written(reader: DrawnReader, shoot: Path, tmp_path: Path) -> None:
    out = tmp_path / "out"
    result = find_people(shoot, out)
    assert people_in(out) == EXPECTED
    assert sorted(path.name for path in (out / "output_clusters").iterdir()) == [f"cluster_{n}.jpg" for n in range(3)]
    page = (out / "people.html").read_text(encoding="utf-8")
    assert page.count("<figure") == 9
    assert "3 persons in 6 photographs" in page
    assert not re.search(r'(src|href)="https?:', page)
    assert not (out / "cluster_labels.json").exists()
    assert (result.report.read, result.failures) == (6, ())


def test_a_second_run_reads_nothing_and_writes_the_same(reader: DrawnReader, shoot: Path, tmp_path: Path) -> None:
    out = tmp_path / "out"
    find_people(shoot, out)
    files = {path: (path.stat().st_ino, path.read_bytes()) for path in out.rglob("*") if path.is_file()}
    reader.read.clear()
    result = find_people(shoot, out)
    assert reader.read == []
    assert result.report.read == 0
    assert {path: (path.stat().st_ino, path.read_bytes()) for path in out.rglob("*") if path.is_file()} == files
    (out / "people.html").unlink()
    find_people(shoot, out)
    assert (out / "people.html").read_bytes() == files[out / "people.html"][1]


def test_new_photographs_recognise_who_is_known(reader: DrawnReader, shoot: Path, tmp_path: Path) -> None:
    find_people(shoot, tmp_path / "out")
    reader.read.clear()
    later = tmp_path / "later"
    photograph(later / "n0.png", [3, 1], 50)
    photograph(later / "n1.png", [2, 3], 51)
    find_people([shoot, later], tmp_path / "out")
    assert sorted(reader.read) == ["n0.png", "n1.png"]
    assert people_in(tmp_path / "out") == EXPECTED | {"n0.png": [3, 1], "n1.png": [2, 3]}
    find_people(later, tmp_path / "other")
    assert people_in(tmp_path / "other") == {"n0.png": [3, 1], "n1.png": [2, 3]}


def test_labels_survive(reader: DrawnReader, shoot: Path, tmp_path: Path) -> None:
    out = tmp_path / "out"
    find_people(shoot, out)
    labels = out / "cluster_labels.json"
    labels.write_text('{"0": {"name": "Ann", "category": "main"}, "1": "important", "77": "main"}')
    result = find_people(shoot, out)
    assert [(one.number, one.label and one.label.name, one.label and one.label.category) for one in result.persons] == [
        (0, "Ann", Category.MAIN),
        (1, "", Category.IMPORTANT),
        (2, None, None),
    ]
    assert any("persons who are not known have no effect: 77" in note for note in result.report.notes)
    assert "Ann" in (out / "people.html").read_text(encoding="utf-8")
    find_people(shoot, tmp_path / "elsewhere")
    there = json.loads((tmp_path / "elsewhere" / "cluster_labels.json").read_text())
    assert there == {"0": {"name": "Ann", "category": "main"}, "1": "important"}


def test_one_name_is_one_person(reader: DrawnReader, shoot: Path, tmp_path: Path) -> None:
    out, before = tmp_path / "out", tmp_path / "before"
    find_people(shoot, out)
    find_people(shoot, before)
    (out / "cluster_labels.json").write_text('{"1": {"name": "Bob"}, "2": {"name": "bob"}, "3": "main"}')
    before_joining = people_in(before)
    result = find_people(shoot, out)
    assert people_in(out) == {name: [1 if n == 2 else n for n in persons] for name, persons in EXPECTED.items()}
    assert "persons 1 and 2 have the same name: they are one person now, 1" in result.report.notes
    [note] = find_people(shoot, out).report.notes
    assert "not known have no effect: 3;" in note
    assert people_in(before) == before_joining
    assert forget("Bob").failures == ()
    for folder in (out, before):  # results in which the person still had two numbers too
        assert people_in(folder) == {name: [n for n in persons if n == 0] for name, persons in EXPECTED.items()}
        assert not (folder / "output_clusters" / "cluster_2.jpg").exists()
        assert 'id="person-2"' not in (folder / "people.html").read_text(encoding="utf-8")
    assert json.loads((out / "cluster_labels.json").read_text()) == {"3": "main"}


def test_links_join_and_part_faces(reader: DrawnReader, shoot: Path, tmp_path: Path) -> None:
    out = tmp_path / "out"
    find_people(shoot, out)
    links = {"must_link": [["p1.png#1", "p2.png"]], "cannot_link": [["p0.png#0", "p1.png#0"]]}
    (out / "cluster_labels.json").write_text(json.dumps(links))
    result = find_people(shoot, out)
    found = people_in(out)
    assert found["p1.png"][1] == found["p2.png"][0] == 1
    assert found["p0.png"][0] != found["p1.png"][0]
    assert 0 in (found["p0.png"][0], found["p1.png"][0])
    again = find_people(shoot, out)
    assert people_in(out) == found
    assert result.report.notes == again.report.notes


@pytest.mark.parametrize(
    "links",
    [
        {"must_link": [["p1.png#1", "p2.png"]]},
        {"must_link": [[1, 2]]},
        {"1": {"name": "Bo"}, "2": {"name": "Bo"}},
        {"cannot_link": [["p0.png#0", "p1.png#0"]]},
    ],
)
def test_links_that_are_taken_back_have_no_effect(
    reader: DrawnReader, shoot: Path, tmp_path: Path, links: dict[str, object]
) -> None:
    out = tmp_path / "out"
    find_people(shoot, out)
    (out / "cluster_labels.json").write_text(json.dumps(links))
    find_people(shoot, out)
    assert people_in(out) != EXPECTED
    (out / "cluster_labels.json").write_text("{}")
    find_people(shoot, out)

    def together(found: dict[str, list[int | None]]) -> list[bool]:
        of = [number for persons in found.values() for number in persons]
        return [a == b for a in of for b in of]

    assert together(people_in(out)) == together(EXPECTED)
    found = people_in(out)
    find_people(shoot, out)
    assert people_in(out) == found


def test_links_that_mean_nobody_are_noted(reader: DrawnReader, shoot: Path, tmp_path: Path) -> None:
    out = tmp_path / "out"
    find_people(shoot, out)
    (out / "cluster_labels.json").write_text('{"must_link": [[0, 5000], [1, 2]]}')
    [note] = find_people(shoot, out).report.notes
    assert note == "the labels link person 5000, who is not known; the pair has no effect"
    [note] = find_people(shoot, out).report.notes  # 2 is 1 now, which is no reason for a note
    assert "5000" in note


def test_a_link_to_one_of_several_faces_says_which(reader: DrawnReader, shoot: Path, tmp_path: Path) -> None:
    out = tmp_path / "out"
    find_people(shoot, out)
    (out / "cluster_labels.json").write_text('{"0": "main", "must_link": [["p2.png", "p0.png"]]}')
    with pytest.raises(InputError, match=r"p0\.png, which shows 2 faces; write which, such as p0\.png#0"):
        find_people(shoot, out)
    assert people_in(out) == EXPECTED


def test_labels_are_taken_back(reader: DrawnReader, shoot: Path, tmp_path: Path) -> None:
    out, other = tmp_path / "out", tmp_path / "other"
    find_people(shoot, out)
    labels = out / "cluster_labels.json"
    labels.write_text('{"0": {"name": "Lu", "category": "main"}, "1": "main"}')
    find_people(shoot, out)
    find_people([shoot / "p2.png"], other)  # of person 1, so that nothing of Lu is taken back
    (other / "cluster_labels.json").write_text("{}")
    find_people([shoot / "p2.png"], other)
    labels.unlink()
    result = find_people(shoot, out)
    assert {number: label.name for number, label in result.labels.items()} == {0: "Lu"}
    assert json.loads(labels.read_text()) == {"0": {"name": "Lu", "category": "main"}}
    labels.write_text("{}")
    result = find_people(shoot, out)
    assert result.labels == {}
    assert all(person.label is None for person in result.persons)
    assert labels.read_text() == "{}"


@pytest.mark.parametrize(
    "labels", [{"0": {"name": "Ann"}, "1": {"name": "Ann"}}, {"must_link": [[0, 1]]}, {"must_link": [["p0.png#0", "p0.png#1"]]}]
)
def test_two_faces_of_one_photograph_that_labels_join_are_said(
    labels: dict[str, object], reader: DrawnReader, shoot: Path, tmp_path: Path
) -> None:
    out = tmp_path / "out"
    find_people(shoot, out)
    (out / "cluster_labels.json").write_text(json.dumps(labels))
    for _ in range(2):  # also when nothing is new
        notes = find_people(shoot, out).report.notes
        assert [note.partition(":")[0] for note in notes if "2 of its faces are person 0" in note] == ["p0.png", "p4.png"]


@pytest.mark.parametrize("error", [KeyboardInterrupt, SystemExit, RuntimeError])
def test_what_was_read_before_an_interrupt_is_kept(
    error: type[BaseException], reader: DrawnReader, shoot: Path, tmp_path: Path
) -> None:
    def stop(stage: str, done: int, total: int | None) -> None:
        if (stage, done) == ("reading faces", 4):
            raise error

    with pytest.raises(error):
        find_people(shoot, tmp_path / "out", progress=stop)
    reader.read.clear()
    assert find_people(shoot, tmp_path / "out").report.read == 2
    assert len(reader.read) == 2


def test_scores_of_other_photographs_do_not_stay(reader: DrawnReader, shoot: Path, tmp_path: Path) -> None:
    out = tmp_path / "out"
    find_people(shoot, out)
    score_folder(out)
    find_people(shoot, out)
    assert (out / "scores" / "photo_scores.csv").exists()  # nothing is new
    find_people(shoot / "p0.png", out)
    assert not (out / "scores").exists()


def test_the_heading_of_the_page_follows_who_is_forgotten(reader: DrawnReader, shoot: Path, tmp_path: Path) -> None:
    out = tmp_path / "out"
    find_people(shoot, out)
    (out / "cluster_labels.json").write_text('{"0": "main", "1": "main"}')
    find_people(shoot, out)
    forget("2")
    page = (out / "people.html").read_text(encoding="utf-8")
    assert page.count("2 persons in 6 photographs") == 2
    assert "7 faces, 0 of them unknown; persons without a label: 0" in page


def test_a_single_face_has_no_doubt_to_tell(reader: DrawnReader, shoot: Path, tmp_path: Path) -> None:
    result = find_people(shoot / "p0.png", tmp_path / "out")
    assert [person.doubts for person in result.persons] == [(None,), (None,)]
    page = (tmp_path / "out" / "people.html").read_text(encoding="utf-8")
    assert "doubt 0" not in page
    assert page.count("the only face") == 2


def test_a_person_is_forgotten_everywhere(reader: DrawnReader, shoot: Path, tmp_path: Path) -> None:
    out = tmp_path / "out"
    find_people(shoot, out)
    (out / "cluster_labels.json").write_text('{"0": {"name": "Ann"}, "1": "main"}')
    find_people(shoot, out)
    score_folder(out)
    crop = (out / "output_clusters" / "cluster_0.jpg").read_bytes()
    done = forget("Ann")
    assert not (out / "scores").exists()
    assert (done.faces, done.folders, done.failures) == (4, (str(out),), ())
    assert not (out / "output_clusters" / "cluster_0.jpg").exists()
    assert people_in(out) == {name: [n for n in persons if n != 0] for name, persons in EXPECTED.items()}
    assert 'id="person-0"' not in (out / "people.html").read_text(encoding="utf-8")
    assert json.loads((out / "cluster_labels.json").read_text()) == {"1": "main"}
    held = [path for path in tmp_path.rglob("*") if path.is_file() and crop in path.read_bytes()]
    assert held == []
    with pytest.raises(InputError, match="knows no person Ann"):
        forget("Ann")
    find_people(shoot, out)  # she is in the photographs, and so she is found again, as somebody new; the others stay
    assert people_in(out) == {name: [3 if n == 0 else n for n in persons] for name, persons in EXPECTED.items()}


def test_everything_is_forgotten(reader: DrawnReader, shoot: Path, tmp_path: Path) -> None:
    find_people(shoot, tmp_path / "out")
    find_people(shoot, tmp_path / "more")
    score_folder(tmp_path / "more")
    assert forget("all").faces == 9
    assert not (tmp_path / "out").exists()
    assert not (tmp_path / "more").exists()
    assert not [path for path in (tmp_path / "gallery").rglob("*") if path.is_file()]
    assert (shoot / "p0.png").exists()


def test_forgetting_everything_says_what_else_is_removed_and_what_stays(reader: DrawnReader, shoot: Path, tmp_path: Path) -> None:
    out = tmp_path / "out"
    find_people(shoot, out)
    (out / "cluster_labels.json").write_text('{"0": "main"}')
    score_folder(out, ratings=RankingOptions())
    labels, stars = forget("all").notes
    assert "cluster_labels.json: removed too, because names are personal data" in labels
    assert stars == f"{shoot}: the ratings beside the photographs stay; hdrkit rank --undo takes them back"
    assert not out.exists()


def bad_files(folder: Path) -> None:
    """Files of every kind that makes trouble, beside a good one."""
    photograph(folder / "good.png", [0, 1], 1)
    (folder / "cut.png").write_bytes((folder / "good.png").read_bytes()[:900])
    (folder / "empty.jpg").write_bytes(b"")
    (folder / "text.jpg").write_text("no photograph")
    Image.new("RGB", (1, 1)).save(folder / "tiny.png")
    pixels = Image.open(folder / "good.png")
    pixels.convert("1").save(folder / "one_bit.png")
    pixels.convert("CMYK").save(folder / "cmyk.jpg", quality=95)
    exif = Image.Exif()
    exif[0x0112] = 6
    pixels.transpose(Image.Transpose.ROTATE_90).save(folder / "turned.jpg", exif=exif, quality=95)
    photograph(folder / "border.png", [2], 3)
    edge = np.asarray(Image.open(folder / "border.png"))[30:, 20:]
    Image.fromarray(edge).save(folder / "border.png")


def test_bad_files_are_reported_and_nothing_is_lost(reader: DrawnReader, tmp_path: Path) -> None:
    bad_files(tmp_path / "in")
    result = find_people(tmp_path / "in", tmp_path / "out")
    assert sorted(bad.path.name for bad in result.failures) == ["cut.png", "empty.jpg", "text.jpg"]
    assert all("\n" not in bad.reason and bad.path.name in bad.reason for bad in result.failures)
    found = people_in(tmp_path / "out")
    assert len(found) == len(list((tmp_path / "in").iterdir()))
    assert found["turned.jpg"] == found["cmyk.jpg"] == found["good.png"]
    assert len(found["border.png"]) == 1
    reasons = {photo.path.name: photo.failure for photo in read_face_table(tmp_path / "out" / "face_data.csv")}
    assert reasons["cut.png"]
    assert "cut.png" not in reasons["cut.png"]  # the row names it


def test_no_face_at_all(reader: DrawnReader, tmp_path: Path) -> None:
    photograph(tmp_path / "in" / "landscape.png", [], 1)
    result = find_people(tmp_path / "in", tmp_path / "out")
    assert (result.persons, result.unknown) == ((), ())
    assert people_in(tmp_path / "out") == {"landscape.png": []}
    assert "0 persons in 1 photograph" in (tmp_path / "out" / "people.html").read_text(encoding="utf-8")


def test_only_files_that_cannot_be_read(reader: DrawnReader, tmp_path: Path) -> None:
    (tmp_path / "in").mkdir()
    (tmp_path / "in" / "a.jpg").write_bytes(b"nothing")
    with pytest.raises(InputError, match=r"a\.jpg"):
        find_people(tmp_path / "in", tmp_path / "out")
    assert not (tmp_path / "out").exists()


def test_two_hundred_faces_in_one_photograph(reader: DrawnReader, tmp_path: Path) -> None:
    pixels = np.zeros((20 * 60, 10 * 60, 3), np.uint8)
    for k in range(200):
        y, x = divmod(k, 10)
        pixels[60 * y + 5 : 60 * y + 55, 60 * x + 5 : 60 * x + 55] = COLOURS[k % 5]
    (tmp_path / "in").mkdir()
    Image.fromarray(pixels).save(tmp_path / "in" / "crowd.png")
    result = find_people(tmp_path / "in", tmp_path / "out")
    assert len({face.person for photo in result.photos for face in photo.faces}) == 200
    assert any("crowd.png" in note and "kept apart as different persons" in note for note in result.report.notes)


def test_small_faces_are_unknown_unless_sure(reader: DrawnReader, shoot: Path, tmp_path: Path) -> None:
    photograph(shoot / "small.png", [4, 0], 90, size=20)
    result = find_people(shoot, tmp_path / "out")
    assert people_in(tmp_path / "out")["small.png"] == [None, 0]
    (unknown,) = result.unknown
    assert dict(unknown.measures.unknown)["person"] == "small: 20 pixels; like nobody who is known"


def test_labels_that_cannot_be_read_stop_the_run(reader: DrawnReader, shoot: Path, tmp_path: Path) -> None:
    wrong = tmp_path / "labels.json"
    wrong.write_text('{"0": "chief"}')
    with pytest.raises(InputError, match="no category"):
        find_people(shoot, tmp_path / "out", sources=FaceSources(labels=wrong))
    assert reader.read == []


def test_copies_and_names_do_not_matter(reader: DrawnReader, shoot: Path, tmp_path: Path) -> None:
    find_people(shoot, tmp_path / "out")
    reader.read.clear()
    moved = tmp_path / "moved"
    moved.mkdir()
    for path in shoot.iterdir():
        (moved / f"x_{path.name}").write_bytes(path.read_bytes())
    find_people(moved, tmp_path / "there")
    assert reader.read == []
    assert people_in(tmp_path / "there") == {f"x_{name}": persons for name, persons in EXPECTED.items()}


def test_another_threshold_needs_no_reading(reader: DrawnReader, shoot: Path, tmp_path: Path) -> None:
    find_people(shoot, tmp_path / "out")
    reader.read.clear()
    result = find_people(shoot, tmp_path / "out", PersonOptions(threshold=0.5), FaceSources(gallery=str(tmp_path / "gallery")))
    assert isinstance(result, PeopleResult)
    assert reader.read == []


def test_the_table_is_a_csv_of_the_document(reader: DrawnReader, shoot: Path, tmp_path: Path) -> None:
    find_people(shoot, tmp_path / "out")
    rows = list(csv.DictReader(io.StringIO((tmp_path / "out" / "face_data.csv").read_text(encoding="utf-8"))))
    assert list(rows[0])[:4] == ["filename", "facial_area", "embedding", "cluster"]
    assert len(json.loads(rows[0]["embedding"])) == 32


@pytest.fixture(scope="module")
def drawn_people(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The drawn people of the demo. Skips if the models of faces are not on this machine."""
    from hdrkit.pipeline.face_reader import find_face_models

    try:
        find_face_models()
    except InputError as error:
        pytest.skip(str(error))
    folder = tmp_path_factory.mktemp("drawn")
    command = [sys.executable, str(Path(__file__).parents[2] / "samples" / "make_people.py"), str(folder)]
    subprocess.run(command, check=True, timeout=120)
    return folder


def test_real_models_find_the_drawn_people_in_any_number_of_workers(
    drawn_people: Path, hdrkit: Callable[..., object], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    tables = []
    for jobs in (1, 2):
        monkeypatch.setenv("HDRKIT_GALLERY", str(tmp_path / f"gallery{jobs}"))
        out = tmp_path / "out"
        done = hdrkit("faces", drawn_people, "-o", out, "--threshold", "0.02", "-j", jobs, "--json")
        assert done.code == 0, done.err  # type: ignore[attr-defined]
        assert [person["faces"] for person in json.loads(done.out)["persons"]] == [4, 4, 3]  # type: ignore[attr-defined]
        tables.append((out / "face_data.csv").read_bytes())
    assert tables[0] == tables[1]
    assert [len(persons) for persons in people_in(tmp_path / "out").values()] == [2, 2, 1, 2, 1, 3]


def test_workers_name_files_as_the_user_does(
    drawn_people: Path, hdrkit: Callable[..., object], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("HDRKIT_GALLERY", str(tmp_path / "gallery"))
    monkeypatch.chdir(tmp_path)
    (tmp_path / "in").mkdir()
    whole = (drawn_people / "people_3.jpg").read_bytes()
    (tmp_path / "in" / "whole.jpg").write_bytes(whole)
    (tmp_path / "in" / "cut.jpg").write_bytes(whole[:3000])
    done = hdrkit("faces", "in", "-o", "out", "-j", 2)
    assert done.code == 1  # type: ignore[attr-defined]
    assert "error: in/cut.jpg: " in done.err  # type: ignore[attr-defined]


def test_without_models_the_error_says_what_to_run(
    hdrkit: Callable[..., object], shoot: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("HDRKIT_MODELS", str(tmp_path / "none"))
    done = hdrkit("faces", shoot, "-o", tmp_path / "out")
    assert done.code == 1  # type: ignore[attr-defined]
    assert "run: hdrkit models fetch centerface" in done.err  # type: ignore[attr-defined]
    assert done.err.count("\n") == 1  # type: ignore[attr-defined]


def test_a_dask_scheduler_gives_the_same(
    drawn_people: Path, hdrkit: Callable[..., object], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    distributed = pytest.importorskip("distributed")
    tables = []
    with distributed.LocalCluster(n_workers=1, threads_per_worker=1, processes=False, dashboard_address=None) as cluster:
        for where in (("--scheduler", cluster.scheduler_address), ("-j", 1)):
            monkeypatch.setenv("HDRKIT_GALLERY", str(tmp_path / f"gallery{len(tables)}"))
            done = hdrkit("faces", drawn_people, "-o", tmp_path / "out", "--threshold", "0.02", *where)
            assert done.code == 0, done.err  # type: ignore[attr-defined]
            tables.append((tmp_path / "out" / "face_data.csv").read_bytes())
    assert tables[0] == tables[1]
