"""How fast photographs are hashed and measured for sharpness, and where the time goes."""

from __future__ import annotations

import argparse
import time
from collections.abc import Callable
from pathlib import Path

import cv2
import numpy as np
from matplotlib.figure import Figure
from PIL import Image

from benchmarks.harness import Result, Table
from benchmarks.photographs import bracket_files
from hdrkit import read_photo
from hdrkit.formats.half_size import read_half
from hdrkit.formats.previews import read_preview
from hdrkit.pipeline.rank import rank
from hdrkit.pipeline.ranking.takes import LOOKED_AT, described
from hdrkit.ranking.detail import measure_detail
from hdrkit.ranking.measures import laplacian_variance
from hdrkit.ranking.options import RankingOptions, SeriesMethod
from hdrkit.ranking.registration import outline
from hdrkit.ranking.similarity import signature_of

ASKED = 30.0  # photographs a second on two cores
CORES = 2
EXIF_IFD, EXPOSURE_TIME, TAKEN = 0x8769, 0x829A, 0x9003


def arguments(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("--megapixels", type=float, default=12.0)
    parser.add_argument("--files", type=int, default=5, help="different photographs")
    parser.add_argument(
        "--quality", type=int, help="compress the photographs again, as fine cameras do: 98 makes 5 MB of 12 megapixels"
    )
    parser.add_argument("--rounds", type=int, default=5)


def measure(options: argparse.Namespace) -> Result:
    files = bracket_files(options.files, options.megapixels, hand_held=True)
    if options.quality:
        files = [_compressed(path, options.quality) for path in files]
    files = _burst(files)
    photos = [read_photo(path) for path in files]
    small, halves = [read_preview(photo, LOOKED_AT) for photo in photos], [read_half(photo) for photo in photos]
    grays = [cv2.cvtColor(pixels, cv2.COLOR_RGB2GRAY) for pixels in small]
    steps: dict[str, Callable[[int], object]] = {
        "decoding to an eighth, to find series": lambda k: read_preview(photos[k], LOOKED_AT),
        "hash": lambda k: signature_of(grays[k], SeriesMethod.HASH),
        "decoding to half the size": lambda k: read_half(photos[k]),
        "outline, to lay pictures on each other": lambda k: outline(halves[k]),
        "detail": lambda k: measure_detail(halves[k]),
        "(variance of the Laplacian, where it is asked for)": lambda k: laplacian_variance(halves[k]),
        "(features, with -f, in the place of the hash)": lambda k: signature_of(grays[k], SeriesMethod.FEATURES),
        "(directions of gradients, where exposures differ as in a bracket)": lambda k: described(small[k]),
        "(decoding in full, for comparison)": lambda k: cv2.imread(str(files[k]), cv2.IMREAD_GRAYSCALE),
    }
    threads = cv2.getNumThreads()
    cv2.setNumThreads(1)  # CPU seconds of one thread
    try:
        rows = [(step, _cpu_s(run, len(files), options.rounds)) for step, run in steps.items()]
    finally:
        cv2.setNumThreads(threads)
    needed = sum(seconds for step, seconds in rows if not step.startswith("("))
    cpu, wall = _whole(files, options.rounds)
    megabytes = np.mean([path.stat().st_size for path in files]) / 1e6
    speed = Table(
        ("what", "CPU ms a photograph", "photographs a second on two cores"),
        [(step, f"{1000 * seconds:.1f}", f"{CORES / seconds:.0f}") for step, seconds in rows]
        + [("**hash and sharpness**", f"{1000 * needed:.1f}", f"{CORES / needed:.0f}")]
        + [
            (
                "`rank()` as a whole, metadata and threads included",
                f"{1000 * cpu:.1f}",
                f"{CORES / cpu:.0f} (seen: {1 / wall:.0f})",
            )
        ],
    )
    about = (
        f"JPEGs of {options.megapixels:g} megapixels and {megabytes:.1f} MB, {len(files)} of them. Asked for were "
        f"{ASKED:.0f} a second on two cores. CPU time is counted, since other processes run on the machine; `seen` is wall time."
    )
    return Result("Speed of ranking", about, [speed], _figure(rows))


def _compressed(path: Path, quality: int) -> Path:
    again = path.with_name(f"{path.stem}_q{quality}.jpeg")
    if not again.exists():
        cv2.imwrite(str(again), cv2.imread(str(path)), [cv2.IMWRITE_JPEG_QUALITY, quality])
    return again


def _burst(files: list[Path]) -> list[Path]:
    """The photographs as a camera's burst, one a second at one exposure."""
    taken = []
    for k, path in enumerate(files):
        tags = Image.Exif()
        tags.get_ifd(EXIF_IFD).update({EXPOSURE_TIME: 1 / 64, TAKEN: f"2026:05:01 12:00:{k:02d}"})
        taken.append(path.with_name(f"{path.stem}_burst.jpeg"))
        with Image.open(path) as image:
            image.save(taken[-1], exif=tags, quality="keep")
    return taken


def _cpu_s(run: Callable[[int], object], count: int, rounds: int) -> float:
    run(0)
    start = time.thread_time()
    for _ in range(rounds):
        for k in range(count):
            run(k)
    return (time.thread_time() - start) / (rounds * count)


def _whole(files: list[Path], rounds: int) -> tuple[float, float]:
    """CPU and wall seconds a photograph of the whole ranking."""
    options = RankingOptions(workers=CORES)
    rank(files, options)
    cpu, wall = time.process_time(), time.perf_counter()
    for _ in range(rounds):
        rank(files, options)
    number = rounds * len(files)
    return (time.process_time() - cpu) / number, (time.perf_counter() - wall) / number


def _figure(rows: list[tuple[str, float]]) -> Figure:
    figure = Figure(figsize=(9, 3.2))
    axes = figure.subplots()
    names, seconds = zip(*reversed(rows), strict=True)
    axes.barh(names, [1000 * s for s in seconds], color=["#b8bcc0" if name.startswith("(") else "#1f5fa8" for name in names])
    axes.axvline(1000 * CORES / ASKED, color="#b3261e", linestyle="--", label=f"all that {ASKED:.0f} a second leave")
    axes.set_xlabel("CPU ms a photograph")
    axes.legend(loc="lower right")
    return figure
