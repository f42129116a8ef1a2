import csv
import json
import os
from dataclasses import replace
from pathlib import Path

import pytest

from hdrkit import HDRGroupingPipeline, read_radiance
from hdrkit.errors import InputError
from hdrkit.files.json_text import to_json
from hdrkit.files.transport import Placing
from hdrkit.grouping.options import Embedding, GroupingOptions, IngestOptions, Linkage
from hdrkit.inputs.find import find_brackets
from hdrkit.results.grouped import write_groups

SAMPLES = Path(__file__).resolve().parents[2] / "samples"


def names(folder):
    return sorted(path.relative_to(folder).as_posix() for path in folder.rglob("*") if path.is_file() and path.name[0] != ".")


@pytest.fixture
def grouping(monkeypatch, card, sort_card):
    """The stage in front of the output: the groups of `card` are known, the options that it was called with are kept."""
    calls = []

    def group(inputs, options=None, progress=None, exposures=None):
        calls.append((inputs, options))
        for stage in ("reading photographs", "comparing"):
            if progress:
                progress(stage, 1, 1)
        return sort_card(card)

    monkeypatch.setattr("hdrkit.pipeline.group.group", group)
    return calls


@pytest.fixture
def whole(grouping, card, sort_card, monkeypatch):
    """The same without the file that cannot be read."""
    monkeypatch.setattr("hdrkit.pipeline.group.group", lambda *_: replace(sort_card(card), unreadable=()))


def test_a_short_summary_and_where_to_look_next(hdrkit, whole, card, tmp_path):
    code, out, err = hdrkit("group", card, "-o", tmp_path / "sorted")
    assert code == 0
    lines = out.splitlines()
    assert lines[0] == "9 photographs: 3 groups of 2 views, 1 unassigned"
    assert [line.split() for line in lines[1:4]] == [["kind", "groups", "frames"], ["bracket", "2", "7"], ["single", "1", "1"]]
    assert "check 1 of them, the least certain first:" in lines
    assert "  cluster_1  confidence 0.52  frames agree weakly (least 0.33); 1 duplicate" in lines
    assert "unassigned: black.png: nothing to see in it" in lines
    assert lines[-2] == f"wrote {tmp_path / 'sorted'}: open {tmp_path / 'sorted' / 'report.html'}"
    assert lines[-1] == f"next: hdrkit merge {tmp_path / 'sorted' / 'groups.csv'} -o merged/ --preview"
    assert err.splitlines() == ["note: a note of the run", "1 other file ignored"]
    assert (tmp_path / "sorted" / "cluster_0" / "00_EV-3.0_0.png").is_symlink()


def test_a_file_that_cannot_be_read_is_told_and_exits_with_1(hdrkit, grouping, card, tmp_path):
    code, out, err = hdrkit("group", card, "-o", tmp_path / "sorted")
    assert code == 1
    assert out.startswith("10 photographs: 3 groups of 2 views, 1 unassigned, 1 unreadable\n")
    assert err.splitlines()[-1] == f"error: {card / 'broken.jpg'}: not an image, or one damaged beyond recognition"
    assert (tmp_path / "sorted" / "groups.csv").exists()


def test_the_result_as_json(hdrkit, whole, card, tmp_path):
    code, out, err = hdrkit("group", card, "-o", tmp_path / "sorted", "--json")
    told = json.loads(out)
    assert (code, err) == (0, "1 other file ignored\n")
    expected = {"success": True, "output_dir": str(tmp_path / "sorted"), "total_images": 9, "total_clusters": 3}
    expected |= {"valid_clusters": 2, "unassigned_images": 1, "unreadable_images": 0, "notes": ["a note of the run"]}
    assert {key: told[key] for key in expected} == expected
    stored = json.loads((tmp_path / "sorted" / "report.json").read_text())
    assert {**told["stats"], "timestamp": ""} == {**stored, "timestamp": ""}


def test_a_dry_run_writes_nothing_and_prints_the_plan(hdrkit, whole, card, tmp_path):
    before = names(tmp_path)
    code, out, _ = hdrkit("group", card, "-o", tmp_path / "sorted", "--dry-run", "--move")
    assert code == 0
    assert f"nothing is written; in {tmp_path / 'sorted'}, 9 photographs would be moved:" in out
    assert f"  {tmp_path / 'sorted' / 'cluster_1' / '00_EV-3.0_0.png'}  from  {card / 'second' / '0.png'}" in out
    code, out, _ = hdrkit("group", card, "-o", tmp_path / "sorted", "--dry-run", "--json")
    assert len(json.loads(out)["files"]) == 9
    assert names(tmp_path) == before


def test_move_and_undo(hdrkit, whole, card, tmp_path):
    before = names(card)
    assert hdrkit("group", card, "-o", tmp_path / "sorted", "--move").code == 0
    assert names(card) == ["broken.jpg"]
    again = hdrkit("group", card, "-o", tmp_path / "sorted")
    assert (again.code, len(again.err.splitlines())) == (1, 1)
    assert "put them back first: hdrkit group --undo" in again.err
    code, out, err = hdrkit("group", "--undo", tmp_path / "sorted")
    assert (code, err) == (0, "")
    assert "9 photographs put back" in out
    assert names(card) == before
    assert not (tmp_path / "sorted").exists()


def test_undo_is_tried_without_doing_it(hdrkit, whole, card, tmp_path):
    sorted_ = tmp_path / "sorted"
    assert hdrkit("group", card, "-o", sorted_, "--move").code == 0
    (sorted_ / "summary.txt").write_text("my own")
    before = names(tmp_path)
    code, out, err = hdrkit("group", "--undo", "--dry-run", sorted_)
    assert (code, err) == (0, "")
    assert f"nothing is changed; in {sorted_}, 9 photographs would be put back and 17 files of hdrkit removed:" in out
    assert f"  {sorted_ / 'cluster_1' / '00_EV-3.0_0.png'}  back to  {card / 'second' / '0.png'}" in out.splitlines()
    assert f"  {sorted_ / 'groups.csv'}  removed" in out.splitlines()
    assert out.splitlines()[-1] == f"  {sorted_ / 'summary.txt'}  stays: it was changed after hdrkit wrote it"
    told = json.loads(hdrkit("group", "--undo", "--dry-run", sorted_, "--json").out)
    assert (told["dry_run"], len(told["plan"]["put_back"]), told["plan"]["keep"]) == (True, 9, ["summary.txt"])
    assert names(tmp_path) == before
    code, out, err = hdrkit("group", "--undo", sorted_)
    assert (code, err) == (0, f"note: {sorted_ / 'summary.txt'} stays: it was changed after hdrkit wrote it\n")
    assert names(sorted_) == ["summary.txt"]


def test_a_dry_run_says_which_links_would_stay(hdrkit, whole, card, tmp_path):
    (card / "black.png").rename(tmp_path / "away.png")
    (card / "black.png").symlink_to(tmp_path / "away.png")
    out = hdrkit("group", card, "-o", tmp_path / "sorted", "--dry-run", "--move").out
    assert ", 8 photographs would be moved:" in out
    assert out.splitlines()[-1] == f"  {card / 'black.png'} is a link and would stay where it is"


def test_undo_says_what_it_could_not_put_back(hdrkit, whole, card, tmp_path):
    assert hdrkit("group", card, "-o", tmp_path / "sorted", "--move").code == 0
    (card / "black.png").write_bytes(b"another")
    code, out, err = hdrkit("group", "--undo", tmp_path / "sorted", "--json")
    assert (code, json.loads(out)["put_back"]) == (1, 8)
    assert "black.png: another file is there now" in err


def test_options_win_over_the_configuration(hdrkit, grouping, card, tmp_path):
    config = tmp_path / "config.toml"
    config.write_text(
        "[ingest]\nmax_workers = 3\n[embedding]\nkind = 'clip'\nmodel_name = 'a/b'\n[clustering]\nmethod = 'hdbscan'\n"
    )
    out = tmp_path / "sorted"
    hdrkit("group", card, "-o", out, "--config", config, "--no-files")
    hdrkit("group", card, "-o", out, "-c", config, "--jobs", 1, "--embedding", "dinov2", "--linkage", "average", "--model", "c/d")
    hdrkit("group", card, "-o", out, "--no-metadata", "--no-cache", "--must-link", "m.csv", "--cannot-link", "c.csv")
    read, won, plain = (options for _, options in grouping)
    assert (read.ingest.max_workers, read.embedding.kind, read.clustering.method) == (3, Embedding.CLIP, Linkage.HDBSCAN)
    assert (won.ingest.max_workers, won.embedding.kind, won.clustering.method) == (1, Embedding.DINOV2, Linkage.AVERAGE)
    assert (read.embedding.model_name, won.embedding.model_name) == ("a/b", "c/d")
    assert plain.ingest == IngestOptions(metadata=False, cache=False)
    assert (str(plain.clustering.must_link), str(plain.clustering.cannot_link)) == ("m.csv", "c.csv")
    assert read.ingest.metadata
    assert read.ingest.cache


def test_a_model_without_use_is_noted(hdrkit, whole, card, tmp_path):
    told = hdrkit("group", card, "-o", tmp_path / "sorted", "--model", "a/b")
    assert "note: model_name 'a/b' is not used: the embedding is gradient" in told.err
    told = hdrkit("group", card, "-o", tmp_path / "sorted", "--model", "a/b", "--embedding", "clip")
    assert "is not used" not in told.err


@pytest.mark.parametrize(
    ("level", "shown"),
    [("debug", {"debug", "note", "error"}), ("INFO", {"note", "error"}), ("warning", {"error"}), ("error", {"error"})],
)
def test_as_much_is_told_as_was_asked_for(hdrkit, grouping, card, tmp_path, level, shown):
    err = hdrkit("group", card, "-o", tmp_path / "sorted", "--log-level", level).err
    assert {line.split(":")[0] for line in err.splitlines() if "ignored" not in line} == shown
    assert ("ingest took 0.25 s" in err) == ("cluster_0: bracket, 3 frames, confidence 0.97" in err) == (level == "debug")


@pytest.mark.parametrize(
    "words",
    [
        ["group"],
        ["group", "IN"],
        ["group", "IN", "-o", "OUT", "--copy", "--move"],
        ["group", "IN", "-o", "OUT", "--move", "--no-files"],
        ["group", "IN", "-o", "OUT", "--embedding", "magic"],
        ["group", "IN", "-o", "OUT", "--linkage", "magic"],
        ["group", "IN", "-o", "OUT", "--log-level", "loud"],
        ["group", "IN", "-o", "OUT", "--jobs", "0"],
        ["group", "IN", "-o", "OUT", "--undo"],
        ["group", "IN", "IN", "--undo"],
        ["group", "IN", "--undo", "--copy"],
        ["group", "IN", "--undo", "--move", "--dry-run"],
        ["group", "IN", "--undo", "--config", "c.toml"],
        ["group", "IN", "--undo", "--jobs", "2"],
    ],
)
def test_wrong_usage_is_told_and_exits_with_2(hdrkit, whole, card, tmp_path, words):
    code, out, err = hdrkit(*({"IN": card}.get(word, word.replace("OUT", str(tmp_path / "out"))) for word in words))
    assert (code, out) == (2, "")
    assert "Usage" in err
    assert not (tmp_path / "out").exists()


@pytest.mark.parametrize(
    ("words", "saying"),
    [
        (["--config", "gone.json"], "gone.json: cannot be read"),
        (["--config", "BAD"], "ingest.size is not a setting"),
    ],
)
def test_a_configuration_that_makes_no_sense_is_one_line(hdrkit, whole, card, tmp_path, words, saying):
    (tmp_path / "bad.json").write_text('{"ingest": {"size": 3}}')
    words = [tmp_path / "bad.json" if word == "BAD" else word for word in words]
    code, out, err = hdrkit("group", card, "-o", tmp_path / "out", *words)
    assert (code, out, len(err.splitlines())) == (2, "", 1)
    assert saying in err


def test_an_interrupted_run_says_so_and_leaves_nothing(hdrkit, grouping, card, tmp_path, monkeypatch):
    def interrupt(*_, **__):
        raise KeyboardInterrupt

    monkeypatch.setattr("hdrkit.results.grouped.report_page", interrupt)
    code, _, err = hdrkit("group", card, "-o", tmp_path / "sorted", "--copy")
    assert code == 130
    assert "interrupted" in err
    assert not (tmp_path / "sorted").exists()


def test_the_pipeline_of_the_source_document(whole, card, tmp_path):
    pipeline = HDRGroupingPipeline(output_dir=str(tmp_path / "output"), config={"embedding": {"model_name": "a/b"}})
    results = pipeline.process_directory(str(card))
    assert f"Found {results['valid_clusters']} valid HDR clusters" == "Found 2 valid HDR clusters"
    assert results["output_dir"] == str(tmp_path / "output")
    assert results["success"]
    assert (results["total_images"], results["total_clusters"], results["unassigned_images"]) == (9, 3, 1)
    assert "model_name 'a/b' is not used" in results["notes"][0]
    assert results["stats"]["images"]["exported"] == 8
    assert (tmp_path / "output" / "report.json").read_text() == to_json(results["stats"])
    assert (tmp_path / "output" / "report.html").exists()


def test_the_pipeline_says_where_a_file_could_not_be_read(grouping, card, tmp_path):
    steps = set()
    pipeline = HDRGroupingPipeline(tmp_path / "output", GroupingOptions(), Placing.NONE, lambda step, *_: steps.add(step))
    results = pipeline.process_directory(card)
    assert (results["success"], results["unreadable_images"]) == (False, 1)
    assert steps == {"reading photographs", "comparing", "making thumbnails"}
    assert not (tmp_path / "output" / "cluster_0").exists()
    with pytest.raises(InputError, match="is not a section"):
        HDRGroupingPipeline(config={"magic": {}})


@pytest.fixture
def sorted_card(card, sort_card, tmp_path):
    write_groups(sort_card(card), tmp_path / "sorted")
    return tmp_path / "sorted"


LEFT_OUT = (
    "left out 3 photographs in 3 groups that are not exposure brackets: 1 single, 1 unassigned, 1 unreadable, "
    "and 1 frame of brackets: 1 duplicate"
)


@pytest.mark.parametrize("given", ["groups.csv", "."])
@pytest.mark.parametrize("kind", Placing)
def test_the_list_is_what_the_next_step_takes(card, sort_card, tmp_path, given, kind):
    before = {path: path.read_bytes() for path in card.rglob("*.png")}
    write_groups(sort_card(card), tmp_path / "sorted", kind)
    found = find_brackets(tmp_path / "sorted" / given)
    assert {bracket.name: len(bracket.photos) for bracket in found.brackets} == {"cluster_0": 3, "cluster_1": 3}
    assert found.notes == (LEFT_OUT,)
    assert found.failures == ()
    for name, bracket in (("first", found.brackets[0]), ("second", found.brackets[1])):
        assert [photo.path.read_bytes() for photo in bracket.photos] == [before[card / name / f"{k}.png"] for k in range(3)]


def test_merge_and_calibrate_take_the_list(hdrkit, sorted_card, tmp_path):
    listing = sorted_card / "groups.csv"
    code, _, err = hdrkit("calibrate", listing, "-o", tmp_path / "r.npz", "--align", "none")
    assert code == 0
    assert f"note: {LEFT_OUT}" in err.splitlines()
    code, out, err = hdrkit("merge", listing, "-o", tmp_path / "merged", "--response", tmp_path / "r.npz", "--jobs", 1)
    assert code == 0
    assert err.splitlines() == [f"note: {LEFT_OUT}"]
    assert names(tmp_path / "merged") == ["cluster_0.exr", "cluster_1.exr"]
    assert read_radiance(tmp_path / "merged" / "cluster_1.exr").pixels.shape == (48, 72, 3)
    told = json.loads(hdrkit("merge", listing, "-o", tmp_path / "again", "--jobs", 1, "--json").out)
    assert told["notes"] == [LEFT_OUT]
    assert LEFT_OUT in hdrkit("range", listing, "--response", tmp_path / "r.npz").err


def test_a_photograph_that_has_gone_is_told_and_the_rest_is_merged(hdrkit, sorted_card, card, tmp_path):
    (card / "first" / "1.png").unlink()
    code, _, err = hdrkit("merge", sorted_card / "groups.csv", "-o", tmp_path / "merged", "--jobs", 1)
    assert code == 1
    assert "cluster_0: 1 of 3 photographs of the list are gone (" in err
    assert "first/1.png" in err
    assert [name for name in names(tmp_path / "merged") if name.endswith(".exr")] == ["cluster_0.exr", "cluster_1.exr"]


def test_a_list_without_brackets_says_so(hdrkit, sorted_card, tmp_path):
    with (sorted_card / "groups.csv").open(newline="") as file:
        rows = [row for row in csv.DictReader(file) if row["kind"] == "single"]
    listing = tmp_path / "singles.csv"
    listing.write_text(f"path,bracket,kind\n{sorted_card / rows[0]['path']},{rows[0]['bracket']},single\n")
    code, _, err = hdrkit("merge", listing, "-o", tmp_path / "merged")
    assert code == 1
    assert "it lists no exposure bracket (left out 1 photograph in 1 group" in err


def test_a_list_written_by_hand_may_be_the_input(card, tmp_path):
    listing = tmp_path / "mine.csv"
    listing.write_text("path,bracket\ncard/first/0.png,hall\ncard/first/1.png,hall\ncard/second/0.png,\n")
    (bracket,) = find_brackets(listing).brackets
    assert (bracket.name, [os.fspath(photo.path) for photo in bracket.photos]) == (
        "hall",
        [str(tmp_path / f"card/first/{k}.png") for k in range(2)],
    )


def test_the_unsorted_room_from_card_to_list(hdrkit, tmp_path):
    code, out, err = hdrkit("group", SAMPLES / "room", "-o", tmp_path / "sorted", "--no-cache", "--log-level", "warning")
    assert (code, err) == (0, "")
    assert out.startswith("17 photographs: ")
    with (SAMPLES / "room_groups.csv").open(newline="") as file:
        truth = {}
        for row in csv.DictReader(file):
            truth.setdefault(row["bracket"], []).append(Path(row["path"]).name)
    found = find_brackets(tmp_path / "sorted" / "groups.csv")
    assert sorted(sorted(photo.path.name for photo in bracket.photos) for bracket in found.brackets) == sorted(truth.values())
    assert found.notes[0].startswith("left out 2 photographs")
    with (tmp_path / "sorted" / "groups.csv").open(newline="") as file:
        listed = list(csv.DictReader(file))
    assert sorted(row["filename"] for row in listed) == sorted(path.name for path in (SAMPLES / "room").iterdir())
    assert [row["ev"] for row in listed if row["kind"] == "bracket"] == ["-4", "-2", "0", "2", "4"] * 3
    with_times = {"report.json", ".hdrkit-manifest.json"}  # the manifest holds the sizes of files
    written = [path for path in (tmp_path / "sorted").rglob("*") if path.is_file() and path.name not in with_times]
    first = {path: path.read_bytes() for path in written}
    assert hdrkit("group", SAMPLES / "room", "-o", tmp_path / "sorted", "--no-cache").code == 0
    assert {path: path.read_bytes() for path in first} == first
