"""How fast large hand-held brackets are aligned, and how well, OpenCV's AlignMTB in the same process.

The motion is one that AlignMTB's search reaches: up to 1 % of the width and half a degree. Errors as in `alignment`.
"""

from __future__ import annotations

import argparse
import math

import cv2
import numpy as np
from matplotlib.figure import Figure

from benchmarks.alignment import HandHeld, error, hdrkit, metered_exposure, opencv_mtb, photograph, planar_motion, read_panoramas
from benchmarks.harness import Result, Table, median_seconds
from hdrkit.types import Frame


def arguments(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--rounds", type=int, default=5, help="of each timing")


def measure(options: argparse.Namespace) -> Result:
    panoramas = read_panoramas()
    figure = Figure(figsize=(6, 4), layout="constrained")
    axes = figure.subplots()
    rows, points = [], []
    for megapixels, count in ((6, 5), (12, 5), (24, 3), (24, 5), (24, 9)):
        bracket = large(panoramas[options.seed % len(panoramas)], megapixels, count, np.random.default_rng(options.seed))
        pictures = [frame.pixels for frame in bracket.frames]
        aligned = [np.empty_like(picture) for picture in pictures]
        opencv = cv2.createAlignMTB()
        theirs = median_seconds(lambda: opencv.process(pictures, aligned), options.rounds)  # noqa: B023
        mine = median_seconds(lambda: hdrkit(bracket), options.rounds)  # noqa: B023
        errors = [f"{error(aligner(bracket), bracket):.2f}" for aligner in (opencv_mtb, hdrkit)]
        rows.append((megapixels, count, f"{theirs:.2f}", f"{mine:.2f}", f"{theirs / mine:.1f}", *errors))
        points.append((megapixels * count, theirs, mine))
    total, theirs_s, mine_s = np.array(sorted(points)).T
    axes.plot(total, theirs_s, "o-", color="tab:orange", label="OpenCV AlignMTB")
    axes.plot(total, mine_s, "o-", color="tab:purple", label="hdrkit")
    axes.set(xlim=(0, None), ylim=(0, None), xlabel="megapixels in all frames", ylabel="seconds", title="large frames")
    axes.legend(fontsize=7)
    return Result(
        "Alignment of large brackets",
        "Estimating the motion of all frames (they are resampled only while merging) beside `AlignMTB.process`, medians. "
        "Asked for: twice as fast at five frames of 24 megapixels, more accurate, and cost in proportion to pixels and frames.",
        [Table(("megapixels", "frames", "AlignMTB s", "hdrkit s", "ratio", "AlignMTB error px", "hdrkit error px"), rows)],
        figure,
    )


def large(panorama: np.ndarray, megapixels: float, count: int, rng: np.random.Generator) -> HandHeld:
    """Frames 2 EV apart (9 frames: 1 EV) of an enlarged panorama with as much texture at every scale down to a pixel."""
    width, height = size = round(1000 * math.sqrt(1.5 * megapixels)), round(1000 * math.sqrt(megapixels / 1.5))
    margin, reference = round(0.03 * width), count // 2
    around = width + 2 * margin, height + 2 * margin
    scene = cv2.resize(np.log(panorama[20:480, :680] + 1e-4), around, interpolation=cv2.INTER_CUBIC)
    cells = 8
    while cells < around[0]:
        noise = rng.standard_normal((math.ceil(cells * around[1] / around[0]), cells), np.float32)
        scene += 0.12 * cv2.resize(noise, around, interpolation=cv2.INTER_CUBIC)[..., None]
        cells *= 2
    scene = np.exp(scene)
    metered = metered_exposure(scene[::8, ::8])
    frames, matrices = [], []
    for i in range(count):
        matrix = np.eye(3) if i == reference else planar_motion(rng, size, shift=0.01, degrees=0.5)
        view = np.array([[1, 0, margin], [0, 1, margin], [0, 0, 1.0]]) @ np.linalg.inv(matrix)
        seen = cv2.warpPerspective(
            scene, view, size, flags=cv2.INTER_LINEAR | cv2.WARP_INVERSE_MAP, borderMode=cv2.BORDER_REFLECT
        )
        step = 1 if count > 5 else 2
        frames.append(Frame(photograph(seen * np.float32(metered * 2.0 ** (step * (i - reference))), 2.2, 15000, rng)))
        matrices.append(matrix)
    return HandHeld(frames, reference, matrices)
