"""Thousands of timestamps through one process: does it begin at once, and does its memory stay what it was?"""

from __future__ import annotations

import argparse
import json
import re
import shutil
import signal
import subprocess
import sys
import tempfile
import time
from collections.abc import Sequence
from datetime import datetime, timedelta
from pathlib import Path

import numpy as np
from matplotlib.figure import Figure
from PIL import Image

from benchmarks.harness import Result, Table
from hdrkit.formats.curves.files import write_curve
from hdrkit.simulate import SimulatedCamera, chart, simulate_bracket

TIMES_US = (500, 4000, 32000, 256000)
ALLOWED = 0.05
EVERY = timedelta(minutes=8)  # so that there are many folders too
EVERY_S = 0.25


def arguments(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("--timestamps", type=int, default=5000)
    parser.add_argument("--size", type=int, nargs=2, default=(96, 72))


def measure(options: argparse.Namespace) -> Result:
    folder = Path(tempfile.mkdtemp(prefix="hdrkit-soak-"))
    try:
        _photograph(folder / "in", options.timestamps, options.size)
        curve = write_curve(SimulatedCamera().response_curve(), folder / "curve.npz")
        words = ["-o", "merged", "--response", curve, "--align", "none", "--jobs", "1"]
        ways = {
            "hdrkit merge": ["merge", folder / "in", *words, "--by", "time"],
            "hdrkit watch": ["watch", folder / "in", *words, "--frames", str(len(TIMES_US))],
        }
        figure = Figure(figsize=(8, 4))
        axes = figure.subplots()
        rows = []
        for way, command in ways.items():
            words = [str(folder / "merged") if word == "merged" else str(word) for word in command]
            samples = _run([sys.executable, "-m", "hdrkit", *words], folder / "merged", options.timestamps)
            shutil.rmtree(folder / "merged")
            for process in sorted({name for _, _, sizes in samples for name in sizes}):
                points = [(done, sizes[process], at) for at, done, sizes in samples if process in sizes]
                rows.append([f"{way}, {process}", *_facts(points)])
                axes.plot([done for done, _, _ in points], [size / 1e6 for _, size, _ in points], label=f"{way}, {process}")
    finally:
        shutil.rmtree(folder)
    axes.set(xlabel="timestamps merged", ylabel="resident memory (MB)", ylim=(0, None))
    axes.legend(fontsize=8)
    width, height = options.size
    about = (
        f"{options.timestamps:,} timestamps of {len(TIMES_US)} frames of {width} x {height} pixels, {timedelta(days=1) // EVERY} "
        "in each of the nested folders year/month/day, to .exr. All samples count, from the first result on. Asked for: resident "
        f"memory that stays within {100 * ALLOWED:.0f} %. Growth is the slope of a straight line through the second half, when "
        "all is in memory that stays there."
    )
    header = [
        "process",
        "first result (s)",
        "memory then (MB)",
        "least .. most (MB)",
        "largest distance from the mean",
        "growth a timestamp (bytes)",
        "s a timestamp",
    ]
    return Result("A soak", about, [Table(header, rows)], figure)


def _photograph(folder: Path, count: int, size: Sequence[int]) -> None:
    frames = simulate_bracket(16 * chart(*size, stops=10, seed=3), SimulatedCamera(), [1e-6 * t for t in TIMES_US], 3)
    encoded = folder.parent / "frame.jpg"
    pictures = []
    for frame in frames:
        Image.fromarray(frame.pixels).save(encoded, quality=93)
        pictures.append(encoded.read_bytes())
    for k in range(count):
        stamp = datetime(2024, 6, 14) + k * EVERY
        below = folder / f"{stamp:%Y}" / f"{stamp:%m}" / f"{stamp:%d}"
        below.mkdir(parents=True, exist_ok=True)
        for time_us, picture in zip(TIMES_US, pictures, strict=True):
            (below / f"{stamp:%Y%m%d%H%M%S}_{time_us}.jpg").write_bytes(picture)


def _run(command: Sequence[str], out: Path, count: int) -> list[tuple[float, int, dict[str, float]]]:
    """Seconds, timestamps done, and bytes of each process, from the start to the last timestamp."""
    samples = []
    start = time.perf_counter()
    with subprocess.Popen(command, stdout=subprocess.DEVNULL, stderr=subprocess.PIPE) as process:
        while process.poll() is None:
            done = sum(len(path.read_bytes().splitlines()) - 1 for path in out.rglob("series.csv"))
            sizes = {"process": _resident(process.pid), "worker": sum(map(_resident, _workers(process.pid)))}
            samples.append((time.perf_counter() - start, done, {name: size for name, size in sizes.items() if size}))
            if done >= count:
                process.send_signal(signal.SIGTERM)
                break
            time.sleep(EVERY_S)
        _, errors = process.communicate(timeout=120)
    beat = out / "heartbeat.json"
    if beat.is_file() and json.loads(beat.read_text())["failed"]:
        raise SystemExit(errors.decode())
    if samples[-1][1] < count and process.returncode:
        raise SystemExit(f"{' '.join(command)}: {errors.decode()}")
    return samples


def _resident(pid: int) -> float:
    try:
        found = re.search(r"VmRSS:\s*(\d+) kB", Path(f"/proc/{pid}/status").read_text())
    except OSError:
        return 0.0
    return float(found[1]) * 1024 if found else 0.0


def _workers(pid: int) -> list[int]:
    try:
        children = Path(f"/proc/{pid}/task/{pid}/children").read_text().split()
        return [int(child) for child in children if b"spawn_main" in Path(f"/proc/{child}/cmdline").read_bytes()]
    except OSError:
        return []


def _facts(points: Sequence[tuple[int, float, float]]) -> list[str]:
    """Cells of a row, from timestamps done, bytes and seconds."""
    done, sizes, at = map(np.array, zip(*(point for point in points if point[0] > 0), strict=True))
    mean = sizes.mean()
    late = done > done[-1] / 2
    return [
        f"{at[0]:.1f}",
        f"{sizes[0] / 1e6:.0f}",
        f"{sizes.min() / 1e6:.0f} .. {sizes.max() / 1e6:.0f}",
        f"{100 * np.abs(sizes / mean - 1).max():.1f} %",
        f"{np.polyfit(done[late], sizes[late], 1)[0]:+,.0f}",
        f"{(at[-1] - at[0]) / max(1, done[-1] - done[0]):.3f}",
    ]
