"""Eyes and focus of faces: are closed eyes told at every size and exposure, and does the focus follow blur and nothing else?"""

from __future__ import annotations

import argparse
from collections import defaultdict
from collections.abc import Iterator
from dataclasses import dataclass, replace

import cv2
import numpy as np
from matplotlib.figure import Figure
from scipy.stats import spearmanr

from benchmarks.drawn_lids import with_lids
from benchmarks.harness import Result, Table
from benchmarks.truth import data_folder
from hdrkit.faces.detection import PixelPicture, find_faces
from hdrkit.faces.eyes import SMALLEST, eye_span, eyes_open
from hdrkit.faces.focus import LARGEST, measure_focus
from hdrkit.faces.mesh import Mesh, MeshNetworks, fit_mesh
from hdrkit.faces.options import ScoringOptions
from hdrkit.faces.pose import pose_of
from hdrkit.imaging.colour import light_of_srgb, srgb_of_light
from hdrkit.models.roles import Role
from hdrkit.models.store import find_model
from hdrkit.pipeline.face_networks import open_detector, open_mesh
from hdrkit.types import Face

# what a person sees in `people/groups`: faces by photograph and place from the left
CLOSED = {("sample1", 1), ("sample2", 1), ("sample2", 2), ("sample4", 2)}
PROFILE = {("sample2", 0)}
SETS = ("groups", "persons", "detection")
SIZES = (40, 60, 90, 130, 200)
ENLARGED = (230, 300, 400)  # for which few faces are large enough: blur is planted in pixels at 200
BLURS = (0.0, 0.5, 1.0, 1.5, 2.0, 3.0)
SHOTS = {"0 EV, ISO 100": (0, 100), "-2 EV": (-2, 100), "+2 EV": (2, 100), "ISO 3200": (0, 3200), "-2 EV, ISO 3200": (-2, 3200)}
FULL_WELL_E, READ_E = 20_000.0, 6.0  # at ISO 100
SHARPEST = 0.55  # largest size relative to the photograph: its own blur is small then
LAPLACIAN, ASPECT = 90.0, 0.2  # the limits of the recipe that is compared


@dataclass(frozen=True)
class Head:
    """A face with what is around it, cut out of a photograph, and whether its eyes are closed."""

    name: str
    pixels: np.ndarray
    face: Face
    closed: bool = False
    profile: bool = False

    def scaled(self, share: float) -> Head:
        size = (max(1, round(self.pixels.shape[1] * share)), max(1, round(self.pixels.shape[0] * share)))
        small = cv2.resize(self.pixels, size, interpolation=cv2.INTER_AREA)
        area = tuple(value * share for value in self.face.area)
        return replace(self, pixels=small, face=replace(self.face, area=area, landmarks=self.face.landmarks * np.float32(share)))


def arguments(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("--seed", type=int, default=5)


def measure(options: argparse.Namespace) -> Result:
    heads = [head for name in SETS for head in _heads(name)]
    eyes, lines = _eyes(heads, open_mesh(find_model(Role.FACE_LANDMARKS)), options.seed)
    focus, points = _focus(heads, options.seed)
    about = (
        f"Eyes: {len(CLOSED)} closed pairs, {len(PROFILE)} profile and the open pairs of `people/groups`, as a person sees them, "
        f"and lids drawn over the open eyes of `persons` and `detection`. "
        f"Of the two of these that are called closed without a lid, one laughs with closed eyes, one is in the shadow of hair. "
        f"The logistic regression that weighs blink and lids was fitted to those two sets, `groups` took no part. "
        f"The eye aspect ratio is that of the same mesh, with the limit {ASPECT} of the recipe. A face is judged where its eyes "
        f"are {SMALLEST} pixels apart or more. Focus: {len(points['blur'])} renderings of real faces, reduced to sizes at which "
        f"they are sharp, blurred, exposed and noisy (a full well of {FULL_WELL_E:.0f} electrons at ISO 100). Rank agreement "
        f"with the absence of planted blur, over all faces together. "
        f"Enlarged faces have a blur of their own, and take no part in all; {_perfect():.3f} is perfect, "
        f"as equal blurs have no order."
    )
    return Result("Eyes and focus of faces", about, [eyes, focus], _figure(lines, points))


def _heads(folder: str) -> Iterator[Head]:
    """The faces in a folder of people, from left to right in each photograph."""
    detect = open_detector(find_model(Role.FACE_DETECTOR))
    for path in sorted((data_folder() / "people" / folder).glob("*.jpg")):
        pixels = cv2.cvtColor(cv2.imread(str(path)), cv2.COLOR_BGR2RGB)
        faces = sorted(find_faces(PixelPicture(pixels), detect), key=lambda face: face.area[0] + face.area[2] / 2)
        for place, face in enumerate(faces):
            x, y, width, height = face.area
            left, top = max(0, int(x - width)), max(0, int(y - height))
            part = pixels[top : int(y + 2 * height), left : int(x + 2 * width)]
            moved = replace(face, area=(x - left, y - top, width, height), landmarks=face.landmarks - np.float32((left, top)))
            key = path.stem, place
            yield Head(f"{folder}/{path.stem}/{place}", part, moved, key in CLOSED, key in PROFILE)


def _eyes(heads: list[Head], networks: MeshNetworks, seed: int) -> tuple[Table, dict[str, tuple[list[float], list[float]]]]:
    """A table of how often eyes are told, and the measures of open and of closed eyes for the plot."""
    found: dict[tuple[str, str], list[tuple[bool, float | None, float]]] = defaultdict(list)
    for head in heads:
        truth = "groups, judged by a person" if head.name.startswith("groups") else ""
        mesh = fit_mesh(head.pixels, head.face, networks)
        if truth:
            found[truth, "as they are"].append((head.closed, *_measures(mesh, head)))
            continue
        if mesh.presence < 0.5 or eye_span(mesh) < SMALLEST:
            continue
        lidded = replace(head, pixels=with_lids(head.pixels, mesh), closed=True)
        for one in (head, lidded):
            for size in (None, 80, 65):
                share = 1.0 if size is None else size / one.face.size
                if share > 1:
                    continue
                small = one.scaled(share)
                found[f"lids drawn, {'full size' if size is None else f'{size} pixels'}", "as they are"].append(
                    (one.closed, *_measures(fit_mesh(small.pixels, small.face, networks), one))
                )
            for name, shot in list(SHOTS.items())[1:]:
                exposed = _shot(light_of_srgb(one.pixels / 255.0), *shot, np.random.default_rng(seed))
                found["lids drawn, full size", name].append((one.closed, *_measures(fit_mesh(exposed, one.face, networks), one)))
    limit, rows, lines = ScoringOptions().eyes, [], {}
    for (what, shot), all_of in found.items():
        known = [(closed, eyes, aspect) for closed, eyes, aspect in all_of if eyes is not None]
        opened = [one for one in known if not one[0]]
        shut = [one for one in known if one[0]]
        rows.append(
            (
                f"{what}, {shot}",
                f"{len(all_of) - len(known)} of {len(all_of)}",
                f"{sum(eyes < limit for _, eyes, _ in shut)} of {len(shut)}",
                f"{sum(eyes < limit for _, eyes, _ in opened)} of {len(opened)}",
                f"{sum(aspect < ASPECT for *_, aspect in shut)} of {len(shut)}",
                f"{sum(aspect < ASPECT for *_, aspect in opened)} of {len(opened)}",
            )
        )
        if shot == "as they are" and "pixels" not in what:
            lines[what] = [eyes for _, eyes, _ in opened], [eyes for _, eyes, _ in shut]
    header = (
        *("eyes", "unknown", "closed ones told", "open ones called closed"),
        *("aspect ratio: closed ones told", "aspect ratio: open ones called closed"),
    )
    return Table(header, rows), lines


def _measures(mesh: Mesh, head: Head) -> tuple[float | None, float]:
    known = mesh.presence >= 0.5
    value = eyes_open(mesh, pose_of(mesh)[0])[0] if known else None
    if head.profile and value is not None:
        raise SystemExit(f"{head.name}: a profile is judged")
    return value, sum(mesh.lids) / 2


def _focus(heads: list[Head], seed: int) -> tuple[Table, dict[str, np.ndarray]]:
    """A table of rank correlations, and all values for the plot."""
    columns = ("size", "blur", "shot", "focus", "laplacian")
    found: dict[str, list[float]] = {name: [] for name in columns}
    for number, head in enumerate(heads):
        for size in SIZES + ENLARGED:
            if size > (2.5 if size in ENLARGED else SHARPEST) * head.face.size:
                continue
            small = head.scaled(size / head.face.size)
            light = light_of_srgb(small.pixels / 255.0).astype(np.float32)
            for blur in BLURS:
                blurred = cv2.GaussianBlur(light, (0, 0), blur * max(1, size / LARGEST)) if blur else light
                for k, shot in enumerate(SHOTS.values()):
                    codes = _shot(blurred, *shot, np.random.default_rng([seed, number, size, int(10 * blur), k]))
                    value = measure_focus(codes, small.face).value
                    x, y, width, height = (round(max(part, 0)) for part in small.face.area)
                    gray = cv2.cvtColor(codes[y : y + height, x : x + width], cv2.COLOR_RGB2GRAY)
                    laplacian = float(cv2.Laplacian(gray, cv2.CV_64F).var())
                    for name, one in zip(columns, (size, blur, k, np.nan if value is None else value, laplacian), strict=True):
                        found[name].append(one)
    points = {name: np.array(values) for name, values in found.items()}
    small = points["size"] <= SIZES[-1]
    rows = [_focus_row("all", points, small)]
    rows += [_focus_row(f"faces of {size} pixels", points, points["size"] == size) for size in SIZES]
    rows += [_focus_row(name, points, small & (points["shot"] == k)) for k, name in enumerate(SHOTS)]
    rows += [_focus_row(f"enlarged to {size} pixels", points, points["size"] == size) for size in ENLARGED]
    header = ("focus", "unknown", "hdrkit", "variance of the Laplacian", "sharp and in focus", "sharp and Laplacian > 90")
    header = (*header, "blurred by 3 and in focus", "blurred by 3 and Laplacian > 90")
    return Table(header, rows), points


def _focus_row(name: str, points: dict[str, np.ndarray], chosen: np.ndarray) -> tuple[str, ...]:
    known = chosen & np.isfinite(points["focus"])
    agreements = [-spearmanr(points["blur"][known], points[by][known]).statistic for by in ("focus", "laplacian")]
    sharp, soft = known & (points["blur"] == 0), known & (points["blur"] == BLURS[-1])
    passed = points["focus"] >= ScoringOptions().focus, points["laplacian"] > LAPLACIAN
    shares = [f"{by[some].mean():.0%}" for some in (sharp, soft) for by in passed]
    return name, f"{1 - known.sum() / chosen.sum():.0%}", *(f"{value:.3f}" for value in agreements), *shares


def _shot(light: np.ndarray, ev: float, iso: float, rng: np.random.Generator) -> np.ndarray:
    """Codes of light, with shot and read noise."""
    full_well_e, exposed = FULL_WELL_E * 100 / iso, light * 2.0**ev
    noise = rng.standard_normal(exposed.shape) * np.sqrt(exposed / full_well_e + (READ_E / full_well_e) ** 2)
    return np.rint(255 * srgb_of_light(np.clip(exposed + noise, 0, 1))).astype(np.uint8)


def _perfect() -> float:
    """The rank correlation of a measure without an error."""
    order = [blur for blur in BLURS for _ in range(100)]
    return float(spearmanr(order, range(len(order))).statistic)


def _figure(lines: dict[str, tuple[list[float], list[float]]], points: dict[str, np.ndarray]) -> Figure:
    figure = Figure(figsize=(12, 3.6))
    eyes, focus, laplacian = figure.subplots(1, 3)
    for row, (name, (opened, shut)) in enumerate(lines.items()):
        for values, colour in ((opened, "tab:blue"), (shut, "tab:red")):
            eyes.scatter(values, row + np.linspace(-0.3, 0.3, len(values)), s=8, c=colour)
        eyes.text(0.5, row + 0.36, name, ha="center", fontsize=8)
    eyes.axvline(ScoringOptions().eyes, c="#888", lw=0.8)
    eyes.set(title="eyes: open (blue), closed (red)", xlabel="eyes", yticks=[], ylim=(-0.5, len(lines) - 0.3))
    rng = np.random.default_rng(1)
    shown = rng.permutation(len(points["blur"]))[:4000]
    for axes, name, limit in ((focus, "focus", ScoringOptions().focus), (laplacian, "laplacian", LAPLACIAN)):
        blur = points["blur"][shown] + rng.uniform(-0.12, 0.12, len(shown))
        dots = axes.scatter(blur, points[name][shown], s=2, c=np.log2(points["size"][shown]), cmap="viridis")
        axes.axhline(limit, c="#888", lw=0.8)
        axes.set(title="focus" if name == "focus" else "variance of the Laplacian", xlabel="planted blur, pixels")
    laplacian.set_yscale("log")
    figure.colorbar(dots, label="log2 of pixels of the face")
    figure.tight_layout()
    return figure
