import csv
import errno
import json
import os
import re
import shutil
import subprocess
import sys
from dataclasses import replace
from pathlib import Path
from tempfile import TemporaryDirectory

import pytest
from hypothesis import example, given
from hypothesis import strategies as st
from PIL import Image

from hdrkit.errors import InputError, OutputError
from hdrkit.files import result_tree, transport
from hdrkit.files.manifest import GROUP, MANIFEST, read_manifest
from hdrkit.files.result_tree import plan_undo, replacing, undo
from hdrkit.files.transport import Placing
from hdrkit.inputs.discover import discover
from hdrkit.inputs.find import find_brackets
from hdrkit.inputs.lists import read_groups
from hdrkit.results.group_layout import COLUMNS, groups_csv, lay_out
from hdrkit.results.grouped import write_groups
from hdrkit.types import (
    Cluster,
    Encoding,
    Exposure,
    ExposureSource,
    Failure,
    GroupingReport,
    GroupingResult,
    Kind,
    Member,
    Photo,
)

LISTS = ["groups.csv", "metadata.json", "report.html", "report.json", "summary.txt"]
PHOTOGRAPHS = [
    "cluster_0/00_EV-3.0_0.png",
    "cluster_0/01_EV0.0_1.png",
    "cluster_0/02_EV+3.0_2.png",
    "cluster_1/00_EV-3.0_0.png",
    "cluster_1/01_EV0.0_1.png",
    "cluster_1/02_EV+3.0_2.png",
    "cluster_1/03_EV+3.0_2 again.png",
    "cluster_2/00_EV0.0_0.jpg",
    "unassigned/black.png",
]
THUMBNAILS = [
    *(f"thumbnails/cluster_0_0{k}.jpg" for k in range(3)),
    *(f"thumbnails/cluster_1_0{k}.jpg" for k in range(4)),
    "thumbnails/cluster_2_00.jpg",
    "thumbnails/unassigned_0.jpg",
]
RECORDS = [f"{name}/metadata.json" for name in ("cluster_0", "cluster_1", "cluster_2", "unassigned")]
SOURCES = [
    *(f"first/{k}.png" for k in range(3)),
    *(f"second/{k}.png" for k in range(3)),
    "second/2 again.png",
    "alone/0.jpg",
    "black.png",
]


def tree(folder):
    """All files below a folder but the hidden record, with what they hold; where a link leads stands for its content."""
    return {
        path.relative_to(folder).as_posix(): f"-> {path.resolve()}" if path.is_symlink() else path.read_bytes()
        for path in folder.rglob("*")
        if (path.is_symlink() or path.is_file()) and path.name != MANIFEST
    }


def rows(folder):
    with (folder / "groups.csv").open(newline="", encoding="utf-8", errors="surrogateescape") as file:
        return list(csv.DictReader(file))


def loads(path):
    return json.loads(path.read_text())


def test_the_tree_is_the_one_that_was_designed(card, sort_card, tmp_path):
    out = tmp_path / "sorted"
    written = write_groups(sort_card(card), out)
    assert (written.placing, written.notes) == (Placing.LINK, ())
    assert sorted(tree(out)) == sorted([*LISTS, *PHOTOGRAPHS, *THUMBNAILS, *RECORDS])
    for place, source in zip(PHOTOGRAPHS, SOURCES, strict=True):
        assert (out / place).resolve() == (card / source).resolve()
        assert not (out / place).readlink().is_absolute()
    for name in THUMBNAILS:
        with Image.open(out / name) as image:
            image.load()
            assert (image.format, image.size) == ("JPEG", (72, 48))
    assert [path.name for path in out.iterdir() if path.name.startswith(".")] == [MANIFEST]


def test_every_file_is_in_the_list_once(card, sort_card, tmp_path):
    out = tmp_path / "sorted"
    write_groups(sort_card(card), out)
    listed = rows(out)
    assert tuple(listed[0]) == COLUMNS
    assert [(out / row["path"]).resolve() for row in listed] == [(card / name).resolve() for name in [*SOURCES, "broken.jpg"]]
    assert [row["filename"] for row in listed] == [Path(name).name for name in [*SOURCES, "broken.jpg"]]
    assert [row["view"] for row in listed] == ["view_0"] * 3 + ["view_1"] * 5 + ["unassigned_0", "unreadable_0"]
    assert [row["bracket"] for row in listed] == [
        *["cluster_0"] * 3,
        *["cluster_1"] * 4,
        "cluster_2",
        "unassigned_0",
        "unreadable_0",
    ]
    assert [row["kind"] for row in listed] == ["bracket"] * 7 + ["single", "unassigned", "unreadable"]
    assert [row["position"] for row in listed] == list("012012300") + ["0"]
    assert [row["ev"] for row in listed] == ["-3", "0", "3", "-3", "0", "3", "3", "0", "", ""]
    assert [row["flags"] for row in listed][6:] == ["duplicate", "", "no_content", "unreadable"]
    assert listed[0]["exposure_time_s"] == "0.015625"
    assert [listed[k]["confidence"] for k in (0, 3, 8)] == ["0.97", "0.52", ""]


def test_records_hold_what_programs_of_the_source_document_expect(card, sort_card, tmp_path):
    out = tmp_path / "sorted"
    write_groups(sort_card(card), out)
    cluster = loads(out / "cluster_1" / "metadata.json")
    told = {key: cluster[key] for key in ("cluster_id", "name", "kind", "confidence", "hdr_score", "image_count", "reference")}
    assert told == {
        "cluster_id": 1,
        "name": "cluster_1",
        "kind": "bracket",
        "confidence": 0.52,
        "hdr_score": None,
        "image_count": 4,
        "reference": "cluster_1_01",
    }
    last = cluster["images"][3]
    assert Path(last["source_path"]).samefile(card / "second" / "2 again.png")
    del last["source_path"], last["camera"], last["exposure"], last["reason"], last["taken_at"]
    assert last == {
        "id": "cluster_1_03",
        "target_path": "cluster_1/03_EV+3.0_2 again.png",
        "thumbnail_path": "thumbnails/cluster_1_03.jpg",
        "exposure_value": 3.0,
        "is_duplicate": True,
        "is_accidental": False,
        "sequence_position": 3,
        "flags": ["duplicate"],
    }
    everything = loads(out / "metadata.json")
    assert everything["clusters"] == [loads(out / f"cluster_{k}" / "metadata.json") for k in range(3)]
    assert everything["clusters"][0]["hdr_score"] == 0.6
    assert everything["unassigned"]["images"][0]["reason"] == "nothing to see in it"
    report = loads(out / "report.json")
    assert report["output_directory"] == str(out)
    assert (report["clusters"]["total"], report["clusters"]["exported"]) == (3, 3)
    assert report["clusters"]["needs_a_look"] == ["cluster_1"]
    images = {"total_processed": 10, "in_valid_clusters": 7, "exported": 8, "unassigned": 1, "skipped": 1, "ignored_files": 1}
    assert report["images"] == images
    assert report["pipeline_stats"] == {"ingest_time": 0.25}
    assert report["notes"] == ["a note of the run"]
    assert "broken.jpg" in report["unreadable"][0]["path"]
    summary = (out / "summary.txt").read_text()
    assert summary.startswith("10 photographs: 3 groups of 2 views, 1 unassigned, 1 unreadable\n")
    for words in ("cluster_1  confidence 0.52  frames agree weakly", "black.png: nothing to see", "broken.jpg: not an image"):
        assert words in summary


@pytest.mark.parametrize("kind", Placing)
def test_the_photographs_are_never_harmed(card, sort_card, tmp_path, kind):
    before, out = tree(card), tmp_path / "sorted"
    write_groups(sort_card(card), out, kind)
    if kind is Placing.MOVE:
        assert set(tree(card)) == {"broken.jpg"}
        assert {name: tree(out)[place] for name, place in zip(SOURCES, PHOTOGRAPHS, strict=True)} | tree(card) == before
    else:
        assert tree(card) == before
    undone = undo(out, GROUP)
    assert undone.put_back == (len(SOURCES) if kind is Placing.MOVE else 0)
    assert undone.failures == ()
    assert tree(card) == before
    assert not out.exists()


def test_copies_are_whole_and_keep_their_times(card, sort_card, tmp_path):
    os.utime(card / "first" / "0.png", (1_000_000_000, 1_000_000_000))
    write_groups(sort_card(card), tmp_path / "sorted", Placing.COPY)
    for place, source in zip(PHOTOGRAPHS, SOURCES, strict=True):
        copied = tmp_path / "sorted" / place
        assert not copied.is_symlink()
        assert copied.read_bytes() == (card / source).read_bytes()
    assert (tmp_path / "sorted" / PHOTOGRAPHS[0]).stat().st_mtime == 1_000_000_000


def test_without_files_there_are_lists_and_a_page(card, sort_card, tmp_path):
    write_groups(sort_card(card), tmp_path / "sorted", Placing.NONE)
    assert sorted(tree(tmp_path / "sorted")) == LISTS
    assert loads(tmp_path / "sorted" / "metadata.json")["clusters"][0]["images"][0]["target_path"] is None
    assert loads(tmp_path / "sorted" / "report.json")["clusters"]["exported"] == 0
    assert "../card/first/0.png" in (tmp_path / "sorted" / "report.html").read_text()


def test_where_there_are_no_links_there_are_copies_and_a_note(card, sort_card, tmp_path, monkeypatch):
    def refuse(*_):
        raise OSError(errno.EPERM, os.strerror(errno.EPERM))

    monkeypatch.setattr(Path, "symlink_to", refuse)
    written = write_groups(sort_card(card), tmp_path / "sorted")
    assert written.placing is Placing.COPY
    assert "no symbolic links" in loads(tmp_path / "sorted" / "report.json")["notes"][-1]
    assert (tmp_path / "sorted" / PHOTOGRAPHS[0]).read_bytes() == (card / SOURCES[0]).read_bytes()


def test_a_second_run_replaces_the_first_and_nothing_else(card, sort_card, tmp_path):
    out, result = tmp_path / "sorted", sort_card(card)
    write_groups(result, out)
    (out / "cluster_2" / "my notes.txt").write_text("mine")
    (out / "mine").mkdir()
    shutil.copy(card / "alone" / "0.jpg", out / "mine" / "edited.jpg")
    smaller = replace(result, clusters=result.clusters[:1], unassigned=())
    write_groups(smaller, out, Placing.COPY)
    assert sorted(tree(out)) == sorted(
        [*LISTS, *PHOTOGRAPHS[:3], *THUMBNAILS[:3], "cluster_0/metadata.json", "cluster_2/my notes.txt", "mine/edited.jpg"]
    )
    assert not (out / "cluster_1").exists()
    undo(out, GROUP)
    assert sorted(tree(out)) == ["cluster_2/my notes.txt", "mine/edited.jpg"]


def test_the_same_result_gives_the_same_bytes(card, sort_card, tmp_path):
    folders = [tmp_path / name / "sorted" for name in ("one", "two")]
    for folder in folders:
        write_groups(sort_card(card), folder)
        write_groups(sort_card(card), folder)
    one, two = map(tree, folders)
    for name in one:
        if name != "report.json":  # which has the time of day
            assert one[name] == two[name], name


def test_what_was_changed_since_is_not_ours(card, sort_card, tmp_path):
    out, result = tmp_path / "sorted", sort_card(card)
    write_groups(result, out, Placing.COPY)
    (out / PHOTOGRAPHS[0]).write_bytes(b"edited")
    with pytest.raises(OutputError, match=r"00_EV-3\.0_0\.png: it was changed since hdrkit wrote it; move it away"):
        write_groups(result, out, Placing.COPY)
    undone = undo(out, GROUP)
    assert (undone.removed > 0, undone.kept) == (True, (PHOTOGRAPHS[0],))
    assert tree(out) == {PHOTOGRAPHS[0]: b"edited"}


@pytest.mark.parametrize("name", ["groups.csv", "summary.txt", "cluster_0/metadata.json", PHOTOGRAPHS[0], THUMBNAILS[0]])
def test_an_edit_that_keeps_the_size_is_seen(card, sort_card, tmp_path, name):
    out, result = tmp_path / "sorted", sort_card(card)
    write_groups(result, out, Placing.COPY)
    written = (out / name).read_bytes()
    (out / name).write_bytes(bytes([written[0] ^ 1]) + written[1:])
    if Path(name).suffix in (".png", ".jpg"):
        os.utime(out / name, (2_000_000_000, 2_000_000_000))
    before = tree(out)
    with pytest.raises(OutputError, match=f"{re.escape(name)}: it was changed since hdrkit wrote it; move it away"):
        write_groups(result, out, Placing.COPY)
    assert tree(out) == before
    assert plan_undo(out, GROUP).keep == (name,)
    assert undo(out, GROUP).kept == (name,)
    assert tree(out) == {name: before[name]}


def test_a_list_that_was_edited_is_what_the_folder_holds(card, sort_card, tmp_path):
    out = tmp_path / "sorted"
    write_groups(sort_card(card), out)
    listed = (out / "groups.csv").read_bytes()
    (out / "groups.csv").write_bytes(listed.replace(b",cluster_1,", b",mine,"))
    assert {bracket.name for bracket in find_brackets(out).brackets} == {"cluster_0", "mine"}


def test_a_list_and_a_page_that_are_only_touched_stay_ours(card, sort_card, tmp_path):
    out, result = tmp_path / "sorted", sort_card(card)
    write_groups(result, out)
    for name in LISTS:
        os.utime(out / name, (2_000_000_000, 2_000_000_000))
    write_groups(result, out)
    undo(out, GROUP)
    assert not out.exists()


def test_two_runs_do_not_write_to_one_folder_at_a_time(card, sort_card, tmp_path):
    out, result = tmp_path / "sorted", sort_card(card)
    busy = r"sorted: another run of hdrkit is writing there; wait for it, or choose another folder"

    def meanwhile(stage, done, total):
        if stage == "placing photographs" and done == 1:
            with pytest.raises(OutputError, match=busy):
                write_groups(result, out)

    write_groups(result, out, progress=meanwhile)
    assert sorted(tree(out)) == sorted([*LISTS, *PHOTOGRAPHS, *THUMBNAILS, *RECORDS])

    def undo_meanwhile(stage, done, total):
        if stage == "placing photographs" and done == 1:
            with pytest.raises(OutputError, match=busy):
                undo(out, GROUP)

    write_groups(result, out, progress=undo_meanwhile)
    assert sorted(tree(out)) == sorted([*LISTS, *PHOTOGRAPHS, *THUMBNAILS, *RECORDS])
    assert [path.name for path in out.iterdir() if path.name.startswith(".")] == [MANIFEST]


def test_a_run_that_was_killed_leaves_no_lock(card, sort_card, tmp_path):
    out = tmp_path / "sorted"
    out.mkdir()
    holding = "import sys, time; from pathlib import Path; from hdrkit.files.lock import alone_in\n"
    holding += "with alone_in(Path(sys.argv[1])): print('locked', flush=True); time.sleep(60)"
    with subprocess.Popen([sys.executable, "-c", holding, out], stdout=subprocess.PIPE) as process:
        process.stdout.readline()
        with pytest.raises(OutputError, match="another run of hdrkit is writing there"):
            write_groups(sort_card(card), out)
        process.kill()
    write_groups(sort_card(card), out)
    assert sorted(tree(out)) == sorted([*LISTS, *PHOTOGRAPHS, *THUMBNAILS, *RECORDS])


def test_what_undo_would_do_is_planned_without_doing_it(card, sort_card, tmp_path):
    out = tmp_path / "sorted"
    write_groups(sort_card(card), out, Placing.MOVE)
    before = tree(tmp_path)
    plan = plan_undo(out, GROUP)
    assert plan.put_back == {place: str(card / source) for place, source in zip(PHOTOGRAPHS, SOURCES, strict=True)}
    assert sorted(plan.remove) == sorted([*LISTS, *THUMBNAILS, *RECORDS])
    assert plan.keep == ()
    assert tree(tmp_path) == before
    assert undo(out, GROUP).put_back == len(plan.put_back)


@pytest.mark.parametrize("name", ["groups.csv", "cluster_1/00_EV-3.0_0.png", "cluster_1", "thumbnails"])
def test_files_of_others_are_left_alone(card, sort_card, tmp_path, name):
    out = tmp_path / "sorted"
    (out / name).parent.mkdir(parents=True)
    (out / name).write_text("mine")
    with pytest.raises(OutputError, match=f"{name}: hdrkit did not write it"):
        write_groups(sort_card(card), out)
    assert tree(out) == {name: b"mine"}


def test_a_folder_that_is_a_link_is_not_written_through(card, sort_card, tmp_path):
    elsewhere, out = tmp_path / "elsewhere", tmp_path / "sorted"
    elsewhere.mkdir()
    out.mkdir()
    (out / "cluster_0").symlink_to(elsewhere)
    with pytest.raises(OutputError, match="cluster_0: hdrkit did not write it"):
        write_groups(sort_card(card), out)
    assert list(elsewhere.iterdir()) == []


@pytest.mark.parametrize("kind", [Placing.LINK, Placing.COPY])
def test_photographs_move_to_where_their_copies_were(card, sort_card, tmp_path, kind):
    before, out, result = tree(card), tmp_path / "sorted", sort_card(card)
    write_groups(result, out, kind)
    write_groups(result, out, Placing.MOVE)
    assert {name: tree(out)[place] for name, place in zip(SOURCES, PHOTOGRAPHS, strict=True)} | tree(card) == before
    (card / SOURCES[0]).write_bytes(b"another")
    assert undo(out, GROUP).put_back == len(SOURCES) - 1
    assert tree(out) == {PHOTOGRAPHS[0]: before[SOURCES[0]]}
    (card / SOURCES[0]).unlink()
    undo(out, GROUP)
    assert tree(card) == before


def test_results_among_the_photographs_are_not_photographs(card, sort_card):
    before = discover(card)
    for kind in (Placing.LINK, Placing.COPY):
        write_groups(sort_card(card), card / "sorted", kind)
        assert discover(card) == before
    shutil.copy(card / "alone" / "0.jpg", card / "sorted" / "cluster_0" / "new.jpg")
    assert {path.name for path in set(discover(card).paths) - set(before.paths)} == {"new.jpg"}


def test_moved_photographs_are_photographs_and_block_the_next_run(card, sort_card):
    before, result = discover(card), sort_card(card)
    write_groups(result, card / "sorted", Placing.MOVE)
    assert len(discover(card).paths) == len(before.paths)
    with pytest.raises(OutputError, match="put them back first: hdrkit group --undo"):
        write_groups(result, card / "sorted")
    undo(card / "sorted", GROUP)
    assert discover(card) == before


def test_results_are_not_made_of_results(card, sort_card, tmp_path):
    out, result = tmp_path / "sorted", sort_card(card)
    write_groups(result, out)
    loop = replace(result.clusters[0].members[0].photo, path=out / PHOTOGRAPHS[0])
    again = replace(result, clusters=(replace(result.clusters[0], members=(Member(loop),), reference=0),))
    before = tree(out)
    with pytest.raises(OutputError, match="an earlier run wrote it"):
        write_groups(again, out)
    assert tree(out) == before


def full_disk(*_, **__):
    raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))


@pytest.mark.parametrize("function", ["copy", "new manifest", "manifest", "page", "move"])
@pytest.mark.parametrize("earlier", [False, True])
def test_a_full_disk_is_one_line_and_leaves_what_was_there(card, sort_card, tmp_path, monkeypatch, function, earlier):
    out, result = tmp_path / "deep" / "sorted", sort_card(card)
    if earlier:
        write_groups(replace(result, clusters=result.clusters[1:]), out)
    before, photographs = tree(tmp_path), tree(card)
    calls = {"count": 0}

    def fills_up(call, after):
        def limited(*arguments, **options):
            calls["count"] += 1
            return full_disk() if calls["count"] == after + 1 else call(*arguments, **options)

        return limited

    if function == "copy":
        monkeypatch.setattr(shutil, "copyfile", fills_up(shutil.copyfile, 3))
    elif "manifest" in function:
        after = 0 if function == "new manifest" else 1
        monkeypatch.setattr(result_tree, "write_manifest", fills_up(result_tree.write_manifest, after))
    elif function == "page":
        monkeypatch.setattr(Path, "write_bytes", fills_up(Path.write_bytes, len(THUMBNAILS) + 5))
    else:
        monkeypatch.setattr(Path, "rename", fills_up(Path.rename, 4))
    with pytest.raises(OutputError) as told:
        write_groups(result, out, Placing.COPY if function == "copy" else Placing.MOVE)
    assert str(told.value) == f"{out}: cannot be written: the disk is full; free some space or write elsewhere"
    monkeypatch.undo()
    assert tree(card) == photographs
    assert tree(tmp_path) == before
    assert out.exists() == earlier
    write_groups(result, out, Placing.MOVE)
    assert undo(out, GROUP).put_back == len(SOURCES)


def test_an_interrupted_run_leaves_what_was_there(card, sort_card, tmp_path):
    out, result = tmp_path / "sorted", sort_card(card)
    write_groups(result, out)
    before = tree(out)

    def interrupt(stage, done, total):
        if stage == "placing photographs" and done == total:
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        write_groups(replace(result, clusters=result.clusters[:1]), out, Placing.COPY, interrupt)
    assert tree(out) == before


def test_a_run_that_was_killed_is_cleared_away_by_the_next(card, sort_card, tmp_path):
    out = tmp_path / "sorted"
    (out / ".hdrkit-stage-0011").mkdir(parents=True)
    (out / ".hdrkit-stage-0011" / "half.jpg").write_bytes(b"half")
    write_groups(sort_card(card), out)
    assert [path.name for path in out.iterdir() if path.name.startswith(".")] == [MANIFEST]


def test_a_run_that_was_killed_while_it_put_files_in_place_is_completed_by_the_next(card, sort_card, tmp_path, monkeypatch):
    out, result = tmp_path / "sorted", sort_card(card)
    write_groups(replace(result, clusters=result.clusters[1:]), out, Placing.COPY)
    put, done = Path.replace, []

    def cut_off(self, target):
        if len(done) == 8:
            raise KeyboardInterrupt
        done.append(put(self, target))

    monkeypatch.setattr(Path, "replace", cut_off)
    with pytest.raises(KeyboardInterrupt):
        write_groups(result, out)
    monkeypatch.undo()
    write_groups(result, out)
    assert sorted(tree(out)) == sorted([*LISTS, *PHOTOGRAPHS, *THUMBNAILS, *RECORDS])
    undo(out, GROUP)
    assert not out.exists()


@pytest.fixture
def other_file_system(tmp_path, monkeypatch):
    """Renames between the card and the results fail, as they do across file systems."""
    rename = Path.rename

    def refuse(self, target):
        if ("card" in self.parts) != ("card" in Path(target).parts):
            raise OSError(errno.EXDEV, os.strerror(errno.EXDEV))
        return rename(self, target)

    monkeypatch.setattr(Path, "rename", refuse)


def test_photographs_move_across_file_systems_and_back(card, sort_card, tmp_path, other_file_system):
    before, out = tree(card), tmp_path / "sorted"
    write_groups(sort_card(card), out, Placing.MOVE)
    assert set(tree(card)) == {"broken.jpg"}
    assert {name: tree(out)[place] for name, place in zip(SOURCES, PHOTOGRAPHS, strict=True)} | tree(card) == before
    assert undo(out, GROUP).put_back == len(SOURCES)
    assert tree(card) == before


def test_a_copy_that_differs_moves_nothing(card, sort_card, tmp_path, other_file_system, monkeypatch):
    before = tree(card)

    def corrupt(source, target):
        Path(target).write_bytes(Path(source).read_bytes()[:-1] + b"?")

    monkeypatch.setattr(transport.shutil, "copyfile", corrupt)
    with pytest.raises(OutputError, match=r"0\.png: its copy differs from it; it stays where it is"):
        write_groups(sort_card(card), tmp_path / "sorted", Placing.MOVE)
    assert tree(card) == before
    assert not (tmp_path / "sorted").exists()


@pytest.mark.parametrize("earlier", [False, True])
def test_a_photograph_that_cannot_be_put_back_at_once_is_not_forgotten(card, sort_card, tmp_path, monkeypatch, earlier):
    before, out, result = tree(card), tmp_path / "sorted", sort_card(card)
    if earlier:
        write_groups(result, out)
    rename, done = Path.rename, []

    def breaks_down(self, target):
        if len(done) >= 4:
            full_disk()
        done.append(rename(self, target))

    monkeypatch.setattr(Path, "rename", breaks_down)
    with pytest.raises(OutputError, match="the disk is full"):
        write_groups(result, out, Placing.MOVE)
    monkeypatch.undo()
    assert set(before) - set(tree(card)) == set(SOURCES[:4])
    assert {tree(out)[place] for place in PHOTOGRAPHS[:4]} == {before[name] for name in SOURCES[:4]}
    with pytest.raises(OutputError, match="put them back first"):
        write_groups(result, out)
    assert undo(out, GROUP).put_back == 4
    assert tree(card) == before
    assert not out.exists()


def test_undo_completes_a_move_that_was_cut_off(card, sort_card, tmp_path, other_file_system):
    before, out = tree(card), tmp_path / "sorted"
    write_groups(sort_card(card), out, Placing.MOVE)
    shutil.copy(out / PHOTOGRAPHS[0], card / SOURCES[0])  # copied, and its source not removed yet
    assert undo(out, GROUP).failures == ()
    assert tree(card) == before


def test_undo_overwrites_nothing_and_says_what_it_could_not_put_back(card, sort_card, tmp_path):
    out = tmp_path / "sorted"
    write_groups(sort_card(card), out, Placing.MOVE)
    (card / SOURCES[0]).write_bytes(b"another")
    (out / PHOTOGRAPHS[1]).unlink()
    undone = undo(out, GROUP)
    assert undone.put_back == len(SOURCES) - 2
    assert [failure.reason.split(": ")[1].split(";")[0] for failure in undone.failures] == [
        "another file is there now",
        "it is gone, somebody moved or removed it",
    ]
    assert [failure.path for failure in undone.failures] == [out / name for name in PHOTOGRAPHS[:2]]
    assert (card / SOURCES[0]).read_bytes() == b"another"
    assert set(tree(out)) == {PHOTOGRAPHS[0]}
    (card / SOURCES[0]).unlink()
    assert undo(out, GROUP).put_back == 1


def test_undo_never_removes_the_only_copy(card, sort_card, tmp_path):
    out, result = tmp_path / "sorted", sort_card(card)
    (tmp_path / "dark").mkdir()
    (card / "black.png").rename(tmp_path / "dark" / "black.png")
    black = replace(result.unassigned[0], photo=replace(result.unassigned[0].photo, path=tmp_path / "dark" / "black.png"))
    content = black.photo.path.read_bytes()
    write_groups(replace(result, clusters=(), unassigned=(black,)), out, Placing.MOVE)
    (tmp_path / "dark").rmdir()
    (tmp_path / "dark").symlink_to(out / "unassigned")
    undo(out, GROUP)
    assert black.photo.path.read_bytes() == content


@pytest.mark.parametrize(
    ("text", "saying"),
    [
        ("{", "damaged"),
        ('{"written": 3, "moved": {}}', "damaged"),
        ('{"written": [["../../etc/passwd", "1"]], "moved": {}}', "outside of its folder"),
        ('{"written": [], "moved": {"/etc/passwd": "/tmp/x"}}', "outside of its folder"),
    ],
)
def test_a_damaged_record_is_refused(tmp_path, text, saying):
    (tmp_path / MANIFEST).write_text(text)
    with pytest.raises(InputError, match=saying):
        undo(tmp_path, GROUP)


def test_there_is_nothing_to_undo_in_a_folder_of_others(tmp_path):
    with pytest.raises(InputError, match="nothing to undo"):
        undo(tmp_path, GROUP)


def test_photographs_of_read_only_folders_are_not_moved(card, sort_card, tmp_path, monkeypatch):
    result = sort_card(card)
    monkeypatch.setattr(os, "access", lambda path, _: "second" not in str(path))
    with pytest.raises(OutputError, match=r"second/0\.png: its folder is read-only"):
        write_groups(result, tmp_path / "sorted", Placing.MOVE)
    assert not (tmp_path / "sorted").exists()


def test_links_stay_where_they_are_and_the_rest_is_moved(card, sort_card, tmp_path):
    out = tmp_path / "sorted"
    (card / SOURCES[0]).rename(tmp_path / "away.png")
    (card / SOURCES[0]).symlink_to(tmp_path / "away.png")
    (card / "black.png").unlink()
    (card / "black.png").symlink_to(card / "alone" / "0.jpg")
    before = tree(card)
    written = write_groups(sort_card(card), out, Placing.MOVE)
    assert written.notes == (
        f"{card / SOURCES[0]}: it is a link and stays where it is",
        f"{card / 'black.png'}: it is a link and stays where it is, but it is broken now, because its photograph was moved",
    )
    assert set(tree(card)) == {SOURCES[0], "black.png", "broken.jpg"}
    listed = [row["path"] for row in rows(out)]
    assert (listed[0], listed[1]) == (f"../card/{SOURCES[0]}", PHOTOGRAPHS[1])
    image = loads(out / "cluster_0" / "metadata.json")["images"][0]
    assert (image["target_path"], image["thumbnail_path"]) == (None, THUMBNAILS[0])
    assert loads(out / "report.json")["images"]["exported"] == 7
    assert f'href="../card/{SOURCES[0]}"' in (out / "report.html").read_text()
    assert undo(out, GROUP).put_back == len(SOURCES) - 2
    assert tree(card) == before


def alone(*photos):
    clusters = tuple(Cluster(f"cluster_{k}", f"view_{k}", Kind.SINGLE, (Member(photo, 0.0),)) for k, photo in enumerate(photos))
    return GroupingResult(clusters, (), (), GroupingReport({}, {}))


ODD_NAMES = [
    b"caf\xe9 \xff.png",
    b"a,b\"c'.png",
    b"two\nlines\r.png",
    b" leading.png",
    b"-dash.png",
    b"=1+1.png",
    "\u00fc\u202e.png".encode(),
    b"<b>&amp;{{title}}.png",
    b"x" * 251 + b".png",
    "\u00fc".encode() * 125 + b".png",
]


@pytest.mark.parametrize("raw", ODD_NAMES)
@pytest.mark.parametrize("kind", Placing)
def test_names_survive(card, sort_card, tmp_path, raw, kind):
    from hdrkit import read_photo

    path = card / os.fsdecode(raw)
    shutil.copy(card / "first" / "0.png", path)
    photo = read_photo(path)
    result = replace(alone(photo), unassigned=(Member(photo),), unreadable=(Failure(path, f"{raw!r}: broken"),))
    result = replace(result, unassigned=()) if kind is Placing.MOVE else result
    out = tmp_path / "sorted"
    write_groups(result, out, kind)
    content = (card / "first" / "0.png").read_bytes()
    for row in rows(out)[: 1 if kind is Placing.MOVE else 3]:
        assert (out / row["path"]).read_bytes() == content
        assert os.fsencode(row["filename"]) == raw
    (placed,) = lay_out(alone(photo))
    assert placed.target.endswith(".png")
    if kind is not Placing.NONE:
        assert (out / placed.target).read_bytes() == content
    undo(out, GROUP)
    assert path.read_bytes() == content


def test_equal_names_get_distinct_places(card, sort_card):
    result = sort_card(card)
    loose = [*result.clusters[0].members, *result.clusters[1].members[:3]]
    shouting = replace(loose[0], photo=replace(loose[0].photo, path=card / "0.PNG"))
    places = lay_out(replace(result, clusters=(), unassigned=(*loose, shouting)))
    assert [place.target for place in places] == [
        *(f"unassigned/{name}" for name in ("0.png", "1.png", "2.png", "0_2.png", "1_2.png", "2_2.png", "0_3.PNG")),
    ]


def test_equal_names_as_long_as_can_be_get_distinct_places(card, sort_card):
    photo = sort_card(card).unassigned[0].photo
    longest = "x" * 251 + ".png"
    loose = tuple(Member(replace(photo, path=card / folder / longest)) for folder in "abc")
    names = [Path(place.target).name for place in lay_out(replace(alone(), unassigned=loose))]
    assert names == [longest, "x" * 249 + "_2.png", "x" * 249 + "_3.png"]


@given(
    st.lists(
        st.text(st.characters(codec="utf-8", exclude_characters="/\0"), max_size=20).map(lambda stem: f"{stem}.png"),
        min_size=1,
        max_size=4,
        unique=True,
    )
)
@example(["two\nlines\r.png", "a\rb.png", 'a"b,.png', " \x85.png"])
def test_any_names_come_back_from_the_list(names):
    photos = [Photo(Path("/card") / name, 8, 8, Encoding.ENCODED8) for name in names]
    members = tuple(Member(photo, float(k)) for k, photo in enumerate(photos))
    result = replace(alone(), clusters=(Cluster("cluster_0", "view_0", Kind.BRACKET, members),))
    with TemporaryDirectory() as folder:
        listing = Path(folder) / "groups.csv"
        listing.write_bytes(groups_csv(result, lay_out(result), Path(folder), moved=False))
        read = read_groups(listing)
    assert [os.path.realpath(path) for path in read.paths] == [str(photo.path) for photo in photos]
    assert list(read.ev.values()) == [member.ev for member in members]


def test_a_number_in_a_name_is_no_exposure(card, sort_card, tmp_path):
    result = sort_card(card)
    first = result.clusters[0]
    photo = first.members[0].photo
    counted = replace(photo, exposure=Exposure(415.0, source=ExposureSource.FILENAME))
    members = (replace(first.members[0], photo=counted), *first.members[1:])
    out = tmp_path / "sorted"
    write_groups(replace(result, clusters=(replace(first, members=members),)), out)
    assert [row["exposure_time_s"] for row in rows(out)[:3]] == ["", "0.125", "1"]
    assert loads(out / "cluster_0" / "metadata.json")["images"][0]["exposure"] is None
    assert "415 s" not in (out / "report.html").read_text()


@pytest.mark.parametrize("name", ["../out", "", "a/b", "unassigned", ".hidden", "CLUSTER_1"])
def test_clusters_need_names_of_their_own(card, sort_card, name):
    result = sort_card(card)
    with pytest.raises(InputError, match="needs a plain name that no other cluster has"):
        lay_out(replace(result, clusters=(*result.clusters, replace(result.clusters[0], name=name))))


def test_a_tree_tells_of_no_photograph_that_is_not_there(tmp_path):
    with (
        pytest.raises(InputError, match=r"gone\.jpg: cannot be read: there is no such file"),
        replacing(tmp_path / "out", GROUP, []) as made,
    ):
        made.add_copy("a.jpg", tmp_path / "gone.jpg")
    assert not (tmp_path / "out").exists()


def test_an_error_of_the_system_is_blamed_on_the_folder_only_where_it_is_written(tmp_path):
    with pytest.raises(ConnectionResetError), replacing(tmp_path / "out", GROUP, []):
        raise ConnectionResetError
    assert not (tmp_path / "out").exists()


def test_a_name_that_no_file_can_have_is_refused_at_once(tmp_path):
    name = 300 * "a"
    with (
        pytest.raises(OutputError, match=f"{name}: cannot be written: the name is too long"),
        replacing(tmp_path / "out", GROUP, []) as made,
    ):
        made.claim(name)
    assert not (tmp_path / "out").exists()


def test_a_copied_folder_of_results_counts_as_unchanged(card, sort_card, tmp_path):
    write_groups(sort_card(card), tmp_path / "sorted", Placing.COPY)
    shutil.copytree(tmp_path / "sorted", tmp_path / "other", symlinks=True, copy_function=shutil.copyfile)
    for path in (tmp_path / "other").rglob("*"):
        if path.is_file():
            os.utime(path, (1e9, 1e9))
    manifest = read_manifest(tmp_path / "other")
    assert manifest.changed(tmp_path / "other") == ()
    picture = next((tmp_path / "other").glob("cluster_0/*.png"))
    picture.write_bytes(picture.read_bytes()[:-1] + b"!")
    assert manifest.changed(tmp_path / "other") == (picture.relative_to(tmp_path / "other").as_posix(),)


def test_marks_of_earlier_versions_still_hold(card, sort_card, tmp_path):
    write_groups(sort_card(card), tmp_path / "sorted", Placing.COPY)
    record = tmp_path / "sorted" / MANIFEST
    stored = json.loads(record.read_text())

    def earlier(name, mark):
        status = (tmp_path / "sorted" / name).stat()
        return [name, f"{status.st_size} {int(status.st_mtime)}" if Path(name).suffix in (".png", ".jpg") else mark]

    record.write_text(json.dumps(stored | {"written": [earlier(*one) for one in stored["written"]]}))
    assert read_manifest(tmp_path / "sorted").changed(tmp_path / "sorted") == ()
