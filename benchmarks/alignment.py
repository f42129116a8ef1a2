"""How well hand-held brackets are aligned: planted motion in scenes of known radiance, OpenCV beside it.

Three kinds of motion: `planar` shifts by up to 3 % of the width and turns by up to 1.5 degrees in the picture plane; `camera`
turns a perspective camera about all three axes, which also bends the picture; `tripod` does not move. An error is the mean
distance over the picture between where a pixel is said to be and where it is, averaged over the frames of a bracket.
"""

from __future__ import annotations

import argparse
import math
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass

import cv2
import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from benchmarks.harness import Result, Table
from benchmarks.truth import data_folder
from hdrkit.alignment.chain import align
from hdrkit.alignment.options import AlignmentOptions
from hdrkit.types import Frame

SMALL = 720, 480
MOTIONS = {
    "planar": "shifted by up to 3 %, turned by up to 1.5°",
    "camera": "turned about three axes",
    "tripod": "not moved",
}


@dataclass(frozen=True)
class HandHeld:
    """A bracket and its truth: matrices map reference pixels to frame pixels."""

    frames: list[Frame]
    reference: int
    matrices: list[np.ndarray]


Aligner = Callable[[HandHeld], list[np.ndarray]]


def arguments(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("--brackets", type=int, default=200, help="of each kind of motion")
    parser.add_argument("--seed", type=int, default=1)


def measure(options: argparse.Namespace) -> Result:
    panoramas = read_panoramas()
    figure = Figure(figsize=(6, 4), layout="constrained")
    accuracy = _accuracy(panoramas, options, figure.subplots())
    about = (
        f"Mean displacement error in pixels; {options.brackets} brackets a row, {SMALL[0]} x {SMALL[1]}, 3 to 5 frames 1 to 4 EV "
        "apart, shot and read noise, JPEG, something that moves. Asked for: median 0.2, 95 % 0.5, none made worse."
    )
    return Result("Alignment of hand-held brackets", about, [accuracy], figure)


def read_panoramas() -> list[np.ndarray]:
    paths = sorted((data_folder() / "panoramas").glob("*.hdr"))
    return [cv2.imread(str(path), cv2.IMREAD_UNCHANGED)[..., ::-1] for path in paths]


def _accuracy(panoramas: Sequence[np.ndarray], options: argparse.Namespace, axes: Axes) -> Table:
    aligners: dict[str, Aligner] = {
        "unaligned": lambda bracket: [np.eye(3)] * len(bracket.frames),
        "OpenCV AlignMTB": opencv_mtb,
        "OpenCV findTransformECC from AlignMTB": lambda bracket: opencv_ecc(bracket, opencv_mtb(bracket)),
        "hdrkit": hdrkit,
    }
    rows = []
    for motion, told in MOTIONS.items():
        found: dict[str, list[float]] = {name: [] for name in aligners}
        seconds = dict.fromkeys(aligners, 0.0)
        for i in range(options.brackets):
            rng = np.random.default_rng([options.seed, i, len(motion)])
            bracket = hand_held(panoramas[i % len(panoramas)], motion, rng)
            for name, aligner in aligners.items():
                start = time.perf_counter()
                matrices = aligner(bracket)
                seconds[name] += time.perf_counter() - start
                found[name].append(error(matrices, bracket))
        still = np.array(found["unaligned"])
        for name, values in found.items():
            median, high, worst = (f"{value:.2f}" for value in np.percentile(values, [50, 95, 100]))
            worse = int((np.array(values) > still + 1e-6).sum())
            rows.append((told, name, median, high, worst, worse, f"{seconds[name] / options.brackets:.2f}"))
            if motion == "planar":
                axes.plot(np.sort(values), np.arange(1, len(values) + 1) / len(values), label=name)
    axes.set(
        xscale="log", xlim=(0.01, 100), xlabel="displacement error (px)", ylabel="share of brackets", title=MOTIONS["planar"]
    )
    axes.axvline(0.2, color="0.8", zorder=0)
    axes.legend(fontsize=7)
    return Table(("motion", "method", "median px", "95 %", "worst", "made worse", "s a bracket"), rows)


def hdrkit(bracket: HandHeld) -> list[np.ndarray]:
    _, report = align(bracket.frames, bracket.reference, AlignmentOptions())
    return [np.array(frame.matrix) for frame in report.frames]


def opencv_mtb(bracket: HandHeld) -> list[np.ndarray]:
    """AlignMTB of each frame against the reference, as OpenCV's own process() does."""
    aligner = cv2.createAlignMTB()
    gray = [cv2.cvtColor(frame.pixels, cv2.COLOR_RGB2GRAY) for frame in bracket.frames]
    found = []
    for image in gray:
        x, y = aligner.calculateShift(gray[bracket.reference], image)
        found.append(np.array([[1, 0, -x], [0, 1, -y], [0, 0, 1.0]]))
    return found


def opencv_ecc(bracket: HandHeld, starts: Sequence[np.ndarray]) -> list[np.ndarray]:
    """A shift and a turn by findTransformECC, from a start; the start where it gives up."""
    gray = [cv2.cvtColor(frame.pixels, cv2.COLOR_RGB2GRAY) for frame in bracket.frames]
    criteria = (cv2.TERM_CRITERIA_EPS | cv2.TERM_CRITERIA_COUNT, 100, 1e-5)
    found = []
    for image, start in zip(gray, starts, strict=True):
        try:
            shift = np.ascontiguousarray(start[:2], np.float32)
            _, motion = cv2.findTransformECC(gray[bracket.reference], image, shift, cv2.MOTION_EUCLIDEAN, criteria)
            found.append(np.vstack([motion, [0, 0, 1]]).astype(float))
        except cv2.error:
            found.append(start)
    return found


def error(matrices: Sequence[np.ndarray], bracket: HandHeld) -> float:
    """Mean over the frames but the reference, and over a grid of pixels."""
    height, width = bracket.frames[0].pixels.shape[:2]
    x, y = np.meshgrid(np.linspace(0, width - 1, 9), np.linspace(0, height - 1, 7))
    points = np.stack([x.ravel(), y.ravel()], 1)[:, None]
    distances = [
        np.linalg.norm(cv2.perspectiveTransform(points, found) - cv2.perspectiveTransform(points, truth), axis=2).mean()
        for i, (found, truth) in enumerate(zip(matrices, bracket.matrices, strict=True))
        if i != bracket.reference
    ]
    return float(np.mean(distances))


def planar_motion(rng: np.random.Generator, size: tuple[int, int], shift: float = 0.03, degrees: float = 1.5) -> np.ndarray:
    angle = math.radians(rng.uniform(-degrees, degrees))
    by = rng.uniform(-shift, shift, 2) * size[0]
    centre = (np.array(size) - 1) / 2
    turn = np.array([[math.cos(angle), -math.sin(angle)], [math.sin(angle), math.cos(angle)]])
    matrix = np.eye(3)
    matrix[:2, :2], matrix[:2, 2] = turn, centre - turn @ centre + by
    return matrix


def camera_motion(rng: np.random.Generator, size: tuple[int, int]) -> np.ndarray:
    focal = 0.5 * size[0] / math.tan(math.radians(rng.uniform(50, 85)) / 2)
    lens = np.array([[focal, 0, (size[0] - 1) / 2], [0, focal, (size[1] - 1) / 2], [0, 0, 1]])
    yaw_pitch = np.arctan(rng.uniform(-0.03, 0.03, 2) * size[0] / focal)
    turn, _ = cv2.Rodrigues(np.array([yaw_pitch[1], yaw_pitch[0], math.radians(rng.uniform(-1.5, 1.5))]))
    matrix = lens @ turn @ np.linalg.inv(lens)
    return matrix / matrix[2, 2]


def hand_held(panorama: np.ndarray, motion: str, rng: np.random.Generator) -> HandHeld:
    """Three to five frames 1 to 4 EV apart, with shot and read noise, JPEG compression and something that moves."""
    width, height = SMALL
    turned = np.roll(panorama, int(rng.integers(panorama.shape[1])), axis=1)
    place = np.array([[0.9, 0, rng.uniform(60, 310)], [0, 0.9, rng.uniform(30, 50)], [0, 0, 1.0]])
    step, count = rng.uniform(1, 4), int(rng.integers(3, 6))
    if step * (count - 1) > 12:
        count = 3
    reference = count // 2
    gamma, full_well_e = rng.uniform(1.8, 2.4), rng.uniform(8000, 40000)
    fine = cv2.GaussianBlur(cv2.resize(turned, None, fx=2, fy=2, interpolation=cv2.INTER_LINEAR), (0, 0), 0.8)
    double = np.array([[2, 0, 0.5], [0, 2, 0.5], [0, 0, 1.0]])
    metered = metered_exposure(turned)
    walker = rng.uniform(0.02, 1.0, (40, 25, 3)).astype(np.float32) / metered
    frames, matrices = [], []
    for i in range(count):
        still = i == reference or motion == "tripod"
        matrix = np.eye(3) if still else {"planar": planar_motion, "camera": camera_motion}[motion](rng, SMALL)
        view = double @ place @ np.linalg.inv(matrix)
        flags = cv2.INTER_LINEAR | cv2.WARP_INVERSE_MAP
        scene = cv2.warpPerspective(fine, view, SMALL, flags=flags, borderMode=cv2.BORDER_REFLECT)
        top, left = int(rng.integers(height - 120)), int(rng.integers(width - 75))
        scene[top : top + 120, left : left + 75] = cv2.resize(walker, (75, 120), interpolation=cv2.INTER_LINEAR)
        exposure = metered * 2.0 ** (step * (i - reference))
        frames.append(Frame(photograph(scene * exposure, gamma, full_well_e, rng)))
        matrices.append(matrix)
    return HandHeld(frames, reference, matrices)


def metered_exposure(light: np.ndarray) -> float:
    luminance = light @ np.array([0.21, 0.72, 0.07], np.float32)
    return 0.15 / float(np.exp(np.log(luminance + 1e-5).mean()))


def photograph(light: np.ndarray, gamma: float, full_well_e: float, rng: np.random.Generator) -> np.ndarray:
    light = np.minimum(light, 4)
    spread = np.sqrt(light / full_well_e + (6 / full_well_e) ** 2)
    noisy = light + spread * rng.standard_normal(light.shape, np.float32)
    codes = np.clip(noisy, 0, 1) ** np.float32(1 / gamma) * 255
    jpeg = cv2.imencode(".jpg", np.rint(codes).astype(np.uint8), [cv2.IMWRITE_JPEG_QUALITY, int(rng.integers(86, 97))])[1]
    return np.ascontiguousarray(cv2.imdecode(jpeg, cv2.IMREAD_COLOR)[..., :3])
