"""Runs that are ended, repeated, or change their mind; and their record."""

import csv
import errno
import io
import json
import os
import shutil
import signal
import subprocess
import sys
import time
from dataclasses import replace
from itertools import cycle
from pathlib import Path

import pytest

from hdrkit import AlignmentOptions, MergeOptions, find_brackets, read_curve, write_curve
from hdrkit.errors import OutputError
from hdrkit.jobs.job import MergeJob
from hdrkit.jobs.options import OutputOptions
from hdrkit.jobs.outputs import output_paths
from hdrkit.series.run.ledger import NAME, Row, content_key
from hdrkit.series.run.merge import merge_series
from hdrkit.series.run.records import opened
from hdrkit.simulate import SimulatedCamera


def jobs_for(folder, out, curve, **output):
    brackets = find_brackets(folder).brackets
    paths = output_paths(brackets, out, MergeOptions(), None)
    still, curve = AlignmentOptions(method="none"), read_curve(curve)
    return [
        MergeJob(b, p, curve, "r", MergeOptions(), still, OutputOptions(**output)) for b, p in zip(brackets, paths, strict=True)
    ]


def rows(out):
    with (out / NAME).open(newline="") as file:
        return list(csv.DictReader(file))


def written(out):
    return {path.relative_to(out).as_posix(): path.stat().st_mtime_ns for path in sorted(out.rglob("*.exr"))}


@pytest.fixture
def done(tmp_path, sky, sky_curve):
    """Three brackets, merged: the folder, the folder of results, and what does it again and tells how many it worked on."""
    sky.series(tmp_path / "in", 3)

    def again(overwrite=False, curve=sky_curve, **output):
        merged = list(merge_series(jobs_for(tmp_path / "in", tmp_path / "out", curve, **output), tmp_path / "out", 1, overwrite))
        return [one.row.bracket for one in merged if one.outcome is not None]

    assert len(again()) == 3
    return tmp_path / "in", tmp_path / "out", again


def test_a_second_run_does_nothing(done):
    _, out, again = done
    before = written(out), (out / NAME).read_bytes()
    assert again() == []
    assert (written(out), (out / NAME).read_bytes()) == before


def test_overwrite_does_all_again(done):
    _, out, again = done
    before = written(out)
    assert len(again(overwrite=True)) == 3
    assert all(written(out)[name] > at for name, at in before.items())
    assert len(rows(out)) == 3


def test_what_changed_or_vanished_is_done_again(done):
    folder, out, again = done
    (out / "20240614093030_hdr.exr").unlink()
    assert again() == ["20240614093030"]
    frame = folder / "20240614093100_6400.png"
    os.utime(frame, ns=(0, frame.stat().st_mtime_ns + 1))
    assert again() == ["20240614093100"]
    (folder / "20240614093000_800.png").unlink()
    assert again() == ["20240614093000"]
    assert [row["frames"] for row in rows(out)] == ["3", "4", "4"]


def test_the_key_is_of_everything_that_decides_the_bytes(done, sky_curve, tmp_path):
    folder, out, _ = done
    (job, *_) = jobs_for(folder, out, sky_curve)
    other = read_curve(write_curve(SimulatedCamera("srgb").response_curve(), tmp_path / "other.npz"))
    changed = [
        replace(job, response=other),
        replace(job, response=None),
        replace(job, merge=MergeOptions(clip=(0, 240))),
        replace(job, alignment=AlignmentOptions()),
        replace(job, out=OutputOptions(half=True)),
        replace(job, inputs=replace(job.inputs, estimate_exposures=True)),
        replace(job, bracket=replace(job.bracket, photos=job.bracket.photos[1:], reference=0)),
    ]
    keys = {content_key(one) for one in (job, *changed)}
    assert len(keys) == len(changed) + 1
    assert content_key(replace(job, out=OutputOptions(max_memory=1 << 31))) == content_key(job)
    assert content_key(replace(job, response_name="another")) == content_key(job)  # the curve is the same
    shutil.copytree(folder, tmp_path / "moved")  # with the times of its files
    (moved, *_) = jobs_for(tmp_path / "moved", out, sky_curve)
    assert content_key(moved) == content_key(job)
    job.bracket.photos[0].path.unlink()
    assert content_key(job) == ""


def test_another_version_does_all_again(done, monkeypatch):
    _, _, again = done
    monkeypatch.setattr("hdrkit.series.run.ledger.version", lambda _: "99")
    assert len(again()) == 3


def test_failed_brackets_are_tried_again_and_stay_in_the_record(done):
    folder, out, again = done
    frames = sorted(folder.glob("20240614093030*"))
    whole = {frame: frame.read_bytes() for frame in frames[1:]}
    for frame, data in whole.items():
        frame.write_bytes(data[:-60])
    for _ in range(2):
        assert again() == ["20240614093030"]
        row = rows(out)[1]
        assert (row["output"], row["key"]) == ("20240614093030_hdr.exr", "")  # of before, which is still there
        assert "20240614093030_800.png" in row["error"]
    for frame, data in whole.items():
        frame.write_bytes(data)
    assert again() == ["20240614093030"]
    assert rows(out)[1]["error"] == ""


def test_a_row_has_what_is_to_know(done, sky):
    _, out, _ = done
    row = rows(out)[0]
    assert row["timestamp"] == sky.start.isoformat()
    assert row["output"] == "20240614093000_hdr.exr"
    assert row["frames"] == "4"
    assert 0 < float(row["black"]) < 50  # the corners that no light reaches
    assert 0 <= float(row["saturated"]) < 1
    assert row["alignment"] == "none"
    assert float(row["seconds"]) > 0
    assert row["note"] == row["error"] == ""


def test_rows_are_there_as_they_become_known(tmp_path, sky, sky_curve):
    sky.series(tmp_path / "in", 3)
    run = merge_series(jobs_for(tmp_path / "in", tmp_path / "out", sky_curve), tmp_path / "out")
    for count in (1, 2, 3):
        next(run)
        assert len(rows(tmp_path / "out")) == count
    run.close()


def test_a_series_without_end_is_told_of_as_it_goes(done, sky_curve):
    folder, out, _ = done
    endless = merge_series(cycle(jobs_for(folder, out, sky_curve)), out)
    names = [next(endless).bracket for _ in range(300)]
    endless.close()
    assert names == [f"2024061409{time}" for time in ("3000", "3030", "3100")] * 100


@pytest.mark.parametrize(
    "left", ["20240614093000,2024-06-14T09:30:00,202406140", '"a quote that nobody closes,', "\0\0\0\0", "x,y\nz"]
)
def test_what_a_crash_left_of_a_row_is_cut_off(done, left):
    _, out, again = done
    before = (out / NAME).read_bytes()
    with (out / NAME).open("a") as file:
        file.write(left)
    assert again() == []
    assert (out / NAME).read_bytes() == before
    (out / NAME).write_bytes(before[: len(before) * 2 // 3])
    (out / ".hdrkit-0123456789abcdef.exr").write_bytes(b"half of a picture")
    assert len(again()) in (1, 2)
    assert [row["bracket"][-4:] for row in rows(out)] == ["3000", "3030", "3100"]
    assert not list(out.glob(".hdrkit-*"))


def test_a_file_that_is_no_record_is_left_alone(done):
    _, out, again = done
    (out / NAME).write_text("name,price\napple,3\n")
    assert again() == []
    assert (out / NAME).read_text() == "name,price\napple,3\n"


def test_two_runs_do_not_write_into_one_folder(done):
    _, out, again = done
    with opened(out), pytest.raises(OutputError, match="another run of hdrkit"):
        again()
    assert again() == []


def days(folder, sky):
    """Two brackets on each of two days, in folders of their own."""
    for day in ("14", "15"):
        for path in sky.series(folder / "06" / day, 2, size=48):
            path.rename(path.with_name(path.name.replace("20240614", f"202406{day}")))
    return folder


def test_it_does_not_matter_from_which_folder_above_a_run_begins(tmp_path, sky, sky_curve):
    folder, out = days(tmp_path / "in", sky), tmp_path / "out"
    below = Path("06") / "14"
    whole = jobs_for(folder, out, sky_curve)
    assert len(list(merge_series(whole, out))) == 4
    before = (out / below / NAME).read_bytes()
    for part in (below, Path("06")):
        merged = list(merge_series(jobs_for(folder / part, out / part, sky_curve), out / part))
        assert not any(one.outcome for one in merged)
    assert (out / below / NAME).read_bytes() == before
    assert [row["bracket"] for row in rows(out / below)] == ["20240614093000", "20240614093030"]
    assert [one.bracket for one in merge_series(whole[:1], out)] == ["06/14/20240614093000"]


def test_records_that_name_folders_above_are_read(done):
    folder, out, again = done
    sound = (out / NAME).read_bytes()
    header, *lines = sound.decode().splitlines()
    (out / NAME).write_text("\n".join([header, *(f"2024/06/{line}" for line in lines), *lines[:1]]) + "\n")
    assert again() == []
    assert (out / NAME).read_bytes() == sound


def test_a_folder_that_another_run_holds_is_told_of_and_the_others_are_done(tmp_path, sky, sky_curve):
    folder, out = days(tmp_path / "in", sky), tmp_path / "out"
    held = out / "06" / "14"
    with opened(held):
        (held / ".hdrkit-0123456789abcdef.exr").write_bytes(b"what the other run is writing")
        merged = list(merge_series(jobs_for(folder, out, sky_curve), out))
        assert sorted(path.name for path in held.iterdir()) == [".hdrkit-0123456789abcdef.exr"]
    lost = [one for one in merged if one.row.error]
    assert [one.bracket for one in lost] == ["06/14/20240614093000", "06/14/20240614093030"]
    assert all(f"{held}: another run of hdrkit is writing there" in one.row.error for one in lost)
    assert len(rows(out / "06" / "15")) == 2
    again = list(merge_series(jobs_for(folder, out, sky_curve), out))
    assert [one.bracket for one in again if one.outcome] == [one.bracket for one in lost]
    assert len(rows(held)) == 2
    assert not list(out.rglob(".hdrkit-*"))


def foreign(folder, _):
    (folder / NAME).write_text("a,b\n")
    return "it is no record of this version"


def plain(folder, _):
    shutil.rmtree(folder)
    folder.write_text("a file")
    return "part of its path is a file, not a folder"


def read_only(folder, monkeypatch):
    real = os.open

    def refuse(path, flags, *mode):
        if Path(path).parent == folder and flags & os.O_CREAT:
            raise PermissionError(errno.EACCES, os.strerror(errno.EACCES))
        return real(path, flags, *mode)

    monkeypatch.setattr("hdrkit.files.atomic.os.open", refuse)
    return "permission is denied"


def record_is_a_folder(folder, _):
    (folder / NAME).unlink()
    (folder / NAME).mkdir()
    return "it is a folder"


@pytest.mark.parametrize("unusable", [foreign, plain, read_only, record_is_a_folder])
def test_a_folder_that_cannot_be_used_is_told_of_and_the_others_are_done(tmp_path, sky, sky_curve, monkeypatch, unusable):
    folder, out = days(tmp_path / "in", sky), tmp_path / "out"
    jobs = jobs_for(folder, out, sky_curve)
    list(merge_series(jobs[:2], out))
    jobs[0].output.unlink()
    reason = unusable(out / "06" / "14", monkeypatch)
    merged = list(merge_series(jobs, out))
    lost = [one for one in merged if one.row.error]
    assert {one.bracket for one in lost} >= {"06/14/20240614093000"}
    assert all(reason in one.row.error and not one.row.output and one.outcome is None for one in lost)
    assert [one.bracket for one in merged if one.outcome] == ["06/15/20240615093000", "06/15/20240615093030"]
    assert len(rows(out / "06" / "15")) == 2
    if unusable is read_only:
        assert [row["error"] for row in rows(out / "06" / "14")] == ["", ""]


def test_a_folder_that_takes_no_row_any_more_is_told_of(tmp_path, sky, sky_curve, monkeypatch):
    folder, out = days(tmp_path / "in", sky), tmp_path / "out"
    real = Path.open

    def refuse(path, mode="r", *rest, **options):
        if path == out / "06" / "14" / NAME and "a" in mode:
            raise PermissionError(errno.EACCES, os.strerror(errno.EACCES))
        return real(path, mode, *rest, **options)

    monkeypatch.setattr(Path, "open", refuse)
    merged = list(merge_series(jobs_for(folder, out, sky_curve), out))
    assert ["permission is denied" in one.row.error for one in merged] == [True, True, False, False]
    assert len(rows(out / "06" / "15")) == 2


def test_a_full_disk_ends_a_run(tmp_path, sky, sky_curve, monkeypatch):
    def full(_):
        raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))

    jobs = jobs_for(days(tmp_path / "in", sky), tmp_path / "out", sky_curve)
    monkeypatch.setattr("hdrkit.files.atomic.os.fsync", full)
    with pytest.raises(OutputError, match="the disk is full"):
        list(merge_series(jobs, tmp_path / "out"))


def test_what_killed_workers_left_goes_with_the_run(tmp_path, sky, sky_curve):
    folder, out = days(tmp_path / "in", sky), tmp_path / "out"
    for place in (out, out / "06" / "14", out / "06" / "15"):
        for number, _ in enumerate(merge_series(jobs_for(folder, out, sky_curve), out, overwrite=True)):
            if number == 0 or place.name == "15":
                (place / f".hdrkit-{number:016x}.exr").write_bytes(b"half of a picture")
        assert not list(out.rglob(".hdrkit-*"))


def test_without_a_bracket_no_folder_is_made(tmp_path):
    assert list(merge_series([], tmp_path / "out")) == []
    assert not (tmp_path / "out").exists()


def test_a_folder_is_held_while_a_run_works_in_it_and_read_by_anyone(tmp_path, sky, sky_curve):
    folder, out = days(tmp_path / "in", sky), tmp_path / "out"
    job = jobs_for(folder, out, sky_curve)[0]
    day = job.output.parent
    part = jobs_for(folder / "06" / "14", day, sky_curve)
    list(merge_series(part[:1], day))
    run = merge_series(jobs_for(folder, out, sky_curve), out)
    while next(run).outcome is None:
        pass
    with pytest.raises(OutputError, match="another run of hdrkit is writing there"):
        list(merge_series(part, day))
    assert len(list(run)) == 2
    with opened(out) as records:
        assert records.begin(job, content_key(job)).output == job.output.name
        assert not any(one.outcome for one in merge_series(part, day))  # what is done needs no lock
        assert records.begin(job, content_key(job), again=True) is None
        with pytest.raises(OutputError, match="another run"):
            list(merge_series(part, day))
        records.end(job)
        for number in range(9):
            (out / str(number)).mkdir()
            records.of(out / str(number))
        assert not any(one.outcome for one in merge_series(part, day))


def test_half_a_row_on_a_full_disk_is_taken_back(done, monkeypatch):
    _, out, _ = done
    before = (out / NAME).read_bytes()

    class Full(io.FileIO):
        def write(self, data):
            return super().write(data[: len(data) // 2])

    with opened(out) as records:
        ledger = records.of(out)
        ledger.hold()
        row = Row(**rows(out)[0])
        with monkeypatch.context() as patch:
            patch.setattr(Path, "open", lambda path, mode, **_: Full(path, mode))
            with pytest.raises(OutputError, match="the disk is full"):
                ledger.add(replace(row, bracket="20240614120000"))
        assert (out / NAME).read_bytes() == before
        ledger.add(replace(row, bracket="20240614130000"))
    assert [row["bracket"][8:] for row in rows(out)] == ["093000", "130000", "093030", "093100"]


def test_killed_at_any_moment_and_started_again_it_ends_with_the_same_files(tmp_path, sky, sky_curve):
    sky.series(tmp_path / "in", 6, size=64)
    script = Path(__file__).with_name("interrupted.py")
    words = [sys.executable, script, tmp_path / "in", sky_curve, tmp_path, "20", "3"]
    done = subprocess.run(words, capture_output=True, text=True, timeout=300, check=False)
    assert done.returncode == 0, done.stderr
    found = json.loads(done.stdout)
    assert found["killed"] == 20
    assert len(found["numbers_of_files_seen"]) > 3  # moments before, within and after
    assert found["half_done_seen"] == 0
    assert found["files"] == 12  # pictures and previews
    assert found["ended_well"]
    assert found["same_files"]
    assert found["same_record"]
    assert found["left_over"] == []


def test_killed_with_several_processes_none_of_them_stays(tmp_path, sky, sky_curve):
    sky.series(tmp_path / "in", 8, size=64)
    words = [sys.executable, "-m", "hdrkit", "merge", tmp_path / "in", "--by", "time", "--response", sky_curve, "--jobs", "2"]
    process = subprocess.Popen([*words, "-o", tmp_path / "out"], stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    while not (tmp_path / "out").is_dir() or not list((tmp_path / "out").glob("*.exr")):
        assert process.poll() is None
        time.sleep(0.02)
    children = [int(pid) for pid in Path(f"/proc/{process.pid}/task/{process.pid}/children").read_text().split()]
    process.send_signal(signal.SIGKILL)
    process.wait()
    deadline = time.monotonic() + 20
    while any(map(state, children)) and time.monotonic() < deadline:
        time.sleep(0.1)
    assert children
    assert not any(map(state, children))
    subprocess.run([*words, "-o", tmp_path / "out"], check=True, capture_output=True, timeout=120)
    assert len(rows(tmp_path / "out")) == 8


def state(pid):
    """What a process does; empty where it is gone or waits to be buried."""
    try:
        text = Path(f"/proc/{pid}/stat").read_text()
    except OSError:
        return ""
    return "" if text.rsplit(")", 1)[1].split()[0] == "Z" else text
