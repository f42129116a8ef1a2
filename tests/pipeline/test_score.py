"""A folder of faces becomes scores, without a pixel; labels and tables that are wrong are one line, and nothing is lost."""

import csv
import json
from pathlib import Path

import pytest

from hdrkit.errors import InputError, OutputError
from hdrkit.faces.options import ScoringOptions
from hdrkit.pipeline.score import score, score_folder
from hdrkit.ranking import read_rating, write_rating
from hdrkit.ranking.options import RankingOptions
from hdrkit.results.face_table import FACE_TABLE, face_table
from hdrkit.results.label_file import LABEL_FILE
from hdrkit.results.scored import COLUMNS, undo_scores
from tests.faces.test_scoring import WELL, photo

BLINK = (0.1, 0.2, 0.9)


@pytest.fixture
def faces(tmp_path: Path) -> Path:
    """A folder of faces beside three photographs, of which one is empty, and labels of two persons."""
    folder = tmp_path / "faces"
    folder.mkdir()
    names = ("good.jpg", "blink.jpg", "empty.jpg")
    for name in names:
        (tmp_path / name).touch()
    good, blink, empty = (str(tmp_path / name) for name in names)
    photos = [photo(blink, (0, BLINK), (1, WELL)), photo(empty), photo(good, (0, WELL), (1, WELL), (None, BLINK))]
    (folder / FACE_TABLE).write_bytes(face_table(photos, folder))
    (folder / LABEL_FILE).write_text('{"0": "main", "1": {"name": "Ann", "category": "important"}}')
    return folder


def rows(folder: Path) -> list[dict[str, str]]:
    with (folder / "photo_scores.csv").open(newline="") as file:
        return list(csv.DictReader(file))


def test_a_folder_of_faces_is_scored(faces):
    result, rated = score_folder(faces)
    found = rows(faces / "scores")
    assert list(found[0]) == list(COLUMNS)
    assert [(row["photo_path"], row["final_score"], row["results_string"], row["stars"]) for row in found] == [
        ("../../good.jpg", "1", "bbbbbbccc", "5"),
        ("../../blink.jpg", "2", "aabbbbccc", "1"),
        ("../../empty.jpg", "3", "ccccccccc", ""),
    ]
    assert (found[0]["main"], found[0]["important"], found[0]["others"], found[0]["total"]) == ("1", "1", "0", "3")
    assert rated == ()
    assert not result.notes
    matrices = json.loads((faces / "scores" / "categorical_matrices.json").read_text())
    assert matrices["measures"] == ["eyes", "smile", "focus"]
    assert matrices["photographs"]["../../blink.jpg"] == {"main": [[0.1, 0.2, 0.9]], "important": [[0.9, 0.8, 0.8]], "other": []}
    assert not list(faces.parent.glob("*.xmp"))


def test_new_limits_need_no_photograph(faces):
    for path in faces.parent.glob("*.jpg"):
        path.unlink()
    before, after = score(faces), score(faces, options=ScoringOptions(eyes=0.05, smile=0.1))
    letters = [{one.path.name: one.results[:3] for one in result.scores} for result in (before, after)]
    assert [of["blink.jpg"] for of in letters] == ["aab", "bbb"]


def test_stars_are_seeded_kept_and_taken_back(faces):
    photographs = faces.parent
    write_rating(photographs / "blink.jpg", 4)
    _, planned = score_folder(faces, ratings=RankingOptions(), dry_run=True)
    assert not (faces / "scores").exists()
    assert not (photographs / "good.jpg.xmp").exists()
    _, rated = score_folder(faces, ratings=RankingOptions())
    written = {one.path.name: outcome.written for one, outcome in rated}
    assert written == {"good.jpg": True, "blink.jpg": False, "empty.jpg": False}
    assert written == {one.path.name: outcome.written for one, outcome in planned}
    assert [read_rating(photographs / f"{name}.jpg") for name in ("good", "blink", "empty")] == [5, 4, None]
    undone = undo_scores([one.path for one, _ in rated], faces / "scores")
    assert [path.name for path in undone.taken_back] == ["good.jpg.xmp"]
    assert [read_rating(photographs / f"{name}.jpg") for name in ("good", "blink")] == [None, 4]
    assert not (faces / "scores" / "photo_scores.csv").exists()
    with pytest.raises(InputError, match="nothing to undo"):
        undo_scores([one.path for one, _ in rated], faces / "scores")


def test_a_photograph_that_is_gone_is_scored_and_not_rated(faces):
    (faces.parent / "good.jpg").unlink()
    result, rated = score_folder(faces, ratings=RankingOptions())
    assert len(result.scores) == 3
    [error] = [outcome.error for _, outcome in rated if outcome.error]
    assert error.endswith("good.jpg: there is no such photograph; check the name")
    assert not (faces.parent / "good.jpg.xmp").exists()


def test_labels_of_persons_that_do_not_exist_are_named(faces):
    (faces / LABEL_FILE).write_text('{"0": "main", "7": "main", "9": "other"}')
    result = score(faces)
    assert [note.partition("cluster_labels.json: ")[2] for note in result.notes] == [
        "no persons 7 or 9 in face_data.csv; the other labels are used"
    ]
    assert result.scores[0].results == "bbb" + "ccc" * 2


def test_labels_of_another_run_are_refused(faces, tmp_path):
    other = tmp_path / "other.json"
    other.write_text('{"7": "main", "9": "other"}')
    with pytest.raises(InputError, match=r"other\.json: none of its persons is in face_data\.csv; give the labels of this run"):
        score_folder(faces, labels=other)
    assert not (faces / "scores").exists()


def test_without_labels_every_face_counts_and_that_is_said(faces):
    (faces / LABEL_FILE).unlink()
    result = score(faces)
    assert result.notes == ("no cluster_labels.json: every face counts as other; write one to say who matters",)
    assert {one.results[:6] for one in result.scores} == {"cccccc"}


@pytest.mark.parametrize("separator", [";", "\t"])
def test_a_table_out_of_a_spreadsheet_is_read(faces, separator):
    table = faces / FACE_TABLE
    expected = score(faces).scores
    with table.open(newline="") as file:
        listed = list(csv.DictReader(file))
    names = list(reversed(listed[0]))
    with table.open("w", newline="", encoding="utf-8-sig") as file:
        writer = csv.DictWriter(file, names, delimiter=separator)
        writer.writeheader()
        writer.writerows(listed)
    assert [(one.path, one.results) for one in score(faces).scores] == [(one.path, one.results) for one in expected]


def test_a_german_spreadsheet_without_embeddings_is_read(faces):
    table = faces / FACE_TABLE
    expected = score(faces).scores
    with table.open(newline="") as file:
        listed = list(csv.DictReader(file))
    for row in listed:
        del row["embedding"]
        for name in ("eyes", "smile", "focus", "confidence", "size"):
            row[name] = row[name].replace(".", ",")
    for encoding, separator in (("utf-8-sig", ";"), ("utf-16", "\t")):
        with table.open("w", newline="", encoding=encoding) as file:
            writer = csv.DictWriter(file, list(listed[0]), delimiter=separator)
            writer.writeheader()
            writer.writerows(listed)
        assert score(faces).scores == expected


def test_what_a_spreadsheet_broke_is_one_line_and_earlier_scores_stay(faces):
    score_folder(faces)
    table = faces / FACE_TABLE
    table.write_text(table.read_text().replace(",0.8000", ',"0,8000"'))
    with pytest.raises(InputError, match=r"face_data\.csv, line \d: smile must be a number or empty, not '0,8000'"):
        score_folder(faces)
    assert len(rows(faces / "scores")) == 3


def test_a_folder_without_faces_says_what_to_do(tmp_path):
    with pytest.raises(InputError, match=r"face_data\.csv: there is no such file; run hdrkit faces PHOTOGRAPHS -o"):
        score(tmp_path)
    with pytest.raises(InputError, match=r"nowhere: there is no such file; run hdrkit faces PHOTOGRAPHS -o \S*nowhere first"):
        score(tmp_path / "nowhere")


def test_a_file_of_somebody_else_is_not_replaced(faces):
    (faces / "scores").mkdir()
    (faces / "scores" / "photo_scores.csv").write_text("mine")
    with pytest.raises(OutputError, match="hdrkit did not write it"):
        score_folder(faces)
    assert (faces / "scores" / "photo_scores.csv").read_text() == "mine"


def test_the_stars_of_a_bracket_are_with_the_photograph_that_stands_for_it(faces):
    photographs = faces.parent
    names = [str(photographs / name) for name in ("dark.jpg", "middle.jpg", "middle.nef")]
    for name in names:
        Path(name).touch()
    photos = [photo(names[0], shot=names[1]), photo(names[1], (0, WELL), shot=names[1]), photo(names[2], shot=names[1])]
    (faces / FACE_TABLE).write_bytes(face_table(photos, faces))
    result, rated = score_folder(faces, ratings=RankingOptions())
    assert {one.final_score for one in result.scores} == {1}
    assert [read_rating(name) for name in names] == [None, 5, 5]
    reasons = {one.path.name: outcome.reason for one, outcome in rated}
    assert reasons["dark.jpg"] == "of the shot whose stars middle.jpg carries"
