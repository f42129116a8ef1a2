"""What a merge costs against the number of pixels and of frames: the merge of frames in memory, and the whole process."""

from __future__ import annotations

import argparse
from functools import partial

import numpy as np
from matplotlib.figure import Figure

from benchmarks.harness import Result, Table, median_seconds
from benchmarks.merge import bracket
from benchmarks.photographs import bracket_files
from benchmarks.processes import gamma_curve, hdrkit_merge, median_of
from hdrkit.merging.options import MergeOptions
from hdrkit.merging.radiance import merge_frames
from hdrkit.types import Frame, NoiseModel, ResponseCurve


def arguments(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("--megapixels", type=float, nargs="+", default=[3, 6, 12, 24])
    parser.add_argument("--frames", type=int, nargs="+", default=[2, 3, 5, 9])
    parser.add_argument("--rounds", type=int, default=3)


def measure(options: argparse.Namespace) -> Result:
    fixed_frames, fixed_size = 5, 12.0
    by_pixels = [(size, *_costs(fixed_frames, size, options.rounds)) for size in options.megapixels]
    by_frames = [(count, *_costs(count, fixed_size, options.rounds)) for count in options.frames]
    figure = Figure(figsize=(10, 4))
    tables = []
    for axes, (name, points) in zip(
        figure.subplots(1, 2),
        ((f"megapixels, {fixed_frames} frames", by_pixels), (f"frames of {fixed_size:g} megapixels", by_frames)),
        strict=True,
    ):
        at, *costs = (np.array(column, float) for column in zip(*points, strict=True))
        rows: list[list[object]] = [[f"{x:g}", *(f"{cost:.2f}" for cost in values)] for x, *values in points]
        fits = ["straightness (R²)"]
        for label, cost in zip(("merge in memory", "whole process"), costs, strict=True):
            line = np.polyfit(at, cost, 1)
            fits.append(f"{1 - np.var(cost - np.polyval(line, at)) / np.var(cost):.4f}")
            (mark,) = axes.plot(at, cost, "o", label=label)
            axes.plot(at, np.polyval(line, at), "-", color=mark.get_color())
        axes.set_xlabel(name)
        axes.set_ylabel("seconds")
        axes.set_xlim(0)
        axes.set_ylim(0)
        axes.legend()
        tables.append(Table([name, "merge in memory (s)", "whole process (s)"], [*rows, fits]))
    about = "Medians, with the straight line of least squares. Asked for: cost that grows linearly with pixels and with frames."
    return Result("Growth of cost", about, tables, figure)


def _costs(count: int, megapixels: float, rounds: int) -> tuple[float, float]:
    frames = [Frame(picture) for picture in bracket(count, megapixels)]
    times = [4.0 ** (k / 2) for k in range(count)]
    merge = partial(merge_frames, frames, times, ResponseCurve.identity(256), MergeOptions(noise=NoiseModel()))
    files = bracket_files(count, megapixels, hand_held=True)
    process = median_of({"merge": hdrkit_merge(files, "a.exr", "--response", gamma_curve())}, rounds)
    return median_seconds(merge, rounds), process["merge"]
