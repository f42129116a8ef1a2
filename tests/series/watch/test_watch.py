import errno
import json
import os
import shutil
import signal
import subprocess
import sys
import threading
import time
import zlib
from concurrent.futures import BrokenExecutor, Executor, ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import replace

import numpy as np
import pytest
from PIL import Image

from hdrkit import AlignmentOptions, MergeOptions, read_radiance, write_curve
from hdrkit.errors import InputError, OutputError
from hdrkit.inputs.options import By, InputOptions
from hdrkit.jobs.job import MergeJob
from hdrkit.jobs.options import OutputOptions
from hdrkit.jobs.outputs import output_paths
from hdrkit.series.run.records import opened
from hdrkit.series.watch.heartbeat import Heartbeat
from hdrkit.series.watch.options import Clock, Pace, WatchOptions
from hdrkit.series.watch.watch import Watch
from hdrkit.simulate import SimulatedCamera, chart, simulate_bracket

QUICK = Pace(settled_s=0.2, round_s=0.1)
CAMERA = SimulatedCamera()
CURVE = CAMERA.response_curve()
TIMES_US = (1000, 8000, 64000)
SCENE = 64 * chart(24, 16, stops=8, seed=3)


def frames(seed=3):
    return dict(zip(TIMES_US, simulate_bracket(SCENE, CAMERA, [1e-6 * t for t in TIMES_US], seed), strict=True))


def put(folder, stamp, times=TIMES_US, seed=3):
    folder.mkdir(parents=True, exist_ok=True)
    for time_us, frame in frames(seed).items():
        if time_us in times:
            path = folder / f"{stamp}_{time_us}.png"
            Image.fromarray(frame.pixels).save(path.with_name(".part"), "PNG")
            path.with_name(".part").rename(path)


def until(truth, seconds=15.0):
    end = time.monotonic() + seconds
    while not truth():
        assert time.monotonic() < end, "it did not happen"
        time.sleep(0.02)


class Watched:
    def __init__(self, folder, pool=lambda: ThreadPoolExecutor(1), round_to="30s", pace=QUICK, clock=None, **options):
        self.source, self.out, self.lines = folder / "in", folder / "out", []
        self.source.mkdir(parents=True, exist_ok=True)
        self.inputs = InputOptions(by=By.TIME, round_to=round_to)
        self.heartbeat = Heartbeat(self.out / "heartbeat.json")
        options = WatchOptions(**({"frames": 3, "wait_s": 0.5, "poll_s": 30.0} | options))
        self.watch = Watch(
            self.source,
            self.out,
            self.jobs_of,
            pool,
            self.heartbeat,
            self.inputs,
            options,
            lambda *line: self.lines.append(line),
            pace,
            clock,
        )
        self.stop = threading.Event()
        self.thread = threading.Thread(target=self.watch.run, args=(self.stop.is_set,))

    def jobs_of(self, brackets):
        merge, still = MergeOptions(), AlignmentOptions(method="none")
        paths = output_paths(brackets, self.out, merge, None)
        return [
            MergeJob(b, path, CURVE, "given", merge, still, OutputOptions(), self.inputs)
            for b, path in zip(brackets, paths, strict=True)
        ]

    def __enter__(self):
        self.thread.start()
        return self

    def __exit__(self, *_):
        self.stop.set()
        self.thread.join(20)
        assert not self.thread.is_alive()

    def frames_of(self, name):
        path = self.out / f"{name}_hdr.exr"
        return len(read_radiance(path).metadata["sources"]) if path.is_file() else 0

    @property
    def errors(self):
        return [line for line, kind in self.lines if kind == "error"]


def test_a_bracket_is_merged_as_soon_as_its_last_frame_has_come(tmp_path):
    with Watched(tmp_path, wait_s=1000) as w:
        put(w.source, "20240614120000", TIMES_US[:2])
        time.sleep(1.2)
        assert not list(w.out.glob("*.exr"))
        put(w.source, "20240614120000", TIMES_US[2:])
        until(lambda: w.heartbeat.merged == 1)
        assert w.frames_of("20240614120000") == 3
    merged = read_radiance(w.out / "20240614120000_hdr.exr").pixels
    scale = merged / SCENE
    assert np.median(np.abs(scale / np.median(scale) - 1)) < 0.03
    told = json.loads((w.out / "heartbeat.json").read_text())
    assert told | {"merged": 1, "failed": 0, "seen": 3, "pending": 0, "state": "stopped", "last_error": None} == told
    assert told["last_output"] == str(w.out / "20240614120000_hdr.exr")
    assert (w.out / "series.csv").read_text().count("20240614120000_hdr.exr") == 1


def test_nested_folders_that_appear_are_watched_and_kept(tmp_path):
    with Watched(tmp_path) as w:
        time.sleep(0.5)
        put(w.source / "2024" / "06" / "14", "20240614120000")
        until(lambda: w.frames_of("2024/06/14/20240614120000") == 3)
    assert (w.out / "2024" / "06" / "14" / "series.csv").is_file()


def test_an_incomplete_bracket_is_merged_after_the_wait_and_again_when_the_late_frame_comes(tmp_path):
    with Watched(tmp_path, round_to="1s") as w:
        put(w.source, "20240614120000", TIMES_US[:2])
        until(lambda: w.frames_of("20240614120000") == 2)
        put(w.source, "20240614120000", TIMES_US[2:])
        until(lambda: w.frames_of("20240614120000") == 3)
        until(lambda: w.heartbeat.merged == 2)
    assert (w.out / "series.csv").read_text().count("20240614120000_hdr.exr") == 1


def test_the_span_of_time_of_a_bracket_is_waited_for(tmp_path):
    with Watched(tmp_path, round_to="2s", frames=None, wait_s=0.1) as w:
        begun = time.monotonic()
        put(w.source, "20240614120000")
        until(lambda: w.frames_of("20240614120000") == 3)
        assert time.monotonic() - begun > 1.9


def test_frames_and_brackets_come_in_any_order(tmp_path):
    with Watched(tmp_path) as w:
        for stamp in ("20240614120030", "20240614115930", "20240614120000"):
            put(w.source, stamp, TIMES_US[1:])
        for stamp in ("20240614115930", "20240614120000", "20240614120030"):
            put(w.source, stamp, TIMES_US[:1])
        until(lambda: w.heartbeat.merged == 3)
    assert {w.frames_of(f"202406141{time_}") for time_ in ("15930", "20000", "20030")} == {3}
    assert w.heartbeat.failed == 0


def test_brackets_across_a_boundary_stay_whole_by_pauses(tmp_path):
    with Watched(tmp_path, round_to="gap") as w:
        for minute in range(3):
            for second, time_us in zip((58, 60, 62), TIMES_US, strict=True):
                put(w.source, f"2024061412{minute + second // 60:02d}{second % 60:02d}", [time_us])
        until(lambda: w.heartbeat.merged == 3)
    assert [w.frames_of(f"2024061412{minute:02d}58") for minute in range(3)] == [3, 3, 3]


def test_two_cameras_in_one_folder_stay_apart(tmp_path):
    with Watched(tmp_path) as w:
        for camera in ("north_", "south_"):
            put(w.source, f"{camera}20240614120000")
        until(lambda: w.heartbeat.merged == 2)
    assert [w.frames_of(f"{camera}_20240614120000") for camera in ("north", "south")] == [3, 3]


def test_a_file_is_not_touched_before_it_is_whole(tmp_path):
    with Watched(tmp_path, wait_s=1000) as w:
        put(w.source, "20240614120000")
        whole = (w.source / "20240614120000_8000.png").read_bytes()
        (w.source / "20240614120000_8000.png").write_bytes(whole[:-60])
        time.sleep(1.5)  # longer than what counts as settled: it stands still, but does not decode
        assert not list(w.out.glob("*.exr"))
        (w.source / "20240614120000_8000.png").write_bytes(whole)
        until(lambda: w.frames_of("20240614120000") == 3)
    assert (w.heartbeat.merged, w.heartbeat.failed, w.heartbeat.last_error) == (1, 0, None)


def test_a_file_that_stays_broken_is_left_out_and_told_of(tmp_path):
    with Watched(tmp_path, round_to="1s", pace=replace(QUICK, old_s=1.0)) as w:
        put(w.source, "20240614120000")
        broken = w.source / "20240614120000_8000.png"
        broken.write_bytes(broken.read_bytes()[:-60])
        until(lambda: w.frames_of("20240614120000") == 2)
        until(lambda: w.heartbeat.last_error)
    assert broken.name in w.heartbeat.last_error
    assert broken.name in (w.out / "series.csv").read_text()


def test_a_bracket_that_cannot_be_merged_is_told_of_once_and_the_others_go_on(tmp_path):
    with Watched(tmp_path, round_to="1s", poll_s=0.2, pace=replace(QUICK, old_s=1.0)) as w:
        put(w.source, "20240614110000", TIMES_US[:1])
        put(w.source, "20240614120000")
        until(lambda: w.heartbeat.merged == 1 and w.heartbeat.failed == 1)
        time.sleep(1.5)
    assert w.heartbeat.failed == 1
    assert len(w.errors) == 1
    assert "20240614110000" in w.errors[0]


def test_what_came_while_nobody_watched_is_merged_and_nothing_else_is(tmp_path, monkeypatch):
    with Watched(tmp_path) as w:
        put(w.source / "day", "20240614120000")
        until(lambda: w.heartbeat.merged == 1)
    before = (w.out / "day" / "20240614120000_hdr.exr").stat().st_mtime_ns
    put(w.source / "day", "20240614120030")
    put(w.source / "next", "20240615120000")
    with Watched(tmp_path) as w:
        until(lambda: w.heartbeat.merged == 2)
        until(lambda: w.heartbeat.pending == 0)
    assert (w.out / "day" / "20240614120000_hdr.exr").stat().st_mtime_ns == before
    assert len((w.out / "day" / "series.csv").read_text().splitlines()) == 3
    with Watched(tmp_path) as w:  # and nothing is even read where all is done
        monkeypatch.setattr("hdrkit.series.watch.forming.find_brackets", None)
        until(lambda: w.heartbeat.seen == 9)
        time.sleep(1)
    assert (w.heartbeat.merged, w.heartbeat.failed, w.heartbeat.pending, w.lines) == (0, 0, 0, [])


def test_where_the_system_tells_nothing_folders_are_looked_through(tmp_path, monkeypatch):
    def refuse(*_, **__):
        raise OSError(errno.ENOSPC, "inotify watch limit reached")

    monkeypatch.setattr("hdrkit.series.watch.notices.Observer.schedule", refuse)
    with Watched(tmp_path, poll_s=0.3) as w:
        time.sleep(0.5)
        put(w.source / "a" / "b", "20240614120000")
        until(lambda: w.frames_of("a/b/20240614120000") == 3)
    assert [kind for _, kind in w.lines] == ["note", "merged"]
    assert "inotify" in w.lines[0][0]


def test_the_system_tells_sooner_than_the_next_look(tmp_path):
    with Watched(tmp_path, poll_s=1000) as w:
        until(lambda: (w.out / "heartbeat.json").is_file())
        time.sleep(0.5)
        put(w.source / "a", "20240614120000")
        until(lambda: w.frames_of("a/20240614120000") == 3, 8)


@contextmanager
def full_disk(monkeypatch):
    def full(_):
        raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))

    with monkeypatch.context() as patch:
        patch.setattr("hdrkit.files.atomic.os.fsync", full)
        yield


def test_a_full_disk_is_told_of_and_outlived(tmp_path, monkeypatch):
    with Watched(tmp_path) as w:
        with full_disk(monkeypatch):
            put(w.source, "20240614120000")
            put(w.source, "20240614120030")
            until(lambda: w.heartbeat.state == "blocked")
            time.sleep(2.5)
        until(lambda: w.heartbeat.merged == 2)
        until(lambda: w.heartbeat.state == "watching")
    assert (w.heartbeat.failed, w.heartbeat.seen) == (0, 6)  # each photograph once, however often it was looked at
    assert len(w.errors) == 1  # not once a try
    assert "the disk is full" in w.errors[0]
    assert w.frames_of("20240614120000") == w.frames_of("20240614120030") == 3
    assert not list(w.out.rglob(".hdrkit-*"))


@pytest.mark.parametrize("gone", ["in", "out"])
def test_a_folder_that_vanishes_is_waited_for(tmp_path, gone):
    with Watched(tmp_path) as w:
        put(w.source, "20240614120000")
        until(lambda: w.heartbeat.merged == 1)
        (tmp_path / gone).rename(tmp_path / "away")
        until(lambda: w.heartbeat.state == "blocked")
        time.sleep(1.5)
        assert not (tmp_path / gone).exists()  # nothing is written where the mount should be
        put(tmp_path / "away" if gone == "in" else w.source, "20240614120030")
        (tmp_path / "away").rename(tmp_path / gone)
        until(lambda: w.heartbeat.merged == 2)
    assert (w.heartbeat.failed, w.heartbeat.seen) == (0, 6)
    assert any(f"/{gone}: the folder is gone" in line for line in w.errors)


def test_an_empty_folder_that_a_mount_left_is_not_filled(tmp_path, monkeypatch):
    mounted = [True]
    real = os.path.ismount
    monkeypatch.setattr("hdrkit.series.watch.mounts.os.path.ismount", lambda path: mounted[0] if path == tmp_path else real(path))
    with Watched(tmp_path) as w:
        until(lambda: (w.out / "heartbeat.json").is_file())
        mounted[0] = False
        until(lambda: w.heartbeat.state == "blocked")
        put(w.source, "20240614120000")
        time.sleep(1.5)
        assert not list(w.out.glob("*.exr"))
        mounted[0] = True
        until(lambda: w.frames_of("20240614120000") == 3)


class Dying(Executor):
    """Loses the first `deaths` jobs, as a pool does whose worker is killed."""

    def __init__(self, deaths):
        self._deaths, self._pool = deaths, ThreadPoolExecutor(1)

    def submit(self, run, *arguments):
        def die():
            raise BrokenExecutor("a worker died")

        if self._deaths:
            self._deaths.pop()
            return self._pool.submit(die)
        return self._pool.submit(run, *arguments)


@pytest.mark.parametrize(("deaths", "merged"), [(2, 1), (4, 0)])
def test_a_worker_that_dies_is_replaced_and_a_bracket_that_kills_workers_given_up(tmp_path, deaths, merged):
    left = list(range(deaths))
    with Watched(tmp_path, pool=lambda: Dying(left)) as w:
        put(w.source, "20240614120000")
        until(lambda: w.heartbeat.merged + w.heartbeat.failed == 1)
    assert (w.heartbeat.merged, w.heartbeat.failed) == (merged, 1 - merged)


def test_two_watches_do_not_share_an_output(tmp_path):
    with Watched(tmp_path) as w:
        until(lambda: (w.out / "heartbeat.json").is_file())
        with pytest.raises(OutputError, match="another run of hdrkit is writing there"):
            Watched(tmp_path).watch.run(lambda: False)


@contextmanager
def held(folder):
    with opened(folder):
        yield "another run of hdrkit is writing there"
        assert not list(folder.iterdir())


@contextmanager
def foreign(folder):
    folder.mkdir(parents=True)
    (folder / "series.csv").write_text("a,b\n")
    yield "it is no record"
    assert [path.read_text() for path in folder.iterdir()] == ["a,b\n"]
    (folder / "series.csv").unlink()


@contextmanager
def plain(folder):
    folder.parent.mkdir(parents=True)
    folder.write_text("a file")
    yield "is a file, not a folder"
    folder.unlink()


@pytest.mark.parametrize("unusable", [held, foreign, plain])
def test_a_folder_of_results_that_cannot_be_used_is_waited_for_and_the_others_go_on(tmp_path, unusable):
    for second in range(40):  # more than wait for a worker at a time
        put(tmp_path / "in" / "a" / "14", f"202406141200{second:02d}", TIMES_US[:2])
    with Watched(tmp_path, round_to="1s", frames=2) as w:
        with unusable(w.out / "a" / "14") as reason:
            until(lambda: w.errors)
            for count in (1, 2, 3):  # at once, whatever the pauses have grown to
                begun = time.monotonic()
                put(w.source / "a" / "15", f"2024061512000{count}", TIMES_US[:2])
                until(lambda count=count: w.heartbeat.merged == count)
                assert time.monotonic() - begun < 3
            assert reason in w.heartbeat.last_error
            assert (w.heartbeat.state, w.heartbeat.pending) == ("watching", 80)
        until(lambda: w.heartbeat.merged == 43, 30)
    assert (w.heartbeat.failed, w.heartbeat.seen, w.heartbeat.pending) == (0, 86, 0)
    assert len(w.errors) == 1
    assert [line for line, kind in w.lines if kind == "note"] == [f"{w.out / 'a' / '14'}: the watch goes on there"]


def test_what_is_done_in_a_folder_that_was_waited_for_is_not_done_again(tmp_path):
    with Watched(tmp_path) as w:
        put(w.source / "day", "20240614120000")
        until(lambda: w.heartbeat.merged == 1)
    record, result = w.out / "day" / "series.csv", w.out / "day" / "20240614120000_hdr.exr"
    rows, made = record.read_text(), result.stat().st_mtime_ns
    record.write_text("a,b\n")
    with Watched(tmp_path) as w:
        until(lambda: w.errors)
        record.write_text(rows.replace(rows.splitlines()[1].rpartition(",")[2], "0" * 32))  # another version's
        until(lambda: w.heartbeat.pending == 0)
        put(w.source / "day", "20240614120030")
        until(lambda: w.heartbeat.merged == 1)
    assert (result.stat().st_mtime_ns, len(record.read_text().splitlines())) == (made, 3)


def test_trouble_is_over_when_nothing_is_left_to_do_where_it_was(tmp_path, monkeypatch):
    with Watched(tmp_path) as w, held(w.out / "other"):
        put(w.source / "other", "20240614110000")
        until(lambda: w.errors)
        with full_disk(monkeypatch):
            put(w.source / "day", "20240614120000")
            until(lambda: w.heartbeat.state == "blocked")
            shutil.rmtree(w.source / "day")
        until(lambda: w.heartbeat.state == "watching")
        assert w.heartbeat.merged == 0


def test_what_waits_is_counted_while_the_watch_is_blocked(tmp_path, monkeypatch):
    with Watched(tmp_path) as w, full_disk(monkeypatch):
        for minute in range(4):
            put(w.source, f"202406141200{minute}0"[:14])
        until(lambda: w.heartbeat.pending == 12 and w.heartbeat.state == "blocked")
        end = time.monotonic() + 4
        while time.monotonic() < end:
            assert (w.heartbeat.state, w.heartbeat.pending) == ("blocked", 12)
            time.sleep(0.02)
        w.stop.set()
        w.thread.join(20)
        assert (w.heartbeat.state, w.heartbeat.pending) == ("stopped", 12)


def test_a_folder_that_is_not_there_at_the_start_is_an_error(tmp_path):
    with pytest.raises(InputError, match="no such folder"):
        Watch(tmp_path / "none", tmp_path, list, lambda: ThreadPoolExecutor(1), Heartbeat(tmp_path / "h.json"))


def test_results_beside_the_photographs_are_not_taken_for_photographs(tmp_path):
    with Watched(tmp_path, poll_s=0.2) as w:
        w.out = w.source
        put(w.source, "20240614120000")
        until(lambda: w.frames_of("20240614120000") == 3)
        Image.new("RGB", (24, 16)).save(w.source / "20240614120000_hdr.jpg")
        Image.new("RGB", (24, 16)).save(w.source / "20240614120000_hdr_preview.jpg")
        time.sleep(1.5)
    assert (w.heartbeat.seen, w.heartbeat.merged) == (3, 1)


def test_a_clock_that_jumps_back_hides_nothing(tmp_path):
    ahead_s = 3600  # of what is right
    clock = Clock(lambda: time.time() + ahead_s, lambda status: status.st_ctime_ns + ahead_s * 10**9)
    with Watched(tmp_path, poll_s=0.2, clock=clock) as w:
        put(w.source, "20240614120000")
        until(lambda: w.heartbeat.merged == 1)
        time.sleep(2.5)
        ahead_s = 0  # what was newest is an hour newer than what comes now
        put(w.source, "20240614120030")
        until(lambda: w.heartbeat.merged == 2)
    assert w.heartbeat.failed == 0


def test_nothing_is_kept_of_what_is_done(tmp_path):
    with Watched(tmp_path, pace=replace(QUICK, remembered=50)) as w:
        for k in range(60):
            put(w.source / f"d{k % 15}", f"20240614{k // 60 + 10}{k % 60:02d}00")
        until(lambda: w.heartbeat.merged == 60, 60)
        until(lambda: w.heartbeat.pending == 0)  # neither among what is new nor among what waits for a worker
        assert w.watch.remembered == 50


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT])
def test_the_command_ends_cleanly_when_it_is_told_to(tmp_path, number):
    curve = write_curve(CURVE, tmp_path / "curve.npz")
    (tmp_path / "in").mkdir()
    options = ["--response", curve, "--align", "none", "--frames", "3", "--wait", "1", "--heartbeat", tmp_path / "beat.json"]
    command = [sys.executable, "-m", "hdrkit", "watch", tmp_path / "in", "-o", tmp_path / "out", *options]
    with subprocess.Popen(list(map(str, command)), stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True) as process:
        until(lambda: (tmp_path / "beat.json").is_file(), 30)
        put(tmp_path / "in", "20240614120000")
        until(lambda: (tmp_path / "out" / "20240614120000_hdr.exr").is_file(), 30)
        for k in range(1, 40):
            put(tmp_path / "in", f"20240614{12 + k // 60}{k % 60:02d}00")
        time.sleep(1)
        process.send_signal(number)
        out, err = process.communicate(timeout=30)
    assert (process.returncode, err) == (0, "")
    told = json.loads((tmp_path / "beat.json").read_text())
    done = [path for path in (tmp_path / "out").iterdir() if path.suffix == ".exr"]
    assert told["state"] == "stopped"
    assert told["merged"] == len(done) >= 1
    assert all(len(read_radiance(path).metadata["sources"]) == 3 for path in done)
    assert not list((tmp_path / "out").glob(".hdrkit-*"))
    assert f"stopped: {len(done)} merged, 0 failed" in out


@pytest.mark.parametrize(
    ("words", "reason"),
    [
        (["-o", "one.exr"], "give a folder"),
        (["-o", "out", "--preview", "--range", "auto"], "auto needs all brackets at once"),
        (["-o", "out", "--frames", "1"], "two frames or more"),
        (["-o", "out", "--poll", "0"], "--poll above 0 seconds"),
    ],
)
def test_wrong_usage(hdrkit, tmp_path, words, reason):
    code, _, err = hdrkit("watch", tmp_path, *words)
    assert code == 2
    assert reason in " ".join(err.replace("│", "").split())


def test_a_stray_whose_name_begins_that_of_a_broken_file_is_a_stray_all_the_same(tmp_path):
    with Watched(tmp_path, round_to="1s", pace=replace(QUICK, old_s=1.0)) as w:
        put(w.source, "20240614120000")
        whole = (w.source / "20240614120000_8000.png").read_bytes()
        (w.source / "20240614120000.png").write_bytes(whole)
        (w.source / "20240614120000.png.png").write_bytes(b"no picture")
        until(lambda: w.frames_of("20240614120000") == 3)
        until(lambda: len(w.lines) > 2)
    notes = [line for line, kind in w.lines if kind == "note"]
    assert notes == [f"{w.source / '20240614120000.png'}: left out, it states no exposure"]


@pytest.mark.parametrize("suffix", ["png", "jpg"])
def test_each_photograph_is_opened_twice_and_its_header_and_pixels_are_read_once(tmp_path, opens, decodes, headers, suffix):
    with Watched(tmp_path) as w:
        paths = []
        for count, stamp in enumerate(("20240614120000", "20240614120030", "20240614120100"), 1):
            for time_us, frame in frames().items():
                path = w.source / f"{stamp}_{time_us}.{suffix}"
                Image.fromarray(frame.pixels).save(path.with_name(f".part.{suffix}"))
                path.with_name(f".part.{suffix}").rename(path)
                paths.append(path)
            until(lambda count=count: w.heartbeat.merged == count)
    assert {opens[path] for path in paths} == {2}  # to see whether it is complete, and to merge it
    assert {decodes[path] for path in paths} == {1}
    assert len(headers) == len(paths)


def test_a_complete_file_that_does_not_decode_is_left_out_and_named(tmp_path):
    with Watched(tmp_path, wait_s=1.0) as w:
        put(w.source, "20240614120000", TIMES_US[:2])
        put(tmp_path, "20240614120000", TIMES_US[2:])
        path = tmp_path / "20240614120000_64000.png"
        (w.source / path.name).write_bytes(with_empty_pixels(path.read_bytes()))
        until(lambda: w.frames_of("20240614120000") == 2)
        until(lambda: w.heartbeat.last_error)
        assert path.name in w.heartbeat.last_error
        assert [line for line, kind in w.lines if kind == "warning"] == [w.heartbeat.last_error]
        shutil.copy(path, w.source)  # the whole file comes at last
        until(lambda: w.frames_of("20240614120000") == 3)
    assert w.heartbeat.failed == 0


def with_empty_pixels(png):
    """A PNG file whose chunks are complete and whose pixels are not."""
    at = png.index(b"IDAT")
    size = int.from_bytes(png[at - 4 : at])
    chunk = b"IDAT" + b"\xff" * size
    return png[: at - 4] + size.to_bytes(4) + chunk + zlib.crc32(chunk).to_bytes(4) + png[at + 8 + size :]


def test_photographs_without_a_timestamp_are_told_once(tmp_path):
    (tmp_path / "in").mkdir()
    for name in ("IMG_1.png", "IMG_2.png", "notes.txt"):
        (tmp_path / "in" / name).touch()
    with Watched(tmp_path) as w:
        put(w.source, "20240614120000")
        until(lambda: w.frames_of("20240614120000") == 3)
        (w.source / "IMG_3.png").touch()
        time.sleep(0.5)
    told = [line for line, kind in w.lines if kind == "note" and "timestamp" in line]
    assert told == [f"{w.source}: 2 photographs without a timestamp YYYYmmddHHMMSS in the name, not merged"]
