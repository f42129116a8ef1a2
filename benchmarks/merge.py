"""How fast frames in memory are merged, OpenCV's MergeDebevec beside it in the same process."""

from __future__ import annotations

import argparse
from functools import partial

import cv2
import numpy as np
from matplotlib.figure import Figure

from benchmarks.harness import Result, Table, median_seconds
from hdrkit.merging.options import Estimator, MergeOptions
from hdrkit.merging.radiance import merge_frames
from hdrkit.types import Frame, NoiseModel, ResponseCurve


def bracket(count: int, megapixels: float) -> list[np.ndarray]:
    """Smooth, noisy frames 2 EV apart, as varied as photographs are."""
    height, width = round((megapixels * 1e6 / 1.5) ** 0.5), round((megapixels * 1e6 * 1.5) ** 0.5)
    rng = np.random.default_rng(0)
    scene = cv2.resize(rng.random((40, 60, 3), np.float32), (width, height), interpolation=cv2.INTER_CUBIC)
    scene += rng.normal(0, 0.01, scene.shape).astype(np.float32)
    middle = (count - 1) / 2
    return [np.clip(scene * 140 * 4 ** ((k - middle) / 2), 0, 255).astype(np.uint8) for k in range(count)]


def arguments(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("--megapixels", type=float, default=24)
    parser.add_argument("--frames", type=int, nargs="+", default=[3, 5, 9])
    parser.add_argument("--rounds", type=int, default=5)


def measure(options: argparse.Namespace) -> Result:
    curve = ResponseCurve.identity(256)
    rows: list[list[object]] = []
    figure = Figure(figsize=(6, 4))
    axes = figure.subplots()
    ratios: dict[Estimator, list[float]] = {Estimator.INVERSE_VARIANCE: [], Estimator.DEBEVEC: []}
    for count in options.frames:
        pictures = bracket(count, options.megapixels)
        times = [4.0 ** (k / 2) for k in range(count)]
        frames = [Frame(picture) for picture in pictures]
        opencv = cv2.createMergeDebevec()
        theirs = median_seconds(partial(opencv.process, pictures, np.array(times, np.float32)), options.rounds)
        for estimator, found in ratios.items():
            choice = MergeOptions(estimator=estimator, noise=NoiseModel())
            ours = median_seconds(partial(merge_frames, frames, times, curve, choice), options.rounds)
            found.append(theirs / ours)
            rows.append([count, estimator.value, f"{ours:.2f}", f"{theirs:.2f}", f"{found[-1]:.1f}"])
    for estimator, found in ratios.items():
        axes.plot(options.frames, found, "o-", label=estimator.value)
    axes.plot(options.frames, [15 if count == 5 else 12 for count in options.frames], "k_", markersize=20, label="asked for")
    axes.set_xlabel("frames")
    axes.set_ylabel("times as fast as MergeDebevec")
    axes.set_ylim(0)
    axes.legend()
    about = (
        f"Frames of {options.megapixels:g} megapixels in memory, medians of {options.rounds} calls. Asked for: 15 "
        "times as fast as OpenCV's MergeDebevec with 5 frames, 12 times with 3 and 9."
    )
    header = ["frames", "estimator", "hdrkit (s)", "MergeDebevec (s)", "ratio"]
    return Result("Merging frames in memory", about, [Table(header, rows)], figure)
