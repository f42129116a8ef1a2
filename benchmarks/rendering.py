"""How good pictures for the display are beside those of OpenCV, on real and on rendered brackets, and how fast they are made.

Each bracket is merged with its stated exposures and a curve learned from itself, and shown by hdrkit and by OpenCV's operators.
The same frames, aligned by hdrkit, are fused by both. Merged brackets are kept in the folder for temporary files.
"""

from __future__ import annotations

import argparse
import os
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import cv2
import numpy as np
from matplotlib.figure import Figure

from benchmarks.harness import Result, Table
from benchmarks.picture_quality import hue_turn_deg, tmqi
from benchmarks.real_brackets import real_brackets, stack_of
from benchmarks.truth import metric_views
from hdrkit.errors import HdrkitError
from hdrkit.formats.radiance import read_radiance, write_radiance
from hdrkit.imaging.depth import eight_bit, three_channels
from hdrkit.imaging.warping import placed
from hdrkit.merging.fusion import fuse_frames
from hdrkit.pipeline.merge import merge
from hdrkit.pipeline.merging.frames import aligned, by_brightness
from hdrkit.tonemapping.options import RenderOptions
from hdrkit.tonemapping.render import render
from hdrkit.types import Frame, RadianceMap

OURS, FUSED, GLOBAL = "hdrkit local", "hdrkit mertens", "hdrkit reinhard"
THEIRS = ("OpenCV Mertens", "OpenCV Reinhard", "OpenCV Drago", "OpenCV Mantiuk")
METHODS = (OURS, FUSED, *THEIRS, GLOBAL)
_LONGEST = 768  # pixels of the pictures that are judged
_GAMMA = 2.2

Scores = dict[str, tuple[float, float, float, float]]


def arguments(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("--seeds", type=int, nargs="+", default=[3, 11], help="of the rendered views")
    parser.add_argument("--brackets", type=int, help="most real brackets, for a quick look")
    parser.add_argument("--megapixels", type=float, default=24, help="of the picture whose rendering is timed")
    parser.add_argument("--rounds", type=int, default=5)


def measure(options: argparse.Namespace) -> Result:
    scores = {name: _scores(*case) for name, case in _cases(options)}
    worst = np.percentile([score[0] for found in scores.values() for score in found.values()], 10)
    rows = [_row(method, scores, float(worst)) for method in METHODS]
    header = ["", "TMQI", "lowest tenth", "structure", "naturalness", "turn of hue", "in the worst tenth", "below OpenCV Mertens"]
    about = (
        f"{len(scores)} scenes: real brackets with known exposures and rendered views, at most {_LONGEST} pixels wide or high. "
        "Medians of TMQI (Yeganeh & Wang 2013; 1 is best), of its two parts, and of the turn of hue from radiance to picture "
        "(degrees in Oklab, in the brightest fifth of what is colourful). The worst tenth of all pictures has a TMQI below "
        f"{worst:.3f}. Drago and Mantiuk keep the ratios of the channels, so that hues do not turn and lights look salmon; the "
        "local operator lets them turn less than half as far as film does. Asked for: never worse than OpenCV's on the median, "
        "no single picture in the worst tenth; a rendering takes at most twice the time of the global operator."
    )
    return Result("Pictures for the display", about, [Table(header, rows), _speed(options)], _plot(scores))


def _cases(options: argparse.Namespace) -> Iterator[tuple[str, tuple[RadianceMap, list[np.ndarray], np.ndarray]]]:
    """Radiance, 8-bit frames and hdrkit's own fusion of each scene, at the size that is judged."""
    for name, rows in list(real_brackets().items())[: options.brackets]:
        try:
            yield name, _merged(name, rows)
        except HdrkitError as error:
            print(f"{name}: left out: {error}", file=sys.stderr)
    for seed in options.seeds:
        for view in metric_views(seed):
            frames = [Frame(frame) for frame in view.frames]
            yield f"{view.name} (rendered {seed})", (RadianceMap(view.radiance), view.frames, fuse_frames(frames, deghost=True))


def _merged(name: str, rows: list[dict[str, str]]) -> tuple[RadianceMap, list[np.ndarray], np.ndarray]:
    folder = Path(tempfile.gettempdir()) / "hdrkit-rendering"
    kept, frames_kept = folder / f"{name}.exr", folder / f"{name}.npz"
    if not frames_kept.is_file():
        folder.mkdir(exist_ok=True)
        stack, alignment = stack_of(name, rows)
        radiance = merge(stack, alignment=alignment).radiance
        ordered = aligned(by_brightness(stack), alignment)[0]
        fused = fuse_frames(ordered.frames, deghost=True)
        pictures = [_reduced(three_channels(eight_bit(placed(frame).pixels, frame.white))) for frame in ordered.frames]
        write_radiance(RadianceMap(_reduced(radiance.pixels), validity=_thinned(radiance)), kept)
        np.savez(frames_kept, frames=np.stack(pictures), fused=_reduced(fused))
    with np.load(frames_kept) as found:
        return read_radiance(kept), list(found["frames"]), found["fused"]


def _size(shape: tuple[int, ...]) -> tuple[int, int]:
    scale = min(1.0, _LONGEST / max(shape[:2]))
    return round(shape[1] * scale), round(shape[0] * scale)


def _reduced(picture: np.ndarray) -> np.ndarray:
    return np.ascontiguousarray(cv2.resize(picture, _size(picture.shape), interpolation=cv2.INTER_AREA))


def _thinned(radiance: RadianceMap) -> np.ndarray | None:
    if radiance.validity is None:
        return None
    return np.ascontiguousarray(cv2.resize(radiance.validity, _size(radiance.validity.shape), interpolation=cv2.INTER_NEAREST))


def _scores(radiance: RadianceMap, frames: list[np.ndarray], fused: np.ndarray) -> Scores:
    pixels = radiance.pixels
    scaled = pixels / np.percentile(pixels, 99.9)
    pictures: dict[str, Callable[[], np.ndarray]] = {
        OURS: lambda: render(radiance),
        FUSED: lambda: fused,
        "OpenCV Mertens": lambda: cv2.createMergeMertens().process(frames),
        "OpenCV Reinhard": lambda: cv2.createTonemapReinhard(_GAMMA, 0, 0, 0).process(scaled),
        "OpenCV Drago": lambda: cv2.createTonemapDrago(_GAMMA).process(scaled),
        "OpenCV Mantiuk": lambda: cv2.createTonemapMantiuk(_GAMMA).process(scaled),
        GLOBAL: lambda: render(radiance, RenderOptions("reinhard")),
    }
    return {method: _judged(pixels, np.clip(np.nan_to_num(picture()), 0, 1)) for method, picture in pictures.items()}


def _judged(radiance: np.ndarray, picture: np.ndarray) -> tuple[float, float, float, float]:
    return (*tmqi(radiance, picture), hue_turn_deg(radiance, picture))


def _row(method: str, scores: dict[str, Scores], worst: float) -> list[object]:
    found = np.array([score[method] for score in scores.values()])
    fusion = np.array([score["OpenCV Mertens"][0] for score in scores.values()])
    quality, structure, natural = (f"{value:.3f}" for value in np.median(found[:, :3], axis=0))
    lowest, turn = f"{np.percentile(found[:, 0], 10):.3f}", f"{np.nanmedian(found[:, 3]):.1f}"
    return [method, quality, lowest, structure, natural, turn, (found[:, 0] < worst).sum(), (found[:, 0] < fusion).sum()]


def _speed(options: argparse.Namespace) -> Table:
    """Wall and CPU seconds of a large picture in memory, the operators in turn."""
    height, width = round((options.megapixels * 1e6 / 1.5) ** 0.5), round((options.megapixels * 1e6 * 1.5) ** 0.5)
    rng = np.random.default_rng(0)
    small = np.exp(rng.normal(0, 2, (30, 45, 3))).astype(np.float32)
    radiance = RadianceMap(np.maximum(cv2.resize(small, (width, height), interpolation=cv2.INTER_LINEAR), 1e-4))
    seconds: dict[str, list[tuple[float, float]]] = {"reinhard": [], "local": []}
    for turn in range(options.rounds + 1):
        for operator, taken in seconds.items():
            wall, cpu = time.perf_counter(), time.process_time()
            render(radiance, RenderOptions(operator))
            if turn:
                taken.append((time.perf_counter() - wall, time.process_time() - cpu))
    medians = {operator: np.median(taken, axis=0) for operator, taken in seconds.items()}
    rows = [[operator, *(f"{value:.2f}" for value in medians[operator])] for operator in medians]
    rows.append(["ratio", *(f"{value:.2f}" for value in medians["local"] / medians["reinhard"])])
    return Table([f"{options.megapixels:g} megapixels, {os.cpu_count()} cores", "wall (s)", "CPU (s)"], rows)


def _plot(scores: dict[str, Scores]) -> Figure:
    figure = Figure(figsize=(7, 4))
    axes = figure.subplots()
    for method in METHODS:
        axes.plot(np.sort([score[method][0] for score in scores.values()]), np.linspace(0, 1, len(scores)), label=method)
    axes.set(xlabel="TMQI", ylabel="share of scenes below", xlim=(0.5, 1))
    axes.legend(fontsize=8)
    return figure
