"""The same jobs on a Dask cluster: a real scheduler, two workers on loopback, one of which is killed in the middle."""

import csv
import json
import os
import shutil
import signal
import subprocess
import sys
import time
from threading import Thread, active_count

import pytest
from PIL import Image

from hdrkit import AlignmentOptions, MergeOptions, find_brackets, write_curve
from hdrkit.errors import InputError
from hdrkit.inputs.options import By, InputOptions
from hdrkit.jobs.job import MergeJob
from hdrkit.jobs.options import OutputOptions
from hdrkit.jobs.outputs import output_paths
from hdrkit.jobs.workers import executor
from hdrkit.series.run.merge import merge_series
from hdrkit.simulate import SimulatedCamera, chart, simulate_bracket

CAMERA = SimulatedCamera()
TIMES_US = (1000, 8000, 64000)
STAMPS = [f"202406141200{second:02d}" for second in range(0, 60, 2)] + [f"202406141201{second:02d}" for second in range(0, 60, 2)]


@pytest.fixture(scope="module")
def series(tmp_path_factory):
    folder = tmp_path_factory.mktemp("series")
    frames = simulate_bracket(64 * chart(48, 32, stops=8, seed=3), CAMERA, [1e-6 * t for t in TIMES_US], 3)
    for stamp in STAMPS:
        for time_us, frame in zip(TIMES_US, frames, strict=True):
            Image.fromarray(frame.pixels).save(folder / f"{stamp}_{time_us}.png")
    return folder


def jobs_for(folder, out):
    inputs, merge, still = InputOptions(by=By.TIME, round_to="2s"), MergeOptions(), AlignmentOptions(method="none")
    brackets = find_brackets(folder, inputs).brackets
    curve = CAMERA.response_curve()
    return [
        MergeJob(bracket, path, curve, "given", merge, still, OutputOptions(), inputs)
        for bracket, path in zip(brackets, output_paths(brackets, out, merge, None), strict=True)
    ]


class Cluster:
    """A scheduler and workers, each a process of its own that ends with the test."""

    def __init__(self, folder, port=0, workers=2):
        folder.mkdir(exist_ok=True)
        self._folder = folder
        file = folder / "scheduler.json"
        quiet = ["--no-dashboard", "--host", "127.0.0.1"]
        self.scheduler = self._start("scheduler", "--port", str(port), "--scheduler-file", str(file), *quiet)
        end = time.monotonic() + 30
        while not file.is_file() and time.monotonic() < end:
            time.sleep(0.05)
        self.workers = [
            self._start("worker", "--scheduler-file", str(file), "--nthreads", "1", "--no-nanny", *quiet) for _ in range(workers)
        ]
        self.address = json.loads(file.read_text())["address"]

    def _start(self, *words):
        log = (self._folder / "cluster.log").open("ab")
        environment = os.environ | {"PYTHONWARNINGS": "default"}
        with log:
            return subprocess.Popen(
                [sys.executable, "-m", "distributed.cli.dask_" + words[0], *words[1:]],
                stdout=log,
                stderr=log,
                cwd=self._folder,
                env=environment,
            )

    def __enter__(self):
        return self

    def __exit__(self, *_):
        for process in (*self.workers, self.scheduler):
            if process.poll() is None:
                process.terminate()
        for process in (*self.workers, self.scheduler):
            try:
                process.wait(10)
            except subprocess.TimeoutExpired:  # a worker whose scheduler went first may try to reach it again
                process.kill()
                process.wait(10)


def test_every_timestamp_is_there_although_a_worker_is_killed(series, tmp_path):
    with Cluster(tmp_path) as cluster:
        done = []
        for merged in merge_series(jobs_for(series, tmp_path / "out"), tmp_path / "out", scheduler=cluster.address):
            done.append(merged)
            if len(done) == 10:
                assert cluster.workers[0].poll() is None
                cluster.workers[0].send_signal(signal.SIGKILL)
        assert cluster.workers[1].poll() is None
    assert not [merged.row.error for merged in done if merged.row.error]
    assert sorted(merged.row.bracket for merged in done) == STAMPS
    assert sorted(path.name for path in (tmp_path / "out").glob("[0-9]*.exr")) == [f"{stamp}_hdr.exr" for stamp in STAMPS]
    assert len((tmp_path / "out" / "series.csv").read_text().splitlines()) == 1 + len(STAMPS)

    here = [merged.row for merged in merge_series(jobs_for(series, tmp_path / "here")[:3], tmp_path / "here")]
    for row in here:  # and the same as without a scheduler
        assert (tmp_path / "here" / row.output).read_bytes() == (tmp_path / "out" / row.output).read_bytes()
    again = list(merge_series(jobs_for(series, tmp_path / "out"), tmp_path / "out"))
    assert len(again) == len(STAMPS)
    assert not any(merged.outcome for merged in again)
    assert not list((tmp_path / "out").glob(".hdrkit-*"))  # what the killed worker was writing


@pytest.fixture(scope="module")
def curve(tmp_path_factory):
    return write_curve(CAMERA.response_curve(), tmp_path_factory.mktemp("curve") / "curve.npz")


def test_a_scheduler_that_dies_ends_the_command_and_the_next_one_goes_on(series, tmp_path, curve, hdrkit):
    out = tmp_path / "out"
    options = ["-o", out, "--by", "time", "--round", "2s", "--response", curve, "--align", "none"]
    died = []
    with Cluster(tmp_path) as cluster:

        def kill():
            until(lambda: len(list(out.glob("[0-9]*.exr"))) >= 5)
            cluster.scheduler.kill()
            died.append(time.monotonic())

        Thread(target=kill).start()
        code, told, err = hdrkit("merge", series, *options, "--scheduler", cluster.address)
        assert time.monotonic() - died[0] < 8
        for worker in cluster.workers:  # which would look for the scheduler for a while
            worker.kill()
    assert code == 1
    rows = list(csv.DictReader((out / "series.csv").read_text().splitlines()))
    assert 0 < len(rows) < len(STAMPS)
    assert not any(row["error"] for row in rows)
    line = f"{cluster.address}: the Dask scheduler was lost; start it, then run this command again, which continues"
    assert err == f"error: {line}\n"
    assert f"{len(rows)} brackets: {len(rows)} merged, 0 done before, 0 failed" in told
    code, told, err = hdrkit("merge", series, *options, "--jobs", 1)
    assert (code, err) == (0, "")
    assert f"{len(STAMPS) - len(rows)} merged, {len(rows)} done before, 0 failed" in told


def test_a_watch_outlives_its_scheduler_and_ends_without_it(series, tmp_path, curve):
    photographs, out, beat = tmp_path / "in", tmp_path / "out", tmp_path / "beat.json"
    photographs.mkdir()

    def arrive(stamps):
        for stamp in stamps:
            for path in series.glob(f"{stamp}_*"):
                shutil.copy(path, photographs)

    def merged():
        return sum(path.name[0] != "." for path in out.glob("*.exr"))

    options = ["--response", curve, "--align", "none", "--round", "2s", "--frames", "3", "--heartbeat", beat]
    quicker = "cluster.connected = partial(cluster.connected, connect_s=1.0); heartbeat.EVERY_S = 0.3"
    modules = (
        "from functools import partial; from hdrkit.jobs import cluster; from hdrkit.series.watch import heartbeat; "
        "from hdrkit.cli.app import main"
    )
    program = f"{modules}; {quicker}; main()"
    with Cluster(tmp_path / "first", workers=1) as first:
        words = [sys.executable, "-c", program, "watch", photographs, "-o", out, *options, "--scheduler", first.address]
        watch = subprocess.Popen(list(map(str, words)), stdout=subprocess.DEVNULL, stderr=subprocess.PIPE, text=True)
        try:
            arrive(STAMPS[:18])
            until(lambda: merged() >= 3)
            first.scheduler.kill()
            first.workers[0].kill()
            until(lambda: json.loads(beat.read_text())["state"] == "blocked")
            beats = set()
            end = time.monotonic() + 1.5
            while time.monotonic() < end:
                beats.add(beat.stat().st_mtime_ns)
                time.sleep(0.05)
            assert len(beats) >= 2
            with Cluster(tmp_path / "second", port=int(first.address.rpartition(":")[2]), workers=1) as second:
                until(lambda: merged() == 18)
                until(lambda: json.loads(beat.read_text())["state"] == "watching")
                arrive(STAMPS[18:])
                until(lambda: merged() >= 20)
                second.scheduler.kill()
                begun = time.monotonic()
                watch.send_signal(signal.SIGTERM)
                _, err = watch.communicate(timeout=20)
                assert time.monotonic() - begun < 8
                second.workers[0].kill()
        finally:
            watch.kill()
            watch.stderr.close()
    assert watch.returncode == 0
    told = json.loads(beat.read_text())
    assert told | {"state": "stopped", "failed": 0, "seen": 3 * len(STAMPS)} == told
    assert "Traceback" not in err
    assert "the watch goes on" in err


@pytest.mark.parametrize("address", ["", "foo", "tcp://foo", "tcp://:8786", "tcp://foo:99999", "bar://foo:8786", "tcp://[1:2"])
def test_what_is_no_address_is_one_line(address, hdrkit, tmp_path):
    with pytest.raises(InputError, match="a Dask scheduler has no such address; give tcp://HOST:PORT"), executor(1, address):
        pass
    for command in ("merge", "watch", "faces"):
        told = hdrkit(command, tmp_path, "-o", tmp_path / "out", f"--scheduler={address}")
        assert told.code == 2
        assert "--scheduler" in told.err


def test_no_scheduler_is_one_line(tmp_path, series, monkeypatch):
    threads = active_count()
    with pytest.raises(InputError, match="no Dask scheduler"):
        list(merge_series(jobs_for(series, tmp_path / "out"), tmp_path / "out", scheduler="tcp://127.0.0.1:9"))
    assert active_count() == threads  # a watch tries for years
    monkeypatch.setitem(sys.modules, "distributed", None)
    with pytest.raises(InputError, match=r"pip install 'hdrkit\[dask\]'"), executor(1, "tcp://127.0.0.1:9"):
        pass


def test_a_worker_ends_with_its_parent(tmp_path):
    program = f"""
from hdrkit.jobs.workers import executor
import os, signal, pathlib, time
if __name__ == "__main__":
    with executor(1) as pool:
        pathlib.Path({str(tmp_path / "pid")!r}).write_text(str(pool.submit(os.getpid).result()))
        os.kill(os.getpid(), signal.SIGKILL)
"""
    (tmp_path / "program.py").write_text(program)
    subprocess.run([sys.executable, tmp_path / "program.py"], check=False)
    worker = int((tmp_path / "pid").read_text())
    end = time.monotonic() + 10
    while time.monotonic() < end and _runs(worker):
        time.sleep(0.05)
    if left := _runs(worker):
        os.kill(worker, signal.SIGKILL)
    assert not left


def test_workers_do_not_run_the_program_again_that_started_them(tmp_path):
    program = """
import os
from hdrkit.exposure import exposure_from_name
from hdrkit.jobs.workers import executor
print("begun")
with executor(2) as pool:
    others = {pool.submit(os.getpid).result() for _ in range(4)} - {os.getpid()}
    print(len(others) > 0, pool.submit(exposure_from_name, "a_80").result().time_s, __name__)
"""
    (tmp_path / "program.py").write_text(program)
    for words in ([tmp_path / "program.py"], ["-m", "program"]):
        done = subprocess.run([sys.executable, *words], capture_output=True, text=True, check=False, cwd=tmp_path)
        assert (done.stdout, done.stderr) == ("begun\nTrue 80.0 __main__\n", "")


def until(truth, seconds=20.0):
    end = time.monotonic() + seconds
    while not truth():
        assert time.monotonic() < end, "it did not happen"
        time.sleep(0.05)


def _runs(pid):
    try:
        with open(f"/proc/{pid}/stat") as file:  # noqa: PTH123
            return file.read().rsplit(")", 1)[1].split()[0] != "Z"
    except OSError:
        return False
