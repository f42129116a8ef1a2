"""How much of a moving object's ghosts is left, and what deghosting costs where nothing moves.

Scenes with known radiance, an object pasted at another place in every frame, photographed with noise. Errors are relative
RMS inside the motion, against the radiance of the frame whose content was kept; `possible` merges, at each pixel, all frames
that truly show that content. The simple peer beside hdrkit refuses single pixels whose brightness is not that of the reference.
Real brackets have no truth: what counts there is how much is refused where the photographer saw nothing move.
"""

from __future__ import annotations

import argparse
import sys
from collections.abc import Sequence
from dataclasses import dataclass
from itertools import product

import cv2
import matplotlib.pyplot as plt
import numpy as np

from benchmarks.harness import Result, Table, median_seconds
from benchmarks.real_brackets import real_brackets, stack_of
from benchmarks.truth import jpeg, metric_views
from hdrkit.alignment.chain import align
from hdrkit.alignment.options import AlignmentOptions
from hdrkit.errors import HdrkitError
from hdrkit.merging.ghosts import find_ghosts
from hdrkit.merging.options import MergeOptions
from hdrkit.merging.radiance import merge_frames
from hdrkit.pipeline.merge import plan_merge
from hdrkit.simulate import SimulatedCamera, handheld_transforms, moving_object, simulate_bracket, warp
from hdrkit.types import Frame, NoiseModel, ResponseCurve, Validity

BRACKETS = ((3, 2), (5, 2), (7, 1), (3, 3), (4, 4), (5, 1))  # frames, EV between them
BRIGHTNESS = (0.15, 0.4, 0.8, 1.3, 3.0)
SIZES = (0.1, 0.2, 0.35)
KINDS = ("tripod", "JPEG", "hand-held")
OPTIONS = MergeOptions(noise=NoiseModel())
DARKEST = 0.05  # of the scene's median: relative errors of what is darker count against this
NEAR_PX = 48  # around the true motion: beyond it nothing may change
BORDER_PX = 24  # of hand-held pictures, where not every frame has seen the scene


@dataclass(frozen=True)
class Case:
    """A bracket of one scene with an object on the move, the same without it, and the truth."""

    times: list[float]
    frames: Sequence[Frame]
    still: Sequence[Frame]
    scenes: list[np.ndarray]
    masks: np.ndarray
    curve: ResponseCurve


def arguments(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("--seeds", type=int, nargs="+", default=[5, 7, 23], help="of the rendered views and of the motion")
    parser.add_argument("--views", type=int, default=3, help="scenes a seed, of its 16")
    parser.add_argument("--real", type=int, default=24, help="real brackets, spread over all of them; 0 for none")
    parser.add_argument("--megapixels", type=float, default=24, help="of the five frames that are timed")


def case(seed: int, scene: int, number: int, kind: str) -> Case:
    """One of the scenes of a seed, with bracket and object as their `number` has it."""
    view = metric_views(seed)[scene]
    radiance = np.maximum(cv2.resize(view.radiance, None, fx=2, fy=2, interpolation=cv2.INTER_CUBIC), 1e-6)
    (count, step), brightness, size = (choices[number % len(choices)] for choices in (BRACKETS, BRIGHTNESS, SIZES))
    times = [view.times[2] * 2.0 ** (step * (k - (count - 1) / 2)) for k in range(count)]
    scenes, masks = moving_object(radiance, count, seed + number, size, brightness)
    camera = SimulatedCamera()
    height, width = radiance.shape[:2]
    motions = handheld_transforms(count, width, height, seed + number) if kind == "hand-held" else [np.eye(3)] * count

    def shot(contents: Sequence[np.ndarray]) -> Sequence[Frame]:
        frames = []
        for k, (content, motion) in enumerate(zip(contents, motions, strict=True)):
            seen = warp(content, motion) if kind == "hand-held" else content
            frame = simulate_bracket(seen, camera, [times[k]], 100 * seed + k)[0]
            frames.append(Frame(jpeg(frame.pixels, 92)) if kind == "JPEG" else frame)
        return align(frames, count // 2, AlignmentOptions())[0] if kind == "hand-held" else frames

    return Case(times, shot(scenes), shot([radiance] * count), scenes, masks, camera.response_curve())


def pixelwise(case: Case, reference: int) -> list[np.ndarray | None]:
    """Trust of a simple deghosting: pixels within a factor of 1.25 of the reference's brightness, where both are exposed well."""
    linear = [case.curve.linearize(frame.pixels)[..., 1] / t for frame, t in zip(case.frames, case.times, strict=True)]
    well = [(frame.pixels.min(axis=2) > 20) & (frame.pixels.max(axis=2) < 235) for frame in case.frames]
    trust = []
    for k in range(len(case.frames)):
        apart = np.abs(np.log(linear[k] / linear[reference])) > np.log(1.25)
        trust.append(None if k == reference else np.where(apart & well[k] & well[reference], 0, 255).astype(np.uint8))
    return trust


def measure_case(one: Case) -> dict[str, float]:
    """Errors inside the motion without deghosting, by pixels, by hdrkit and at best, and shares changed that should not be."""
    best = find_ghosts(one.frames, one.times, one.curve, OPTIONS).reference
    found = find_ghosts(one.frames, one.times, one.curve, OPTIONS, best)  # named: else each region may keep another frame
    kept, moved = found.reference, one.masks.any(axis=0)
    truth = one.scenes[kept]
    others = [(one.masks[k] | one.masks[kept]) & (k != kept) for k in range(len(one.times))]
    oracle = [np.where(other, 0, 255).astype(np.uint8) for other in others]
    merged = {
        name: merge_frames(one.frames, one.times, one.curve, OPTIONS, trust).radiance
        for name, trust in (("none", None), ("pixels", pixelwise(one, kept)), ("hdrkit", found.trust), ("possible", oracle))
    }
    inside = np.zeros_like(moved)
    inside[BORDER_PX:-BORDER_PX, BORDER_PX:-BORDER_PX] = True
    measured = (merged["possible"].validity & (Validity.SATURATED | Validity.BLACK)) == 0
    where = moved & measured & inside
    scale = float(np.median(truth[~moved & measured] / merged["possible"].pixels[~moved & measured]))
    result = {name: relative_rms(pixels.pixels * scale, truth, where) for name, pixels in merged.items()}
    near = cv2.dilate(moved.astype(np.uint8), np.ones((2 * NEAR_PX + 1, 2 * NEAR_PX + 1), np.uint8)) > 0
    changed = (merged["hdrkit"].pixels != merged["none"].pixels).any(axis=2)
    result["elsewhere"] = float((changed & ~near).mean())
    result["still"] = find_ghosts(one.still, one.times, one.curve, OPTIONS).share
    return result


def relative_rms(pixels: np.ndarray, truth: np.ndarray, where: np.ndarray) -> float:
    return float(np.sqrt(np.mean(((pixels - truth)[where] / np.maximum(truth[where], DARKEST * np.median(truth))) ** 2)))


def seconds(megapixels: float) -> tuple[float, float]:
    """Median seconds of detection and of the merge alone, five frames 2 EV apart in memory."""
    height, width = round((megapixels * 1e6 / 1.5) ** 0.5), round((megapixels * 1e6 * 1.5) ** 0.5)
    rng = np.random.default_rng(0)
    scene = cv2.resize(rng.random((40, 60, 3), np.float32), (width, height), interpolation=cv2.INTER_CUBIC)
    frames = [Frame(np.clip(scene * 140 * 4.0 ** (k - 2), 0, 255).astype(np.uint8)) for k in range(5)]
    times, curve = [4.0**k for k in range(5)], ResponseCurve.identity(256)
    return (
        median_seconds(lambda: find_ghosts(frames, times, curve, OPTIONS), 5),
        median_seconds(lambda: merge_frames(frames, times, curve, OPTIONS), 5),
    )


def real(count: int) -> Table:
    """How much deghosting refuses in real brackets that calibrate themselves, by what is written about their motion."""
    every = list(real_brackets().items())
    found: dict[str, list[tuple[float, float, str]]] = {}
    for name, rows in every[:: max(1, len(every) // max(count, 1))][:count]:
        stack, alignment = stack_of(name, rows)
        try:
            ghosts = plan_merge(stack, alignment=alignment).report.ghosts
        except HdrkitError as error:
            print(f"{name}: left out: {error}", file=sys.stderr)
            continue
        kind = "things moved" if rows[0].get("ghosts") == "1" else rows[0]["motion"].split(" (")[0]
        found.setdefault(kind, []).append((ghosts.share, ghosts.clipped, name))
    return Table(
        ["real brackets", "number", "refused, median", "refused, most", "of", "left clipped, most"],
        [
            [
                kind,
                len(some),
                f"{100 * float(np.median([share for share, _, _ in some])):.2f} %",
                f"{100 * max(some)[0]:.2f} %",
                max(some)[2],
                f"{100 * max(clipped for _, clipped, _ in some):.3f} %",
            ]
            for kind, some in sorted(found.items())
        ],
    )


def measure(options: argparse.Namespace) -> Result:
    rows, ratios = [], {}
    chosen = list(product(options.seeds, np.linspace(0, 15, options.views).astype(int)))
    for kind in KINDS:
        cases = [measure_case(case(seed, scene, number, kind)) for number, (seed, scene) in enumerate(chosen)]
        ratios[kind] = np.array([one["hdrkit"] / one["possible"] for one in cases])
        means = [np.exp(np.mean(np.log([one[name] for one in cases]))) for name in ("none", "pixels", "hdrkit", "possible")]
        rows.append(
            [
                kind,
                *(f"{mean:.4f}" for mean in means),
                f"{np.exp(np.mean(np.log(ratios[kind]))):.2f}",
                f"{ratios[kind].max():.2f}",
                f"{100 * max(one['elsewhere'] for one in cases):.3f} %",
                f"{100 * max(one['still'] for one in cases):.3f} %",
            ]
        )
    errors = Table(
        ["brackets", "none", "pixelwise", "hdrkit", "possible", "ratio", "worst ratio", "changed elsewhere", "refused, still"],
        rows,
    )
    sizes = [options.megapixels / 4, options.megapixels / 2, options.megapixels]
    timed = [seconds(size) for size in sizes]
    speed = Table(
        ["megapixels", "detection (s)", "merge (s)", "ratio"],
        [[f"{size:g}", f"{a:.2f}", f"{b:.2f}", f"{a / b:.1f}"] for size, (a, b) in zip(sizes, timed, strict=True)],
    )
    figure, (left, right) = plt.subplots(1, 2, figsize=(10, 4))
    for kind, values in ratios.items():
        left.plot(np.sort(values), np.linspace(0, 1, values.size), marker=".", label=kind)
    left.axvline(1.5, color="gray", linestyle=":")
    left.set(xlabel="error inside the motion / the possible one", ylabel="share of brackets", xscale="log")
    left.legend()
    right.plot(sizes, [a for a, _ in timed], marker="o", label="detection")
    right.plot(sizes, [b for _, b in timed], marker="o", label="merge")
    right.set(xlabel="megapixels of each of five frames", ylabel="seconds", ylim=(0, None))
    right.legend()
    about = (
        f"Relative RMS error inside the motion, geometric means over {len(chosen)} brackets a row (3 to 7 frames, 1 to 4 EV, "
        "objects from 0.15 to 3 times the scene's brightness, a tenth to a third of its height). Asked for: the ratio of hdrkit "
        f"to possible at most 1.5; nothing changed farther than {NEAR_PX} pixels from the motion; less than 0.1 % refused "
        "where nothing moves. OpenCV's MergeDebevec and MergeRobertson know no deghosting."
    )
    return Result("Ghosts", about, [errors, speed, *([real(options.real)] if options.real else [])], figure)
