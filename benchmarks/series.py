"""How fast a timestamped series goes from photographs to results, the formulas of the usual script for sky cameras beside it."""

from __future__ import annotations

import argparse
import os
import shutil
import statistics
import sys
import tempfile
from collections.abc import Callable, Sequence
from pathlib import Path

import cv2
import numpy as np
from matplotlib.figure import Figure

from benchmarks.harness import Result, Table, median_seconds
from benchmarks.processes import run
from hdrkit.alignment.options import AlignmentOptions
from hdrkit.formats.curves.files import write_curve
from hdrkit.inputs.find import find_brackets
from hdrkit.inputs.options import By, ExposureUnit, InputOptions
from hdrkit.jobs.batch import merge_all
from hdrkit.jobs.job import MergeJob
from hdrkit.jobs.options import OutputOptions
from hdrkit.merging.options import MergeOptions
from hdrkit.pipeline.merge import ln_range
from hdrkit.simulate import SimulatedCamera, allsky, simulate_bracket
from hdrkit.tonemapping.options import RenderOptions
from hdrkit.types import Bracket

FOLDER = Path(tempfile.gettempdir()) / "hdrkit-series"
CAMERA = SimulatedCamera(response="scurve", name="Simulated sky camera")
TIMES_US = (100, 800, 6400, 51200)
_WARM_UP = 4
_SERIES = 6  # brackets
STAMP = "20240614{:02d}{:02d}{:02d}"


def photographs(megapixels: float, count: int) -> Path:
    """A folder with `count` brackets of one sky, JPEG files half a minute apart."""
    side = round((megapixels * 1e6) ** 0.5)
    folder = FOLDER / f"in-{side}-{count}"
    if not folder.is_dir():
        making = folder.with_name(f"{folder.name}-making")
        shutil.rmtree(making, ignore_errors=True)
        making.mkdir(parents=True)
        sky = 16 * allsky(38, 112, side, cloud_seed=7)
        frames = simulate_bracket(sky, CAMERA, [1e-6 * time_us for time_us in TIMES_US], seed=3)
        files = [cv2.imencode(".jpg", frame.pixels[..., ::-1], [cv2.IMWRITE_JPEG_QUALITY, 93])[1].tobytes() for frame in frames]
        for number in range(count):
            stamp = STAMP.format(9 + number // 120, number // 2 % 60, number % 2 * 30)
            for time_us, data in zip(TIMES_US, files, strict=True):
                (making / f"{stamp}_{time_us}.jpg").write_bytes(data)
        making.rename(folder)
    return folder


def script_merge(bracket: Bracket, response: np.ndarray, bounds: tuple[float, float], out: Path) -> None:
    """One bracket as such a script goes about it: all frames in one array, NumPy over all of it, one channel after the other.

    Codes 5..250 are stretched to 0..255, ln radiance is the mean of g(z) - ln t under a triangle, pixels without any weight take
    the end of the range that they are at, and a range of radiance is shown with gamma 2.2.
    """
    stack = np.asarray([cv2.imread(str(photo.path)) for photo in bracket.photos]).astype(np.float32)
    stack = np.clip((np.clip(stack, 5, 250) - 5) * np.float32(255 / 245), 0, 255).astype(np.uint8)
    codes = np.arange(256, dtype=np.float32)
    triangle = np.minimum(codes, 255 - codes)
    ln_times = np.log(np.asarray(bracket.relative_exposures(), np.float32))
    light = np.zeros(stack.shape[1:], np.float32)
    low, high = np.exp(bounds)
    for c in range(3):
        z, g = stack[..., c], response[:, c]
        least, most = g.min() - ln_times.max(), g.max() - ln_times.min()
        weight = np.interp(z, codes, triangle)
        total = weight.sum(axis=0)
        ln_light = (weight * (np.interp(z, codes, g) - ln_times[:, None, None])).sum(axis=0) / np.where(total == 0, 1, total)
        ln_light[ln_light > most] = most
        ln_light[(total <= 1e-12) & (z[0] <= 0.5)] = least
        ln_light[(total <= 1e-12) & (z[-1] >= 254.5)] = most
        light[..., c] = np.clip((np.exp(ln_light) - low) / (high - low), 0, 1)
    cv2.imwrite(str(out), (np.power(np.clip(light, 0, 1), 1 / 2.2) * 255).astype(np.uint8))


def jobs(folder: Path, out: Path, suffix: str) -> list[MergeJob]:
    source = InputOptions(by=By.TIME, exposure_unit=ExposureUnit.MICROSECONDS)
    brackets = find_brackets(folder, source).brackets
    curve, still = CAMERA.response_curve(), AlignmentOptions(method="none")
    shown = OutputOptions(preview=RenderOptions(range_ln=ln_range(brackets, curve)) if suffix == "jpg" else None)
    outputs = [out / f"{bracket.name}_hdr.{suffix}" for bracket in brackets]
    return [
        MergeJob(bracket, output, curve, "truth", MergeOptions(), still, shown, source)
        for bracket, output in zip(brackets, outputs, strict=True)
    ]


def series(some: Sequence[MergeJob]) -> None:
    """Do the jobs in this process, none of which may fail."""
    for outcome in merge_all(some, 1):
        if outcome.error:
            raise SystemExit(str(outcome.error))


def arguments(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("--megapixels", type=float, default=3)
    parser.add_argument("--brackets", type=int, default=24)
    parser.add_argument("--rounds", type=int, default=5)


def measure(options: argparse.Namespace) -> Result:
    folder = photographs(options.megapixels, options.brackets)
    out = FOLDER / "out"
    shutil.rmtree(out, ignore_errors=True)
    out.mkdir(parents=True)
    found = {suffix: jobs(folder, out, suffix)[:_SERIES] for suffix in ("jpg", "exr", "hdr")}
    brackets, shown = [job.bracket for job in found["jpg"]], found["jpg"][0].out.preview
    response = CAMERA.response_curve().ln_exposure
    bounds = shown.range_ln if shown and shown.range_ln else (0.0, 1.0)
    work: dict[str, Callable[[], object]] = {
        "the script's formulas, to JPEG": lambda: [script_merge(one, response, bounds, out / "script.jpg") for one in brackets],
        "hdrkit, to JPEG": lambda: series(found["jpg"]),
        "hdrkit, to EXR": lambda: series(found["exr"]),
        "hdrkit, to HDR": lambda: series(found["hdr"]),
        "decoding the four files": lambda: [cv2.imread(str(photo.path)) for one in brackets for photo in one.photos],
    }
    rounds = [{name: median_seconds(call, 1, warm_up=not n) for name, call in work.items()} for n in range(options.rounds)]
    seconds = {name: statistics.median(one[name] for one in rounds) / len(brackets) for name in work}
    theirs = seconds["the script's formulas, to JPEG"]
    names = ("times as fast as the script",)
    first = Table(
        ("one process", "seconds a bracket", *names),
        [(name, f"{value:.3f}", f"{theirs / value:.1f}") for name, value in seconds.items()],
    )
    alone, one, two = (rate(folder, *how, options.rounds) for how in ((1, True), (1, False), (2, False)))
    second = Table(
        (
            f"{options.brackets} brackets, `hdrkit merge --by time --format hdr`",
            "seconds a bracket",
            "times as fast as one core",
            *names,
        ),
        [
            ("1 process on 1 core", f"{alone:.3f}", "1.00", f"{theirs / alone:.1f}"),
            ("1 process on all cores", f"{one:.3f}", f"{alone / one:.2f}", f"{theirs / one:.1f}"),
            ("2 processes", f"{two:.3f}", f"{alone / two:.2f}", f"{theirs / two:.1f}"),
        ],
    )
    figure = Figure(figsize=(6, 3))
    axes = figure.subplots()
    axes.barh(list(seconds), [theirs / value for value in seconds.values()], color="#2a5db0")
    axes.axvline(8, color="#c0392b", linestyle="--", label="asked for")
    axes.set_xlabel("times as fast as the script's formulas")
    axes.invert_yaxis()
    axes.legend(fontsize=8)
    about = (
        f"Brackets of {len(TIMES_US)} frames of {options.megapixels:g} megapixels, JPEG files in, a file out. Asked for: 8 times "
        "as fast as the formulas of the usual script for sky cameras, run as it runs them (NumPy, whole pictures), and 1.8 times "
        f"as fast with two processes as with one. Above {_SERIES} brackets one after the other, medians of {options.rounds} "
        "rounds in which all take their turn; below times between results, the start of Python apart. A process by itself uses "
        f"all cores where it can, so two are compared with one that has a single core. {os.cpu_count()} cores."
    )
    return Result("Timestamped series", about, [first, second], figure)


def rate(folder: Path, workers: int, one_core: bool, rounds: int) -> float:
    """Seconds a bracket once all is loaded: between the times of the results of one command, the first few apart; the median."""
    curve, out = write_curve(CAMERA.response_curve(), FOLDER / "curve.npz"), FOLDER / "series"
    command = [sys.executable, "-m", "hdrkit", "merge", folder, "-o", out, "--by", "time", "--response", curve, "--format", "hdr"]
    command += ["--align", "none", "--jobs", str(workers)]
    found = []
    for _ in range(min(rounds, 3)):
        shutil.rmtree(out, ignore_errors=True)
        run(["taskset", "-c", "0", *command] if one_core else command)
        ended = sorted(path.stat().st_mtime_ns for path in out.glob("*.hdr"))[_WARM_UP:]
        found.append((ended[-1] - ended[0]) / 1e9 / (len(ended) - 1))
    return statistics.median(found)
