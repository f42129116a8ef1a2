"""Runs that are ended, repeated, or change their mind; and their record."""

import csv
import json
import os
import shutil
import signal
import subprocess
import sys
import time
from dataclasses import replace
from pathlib import Path

import pytest

from hdrkit import AlignmentOptions, MergeOptions, find_brackets, read_curve, write_curve
from hdrkit.batch import MergeJob, OutputOptions, output_paths
from hdrkit.errors import OutputError
from hdrkit.series.ledger import NAME, content_key, opened
from hdrkit.series.running import merge_series
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
        replace(job, response_name="another"),
        replace(job, merge=MergeOptions(clip=(0, 240))),
        replace(job, alignment=AlignmentOptions()),
        replace(job, out=OutputOptions(half=True)),
        replace(job, inputs=replace(job.inputs, estimate_exposures=True)),
        replace(job, bracket=replace(job.bracket, photos=job.bracket.photos[1:], reference=0)),
    ]
    keys = {content_key(one) for one in (job, *changed)}
    assert len(keys) == len(changed) + 1
    assert content_key(replace(job, out=OutputOptions(max_memory=1 << 31))) == content_key(job)
    shutil.copytree(folder, tmp_path / "moved")  # with the times of its files
    (moved, *_) = jobs_for(tmp_path / "moved", out, sky_curve)
    assert content_key(moved) == content_key(job)
    job.bracket.photos[0].path.unlink()
    assert content_key(job) == ""


def test_another_version_does_all_again(done, monkeypatch):
    _, _, again = done
    monkeypatch.setattr("hdrkit.series.ledger.version", lambda _: "99")
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
        assert (row["bracket"], row["output"], row["key"]) == ("20240614093030", "", "")
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
    with pytest.raises(OutputError, match=r"series\.csv: it is no record"):
        again()
    assert (out / NAME).read_text().startswith("name,price")


def test_two_runs_do_not_write_into_one_folder(done):
    _, out, again = done
    with opened(out), pytest.raises(OutputError, match="another run of hdrkit"):
        again()
    assert again() == []


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
