"""The most memory that `hdrkit merge` holds, against the frames as stored, one float32 result and 300 MB."""

from __future__ import annotations

import argparse

import cv2
from matplotlib.figure import Figure

from benchmarks.harness import Result, Table
from benchmarks.photographs import bracket_files
from benchmarks.processes import gamma_curve, hdrkit_merge, run

SPARE_BYTES = 300e6


def arguments(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("--megapixels", type=float, default=24)
    parser.add_argument("--frames", type=int, nargs="+", default=[3, 5, 9])


def measure(options: argparse.Namespace) -> Result:
    curve = gamma_curve()
    ways = {
        "as they lie": ["--align", "none", "--response", curve],
        "aligned": ["--response", curve],
        "aligned, self-calibrated": [],
    }
    rows: list[list[object]] = []
    peaks: dict[str, list[float]] = {way: [] for way in ways}
    allowed = []
    for count in options.frames:
        files = bracket_files(count, options.megapixels, hand_held=True)
        height, width = cv2.imread(str(files[0])).shape[:2]
        allowed.append(count * height * width * 3 + height * width * 12 + SPARE_BYTES)
        for way, more in ways.items():
            run(hdrkit_merge(files, "a.exr", *more))  # compiles, where that is still to be done
            peaks[way].append(run(hdrkit_merge(files, "a.exr", *more))[1])
            rows.append([count, way, f"{peaks[way][-1] / 1e6:.0f}", f"{allowed[-1] / 1e6:.0f}"])
    figure = Figure(figsize=(7, 4))
    axes = figure.subplots()
    axes.plot(options.frames, [bytes_ / 1e6 for bytes_ in allowed], "k--", label="frames + result + 300 MB")
    for way, values in peaks.items():
        axes.plot(options.frames, [value / 1e6 for value in values], "o-", label=way)
    axes.set_xlabel(f"frames of {options.megapixels:g} megapixels")
    axes.set_ylabel("peak memory (MB)")
    axes.set_ylim(0)
    axes.legend()
    about = (
        f"Peak resident memory of whole processes, brackets of {options.megapixels:g} megapixels, to .exr. Asked for: the "
        "frames as stored, one float32 result and 300 MB, whatever the number of frames."
    )
    return Result("Memory", about, [Table(["frames", "merge", "peak (MB)", "asked for (MB)"], rows)], figure)
