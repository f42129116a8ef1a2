"""Blurred photographs at other exposures, with noise, out of JPEG: does sharpness rank them by the blur that was planted?"""

from __future__ import annotations

import argparse
from collections import defaultdict
from collections.abc import Iterator
from dataclasses import dataclass

import cv2
import numpy as np
from matplotlib.figure import Figure
from scipy.stats import spearmanr

from benchmarks.harness import Result, Table
from benchmarks.truth import data_folder
from hdrkit.ranking import compare_sharpness, sharpness
from hdrkit.simulate import SimulatedCamera, handheld_transforms, metered_times, room

WIDTH, HEIGHT = 960, 640
STEPS, SHOTS = 9, 3  # blurs of a series, and photographs at each
EVS = (-2.0, -1.0, 0.0, 1.0, 2.0)
SPANS = {"burst": 1.09, "culling": 1.5}  # ratio of one blur to the next: what a steady hand leaves, and what ruins a picture
FIRST_PX = {"gaussian": 0.6, "defocus": 1.2, "motion": 1.4}  # standard deviation, radius, half length
CAMERAS = {"ISO 100": (20_000.0, "scurve", 95), "ISO 800": (2_500.0, "srgb", 90), "ISO 3200": (800.0, "scurve", 85)}
ASKED = 0.98


@dataclass(frozen=True)
class Series:
    span: str
    kind: str
    camera: str
    held: str
    blurs: list[float]
    evs: list[float]
    pictures: list[np.ndarray]


def arguments(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("--seed", type=int, default=7)
    parser.add_argument("--panoramas", type=int, nargs="+", default=[0, 5, 7, 11], help="which of them, by number")
    parser.add_argument("--room", type=int, default=1, help="which of the simulated rooms")


def measure(options: argparse.Namespace) -> Result:
    scenes = [room(options.room, WIDTH, HEIGHT)[..., 1:2], *(_panorama(k, options.seed) for k in options.panoramas)]
    measures = ("hdrkit", "hdrkit, each by itself", "variance of the Laplacian")
    found: dict[str, dict[str, list[float]]] = defaultdict(lambda: {name: [] for name in measures})
    shown: tuple[Series, dict[str, np.ndarray]] | None = None
    for number, scene in enumerate(scenes):
        for series in _series(scene, options.seed + number):
            values = {
                measures[0]: compare_sharpness(series.pictures),
                measures[1]: np.array([sharpness(picture) for picture in series.pictures]),
                measures[2]: np.array([sharpness(picture, "laplacian") for picture in series.pictures]),
            }
            kind = f"{series.span}, {series.held}"
            for row in (kind, f"{kind}, {series.camera}", f"{kind}, {series.kind} blur"):
                for name, value in values.items():
                    agreement = -spearmanr(series.blurs, np.nan_to_num(value, nan=-1.0)).statistic
                    found[row][name].append(float(agreement))
            if shown is None and series.span == "burst":
                shown = series, values
    assert shown is not None
    rows = []
    for row, by in sorted(found.items()):
        cells = [f"{np.median(values):.3f} / {np.quantile(values, 0.1):.3f}" for values in by.values()]
        rows.append((row, len(next(iter(by.values()))), *cells))
    best = float(spearmanr(shown[0].blurs, range(STEPS * SHOTS)).statistic)
    about = (
        f"Rank correlation of sharpness with the absence of true blur, median and worst tenth. A series is one scene in "
        f"{STEPS} degrees of blur, {SHOTS} photographs each at random exposures within 2 EV of the meter's, with noise, out "
        f"of a JPEG; blur grows by 9 % (burst) or by half (culling) from one degree to the next. Asked for were {ASKED}; "
        f"{best:.3f} is perfect, since equal blurs have no order. `hdrkit` is `compare_sharpness`, which `hdrkit rank` uses. "
        f"Scenes: a simulated room, and panoramas ({len(options.panoramas)}) with texture down to a pixel, others than it was "
        f"developed on; seed {options.seed}. Hand-held pictures are resampled between pixels, which blurs them a little too."
    )
    return Result("Sharpness across exposure and noise", about, [Table(("series", "number", *measures), rows)], _figure(*shown))


def _series(scene: np.ndarray, seed: int) -> Iterator[Series]:
    for span, ratio in SPANS.items():
        for kind, first in FIRST_PX.items():
            blurs = [first * ratio**k for k in range(STEPS)]
            blurred = [_blurred(scene, kind, blur) for blur in blurs]
            for camera in CAMERAS:
                for held in ("tripod", "hand-held"):
                    yield _shot(scene, blurred, blurs, span, kind, camera, held, seed)


def _shot(scene, blurred, blurs, span, kind, name, held, seed) -> Series:
    full_well_e, response, quality = CAMERAS[name]
    camera = SimulatedCamera(response=response, full_well_e=full_well_e)
    rng = np.random.default_rng([seed, *map(ord, span + kind + name + held)])
    moves = handheld_transforms(STEPS * SHOTS, WIDTH, HEIGHT, int(rng.integers(1 << 30)), shift=0.01, rotation_deg=0.3)
    evs, pictures = [], []
    for light in blurred:
        for ev in rng.choice(EVS, SHOTS, replace=False):
            seen = light
            if held == "hand-held":
                move = moves[len(pictures)][:2]
                seen = cv2.warpAffine(light, move, (WIDTH, HEIGHT), flags=cv2.INTER_CUBIC, borderMode=cv2.BORDER_REFLECT)[
                    ..., None
                ]
            [time] = metered_times(scene, [ev])
            codes = camera.shoot(np.maximum(seen, 0), time, rng)
            encoded = cv2.imencode(".jpg", codes, [cv2.IMWRITE_JPEG_QUALITY, quality])[1]
            pictures.append(cv2.imdecode(encoded, cv2.IMREAD_GRAYSCALE))
            evs.append(float(ev))
    return Series(span, kind, name, held, [blur for blur in blurs for _ in range(SHOTS)], evs, pictures)


def _panorama(number: int, seed: int) -> np.ndarray:
    """Radiance (H, W, 1) of the middle of a panorama, enlarged, with texture of every size down to a pixel."""
    files = sorted((data_folder() / "panoramas").glob("*.hdr"))
    panorama = cv2.imread(str(files[number]), cv2.IMREAD_UNCHANGED)[..., 1]
    rows, columns = panorama.shape
    crop = np.maximum(panorama[rows // 4 : 3 * rows // 4, columns // 4 : 3 * columns // 4], 1e-4)
    scene = cv2.resize(crop, (WIDTH, HEIGHT), interpolation=cv2.INTER_CUBIC)
    rng, texture = np.random.default_rng([seed, number]), np.zeros((HEIGHT, WIDTH), np.float32)
    for size in (1, 2, 4, 8, 16):
        octave = rng.standard_normal((HEIGHT // size + 1, WIDTH // size + 1), np.float32)
        texture += np.float32(0.03) * cv2.resize(octave, (WIDTH, HEIGHT), interpolation=cv2.INTER_CUBIC)
    return (np.maximum(scene, 1e-4) * np.exp(texture))[..., None].astype(np.float32)


def _blurred(scene: np.ndarray, kind: str, amount: float) -> np.ndarray:
    return np.maximum(cv2.filter2D(scene, -1, _spread(kind, amount), borderType=cv2.BORDER_REFLECT), 0).reshape(scene.shape)


def _spread(kind: str, amount: float) -> np.ndarray:
    """What a point becomes, averaged over the area of each pixel."""
    fine, reach = 8, int(np.ceil(amount * (4 if kind == "gaussian" else 1.2))) + 1
    side = 2 * reach + 1
    y, x = (np.mgrid[: side * fine, : side * fine] + 0.5) / fine - side / 2
    if kind == "gaussian":
        spread = np.exp(-(x * x + y * y) / (2 * amount**2))
    elif kind == "defocus":
        spread = (np.hypot(x, y) <= amount).astype(float)
    else:
        along, across = x * np.cos(0.5) + y * np.sin(0.5), y * np.cos(0.5) - x * np.sin(0.5)
        spread = ((np.abs(along) <= amount) & (np.abs(across) <= 0.5)).astype(float)
    spread = spread.reshape(side, fine, side, fine).sum(axis=(1, 3))
    return (spread / spread.sum()).astype(np.float32)


def _figure(series: Series, values: dict[str, np.ndarray]) -> Figure:
    figure = Figure(figsize=(10, 3.6))
    for axes, (name, value) in zip(figure.subplots(1, len(values)), values.items(), strict=True):
        points = axes.scatter(series.blurs, value, c=series.evs, cmap="coolwarm", edgecolors="#444", linewidths=0.5)
        axes.set(title=name, xlabel="true blur, pixels")
    figure.colorbar(points, label="EV from the meter's")
    figure.tight_layout()
    return figure
