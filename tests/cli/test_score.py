"""`hdrkit score` on the command line: a table, JSON, notes, ratings only when asked, and their undo."""

import json
from pathlib import Path

import pytest

from hdrkit.ranking import read_rating
from hdrkit.results.face_table import FACE_TABLE, face_table
from hdrkit.types import SeenPhoto
from tests.faces.test_scoring import WELL, photo


@pytest.fixture
def faces(tmp_path):
    folder = tmp_path / "faces"
    folder.mkdir()
    for name in ("good.jpg", "blink.jpg"):
        (tmp_path / name).touch()
    photos = [photo(str(tmp_path / "blink.jpg"), (0, (0.1, 0.8, 0.8))), photo(str(tmp_path / "good.jpg"), (0, WELL))]
    (folder / FACE_TABLE).write_bytes(face_table(photos, folder))
    (folder / "cluster_labels.json").write_text('{"0": "main"}')
    return folder


def test_scores_are_printed_best_first(hdrkit, faces):
    code, out, err = hdrkit("score", faces)
    assert (code, err) == (0, "")
    lines = out.splitlines()
    assert lines[0] == "2 photographs scored, 0 without a labelled face"
    assert lines[2].split()[:3] == ["1", "good.jpg", "bbbcccccc"]
    assert lines[3].split() == ["2", "blink.jpg", "abbcccccc", "main:", "eyes", "closed"]
    assert lines[-1] == f"wrote {faces / 'scores'}"
    assert not list(faces.parent.glob("*.xmp"))


def test_limits_and_rules_from_the_command_line_and_a_file(hdrkit, faces, tmp_path):
    assert "2  blink.jpg" not in hdrkit("score", faces, "--eyes", "0.05", "--dry-run").out.replace("abb", "2  blink.jpg")
    config = tmp_path / "config.yaml"
    config.write_text("scoring:\n  eyes: 0.05\n  require_all_smiles: [main, other]\n  require_all_in_focus: 0\n")
    told = json.loads(hdrkit("score", faces, "-c", config, "--json").out)
    assert told["options"]["require_all_smiles"] == "main,other"
    assert told["options"]["require_all_in_focus"] == ""
    assert {one["results_string"] for one in told["photographs"]} == {"bbbcccccc"}
    assert hdrkit("score", faces, "--require-all-smiles", "bride").code == 2


def test_ratings_are_written_when_asked_and_taken_back(hdrkit, faces):
    assert "2 ratings would be written, 0 left alone" in hdrkit("score", faces, "--write-ratings", "--dry-run").out
    assert not list(faces.parent.glob("*.xmp"))
    assert "2 ratings written, 0 left alone" in hdrkit("score", faces, "--write-ratings").out
    assert [read_rating(faces.parent / name) for name in ("good.jpg", "blink.jpg")] == [5, 1]
    assert "2 ratings would be taken back" in hdrkit("score", faces, "--undo", "--dry-run").out
    assert "2 ratings taken back" in hdrkit("score", faces, "--undo").out
    assert not list(faces.parent.glob("*.xmp"))
    assert not (faces / "scores" / "photo_scores.csv").exists()
    assert hdrkit("score", faces, "--undo", "--eyes", "0.3").code == 2


def test_wrong_labels_are_one_line(hdrkit, faces):
    (faces / "cluster_labels.json").write_text('{"5": "main"}')
    code, out, err = hdrkit("score", faces)
    assert (code, out) == (1, "")
    assert err.count("\n") == 1
    assert err.startswith("error: ")
    assert "none of its persons is in face_data.csv" in err
    (faces / "cluster_labels.json").write_text('{"5": "main", "0": "other"}')
    code, out, err = hdrkit("score", faces)
    assert code == 0
    assert err.startswith("note: ")
    assert "no person 5 in face_data.csv" in err


def test_a_file_that_could_not_be_read_is_named_once(hdrkit, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    bad, good = Path("bad/bomb.png"), Path("good.jpg")
    reason = f"{bad}: it has too many pixels"
    (tmp_path / "faces").mkdir()
    photos = [SeenPhoto(bad, bad, failure=reason), photo(str(good), (0, WELL))]
    Path("faces", FACE_TABLE).write_bytes(face_table(photos, Path("faces")))
    told = hdrkit("score", "faces")
    assert told.code == 1
    assert f"error: {reason}" in told.err.splitlines()
