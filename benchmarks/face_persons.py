"""Faces joined into persons: ARI and pairwise precision on persons mixed with strangers, and the document's recipe beside.

The threshold is cross-validated: each source (a person, or a set of strangers) is left out once, the threshold that is best on
the others is taken, and judged on all. The document's recipe is an unaligned crop, cosine distance and average linkage at 0.3,
with the same network. It needs HDRKIT_DATA and the models of the three face roles.
"""

from __future__ import annotations

import argparse
import csv
import tempfile
from collections.abc import Iterator
from dataclasses import dataclass, replace
from pathlib import Path

import cv2
import numpy as np
from matplotlib.figure import Figure
from scipy.cluster.hierarchy import fcluster, linkage
from sklearn.metrics import adjusted_rand_score

from benchmarks.harness import Result, Table
from benchmarks.truth import data_folder
from hdrkit.faces.chips import Template
from hdrkit.faces.clustering import find_persons, weakness
from hdrkit.faces.options import PersonOptions
from hdrkit.formats.metadata import read_photo
from hdrkit.pipeline.face_networks import open_embedder
from hdrkit.pipeline.face_persons import THRESHOLDS
from hdrkit.pipeline.face_pixels import PhotoPicture
from hdrkit.pipeline.face_reader import FaceReader, find_face_models

SETS = ("persons", "groups", "detection")
COLLAGE = "bald_guys.jpg"  # one person many times in one picture
TRIED = np.round(np.arange(0.03, 0.1301, 0.005), 3)
RECIPE = 0.3
SIDE = 150


@dataclass(frozen=True)
class Seen:
    photo: str
    person: str
    source: str
    weak: str
    embedding: np.ndarray
    unaligned: np.ndarray


def arguments(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("--variants", nargs="+", choices=list(VARIANTS), default=list(VARIANTS))


def _darker(pixels: np.ndarray) -> np.ndarray:
    light = (pixels / 255.0) ** 2.2 / 4
    noisy = light + np.random.default_rng(1).normal(size=pixels.shape) * np.sqrt(light / 5000 + 2e-6)
    return np.asarray(255 * np.clip(noisy, 0, 1) ** (1 / 2.2), np.uint8)


def _smaller(pixels: np.ndarray, scale: float) -> np.ndarray:
    return np.asarray(cv2.resize(pixels, None, fx=scale, fy=scale, interpolation=cv2.INTER_AREA), np.uint8)


VARIANTS = {
    "as photographed": lambda pixels: pixels,
    "-2 EV, noise": _darker,
    "half the size": lambda pixels: _smaller(pixels, 0.5),
    "blur of 2 pixels": lambda pixels: np.asarray(cv2.GaussianBlur(pixels, (0, 0), 2.0), np.uint8),
    "JPEG quality 25": lambda pixels: cv2.imdecode(cv2.imencode(".jpg", pixels, (cv2.IMWRITE_JPEG_QUALITY, 25))[1], 1),
}


def measure(options: argparse.Namespace) -> Result:
    models = find_face_models()
    reader, embed = FaceReader(models), open_embedder(models.embedding)
    threshold = THRESHOLDS[models.embedding.kind]
    rows, recipe_rows, curves = [], [], {}
    for name in options.variants:
        with tempfile.TemporaryDirectory() as folder:
            seen = list(_seen(reader, embed, VARIANTS[name], Path(folder)))
        curves[name] = [_judged(seen, _joined(seen, value))[:2] for value in TRIED]
        folds = _folds(seen)
        ari, precision, recall = _judged(seen, _joined(seen, threshold))
        unknown = sum(_joined(seen, threshold) < 0)
        held = min(_judged(seen, _joined(seen, value))[0] for value in folds)
        rows.append(
            (name, len(seen), len({one.person for one in seen}), unknown, f"{ari:.3f}", f"{precision:.3f}", f"{recall:.3f}")
            + (f"{min(folds):.3f} to {max(folds):.3f}", f"{held:.3f}")
        )
        tree = linkage(np.stack([one.unaligned for one in seen]).astype(np.float64), "average", "cosine")
        labels = fcluster(tree, RECIPE, "distance")
        best = max(_judged(seen, fcluster(tree, value, "distance"))[0] for value in TRIED)
        judged = (f"{value:.3f}" for value in _judged(seen, labels))
        recipe_rows.append((name, len(set(labels.tolist())), *judged, f"{best:.3f}"))
    heading = (
        "photographs",
        "faces",
        "persons",
        "unknown",
        "ARI",
        "pairwise precision",
        "recall",
        "thresholds of the folds",
        "worst ARI",
    )
    tables = [
        Table(heading, rows),
        Table(
            ("the document's recipe", "persons found", "ARI", "pairwise precision", "recall", "ARI at the best threshold"),
            recipe_rows,
        ),
    ]
    text = (
        f"Five persons with eleven photographs each among strangers; hdrkit's threshold is {threshold}. Unknown faces count as "
        "persons of their own. The persons may be among the training data of the network, so their distances are optimistic."
    )
    return Result("Faces joined into persons", text, tables, _figure(curves, threshold))


def _seen(reader: FaceReader, embed: object, variant: object, folder: Path) -> Iterator[Seen]:
    people = data_folder() / "people"
    with (people / "persons" / "labels.csv").open() as file:
        labels = {row[0]: row[1] for row in csv.reader(file)}
    for source in SETS:
        for path in sorted((people / source).glob("*.jpg")):
            if path.name == COLLAGE:
                continue
            changed = folder / f"{path.stem}.png"
            cv2.imwrite(str(changed), variant(cv2.imread(str(path))))
            picture = PhotoPicture(read_photo(changed))
            faces, _ = reader.read(picture)
            pixels, scaled = picture.around([one.face for one in faces])
            for k, one in enumerate(faces):
                person = labels.get(path.name, f"{path.name}#{k}")
                if path.name in labels and k != int(np.argmax([other.face.size for other in faces])):
                    person = f"{path.name}#{k}"
                group = person if path.name in labels else source
                square = _unaligned(scaled[k])
                crop = replace(embed, template=square[1])(pixels, [square[0]])[0]
                yield Seen(path.name, person, group, weakness(one, PersonOptions()), one.embedding, crop)


def _unaligned(face: object) -> tuple[object, Template]:
    """The face and a template that cut out its box as it stands: corners to corners, not turned."""
    x, y, width, height = face.area
    corners = np.array([[x, y], [x + width, y], [x + width / 2, y + height / 2], [x, y + height], [x + width, y + height]])
    ends = np.array([[0, 0], [1, 0], [0.5, 0.5], [0, 1], [1, 1]], np.float32) * SIDE
    return replace(face, landmarks=corners.astype(np.float32)), Template(SIDE, ends)


def _joined(seen: list[Seen], threshold: float) -> np.ndarray:
    photos = {name: k for k, name in enumerate(dict.fromkeys(one.photo for one in seen))}
    apart = [frozenset([photos[one.photo]]) for one in seen]
    return find_persons(np.stack([one.embedding for one in seen]), apart, [one.weak for one in seen], threshold).numbers


def _judged(seen: list[Seen], numbers: np.ndarray) -> tuple[float, float, float]:
    """ARI, pairwise precision and recall. An unknown face is a person of its own."""
    truth = np.unique([one.person for one in seen], return_inverse=True)[1]
    found = np.where(numbers < 0, -1 - np.arange(len(numbers)), numbers)
    pairs = np.triu_indices(len(truth), 1)
    same, joined = (truth[:, None] == truth)[pairs], (found[:, None] == found)[pairs]
    both = float((same & joined).sum())
    return float(adjusted_rand_score(truth, found)), both / max(joined.sum(), 1), both / max(same.sum(), 1)


def _folds(seen: list[Seen]) -> list[float]:
    """For each source the middle of the thresholds that are best on the faces of all others."""
    chosen = []
    for source in sorted({one.source for one in seen}):
        rest = [one for one in seen if one.source != source]
        scores = np.array([_judged(rest, _joined(rest, value))[0] for value in TRIED])
        chosen.append(float(np.median(TRIED[scores >= scores.max() - 1e-9])))
    return chosen


def _figure(curves: dict[str, list[tuple[float, float]]], threshold: float) -> Figure:
    figure = Figure(figsize=(9, 3.6))
    for axes, k, what in zip(figure.subplots(1, 2), (0, 1), ("ARI", "pairwise precision"), strict=True):
        for name, values in curves.items():
            axes.plot(TRIED, [value[k] for value in values], label=name)
        axes.axvline(threshold, color="0.6", linestyle="--")
        axes.set(xlabel="threshold, cosine distance", ylabel=what, ylim=(0.7, 1.005))
    axes.legend(fontsize=8)
    figure.tight_layout()
    return figure
