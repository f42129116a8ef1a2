"""A watch over brackets that pauses divide, over several cameras, and over files that belong to no bracket."""

import csv
import time
from dataclasses import replace
from datetime import datetime, timedelta

import pytest
from PIL import Image

from hdrkit.series.run.made import Made, made_from
from tests.series.watch.test_watch import QUICK, TIMES_US, Watched, frames, put, until

MIDNIGHT = datetime(2024, 6, 15)
SECONDS = (-2, 0, 2)  # of the frames of a bracket, from midnight or the half minutes before and after


def bracket(source, number, times=TIMES_US, camera=""):
    """Put the frames of a bracket, every half minute one, into the folders of their days."""
    for second, time_us in zip(SECONDS, TIMES_US, strict=True):
        if time_us in times:
            stamp = MIDNIGHT + timedelta(seconds=30 * number + second)
            put(source / f"{stamp:%d}", f"{camera}{stamp:%Y%m%d%H%M%S}", [time_us])


def results(out):
    """Frames by result, as the records have them, each of which has its file."""
    found = {}
    for record in sorted(out.rglob("series.csv")):
        with record.open(newline="") as file:
            for row in csv.DictReader(file):
                assert (record.parent / row["output"]).is_file()
                found[f"{record.parent.name}/{row['output'].removesuffix('_hdr.exr')}"] = int(row["frames"])
    assert len(found) == len(list(out.rglob("*.exr")))
    return found


WHOLE = {"14/20240614235858": 3, "14/20240614235928": 3, "14/20240614235958": 3, "15/20240615000028": 3, "15/20240615000058": 3}


def test_a_bracket_over_midnight_is_whole_and_the_next_is_not_lost(tmp_path):
    with Watched(tmp_path, round_to="gap", wait_s=1000) as w:
        for number in range(-2, 3):
            for time_us in TIMES_US:  # as the camera writes them
                bracket(w.source, number, [time_us])
                time.sleep(0.3)
            until(lambda number=number: w.heartbeat.merged == number + 3)
    assert results(w.out) == WHOLE
    assert w.heartbeat.failed == 0


@pytest.mark.parametrize("camera", ["", "east_"])
def test_what_lies_there_already_is_put_together_over_midnight(tmp_path, camera):
    source = tmp_path / "in"
    for number in range(-2, 3):
        bracket(source, number, camera=camera)
    whole = {f"{name[:3]}{camera}{name[3:]}": frames for name, frames in WHOLE.items()}
    with Watched(tmp_path, round_to="gap") as w:
        until(lambda: w.heartbeat.merged == 5)
    assert results(w.out) == whole


@pytest.mark.parametrize("number", [1, 0])  # within a folder, and over its end
def test_a_first_frame_that_comes_late_leaves_one_result(tmp_path, number):
    with Watched(tmp_path, round_to="gap") as w:
        for other in (-2, -1, 2):
            bracket(w.source, other)
        bracket(w.source, number, TIMES_US[1:])
        until(lambda: w.heartbeat.merged == 4)
        second = MIDNIGHT + timedelta(seconds=30 * number)
        assert results(w.out)[f"15/{second:%Y%m%d%H%M%S}"] == 2
        bracket(w.source, number, TIMES_US[:1])
        until(lambda: w.heartbeat.merged == 5)
    first = second - timedelta(seconds=2)
    assert results(w.out) == {name: 3 for name in WHOLE if name.endswith(("858", "928", "058"))} | {
        f"{first:%d}/{first:%Y%m%d%H%M%S}": 3
    }


@pytest.mark.parametrize(("camera", "round_to"), [("", "gap"), ("east_", "gap"), ("east_", "30s")])
def test_a_restart_reads_nothing_where_all_is_done(tmp_path, monkeypatch, camera, round_to):
    with Watched(tmp_path, round_to=round_to) as w:
        for number in range(-2, 3):
            if round_to == "gap":
                bracket(w.source, number, camera=camera)
            else:
                put(w.source, f"{camera}{MIDNIGHT + timedelta(seconds=30 * number):%Y%m%d%H%M%S}")
        until(lambda: w.heartbeat.merged == 5)
    before = results(w.out)
    monkeypatch.setattr("hdrkit.series.watch.forming.find_brackets", None)
    monkeypatch.setattr("hdrkit.series.watch.arrivals.read_header", None)
    with Watched(tmp_path, round_to=round_to) as w:
        until(lambda: w.heartbeat.seen == 15)
        time.sleep(1)
    assert (w.heartbeat.merged, w.heartbeat.failed, w.heartbeat.pending, w.lines) == (0, 0, 0, [])
    assert results(w.out) == before


def test_what_came_since_is_merged_and_its_neighbours_are_not_again(tmp_path):
    with Watched(tmp_path, round_to="gap") as w:
        for number in (-2, -1, 1):
            bracket(w.source, number)
        until(lambda: w.heartbeat.merged == 3)
    bracket(tmp_path / "in", 0)
    with Watched(tmp_path, round_to="gap") as w:
        until(lambda: w.heartbeat.merged == 1 and w.heartbeat.pending == 0)
        time.sleep(0.5)
    assert w.heartbeat.merged == 1
    assert results(w.out) == {name: 3 for name in WHOLE if not name.endswith("058")}


@pytest.mark.parametrize("round_to", ["gap", "1s"])
def test_a_backlog_that_is_taken_in_parts_merges_each_bracket_once(tmp_path, round_to):
    for second in range(0, 60, 10):
        put(tmp_path / "in", f"202406141200{second:02d}")
    time.sleep(1)
    with Watched(tmp_path, round_to=round_to, frames=None, wait_s=0.1, pace=replace(QUICK, at_once=7)) as w:
        until(lambda: w.heartbeat.merged == 6 and w.heartbeat.pending == 0)
        time.sleep(0.5)
    assert (w.heartbeat.merged, set(results(w.out).values())) == (6, {3})


def test_a_file_that_states_no_exposure_is_named_and_changes_nothing(tmp_path):
    with Watched(tmp_path, round_to="1s") as w:
        put(w.source, "20240614120000")
        until(lambda: w.heartbeat.merged == 1)
        record = (w.out / "series.csv").read_bytes()
        stray = w.source / "20240614120000_8000 (1).png"
        Image.fromarray(frames()[8000].pixels).save(stray)
        until(lambda: any(kind == "note" for _, kind in w.lines))
        time.sleep(0.5)
    assert [line for line, kind in w.lines if kind != "merged"] == [f"{stray}: left out, it states no exposure"]
    assert (w.heartbeat.merged, w.heartbeat.failed) == (1, 0)
    assert (w.out / "series.csv").read_bytes() == record


def test_a_result_stays_recorded_where_merging_again_fails(tmp_path):
    with Watched(tmp_path, round_to="1s", pace=replace(QUICK, old_s=0.5)) as w:
        put(w.source, "20240614120000")
        until(lambda: w.heartbeat.merged == 1)
        for time_us in TIMES_US:
            path = w.source / f"20240614120000_{time_us}.png"
            path.write_bytes(path.read_bytes()[:-60])
        until(lambda: w.heartbeat.failed >= 1)
    assert results(w.out) == {"out/20240614120000": 3}
    with (w.out / "series.csv").open(newline="") as file:
        (row,) = csv.DictReader(file)
    assert "20240614120000_1000.png" in row["error"]


def made(photographs, results, span_s):
    found = made_from(photographs, [Made(name, count, time) for name, count, time in results], span_s)
    return [([path.name for path in paths], result.bracket) for paths, result in found]


def test_names_tell_what_results_were_made_from(tmp_path):
    photographs = [tmp_path / f"2024061412{s}_{t}.jpg" for s, t in (("0000", 1), ("0001", 2), ("0030", 1), ("0031", 2))]
    names = [path.name for path in photographs]
    both = [("20240614120000", 2, 5.0), ("20240614120030", 2, 6.0)]
    assert made(photographs, both, 30.0) == [(names[:2], "20240614120000"), (names[2:], "20240614120030")]
    assert made(photographs, both, None) == made(photographs, both, 30.0)
    assert made(photographs, both[:1], None) == [(names[:2], "20240614120000")]  # no frame of the next
    assert made(photographs, both[1:], 30.0) == [(names[2:], "20240614120030")]
    assert made(photographs, [("20240614120000", 1, 5.0)], 30.0) == []  # a frame came
    zone = [path.with_name(path.name.replace("_", "+0200_")) for path in photographs]
    assert [name for _, name in made(zone, [("20240614120000+0200", 2, 5.0)], 30.0)] == ["20240614120000+0200"]
    assert made(zone, both, 30.0) == []


def test_cameras_that_names_do_not_tell_apart_are_taken_together_or_not_at_all(tmp_path):
    photographs = [tmp_path / f"20240614120000_{t}{end}" for t in (1, 2) for end in (".jpg", ".dng")]
    two = [("jpg_20240614120000", 2, 5.0), ("raw_20240614120000", 2, 4.0)]
    ((paths, _),) = made(photographs, two, 30.0)
    assert len(paths) == 4
    assert made(photographs, two[:1], 30.0) == []
    assert made(photographs, two, None) == []
