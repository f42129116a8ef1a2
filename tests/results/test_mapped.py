"""The folder of `hdrkit map`: a list that scripts of Three.js read, and a report of where it comes from."""

import json
import os
from dataclasses import replace

import numpy as np
import pytest

from hdrkit.errors import OutputError
from hdrkit.results.map_memory import MadeWith, memory_of, read_memory
from hdrkit.results.mapped import clustering_json, map_into, write_map

MADE_WITH = MadeWith("a network", {"method": "dbscan"})


def mapped(result, folder, **options):
    count = len(result.pictures)
    memory = memory_of(result, [bytes([k]) * 16 for k in range(count)], np.eye(count, 8), MADE_WITH)
    with map_into(folder, **options) as tree:
        write_map(result, [b""] * count, memory, tree, **options)
    return folder


def test_the_list_has_exactly_the_seven_fields(tmp_path, planted_map, monkeypatch):
    monkeypatch.chdir(tmp_path)
    result = planted_map(tmp_path.relative_to(tmp_path) / "data", name="data_{kind}_{k}.jpg")
    text = clustering_json(result).decode()
    rows = json.loads(text)
    assert [list(row) for row in rows] == [["filename", "label", "x", "y", "z", "group", "quality"]] * 8
    assert rows[0]["filename"] == "data/data_kind0_0.jpg"
    assert [row["group"] for row in rows] == [0, 0, 0, 0, 1, 1, 1, -1]
    assert [row["quality"] for row in rows] == ["high"] * 4 + ["low"] * 4
    places = [[row[axis] for axis in "xyz"] for row in rows]
    assert np.abs(np.array(places) - [one.position for one in result.pictures]).max() < 1e-4
    assert text.startswith('[\n    {\n        "filename": "data/data_kind0_0.jpg",\n        "label": "kind0",\n        "x": ')


def test_letters_stay_letters_and_undecodable_bytes_become_escapes(tmp_path, planted_map):
    written = clustering_json(planted_map(tmp_path, (2,), 0, "Übung_{k}" + os.fsdecode(b"\xe9") + ".png"))
    assert "Übung_0".encode() in written
    assert json.loads(written)[0]["filename"] == str(tmp_path / f"Übung_0{os.fsdecode(bytes([0xE9]))}.png")


def test_the_folder_holds_the_list_the_report_and_the_memory(tmp_path, planted_map):
    result = planted_map(tmp_path / "pictures")
    out = mapped(result, tmp_path / "out")
    assert (out / "clustering_result.json").read_bytes() == clustering_json(result)
    report = json.loads((out / "report.json").read_text())
    assert report["models"] == {"image-embedding": "planted"}
    assert report["clustering"] == {"epsilon": 0.3}
    assert report["notes"] == ["a note of the run"]
    assert report["failures"] == [f"{tmp_path}/pictures/broken.jpg: not an image"]
    assert [(group["number"], len(group["pictures"]), group["words"]) for group in report["groups"]] == [
        (0, 4, "a red hat"),
        (1, 3, ""),
    ]
    assert report["pictures"][1] == {
        "filename": str(tmp_path / "pictures/kind0_1.png"),
        "silhouette": 0.74,
        "crops": [],
        "enlarged": False,
    }
    assert read_memory(out).paths == tuple(one.path for one in result.pictures)


def test_the_list_may_have_another_name(tmp_path, planted_map):
    out = mapped(planted_map(tmp_path), tmp_path / "out", name="mine.json")
    assert json.loads((out / "mine.json").read_text())
    assert not (out / "clustering_result.json").exists()


def test_a_second_run_replaces_the_first(tmp_path, planted_map):
    mapped(planted_map(tmp_path), tmp_path / "out")
    out = mapped(planted_map(tmp_path, (2,), 0), tmp_path / "out")
    assert len(json.loads((out / "clustering_result.json").read_text())) == 2


def test_a_map_of_nothing_is_an_empty_list(tmp_path, planted_map):
    out = mapped(planted_map(tmp_path, (), 0), tmp_path / "out")
    assert json.loads((out / "clustering_result.json").read_text()) == []


def test_a_list_of_somebody_else_stays(tmp_path, planted_map):
    (tmp_path / "out").mkdir()
    (tmp_path / "out" / "clustering_result.json").write_text("[]")
    with pytest.raises(OutputError, match=r"clustering_result\.json: hdrkit did not write it"):
        mapped(planted_map(tmp_path), tmp_path / "out")
    assert (tmp_path / "out" / "clustering_result.json").read_text() == "[]"


@pytest.mark.parametrize("name", ["report.json", "Report.JSON", ".hdrkit-manifest.json"])
def test_a_name_that_another_file_of_the_map_has_is_refused_before_anything_is_done(tmp_path, name):
    with (
        pytest.raises(OutputError, match=f"{name}: the map has another file of this name; choose"),
        map_into(tmp_path / "out", name),
    ):
        pytest.fail("the block began")
    assert not (tmp_path / "out").exists()


def test_numbers_of_numpy_are_written_as_numbers(tmp_path, planted_map):
    result = planted_map(tmp_path, (1,), 0)
    one = replace(result.pictures[0], position=tuple(np.float32([0.1, -0.0, 2])), group=np.int64(0))
    row = json.loads(clustering_json(replace(result, pictures=(one,))))[0]
    assert (row["x"], str(row["y"]), row["z"], row["group"]) == (0.1, "0.0", 2.0, 0)
