"""The whole `hdrkit merge` process, photographs to radiance, beside the plain OpenCV script that does the same."""

from __future__ import annotations

import argparse
import statistics
import sys
import tempfile
from collections.abc import Sequence
from pathlib import Path

from matplotlib.figure import Figure

from benchmarks.harness import Result, Table
from benchmarks.photographs import bracket_files
from benchmarks.processes import SCRATCH, cpu_seconds, gamma_curve, hdrkit_merge, median_of, processor

OPENCV = """
import sys, cv2, numpy as np
output, align, *files = sys.argv[1:]
images = [cv2.imread(file) for file in files]
times = np.array([float(file.rsplit("_", 1)[1].split(".")[0]) for file in files], np.float32) * 1e-6
if align == "align":
    cv2.createAlignMTB().process(images, images)
response = np.repeat(((np.maximum(np.arange(256), 0.5) / 255) ** 2.2)[:, None, None], 3, 2).astype(np.float32)
cv2.imwrite(output, cv2.createMergeDebevec().process(images, times, response))
"""
WHOLE_OPENCV = """
import sys, cv2, numpy as np
output, preview, *files = sys.argv[1:]
images = [cv2.imread(file) for file in files]
times = np.array([float(file.rsplit("_", 1)[1].split(".")[0]) for file in files], np.float32) * 1e-6
cv2.createAlignMTB().process(images, images)
response = cv2.createCalibrateDebevec().process(images, times)
radiance = cv2.createMergeDebevec().process(images, times, response)
shown = cv2.createTonemapReinhard(2.2).process(radiance)
cv2.imwrite(output, radiance)
cv2.imwrite(preview, np.clip(shown * 255, 0, 255).astype(np.uint8))
"""
READ_AND_WRITE = """
import sys
from hdrkit.formats.metadata import read_photo
from hdrkit.formats.pixels import read_frames
from hdrkit.formats.radiance import write_radiance
import numpy as np
from hdrkit.types import RadianceMap
array, output, *files = sys.argv[1:]
read_frames([read_photo(file) for file in files])
stored = np.load(array)
write_radiance(RadianceMap(stored["pixels"], validity=stored["validity"]), output)
"""
STORE = """
import sys, numpy as np
from hdrkit import read_radiance
radiance = read_radiance(sys.argv[1])
np.savez(sys.argv[2], pixels=radiance.pixels, validity=radiance.validity)
"""


def arguments(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("--megapixels", type=float, default=24)
    parser.add_argument("--frames", type=int, default=5)
    parser.add_argument("--rounds", type=int, default=3)


def measure(options: argparse.Namespace) -> Result:
    moved, still = (bracket_files(options.frames, options.megapixels, hand_held) for hand_held in (True, False))
    curve = gamma_curve()

    def opencv(files: Sequence[Path], output: str, align: str) -> list[str | Path]:
        return [sys.executable, "-c", OPENCV, str(SCRATCH / output), align, *files]

    rows: list[list[object]] = []
    for what, suffix, files, align, learn in (
        ("aligned", "exr", moved, "align", False),
        ("aligned", "hdr", moved, "align", False),
        ("aligned, self-calibrated", "exr", moved, "align", True),
        ("tripod, not aligned", "exr", still, "none", False),
    ):
        ours = hdrkit_merge(
            files, f"a.{suffix}", "--align", "auto" if align == "align" else "none", *([] if learn else ["--response", curve])
        )
        found = median_of({"ours": ours, "theirs": opencv(files, f"b.{suffix}", align)}, options.rounds)
        ratio = found["theirs"] / found["ours"]
        rows.append([what, f".{suffix}", f"{found['ours']:.2f}", f"{found['theirs']:.2f}", f"{ratio:.2f}"])
    floor = _against_reading_and_writing(still, curve, options.rounds)
    small = _small_brackets(options.rounds)
    about = (
        f"{options.frames} JPEGs of {options.megapixels:g} megapixels, medians of {options.rounds} runs. Asked for: three "
        "times as fast as imread, AlignMTB, MergeDebevec and imwrite with alignment, and within 1.6 times of decoding the "
        "photographs and encoding the result alone without. Small brackets are hand-held and self-calibrated, with a preview; "
        "the OpenCV script reads, aligns (AlignMTB), calibrates (CalibrateDebevec), merges (MergeDebevec), maps tones (Reinhard) "
        "and writes .hdr and .jpg. A first run has no machine code in its cache. Asked for: 2.5 CPU seconds, 5 in a first run. "
        f"Processor: {processor()}."
    )
    header = ["merge", "to", "hdrkit (s)", "OpenCV script (s)", "ratio"]
    tables = [Table(header, rows), Table(["without alignment, to .exr", "s", "share"], floor), small]
    return Result("Whole process", about, tables, _figure(rows))


def _against_reading_and_writing(files: Sequence[Path], curve: Path, rounds: int) -> list[list[object]]:
    from benchmarks.processes import run

    merge = hdrkit_merge(files, "a.exr", "--align", "none", "--response", curve)
    run(merge)
    array = SCRATCH / "result.npz"
    run([sys.executable, "-c", STORE, SCRATCH / "a.exr", array])
    alone = [sys.executable, "-c", READ_AND_WRITE, array, SCRATCH / "c.exr", *files]
    found = median_of({"merge": merge, "alone": alone}, rounds)
    return [
        ["hdrkit merge", f"{found['merge']:.2f}", f"{found['merge'] / found['alone']:.2f}"],
        ["decoding and encoding alone", f"{found['alone']:.2f}", "1.00"],
    ]


def _small_brackets(rounds: int) -> Table:
    """CPU and wall seconds of three small photographs, from shell to files, beside the whole OpenCV script."""
    rows: list[list[object]] = []
    for megapixels in (1.6, 2.0):
        files = bracket_files(3, megapixels, True)
        ours = hdrkit_merge(files, "small.exr", "--preview")
        theirs = [sys.executable, "-c", WHOLE_OPENCV, SCRATCH / "small.hdr", SCRATCH / "small.jpg", *files]
        cpu_seconds(ours)
        found: dict[str, list[tuple[float, float]]] = {"hdrkit": [], "hdrkit, first run": [], "OpenCV script": []}
        for _ in range(rounds):
            with tempfile.TemporaryDirectory() as nothing:
                found["hdrkit, first run"].append(cpu_seconds(ours, NUMBA_CACHE_DIR=nothing))
            found["hdrkit"].append(cpu_seconds(ours))
            found["OpenCV script"].append(cpu_seconds(theirs))
        for name, seconds in found.items():
            cpu, wall = (statistics.median(values) for values in zip(*seconds, strict=True))
            rows.append([f"3 x {megapixels:g} MP", name, f"{cpu:.2f}", f"{wall:.2f}"])
    return Table(["small bracket", "by", "CPU (s)", "wall (s)"], rows)


def _figure(rows: list[list[object]]) -> Figure:
    figure = Figure(figsize=(8, 4))
    axes = figure.subplots()
    places = range(len(rows))
    axes.barh([place + 0.2 for place in places], [float(str(row[2])) for row in rows], 0.4, label="hdrkit")
    axes.barh([place - 0.2 for place in places], [float(str(row[3])) for row in rows], 0.4, label="OpenCV script")
    axes.set_yticks(list(places), [f"{row[0]}, {row[1]}" for row in rows])
    axes.set_xlabel("seconds")
    axes.invert_yaxis()
    axes.legend()
    return figure
