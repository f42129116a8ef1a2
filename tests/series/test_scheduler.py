"""The same jobs on a Dask cluster: a real scheduler, two workers on loopback, one of which is killed in the middle."""

import json
import os
import signal
import subprocess
import sys
import time

import pytest
from PIL import Image

from hdrkit import AlignmentOptions, MergeOptions, find_brackets
from hdrkit.batch import MergeJob, OutputOptions, output_paths
from hdrkit.errors import InputError
from hdrkit.grouping.options import By, InputOptions
from hdrkit.series.running import merge_series
from hdrkit.simulate import SimulatedCamera, chart, simulate_bracket
from hdrkit.workers import executor

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

    def __init__(self, folder):
        self._folder = folder
        file = folder / "scheduler.json"
        quiet = ["--no-dashboard", "--host", "127.0.0.1"]
        self._processes = [self._start("scheduler", "--port", "0", "--scheduler-file", str(file), *quiet)]
        end = time.monotonic() + 30
        while not file.is_file() and time.monotonic() < end:
            time.sleep(0.05)
        self.workers = [
            self._start("worker", "--scheduler-file", str(file), "--nthreads", "1", "--no-nanny", *quiet) for _ in range(2)
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
        for process in (*self.workers, *self._processes):
            if process.poll() is None:
                process.terminate()
        for process in (*self.workers, *self._processes):
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


def test_no_scheduler_is_one_line(tmp_path, series, monkeypatch):
    import dask

    with dask.config.set({"distributed.comm.timeouts.connect": "0.3s"}), pytest.raises(InputError, match="no Dask scheduler"):
        list(merge_series(jobs_for(series, tmp_path / "out"), tmp_path / "out", scheduler="tcp://127.0.0.1:9"))
    monkeypatch.setitem(sys.modules, "distributed", None)
    with pytest.raises(InputError, match=r"pip install 'hdrkit\[dask\]'"), executor(1, "tcp://127.0.0.1:9"):
        pass


def test_a_worker_ends_with_its_parent(tmp_path):
    program = f"""
from hdrkit.workers import executor
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


def _runs(pid):
    try:
        with open(f"/proc/{pid}/stat") as file:  # noqa: PTH123
            return file.read().rsplit(")", 1)[1].split()[0] != "Z"
    except OSError:
        return False
