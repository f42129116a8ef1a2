"""Blurred photographs at other exposures, with noise, out of JPEG: does sharpness rank them by the blur that was planted?"""

from __future__ import annotations

import argparse
from collections import defaultdict
from collections.abc import Iterator
from dataclasses import dataclass

import cv2
import numpy as np
from matplotlib.figure import Figure
from scipy import fft, special
from scipy.stats import spearmanr

from benchmarks.harness import Result, Table
from benchmarks.truth import data_folder
from hdrkit.ranking import compare_sharpness, sharpness
from hdrkit.simulate import SimulatedCamera, handheld_transforms, metered_times, room

WIDTH, HEIGHT = 960, 640
FINER, MARGIN = 3, 48  # points of the scene a pixel, and pixels of it beyond the picture on each side
TEXTURE = 0.07  # relative contrast
HEADING = 0.5  # radians, of motion
STEPS, SHOTS = 9, 3  # blurs of a series, and photographs at each
EVS = (-2.0, -1.0, 0.0, 1.0, 2.0)
SPANS = {"burst": 1.09, "culling": 1.5}  # ratio of one blur to the next: what a steady hand leaves, and what ruins a picture
SUBJECTS = {"subject of 5 %": 0.05, "subject of 35 %": 0.35}  # of the picture
SUBJECT_RATIO = 1.3  # of one blur of a subject to the next: the last is less than that of the background
BACKGROUND_PX = 14.0  # radius of what lies out of focus around a subject
FEATHER_PX = 8.0  # from one to the other
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
    lights = [room(options.room, WIDTH, HEIGHT)[..., 1], *(_panorama(k) for k in options.panoramas)]
    measures = ("hdrkit", "hdrkit, each by itself", "variance of the Laplacian")
    found: dict[str, dict[str, list[float]]] = defaultdict(lambda: {name: [] for name in measures})
    shown: tuple[Series, dict[str, np.ndarray]] | None = None
    for number, light in enumerate(lights):
        scene = Scene(light, np.random.default_rng([options.seed, number]))
        for series in _series(scene, options.seed + number):
            values = {
                measures[0]: compare_sharpness(series.pictures),
                measures[1]: np.array([sharpness(picture) for picture in series.pictures]),
                measures[2]: np.array([sharpness(picture, "laplacian") for picture in series.pictures]),
            }
            kind = f"{series.span}, {series.held}"
            blur = [f"{kind}, {series.kind} blur"] if series.span in SPANS else []
            for row in (kind, f"{kind}, {series.camera}", *blur):
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
        f"Rank correlation of sharpness with the absence of true blur, median and worst tenth of series. A series is one scene "
        f"in {STEPS} degrees of blur, {SHOTS} photographs each at random exposures within 2 EV of the meter's, with noise, out "
        f"of a JPEG; blur grows by 9 % (burst) or by half (culling) from one degree to the next. A subject alone is out of focus "
        f"in steps of 30 %, before a background that always is by {BACKGROUND_PX:.0f} pixels. Asked for were {ASKED}, and "
        f"the Laplacian at most 0.6; {best:.3f} is perfect, since equal blurs have no order. `hdrkit` is `compare_sharpness`, "
        f"which `hdrkit rank` uses. Scenes: a simulated room and panoramas ({len(options.panoramas)}), others than it was "
        f"developed on, seed {options.seed}, on a grid {FINER} times finer than the pixels, with texture down to a pixel. "
        f"There they are blurred, and moved where they are hand-held; then pixels average them."
    )
    return Result("Sharpness across exposure and noise", about, [Table(("series", "number", *measures), rows)], _figure(*shown))


def _series(scene: Scene, seed: int) -> Iterator[Series]:
    for span, ratio in SPANS.items():
        for kind, first in FIRST_PX.items():
            blurs = [first * ratio**k for k in range(STEPS)]
            blurred = [scene.blurred(kind, blur) for blur in blurs]
            for camera in CAMERAS:
                for held in ("tripod", "hand-held"):
                    yield _shot(scene, blurred, blurs, span, kind, camera, held, seed)
    blurs = [FIRST_PX["defocus"] * SUBJECT_RATIO**k for k in range(STEPS)]
    for span, share in SUBJECTS.items():
        focused = [scene.focused(share, blur) for blur in blurs]
        for camera in CAMERAS:
            for held in ("tripod", "hand-held"):
                yield _shot(scene, focused, blurs, span, "defocus", camera, held, seed)


def _shot(
    scene: Scene, blurred: list[np.ndarray], blurs: list[float], span: str, kind: str, name: str, held: str, seed: int
) -> Series:
    full_well_e, response, quality = CAMERAS[name]
    camera = SimulatedCamera(response=response, full_well_e=full_well_e)
    rng = np.random.default_rng([seed, *map(ord, span + kind + name + held)])
    moves = [np.eye(3)] * (STEPS * SHOTS)
    if held == "hand-held":
        moves = handheld_transforms(STEPS * SHOTS, WIDTH, HEIGHT, int(rng.integers(1 << 30)), shift=0.01, rotation_deg=0.3)
    evs, pictures = [], []
    for light in blurred:
        for ev in rng.choice(EVS, SHOTS, replace=False):
            seen = scene.seen(light, moves[len(pictures)])
            [time] = metered_times(scene.still, [ev])
            codes = camera.shoot(seen, time, rng)
            encoded = cv2.imencode(".jpg", codes, [cv2.IMWRITE_JPEG_QUALITY, quality])[1]
            pictures.append(cv2.imdecode(encoded, cv2.IMREAD_GRAYSCALE))
            evs.append(float(ev))
    return Series(span, kind, name, held, [blur for blur in blurs for _ in range(SHOTS)], evs, pictures)


class Scene:
    """Light on a grid finer than the pixels, with texture down to a pixel, and what pixels see of it.

    Blur and the area of a pixel are factors of its spectrum; where a pixel lies between points of the fine grid, the light of
    points around it is interpolated, which loses nothing there: light that a pixel has averaged has no detail that fine.
    """

    def __init__(self, radiance: np.ndarray, rng: np.random.Generator) -> None:
        height, width = (FINER * (side + 2 * MARGIN) for side in (HEIGHT, WIDTH))
        self._size = height, width
        self._down, self._right = np.meshgrid(FINER * fft.fftfreq(height), FINER * fft.rfftfreq(width), indexing="ij")
        light = np.maximum(cv2.resize(radiance, (width, height), interpolation=cv2.INTER_CUBIC), 1e-4)
        self._spectrum = fft.rfft2(light * np.exp(self._texture(rng))) * np.sinc(self._down) * np.sinc(self._right)
        self.still = self.seen(fft.irfft2(self._spectrum, self._size), np.eye(3))

    def _texture(self, rng: np.random.Generator) -> np.ndarray:
        """Noise with as much contrast in each octave, as nature has it: 1/64 to 1/2 cycle a pixel, which is the finest."""
        cycles = np.hypot(self._right, self._down)
        share = np.where((cycles > 1 / 64) & (cycles < 1 / 2), 1 / np.maximum(cycles, 1 / 64), 0)
        texture = fft.irfft2(fft.rfft2(rng.standard_normal(self._size, np.float32)) * share, self._size)
        return TEXTURE * texture / texture.std()

    def blurred(self, kind: str, amount: float) -> np.ndarray:
        """What pixels at each point of the fine grid would see through a blur of this many pixels."""
        return fft.irfft2(self._spectrum * _passed(kind, amount, self._right, self._down), self._size)

    def focused(self, share: float, blur: float) -> np.ndarray:
        """A subject in the middle, out of focus by `blur`, before a background that is always much more so."""
        height, width = self._size
        y, x = np.ogrid[-height / 2 : height / 2, -width / 2 : width / 2]
        radius = FINER * np.sqrt(share * WIDTH * HEIGHT / np.pi)
        subject = np.clip((radius - np.hypot(x, y)) / (FINER * FEATHER_PX) + 0.5, 0, 1)
        return subject * self.blurred("defocus", blur) + (1 - subject) * self.blurred("defocus", BACKGROUND_PX)

    def seen(self, light: np.ndarray, move: np.ndarray) -> np.ndarray:
        """The light (HEIGHT, WIDTH, 1) on the pixels of a camera that moved."""
        places = FINER * np.linalg.inv(move)[:2]
        places[:, 2] += FINER * MARGIN + (FINER - 1) / 2
        flags = cv2.INTER_LANCZOS4 | cv2.WARP_INVERSE_MAP
        return np.maximum(cv2.warpAffine(light.astype(np.float32), places, (WIDTH, HEIGHT), flags=flags), 0)[..., None]


def _passed(kind: str, amount: float, right: np.ndarray, down: np.ndarray) -> np.ndarray:
    """The share of each frequency, in cycles a pixel, that a blur lets pass."""
    if kind == "gaussian":
        return np.exp(-2 * (np.pi * amount) ** 2 * (right**2 + down**2))
    if kind == "defocus":
        radians = np.maximum(2 * np.pi * amount * np.hypot(right, down), 1e-9)
        return 2 * special.j1(radians) / radians
    along, across = right * np.cos(HEADING) + down * np.sin(HEADING), down * np.cos(HEADING) - right * np.sin(HEADING)
    return np.sinc(2 * amount * along) * np.sinc(across)


def _panorama(number: int) -> np.ndarray:
    """Radiance (H, W) of the middle of a panorama."""
    files = sorted((data_folder() / "panoramas").glob("*.hdr"))
    panorama = cv2.imread(str(files[number]), cv2.IMREAD_UNCHANGED)[..., 1]
    rows, columns = panorama.shape
    return panorama[rows // 4 : 3 * rows // 4, columns // 4 : 3 * columns // 4]


def _figure(series: Series, values: dict[str, np.ndarray]) -> Figure:
    figure = Figure(figsize=(10, 3.6))
    for axes, (name, value) in zip(figure.subplots(1, len(values)), values.items(), strict=True):
        points = axes.scatter(series.blurs, value, c=series.evs, cmap="coolwarm", edgecolors="#444", linewidths=0.5)
        axes.set(title=name, xlabel="true blur, pixels")
    figure.colorbar(points, label="EV from the meter's")
    figure.tight_layout()
    return figure
