"""How well hand-held brackets are aligned: planted motion in scenes of known radiance, OpenCV's AlignMTB beside it.

    python -m benchmarks.alignment [--brackets 200] [--seed 1] [--methods auto mtb ecc features]

Scenes are the HDR panoramas in $HDRKIT_DATA/panoramas (default ../shared/data/panoramas). Three kinds of motion:
`planar` shifts by up to 3 % of the width and turns by up to 1.5 degrees in the picture plane; `camera` turns a
perspective camera about all three axes, which also bends the picture; `tripod` does not move. Errors are the mean distance
over the picture between where a pixel is said to be and where it is, in pixels, averaged over the frames of a bracket.
"""

from __future__ import annotations

import argparse
import math
import os
import time
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import cv2
import numpy as np

from hdrkit.alignment.chain import align
from hdrkit.alignment.options import AlignmentOptions
from hdrkit.types import Frame

WIDTH, HEIGHT = 720, 480


@dataclass(frozen=True)
class HandHeld:
    """A bracket and its truth: matrices map reference pixels to frame pixels."""

    frames: list[Frame]
    reference: int
    matrices: list[np.ndarray]


def panoramas() -> list[np.ndarray]:
    folder = Path(os.environ.get("HDRKIT_DATA", "../shared/data")) / "panoramas"
    paths = sorted(folder.glob("*.hdr"))
    if not paths:
        raise SystemExit(f"{folder}: no panoramas; set HDRKIT_DATA")
    return [np.ascontiguousarray(cv2.imread(str(path), cv2.IMREAD_UNCHANGED)[..., 2::-1]) for path in paths]


def planar_motion(rng: np.random.Generator) -> np.ndarray:
    angle = math.radians(rng.uniform(-1.5, 1.5))
    shift = rng.uniform(-0.03, 0.03, 2) * WIDTH
    centre = np.array([(WIDTH - 1) / 2, (HEIGHT - 1) / 2])
    turn = np.array([[math.cos(angle), -math.sin(angle)], [math.sin(angle), math.cos(angle)]])
    matrix = np.eye(3)
    matrix[:2, :2], matrix[:2, 2] = turn, centre - turn @ centre + shift
    return matrix


def camera_motion(rng: np.random.Generator) -> np.ndarray:
    focal = 0.5 * WIDTH / math.tan(math.radians(rng.uniform(50, 85)) / 2)
    lens = np.array([[focal, 0, (WIDTH - 1) / 2], [0, focal, (HEIGHT - 1) / 2], [0, 0, 1]])
    yaw_pitch = np.arctan(rng.uniform(-0.03, 0.03, 2) * WIDTH / focal)
    turn, _ = cv2.Rodrigues(np.array([yaw_pitch[1], yaw_pitch[0], math.radians(rng.uniform(-1.5, 1.5))]))
    matrix = lens @ turn @ np.linalg.inv(lens)
    return matrix / matrix[2, 2]


def photograph(light: np.ndarray, gamma: float, full_well_e: float, rng: np.random.Generator) -> np.ndarray:
    electrons = rng.poisson(np.minimum(light, 4) * full_well_e) + rng.normal(0, 6, light.shape)
    codes = np.clip(electrons / full_well_e, 0, 1) ** (1 / gamma) * 255
    jpeg = cv2.imencode(".jpg", np.rint(codes).astype(np.uint8), [cv2.IMWRITE_JPEG_QUALITY, int(rng.integers(86, 97))])[1]
    return np.ascontiguousarray(cv2.imdecode(jpeg, cv2.IMREAD_COLOR)[..., :3])


def hand_held(panorama: np.ndarray, motion: str, rng: np.random.Generator) -> HandHeld:
    """Three to five frames 1 to 4 EV apart, with shot and read noise, JPEG compression and something that moves."""
    turned = np.roll(panorama, int(rng.integers(panorama.shape[1])), axis=1)
    place = np.array([[0.9, 0, rng.uniform(60, 310)], [0, 0.9, rng.uniform(30, 50)], [0, 0, 1.0]])
    step, count = rng.uniform(1, 4), int(rng.integers(3, 6))
    if step * (count - 1) > 12:
        count = 3
    reference = count // 2
    gamma, full_well_e = rng.uniform(1.8, 2.4), rng.uniform(8000, 40000)
    fine = cv2.GaussianBlur(cv2.resize(turned, None, fx=2, fy=2, interpolation=cv2.INTER_LINEAR), (0, 0), 0.8)
    double = np.array([[2, 0, 0.5], [0, 2, 0.5], [0, 0, 1.0]])
    luminance = turned @ np.array([0.21, 0.72, 0.07], np.float32)
    metered = 0.15 / float(np.exp(np.log(luminance + 1e-5).mean()))
    walker = rng.uniform(0.02, 1.0, (40, 25, 3)).astype(np.float32) / metered
    frames, matrices = [], []
    for i in range(count):
        still = i == reference or motion == "tripod"
        matrix = np.eye(3) if still else {"planar": planar_motion, "camera": camera_motion}[motion](rng)
        view = double @ place @ np.linalg.inv(matrix)
        flags = cv2.INTER_LINEAR | cv2.WARP_INVERSE_MAP
        scene = cv2.warpPerspective(fine, view, (WIDTH, HEIGHT), flags=flags, borderMode=cv2.BORDER_REFLECT)
        top, left = int(rng.integers(HEIGHT - 120)), int(rng.integers(WIDTH - 75))
        scene[top : top + 120, left : left + 75] = cv2.resize(walker, (75, 120), interpolation=cv2.INTER_LINEAR)
        exposure = metered * 2.0 ** (step * (i - reference))
        frames.append(Frame(photograph(scene * exposure, gamma, full_well_e, rng)))
        matrices.append(matrix)
    return HandHeld(frames, reference, matrices)


def grid() -> np.ndarray:
    x, y = np.meshgrid(np.linspace(0, WIDTH - 1, 9), np.linspace(0, HEIGHT - 1, 7))
    return np.stack([x.ravel(), y.ravel()], 1)


def distance(a: np.ndarray, b: np.ndarray) -> float:
    points = grid().reshape(-1, 1, 2)
    return float(np.linalg.norm(cv2.perspectiveTransform(points, a) - cv2.perspectiveTransform(points, b), axis=2).mean())


def opencv_mtb(bracket: HandHeld) -> list[np.ndarray]:
    """AlignMTB of each frame against the reference, as OpenCV's own process() does."""
    aligner = cv2.createAlignMTB(6, 4, False)
    gray = [cv2.cvtColor(frame.pixels, cv2.COLOR_RGB2GRAY) for frame in bracket.frames]
    found = []
    for image in gray:
        x, y = aligner.calculateShift(gray[bracket.reference], image)
        found.append(np.array([[1, 0, -x], [0, 1, -y], [0, 0, 1.0]]))
    return found


def hdrkit(method: str) -> Callable[[HandHeld], list[np.ndarray]]:
    def run(bracket: HandHeld) -> list[np.ndarray]:
        _, report = align(bracket.frames, bracket.reference, AlignmentOptions(method=method))  # type: ignore[arg-type]
        return [np.array(frame.matrix) for frame in report.frames]

    return run


def errors(matrices: list[np.ndarray], bracket: HandHeld) -> list[float]:
    moved = [i for i in range(len(matrices)) if i != bracket.reference]
    return [distance(matrices[i], bracket.matrices[i]) for i in moved]


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--brackets", type=int, default=200)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--motions", nargs="+", default=["planar", "camera", "tripod"])
    parser.add_argument("--methods", nargs="+", default=["auto", "mtb", "ecc", "features"])
    args = parser.parse_args()
    scenes = panoramas()
    aligners = {"unaligned": lambda bracket: [np.eye(3)] * len(bracket.frames), "OpenCV AlignMTB": opencv_mtb}
    aligners |= {f"hdrkit {method}": hdrkit(method) for method in args.methods}
    print("| motion | method | median px | 95th percentile px | worst px | brackets worse than unaligned | s per bracket |")
    print("| --- | --- | --- | --- | --- | --- | --- |")
    for motion in args.motions:
        found: dict[str, list[float]] = {name: [] for name in aligners}
        seconds = dict.fromkeys(aligners, 0.0)
        for i in range(args.brackets):
            rng = np.random.default_rng([args.seed, i, len(motion)])
            bracket = hand_held(scenes[i % len(scenes)], motion, rng)
            for name, aligner in aligners.items():
                start = time.perf_counter()
                matrices = aligner(bracket)
                seconds[name] += time.perf_counter() - start
                found[name].append(float(np.mean(errors(matrices, bracket))))
        still = np.array(found["unaligned"])
        for name, values in found.items():
            median, high, worst = np.percentile(values, [50, 95, 100])
            worse = int((np.array(values) > still + 1e-6).sum())
            cost = seconds[name] / args.brackets
            print(f"| {motion} | {name} | {median:.2f} | {high:.2f} | {worst:.2f} | {worse} of {args.brackets} | {cost:.2f} |")


if __name__ == "__main__":
    main()
