"""`hdrkit rank` on a folder with known blur: series, places, ratings, results, and nothing where nothing is to be written."""

import csv
import errno
import json
import os
import re
import shutil
import subprocess
import sys
from collections.abc import Callable
from datetime import datetime, timedelta
from pathlib import Path

import numpy as np
import pytest
from PIL import Image
from PIL.TiffImagePlugin import IFDRational
from scipy import ndimage

from hdrkit import RankingOptions, rank_folder
from hdrkit.ranking import read_rating, write_rating
from hdrkit.sidecars import journal as rating_journal
from hdrkit.sidecars.xmp import new_sidecar
from hdrkit.simulate import SimulatedCamera, metered_times

START = datetime(2026, 5, 1, 12)
SERIES = (  # view of the room, blur in pixels, exposure in EV, seconds after the first
    ("IMG_1", 0, 1.5, 0.0, 0),
    ("IMG_2", 0, 0.4, -1.0, 10),
    ("IMG_3", 0, 3.0, 0.5, 20),
    ("IMG_4", 1, 0.5, 0.0, 60),
    ("IMG_5", 1, 2.0, 0.0, 70),
    ("IMG_6", 0, 1.0, 0.0, 120),
    ("IMG_7", 2, 0.5, -2.0, 200.0),
    ("IMG_8", 2, 0.5, 0.0, 200.5),
    ("IMG_9", 2, 0.5, 2.0, 201.0),
)


@pytest.fixture(scope="module")
def shoot_series(tmp_path_factory, scenes):
    """The photographs, made once."""
    folder = tmp_path_factory.mktemp("series")
    for k, (name, view, blur, ev, second) in enumerate(SERIES):
        light = ndimage.gaussian_filter(scenes[view], (blur, blur, 0))
        [metered] = metered_times(scenes[view], [ev])
        pixels = SimulatedCamera().shoot(light, metered, np.random.default_rng(k))
        tags = Image.Exif()
        tags[272] = "HK-1"
        camera = tags.get_ifd(0x8769)
        camera[0x829A] = IFDRational(*(2.0**ev / 64).as_integer_ratio())
        camera[0x9003] = (START + timedelta(seconds=second)).strftime("%Y:%m:%d %H:%M:%S")
        camera[0x9291] = f"{int(second % 1 * 10)}"
        Image.fromarray(pixels).save(folder / f"{name}.JPG", exif=tags, quality=93)
    return folder


@pytest.fixture
def photographs(shoot_series, tmp_path):
    folder = tmp_path / "photographs"
    folder.mkdir()
    for path in shoot_series.iterdir():
        (folder / path.name).write_bytes(path.read_bytes())
    return folder


def ratings(folder: Path) -> dict[str, int | None]:
    return {path.stem: read_rating(path) for path in sorted(folder.glob("*.JPG"))}


def files(folder: Path) -> dict[str, bytes]:
    return {path.relative_to(folder).as_posix(): path.read_bytes() for path in folder.rglob("*") if path.is_file()}


EXPECTED = {"IMG_1": 2, "IMG_2": 3, "IMG_3": 1, "IMG_4": 3, "IMG_5": 1, "IMG_6": 3, "IMG_7": None, "IMG_8": 3, "IMG_9": None}


@pytest.mark.parametrize("words", [[], ["--method", "hash", "-d", "0.25"]])
def test_each_series_is_ranked_and_rated(hdrkit, photographs, words):
    before = files(photographs)
    done = hdrkit("rank", photographs, *words)
    assert done.code == 0, done.err
    assert ratings(photographs) == EXPECTED
    assert "3 series" not in done.out
    assert "9 photographs in 7 takes, a bracket being one: 2 series, 2 in no series" in done.out
    assert re.search(r"differ by at most 0\.\d+ are one series \((every pair is clear|given)\)", done.out)
    with (photographs / "ranking" / "ranking.csv").open(newline="") as file:
        rows = {Path(row["path"]).stem: row for row in csv.DictReader(file)}
    assert list(next(iter(rows.values()))) == ["path", "group", "rank", "sharpness", "stars", "written", "reason"]
    assert [rows[f"IMG_{k}"]["rank"] for k in (1, 2, 3, 4, 5, 6)] == ["2", "1", "3", "1", "2", "1"]
    assert rows["IMG_6"]["group"] != rows["IMG_1"]["group"], "a look-alike later on is not of the series"
    assert rows["IMG_7"]["group"] == rows["IMG_8"]["group"]
    assert rows["IMG_7"]["reason"] == "of the bracket whose stars IMG_8.JPG carries"
    assert float(rows["IMG_2"]["sharpness"]) > float(rows["IMG_1"]["sharpness"]) > float(rows["IMG_3"]["sharpness"])
    assert {name: data for name, data in files(photographs).items() if name in before} == before
    undone = hdrkit("rank", "--undo", photographs)
    assert undone.code == 0
    assert "7 ratings taken back" in undone.out
    assert files(photographs) == before


def test_features_are_stricter(hdrkit, photographs):
    short, long = (
        json.loads(hdrkit("rank", photographs, *words, "--dry-run", "--json").out) for words in (["-f"], ["--method", "features"])
    )
    assert short["photographs"] == long["photographs"]
    assert short["report"]["doubtful"] > 0
    assert "are one series (chosen from the data)" in hdrkit("rank", photographs, "-f", "--dry-run").out
    groups = {Path(one["path"]).stem: one["group"] for one in short["photographs"]}
    assert groups["IMG_1"] == groups["IMG_2"]
    assert len({groups[name] for name in ("IMG_1", "IMG_4", "IMG_6", "IMG_8")}) == 4


def test_views_of_grouping_are_series_too(hdrkit, photographs):
    assert hdrkit("rank", photographs, "--method", "view").code == 0
    one_view = {"IMG_2": 3, "IMG_6": 2, "IMG_1": 1, "IMG_3": 0}  # and no bracket, though their exposures differ
    assert ratings(photographs) == EXPECTED | one_view


def test_listed_exposures_win_over_those_inside(hdrkit, photographs, tmp_path):
    times = "".join(f"IMG_{k}.JPG,0.02\n" for k in (7, 8, 9))  # one exposure: no bracket then
    (tmp_path / "times.csv").write_text("filename,exposure_time_s\n" + times)
    told = json.loads(hdrkit("rank", photographs, "--dry-run", "--json", "--exposures", tmp_path / "times.csv").out)
    stars = {Path(one["path"]).stem: one["stars"] for one in told["photographs"]}
    assert None not in (stars["IMG_7"], stars["IMG_8"], stars["IMG_9"])
    (tmp_path / "times.csv").write_text("filename,exposure_time_s\nother.jpg,1\n")
    done = hdrkit("rank", photographs, "--dry-run", "--exposures", tmp_path / "times.csv")
    assert (done.code, done.err) == (1, f"error: {tmp_path / 'times.csv'}: none of its file names is among the photographs\n")


def test_python_ranks_a_folder_as_the_command_does(hdrkit, photographs, tmp_path):
    other = tmp_path / "other"
    shutil.copytree(photographs, other)
    assert hdrkit("rank", photographs, "-m", "4").code == 0
    planned, would_be = rank_folder(other, other / "ranking", RankingOptions(max_rank=4), dry_run=True)
    assert files(other) == {name: data for name, data in files(photographs).items() if name.endswith(".JPG")}
    result, rated = rank_folder(other, other / "ranking", RankingOptions(max_rank=4))
    assert ratings(other) == ratings(photographs)
    ours, theirs = ((folder / "ranking" / "ranking.csv").read_bytes() for folder in (other, photographs))
    assert ours == theirs
    assert (planned.groups, would_be) == (result.groups, rated)


def test_a_photograph_is_read_once_for_each_thing_that_is_looked_for(hdrkit, photographs, opens):
    """Its metadata, a small picture that tells series, half the size for sharpness, the rating inside, and the report."""
    opens.clear()
    assert hdrkit("rank", photographs).code == 0
    assert {k: opens[photographs / f"IMG_{k}.JPG"] for k in range(1, 10)} == dict.fromkeys(range(1, 6), 5) | {
        6: 4,  # without a rival there is nothing to compare in the report
        7: 2,
        8: 4,
        9: 2,
    }


def test_the_page_shows_details_side_by_side_and_needs_nothing_else(hdrkit, photographs):
    hdrkit("rank", photographs)
    page = (photographs / "ranking" / "report.html").read_text()
    assert page.count('class="crop"') == page.count('class="whole"') == 5
    sheet = page[page.index('id="group_0"') :]
    assert [sheet.index(f"IMG_{k}.JPG at 100 %") for k in (2, 1, 3)] == sorted(
        sheet.index(f"IMG_{k}.JPG at 100 %") for k in (2, 1, 3)
    )
    assert not re.findall(r'(?:src|href)="(?!data:|\.\./IMG_\d\.JPG")', page)
    assert "{{" not in page


def test_a_dry_run_writes_nothing_and_says_the_same(hdrkit, photographs):
    before = files(photographs)
    planned = json.loads(hdrkit("rank", photographs, "--dry-run", "--json").out)
    assert files(photographs) == before
    assert not (photographs / "ranking").exists()
    done = json.loads(hdrkit("rank", photographs, "--json").out)
    writes = [(one.pop("written"), one.pop("would_be_written")) for one in planned["photographs"]]
    assert [(one.pop("would_be_written"), one.pop("written")) for one in done["photographs"]] == writes
    assert {written for written, _ in writes} == {False}
    assert done["photographs"] == planned["photographs"]
    assert {Path(one["path"]).stem: one["stars"] for one in done["photographs"]} == EXPECTED
    assert done["report"]["threshold"] == planned["report"]["threshold"]


def test_people_come_first(hdrkit, photographs):
    write_rating(photographs / "IMG_1.JPG", 5)
    write_rating(photographs / "IMG_4.JPG", -1)
    (photographs / "IMG_5.JPG.xmp").write_bytes(b"<broken")
    done = hdrkit("rank", photographs)
    assert done.code == 1
    assert f"error: {photographs / 'IMG_5.JPG.xmp'}: it is not well-formed XML" in done.err
    assert (photographs / "IMG_5.JPG.xmp").read_bytes() == b"<broken"
    (photographs / "IMG_5.JPG.xmp").unlink()
    assert ratings(photographs) == EXPECTED | {"IMG_1": 5, "IMG_4": -1, "IMG_5": None}
    assert hdrkit("rank", photographs, "--overwrite", "-m", "5").code == 0
    assert ratings(photographs) == EXPECTED | {"IMG_1": 3, "IMG_2": 5, "IMG_4": 5, "IMG_5": 2, "IMG_6": 5, "IMG_8": 5}
    hdrkit("rank", "--undo", photographs)
    assert ratings(photographs) == dict.fromkeys(EXPECTED) | {"IMG_1": 5, "IMG_4": -1}


def test_photographs_with_a_sidecar_can_be_left_out(hdrkit, photographs):
    write_rating(photographs / "IMG_2.JPG", 0)
    done = hdrkit("rank", photographs, "-e")
    assert "1 photograph left out" in done.out
    assert ratings(photographs) == EXPECTED | {"IMG_2": 0, "IMG_1": 3}
    assert "left out: it has a sidecar" in (photographs / "ranking" / "ranking.csv").read_text()
    before = files(photographs)
    assert (
        f"nothing was ranked: {photographs / 'ranking' / 'report.html'} stays as it was" in hdrkit("rank", photographs, "-e").out
    )
    assert files(photographs) == before
    everything = hdrkit("rank", photographs, "-e", "-o", photographs / "again")
    assert everything.code == 0
    assert "0 ratings written" in everything.out


def test_lightroom_gets_sidecars_of_raw_files_alone(hdrkit, photographs):
    done = hdrkit("rank", photographs, "--sidecar", "lightroom")
    assert done.code == 0
    assert list(photographs.glob("*.xmp")) == []
    assert "0 ratings written, 0 left as they were" in done.out
    assert done.err.count("note: 7 photographs without a sidecar: Lightroom reads only sidecars of proprietary RAW files") == 1
    assert "Lightroom does not read sidecars of such files" in (photographs / "ranking" / "ranking.csv").read_text()


def test_the_laplacian_is_there_by_name(hdrkit, photographs):
    found = json.loads(hdrkit("rank", photographs, "--sharpness", "laplacian", "--dry-run", "--json").out)
    by_name = {Path(one["path"]).stem: one["sharpness"] for one in found["photographs"]}
    assert by_name["IMG_4"] > by_name["IMG_5"] > 0


def test_a_bad_file_does_not_stop_the_rest(hdrkit, photographs):
    whole = (photographs / "IMG_3.JPG").read_bytes()
    (photographs / "IMG_3.JPG").write_bytes(whole[:2000])
    (photographs / "empty.JPG").touch()
    done = hdrkit("rank", photographs, "-v")
    assert done.code == 1
    assert "empty.JPG: the file is empty" in done.err
    assert "debug: sharpness took" in done.err
    assert read_rating(photographs / "IMG_2.JPG") == 3


@pytest.mark.parametrize(
    "words", [["-m", "0"], ["-m", "6"], ["-d", "2"], ["--method", "none"], ["--sharpness", "none"], ["--sidecar", "bridge"]]
)
def test_wrong_usage_is_told(hdrkit, photographs, words):
    assert hdrkit("rank", photographs, *words).code == 2
    assert not (photographs / "ranking").exists()


def test_results_of_others_are_not_touched(hdrkit, photographs, tmp_path):
    assert hdrkit("group", photographs, "-o", tmp_path / "sorted", "--no-files").code == 0
    before = files(tmp_path / "sorted")
    for words in (["rank", photographs, "-o", tmp_path / "sorted"], ["rank", "--undo", tmp_path / "sorted"]):
        assert hdrkit(*words).code == 1
        assert files(tmp_path / "sorted") == before
    assert hdrkit("rank", photographs / "IMG_1.JPG").code == 2
    assert hdrkit("rank", "--undo", photographs).code == 1
    assert ratings(photographs) == dict.fromkeys(EXPECTED)


def put_inside(path: Path, stars: int) -> None:
    """Rate a photograph as digiKam and cameras do."""
    with Image.open(path) as image:
        image.save(path, exif=image.getexif(), xmp=new_sidecar(stars), quality="keep")


def test_ratings_inside_photographs_are_of_people(hdrkit, photographs):
    put_inside(photographs / "IMG_1.JPG", 5)
    put_inside(photographs / "IMG_4.JPG", -1)
    put_inside(photographs / "IMG_5.JPG", 0)
    assert hdrkit("rank", photographs).code == 0
    assert ratings(photographs) == EXPECTED | {"IMG_1": None, "IMG_4": None}
    listed = (photographs / "ranking" / "ranking.csv").read_text()
    assert "rated 5 by a person, in the photograph" in listed
    assert "rejected by a person, in the photograph" in listed
    assert hdrkit("rank", "--undo", photographs).code == 0
    left_out = hdrkit("rank", photographs, "-e")
    assert "2 photographs left out: with a sidecar, or with stars in the file" in left_out.out
    assert hdrkit("rank", photographs, "--overwrite").code == 0
    assert ratings(photographs)["IMG_1"] == EXPECTED["IMG_1"]


def test_undo_can_be_tried(hdrkit, photographs):
    before = files(photographs)
    write_rating(photographs / "IMG_1.JPG", 0)
    hdrkit("rank", photographs)
    done = files(photographs)
    tried = hdrkit("rank", "--undo", "--dry-run", photographs)
    assert tried.code == 0
    assert "7 ratings would be taken back" in tried.out
    assert str(photographs / "IMG_2.JPG.xmp") in tried.out
    assert f"{photographs / 'ranking' / 'report.html'}  removed" in tried.out
    assert files(photographs) == done
    record = json.loads(hdrkit("rank", "--undo", "--dry-run", "--json", photographs).out)
    undone = json.loads(hdrkit("rank", "--undo", "--json", photographs).out)
    assert (record["dry_run"], undone["dry_run"]) == (True, False)
    assert record["undone"] == undone["undone"]
    assert len(undone["undone"]["taken_back"]) == 7
    (photographs / "IMG_1.JPG.xmp").unlink()
    assert files(photographs) == before


@pytest.mark.parametrize("words", [["--overwrite"], ["-e"], ["-m", "4"], ["--method", "view"], ["elsewhere"]])
def test_undo_takes_no_options_that_it_would_not_obey(hdrkit, photographs, words):
    hdrkit("rank", photographs)
    done = hdrkit("rank", "--undo", photographs, *words)
    assert done.code == 2
    assert ratings(photographs) == EXPECTED


def test_ratings_are_taken_back_where_the_photographs_are_now(hdrkit, photographs, tmp_path):
    before = files(photographs)
    hdrkit("rank", photographs)
    moved = photographs.rename(tmp_path / "moved")
    shutil.rmtree(moved / "ranking")  # no more than a report
    assert hdrkit("rank", moved, "-m", "5").code == 0
    assert ratings(moved)["IMG_2"] == 5, "what we wrote is known as ours"
    undone = hdrkit("rank", "--undo", moved)
    assert undone.code == 0
    assert "7 ratings taken back" in undone.out
    assert files(moved) == before
    assert hdrkit("rank", "--undo", moved).code == 1


def test_what_is_gone_is_not_said_to_be_taken_back(hdrkit, photographs):
    hdrkit("rank", photographs)
    (photographs / "IMG_2.JPG.xmp").unlink()
    undone = hdrkit("rank", "--undo", photographs)
    assert undone.code == 0
    assert "6 ratings taken back" in undone.out
    assert "IMG_2.JPG.xmp: it is gone" in undone.out


def test_what_is_away_is_taken_back_when_it_is_there_again(hdrkit, photographs, tmp_path):
    before = files(photographs)
    hdrkit("rank", photographs)
    away = [path.rename(tmp_path / path.name) for path in photographs.glob("IMG_4*")]
    assert len(away) == 2
    for count in ("6", "0"):
        undone = hdrkit("rank", "--undo", photographs)
        assert undone.code == 0
        assert f"{count} ratings taken back" in undone.out
        assert "IMG_4.JPG.xmp: it is gone" in undone.out
    for path in away:
        path.rename(photographs / path.name)
    assert "1 rating taken back" in hdrkit("rank", "--undo", photographs).out
    assert files(photographs) == before


def test_results_stay_until_all_is_taken_back(hdrkit, photographs):
    before = files(photographs)
    hdrkit("rank", photographs)
    results = files(photographs / "ranking")
    for name in (rating_journal.JOURNAL, "IMG_2.JPG.xmp"):
        whole = (photographs / name).read_bytes()
        (photographs / name).write_bytes(b"<x/>")
        tried = hdrkit("rank", "--undo", "--dry-run", photographs)
        undone = hdrkit("rank", "--undo", photographs)
        assert (tried.code, undone.code) == (1, 1)
        assert "removed" not in tried.out
        assert "ranking: the results stay until all ratings are taken back" in undone.out
        assert files(photographs / "ranking") == results
        (photographs / name).write_bytes(whole)
    assert hdrkit("rank", "--undo", photographs).code == 0
    assert files(photographs) == before


def test_undo_takes_a_folder(hdrkit, photographs, tmp_path):
    hdrkit("rank", photographs / "IMG_1.JPG", "-o", tmp_path / "out")
    for name in ("IMG_1.JPG", "none"):
        undone = hdrkit("rank", "--undo", photographs / name)
        assert undone.code == 1
        assert undone.err == f"error: {photographs / name}: it is not a folder; give --undo the folder of the photographs\n"
    assert hdrkit("rank", "--undo", photographs, "-o", tmp_path / "out").code == 0
    assert ratings(photographs) == dict.fromkeys(EXPECTED)


@pytest.mark.parametrize("where", ["elsewhere", "photographs"])
def test_results_may_be_anywhere(hdrkit, photographs, tmp_path, where):
    before, out = files(tmp_path), tmp_path / where
    for stars in ("3", "5"):
        assert hdrkit("rank", photographs, "-o", out, "-m", stars).code == 0
        assert ratings(photographs)["IMG_2"] == int(stars)
    assert (out / "report.html").exists()
    assert hdrkit("rank", "--undo", photographs, "-o", out).code == 0
    assert files(tmp_path) == before


def test_photographs_in_a_list_are_rated_where_they_are(hdrkit, photographs, tmp_path):
    assert hdrkit("group", photographs, "-o", tmp_path / "sorted", "--no-files").code == 0
    before = files(tmp_path)
    assert hdrkit("rank", tmp_path / "sorted").code == 0
    assert ratings(photographs) == EXPECTED
    assert hdrkit("rank", "--undo", tmp_path / "sorted").code == 0
    assert files(tmp_path) == before


def hold(folder: Path) -> subprocess.Popen[bytes]:
    """Another run of hdrkit that works in a folder."""
    holding = "import sys, time; from pathlib import Path; from hdrkit.files.lock import alone_in\n"
    holding += "with alone_in(Path(sys.argv[1])): print('locked', flush=True); time.sleep(60)"
    process = subprocess.Popen([sys.executable, "-c", holding, folder], stdout=subprocess.PIPE)
    assert process.stdout
    process.stdout.readline()
    return process


def test_what_is_in_the_way_is_found_before_the_work(hdrkit, photographs, tmp_path, monkeypatch):
    def never(*_: object) -> None:
        raise AssertionError("photographs were looked at")

    ranking = photographs / "ranking"
    ranking.mkdir()
    (ranking / "report.html").write_text("mine")
    (tmp_path / "file").touch()
    before = files(tmp_path)
    monkeypatch.setattr("hdrkit.pipeline.rank.shots_of", never)
    done = hdrkit("rank", photographs)
    assert done.code == 1
    assert "report.html: hdrkit did not write it" in done.err
    assert "is a file, not a folder" in hdrkit("rank", photographs, "-o", tmp_path / "file").err
    with hold(ranking) as process:
        for words in ([photographs], ["--undo", photographs]):
            (photographs / rating_journal.JOURNAL).write_text('{"sidecars": {}}')
            done = hdrkit("rank", *words)
            assert done.code == 1
            assert done.err.count("\n") == 1
            assert "another run of hdrkit is writing there" in done.err
        process.kill()
    (photographs / rating_journal.JOURNAL).unlink()
    assert files(tmp_path) == before


def test_read_only_folders_are_told_before_the_work(hdrkit, photographs, tmp_path, monkeypatch):
    """As it is on a locked card: for root, who may be testing, permissions mean nothing."""
    folders = [photographs, photographs / "a", photographs / "b"]
    for folder in folders[1:]:
        folder.mkdir()
        shutil.copy(photographs / "IMG_1.JPG", folder)
    before, access = files(tmp_path), os.access
    monkeypatch.setattr(os, "access", lambda path, mode: Path(path) not in folders[1:] and access(path, mode))
    with monkeypatch.context() as patch:
        patch.setattr("hdrkit.pipeline.rank.shots_of", None)
        done = hdrkit("rank", photographs, "-o", tmp_path / "out")
    assert done.code == 1
    expected = [
        f"error: {folder}: it is read-only, so sidecars cannot be written; change its permissions, or leave it out"
        for folder in folders[1:]
    ]
    assert done.err.splitlines() == expected
    assert files(tmp_path) == before
    assert not (tmp_path / "out").exists()
    assert hdrkit("rank", photographs, "--dry-run").code == 0
    assert hdrkit("rank", photographs, "-o", tmp_path / "out", "--sidecar", "lightroom").code == 0, "which needs none"


def test_a_folder_that_another_run_is_rating_is_left_to_it(hdrkit, photographs, tmp_path):
    other = tmp_path / "other"
    shutil.copytree(photographs, other)
    with hold(other) as process:
        done = hdrkit("rank", photographs, other, "-o", tmp_path / "out")
        process.kill()
    assert done.code == 1
    assert done.err.count("another run of hdrkit") == 1
    assert list(other.glob("*.xmp")) == []
    assert len(list(photographs.glob("*.xmp"))) > 0


def test_an_interrupt_leaves_what_is_written_and_says_so(hdrkit, photographs, monkeypatch):
    before = files(photographs)
    real, calls = rating_journal.carry_out, []

    def cut_off(sidecar: Path, step: object) -> None:
        calls.append(sidecar)
        if len(calls) > 3:
            raise KeyboardInterrupt
        real(sidecar, step)

    monkeypatch.setattr(rating_journal, "carry_out", cut_off)
    done = hdrkit("rank", photographs, "-j", "1")
    assert done.code == 130
    assert done.err.splitlines() == [
        "note: 3 of 7 ratings are done, and stay; run the command again for the rest, or take the ratings back with --undo",
        "error: interrupted; no file is left half written; run the same command again",
    ]
    assert len(list(photographs.glob("*.xmp"))) == 3
    assert not (photographs / "ranking").exists()
    monkeypatch.undo()
    assert hdrkit("rank", photographs).code == 0
    assert ratings(photographs) == EXPECTED
    assert hdrkit("rank", "--undo", photographs).code == 0
    assert files(photographs) == before


def test_an_interrupt_during_the_report_says_what_is_missing(hdrkit, photographs, monkeypatch):
    def cut_off(*_: object) -> None:
        raise KeyboardInterrupt

    monkeypatch.setattr("hdrkit.results.ranked.rank_pages", cut_off)
    done = hdrkit("rank", photographs)
    assert done.code == 130
    assert done.err.splitlines() == [
        "note: all 7 ratings are done, and stay; run the command again for the report, or take the ratings back with --undo",
        "error: interrupted; no file is left half written; run the same command again",
    ]
    assert ratings(photographs) == EXPECTED


def full_disk_after(writes: int) -> Callable[[Path, bytes], int]:
    """`Path.write_bytes` on a disk with room for so many files."""
    left, real = [None] * writes, Path.write_bytes

    def write(path: Path, data: bytes) -> int:
        try:
            left.pop()
        except IndexError:
            raise OSError(errno.ENOSPC, "No space left on device") from None
        return real(path, data)

    return write


@pytest.mark.parametrize("room_for", [0, 1, 4, 8])
def test_a_full_disk_is_told_and_nothing_is_lost(hdrkit, photographs, monkeypatch, room_for):
    before = files(photographs)
    monkeypatch.setattr(Path, "write_bytes", full_disk_after(room_for))
    done = hdrkit("rank", photographs)
    assert done.code == 1
    assert "the disk is full" in done.err
    written = len(list(photographs.glob("*.xmp")))
    assert written == min(max(0, room_for - 1), 7)
    count = "all" if written == 7 else f"{written} of"
    assert f"note: {count} 7 ratings are done, and stay" in done.err or not written
    assert not (photographs / "ranking").exists()
    monkeypatch.undo()
    again = photographs.with_name("again")
    shutil.copytree(photographs, again)
    assert hdrkit("rank", again).code == 0
    assert ratings(again) == EXPECTED
    assert hdrkit("rank", "--undo", again).code == 0
    assert files(again) == before
    monkeypatch.setattr(Path, "write_bytes", full_disk_after(0))
    undone = hdrkit("rank", "--undo", photographs)  # which needs no room where nothing but new sidecars was written
    assert undone.code == (0 if written else 1)
    assert f"{written} ratings taken back" in undone.out or not written
    assert files(photographs) == before


def test_what_a_killed_run_left_goes_with_the_next(hdrkit, photographs):
    before = files(photographs)
    left = [".hdrkit-0123456789abcdef.xmp", ".hdrkit-0123456789abcdef.json", "ranking/.hdrkit-stage-0123456789abcdef/ranking.csv"]
    for run in (["rank", photographs], ["rank", "--undo", photographs]):
        for name in left:
            (photographs / name).parent.mkdir(parents=True, exist_ok=True)
            (photographs / name).touch()
        assert hdrkit(*run).code == 0
        assert not [name for name in left if (photographs / name).exists()]
    assert files(photographs) == before
    assert not (photographs / "ranking").exists()
