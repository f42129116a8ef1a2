"""Pictures with a label of what each shows, for the benchmarks of maps, and how well groups agree with labels.

Pictures are RGB codes with a longer side of at most 480 pixels.
"""

from __future__ import annotations

import csv
from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path

import cv2
import numpy as np
from sklearn.metrics import adjusted_rand_score

from benchmarks.truth import data_folder, metric_views
from hdrkit.semantics.crops import Box, cropped
from hdrkit.semantics.saliency import salient_regions
from hdrkit.types import ALONE

SIDE = 480
_FRAMES = 4  # of a bracket at most


@dataclass(frozen=True, eq=False)
class Shown:
    """A picture, what it shows, the file it comes from, and the box (x, y, width, height) of a planted object, relative to it."""

    rgb: np.ndarray
    label: str
    source: str = ""
    planted: Box | None = None


@dataclass(frozen=True)
class Judged:
    """ARI with pictures in no group as one group, and as groups of one; their share; the number of groups."""

    ari: float
    ari_apart: float
    alone: float
    groups: int


def judged(labels: np.ndarray, groups: np.ndarray) -> Judged:
    apart = np.where(groups == ALONE, groups.max() + 1 + np.arange(len(groups)), groups)
    alone = float((groups == ALONE).mean())
    return Judged(
        adjusted_rand_score(labels, groups), adjusted_rand_score(labels, apart), alone, len(set(groups.tolist()) - {ALONE})
    )


def read_picture(path: Path) -> np.ndarray:
    rgb = np.asarray(cv2.imread(str(path), cv2.IMREAD_COLOR_RGB), np.uint8)
    scale = SIDE / max(rgb.shape[:2])
    return rgb if scale >= 1 else np.asarray(cv2.resize(rgb, None, fx=scale, fy=scale, interpolation=cv2.INTER_AREA), np.uint8)


@lru_cache(maxsize=1)
def clothing() -> tuple[Shown, ...]:
    """Photographs of clothes in ten classes."""
    files = sorted((data_folder() / "objects" / "clothing").glob("*/*"))
    return tuple(Shown(read_picture(path), path.parent.name, str(path.relative_to(data_folder()))) for path in files)


@lru_cache(maxsize=1)
def people() -> tuple[Shown, ...]:
    """Faces cut out, and photographs of groups of people; dogs that are among them are left out."""
    folder = data_folder() / "people"
    faces = [Shown(read_picture(path), "a face", str(path)) for path in sorted((folder / "persons").glob("*.jpg"))]
    files = [path for part in ("groups", "detection") for path in sorted((folder / part).glob("*.jpg")) if path.stem != "dogs"]
    return (*faces, *(Shown(read_picture(path), "people", str(path)) for path in files))


@lru_cache(maxsize=1)
def bracket_views() -> tuple[Shown, ...]:
    """Real brackets, at most four frames each, with the view as the label; black and white frames are left out."""
    frames = defaultdict(list)
    with (data_folder() / "brackets" / "truth.csv").open(newline="") as file:
        for row in csv.DictReader(file):
            if row["content"] == "1":
                frames[row["view"]].append(data_folder() / "brackets" / "images" / row["filename"])
    return tuple(Shown(read_picture(path), f"view {name}") for name in sorted(frames) for path in sorted(frames[name])[:_FRAMES])


@lru_cache(maxsize=1)
def rendered_views() -> tuple[Shown, ...]:
    """Three views of each of sixteen panoramas by simulated cameras, the four longer of five exposures, the view as the label."""
    return tuple(Shown(frame, view.name) for view in metric_views(1, 3) for frame in view.frames[1:])


@lru_cache(maxsize=1)
def small_objects() -> tuple[Shown, ...]:
    """Clothes that take 25 to 50 % of the shorter side of a scene, anywhere in it; the class of the clothes is the label."""
    rng = np.random.default_rng(5)
    scenes = [one.rgb for one in (*bracket_views()[2::_FRAMES], *rendered_views()[1::4])]
    return tuple(_planted(one, scenes[rng.integers(len(scenes))], rng) for one in clothing()[::2])


def _planted(one: Shown, scene: np.ndarray, rng: np.random.Generator) -> Shown:
    regions = salient_regions(one.rgb)
    part = cropped(one.rgb, regions[0].box) if regions else one.rgb
    scale = rng.uniform(0.25, 0.5) * min(scene.shape[:2]) / max(part.shape[:2])
    part = np.asarray(cv2.resize(part, None, fx=scale, fy=scale, interpolation=cv2.INTER_AREA), np.uint8)
    (height, width), (rows, columns) = part.shape[:2], scene.shape[:2]
    y, x = rng.integers(0, rows - height), rng.integers(0, columns - width)
    rgb = scene.copy()
    rgb[y : y + height, x : x + width] = part
    return Shown(rgb, one.label, planted=(x / columns, y / rows, width / columns, height / rows))


def labelled_sets() -> dict[str, Sequence[Shown]]:
    """The sets by name, and all of what is real together."""
    return {
        "clothing": clothing(),
        "clothing, people": (*clothing(), *people()),
        "bracket views": bracket_views(),
        "rendered views": rendered_views(),
        "all of these": (*clothing(), *people(), *bracket_views(), *rendered_views()),
        "small objects": small_objects(),
    }
