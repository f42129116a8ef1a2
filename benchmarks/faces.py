"""Faces found, persons told apart, and photographs a second, beside the recipe of unaligned crops at a cosine distance of 0.3."""

from __future__ import annotations

import argparse
import csv
import os
import tempfile
from collections import Counter, defaultdict
from collections.abc import Sequence
from dataclasses import dataclass
from math import comb
from pathlib import Path

import cv2
import numpy as np
from matplotlib.figure import Figure
from scipy.cluster.hierarchy import fcluster, linkage
from scipy.spatial.distance import pdist

from benchmarks.harness import Result, Table
from benchmarks.truth import data_folder
from hdrkit.faces.chips import DLIB_150
from hdrkit.faces.detection import find_faces
from hdrkit.faces.detectors.detector import Detector
from hdrkit.faces.embedding import FaceEmbedder
from hdrkit.faces.measures import measure_faces
from hdrkit.formats.metadata import read_photo
from hdrkit.models.roles import Role
from hdrkit.models.store import find_model
from hdrkit.pipeline.face_networks import open_detector, open_embedder, open_mesh
from hdrkit.pipeline.face_pixels import PhotoPicture
from hdrkit.types import Face

SPARE = 0.1  # of a labelled box, by which the middle of a found face may lie outside of it
LARGE_PX = 45.0  # strangers with smaller faces are no part of the mix
FOUR = (  # where the four men of one picture are, by eye
    "a 1160 1400, a 1880 490, a 1520 1410, a 1600 250, a 1710 750, a 1890 1390, b 650 520, b 140 470, b 150 170, b 630 210, "
    "b 130 1390, b 380 300, c 140 780, c 960 200, c 500 950, c 400 540, c 390 110, c 950 500, d 860 1340, d 1140 850, d 860 910, "
    "d 140 1060, d 1190 1150, d 450 1360"
)
OF_ALL = "bald_guys.jpg"
THRESHOLDS = np.round(np.arange(0.02, 0.34, 0.005), 3)
OURS, OF_THE_RECIPE = 0.08, 0.3
WIDTH, HEIGHT = 6000, 4000
CORES = 2
ABOUT = """Faces found in 9 labelled photographs, 6 of groups and one of dogs, by `find_faces`, which looks at every size.
Persons by average linkage on cosine distances of dlib's network: 5 men in 54 small photographs, and a mix with four more
men and strangers. The recipe cuts faces out unaligned and joins them at 0.3. Its own network is not for commercial use;
both have the same one here. Speed: six JPEG photographs of 24 megapixels with 3 to 5 faces; CPU milliseconds (user and
system) of one thread for reading, detection, alignment, embedding and measures, and from them photographs a second on 2
cores. Asked: all faces, at most one false, none on dogs; ARI 0.98; 4 photographs a second with the fastest detector, 1.5
with the default. Intel Xeon, 2 cores, busy."""


@dataclass(frozen=True)
class Seen:
    """A face of the persons or the mix, and who it is."""

    person: str
    of_persons: bool
    aligned: np.ndarray
    crop: np.ndarray


def arguments(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("--yunet", type=Path, help="the YuNet as ONNX; by default that of the data folder")
    parser.add_argument("--retinaface", type=Path, help="the small RetinaFace as ONNX")
    parser.add_argument("--rounds", type=int, default=2)


def measure(options: argparse.Namespace) -> Result:
    cv2.setNumThreads(1)  # as in a worker process
    people = data_folder() / "people"
    yunet = options.yunet or data_folder() / "models" / "yunet_n_dynamic.onnx"
    given: dict[str, Path | None] = {"CenterFace": None, "YuNet": yunet, "RetinaFace": options.retinaface}
    detectors = {
        name: open_detector(find_model(Role.FACE_DETECTOR, {Role.FACE_DETECTOR: path} if path else None))
        for name, path in given.items()
        if path or name == "CenterFace"
    }
    embedder = open_embedder(find_model(Role.FACE_EMBEDDING))
    found = [(name, *_detection(people, detector)) for name, detector in detectors.items()]
    seen = _seen(people, detectors["CenterFace"], embedder)
    rows, curves = _persons(seen)
    large = _large_photographs(people)
    speeds = [_speed(name, detector, embedder, large, options.rounds) for name, detector in detectors.items()]
    tables = [
        Table(("detector", "of 43 labelled", "of 22 in groups", "false", "found twice", "on dogs"), found),
        Table(("set", "faces", "recipe", "threshold", "persons", "ARI", "precision of pairs", "recall", "ARI >= 0.98 at"), rows),
        Table(("detector", "finding, ms", "all, ms", "of it a face, ms", "photographs a second"), speeds),
    ]
    return Result("Faces: found and told apart", ABOUT, tables, _figure(seen, curves))


def _faces(path: Path, detector: Detector) -> list[Face]:
    return find_faces(PhotoPicture(read_photo(path)), detector)


def _detection(people: Path, detector: Detector) -> tuple[object, ...]:
    labelled: dict[str, list[tuple[np.ndarray, bool]]] = defaultdict(list)
    with (people / "detection" / "boxes.csv").open() as file:
        for row in csv.DictReader(file):
            box = np.array([float(row[key]) for key in ("left", "top", "width", "height")])
            labelled[row["filename"]].append((box, row["ignore"] == "1"))
    hit = total = false = twice = 0
    for name, boxes in labelled.items():
        middles = np.array([face.landmarks.mean(axis=0) for face in _faces(people / "detection" / name, detector)])
        inside = np.array([[_is_in(middle, box) for middle in middles] for box, _ in boxes])
        counted = np.array([not ignored for _, ignored in boxes])
        total += counted.sum()
        hit += (inside.any(axis=1) & counted).sum()
        twice += (inside.sum(axis=1) > 1).sum()
        false += (~inside.any(axis=0)).sum()
    groups = sum(len(_faces(path, detector)) for path in sorted((people / "groups").glob("*.jpg")))
    return f"{hit} of {total}", groups, false, twice, len(_faces(people / "detection" / "dogs.jpg", detector))


def _is_in(middle: np.ndarray, box: np.ndarray) -> bool:
    return bool(np.all(middle >= box[:2] - SPARE * box[2:]) and np.all(middle <= box[:2] + (1 + SPARE) * box[2:]))


def _seen(people: Path, detector: Detector, embedder: FaceEmbedder) -> list[Seen]:
    """The largest face of each photograph of `persons`, the four men, and strangers whose faces are large enough."""
    with (people / "persons" / "labels.csv").open() as file:
        labels = {row["filename"]: row["person"] for row in csv.DictReader(file)}
    seen = []
    for path in sorted((people / "persons").glob("*.jpg")):
        faces = sorted(_faces(path, detector), key=lambda face: -face.size)[:1]
        seen += _embedded(path, faces, [labels[path.name]], embedder, True)
    places = [(place.split()[0], np.array(place.split()[1:], float)) for place in FOUR.split(", ")]
    for path in sorted((people / "detection").glob("*.jpg")):
        faces = [face for face in _faces(path, detector) if face.size >= LARGE_PX]
        names = [f"{path.name} {i}" for i in range(len(faces))]
        if path.name == OF_ALL:
            middles = [face.landmarks.mean(axis=0) for face in faces]
            names = [min(places, key=lambda place: float(np.hypot(*(place[1] - middle))))[0] for middle in middles]  # noqa: B023
        seen += _embedded(path, faces, names, embedder, False)
    return seen


def _embedded(path: Path, faces: Sequence[Face], names: Sequence[str], embedder: FaceEmbedder, of_persons: bool) -> list[Seen]:
    rgb, near = PhotoPicture(read_photo(path)).around(faces)
    aligned, crops = embedder(rgb, near), embedder(rgb, [_unaligned(face) for face in near])
    return [Seen(name, of_persons, *pair) for name, *pair in zip(names, aligned, crops, strict=True)]


def _unaligned(face: Face) -> Face:
    """A face whose landmarks make its chip the square of its box."""
    left, top, width, height = face.area
    side = max(width, height)
    corner = np.array([left + (width - side) / 2, top + (height - side) / 2])
    return Face(face.area, (corner + DLIB_150.landmarks * side / DLIB_150.side).astype(np.float32), face.confidence)


def _persons(seen: Sequence[Seen]) -> tuple[list[tuple[object, ...]], dict[str, np.ndarray]]:
    rows, curves = [], {}
    for part, faces in (("5 men", [one for one in seen if one.of_persons]), ("mix", list(seen))):
        names = [one.person for one in faces]
        for recipe, vectors in (
            ("aligned", np.array([one.aligned for one in faces])),
            ("unaligned crop", np.array([one.crop for one in faces])),
        ):
            tree = linkage(pdist(vectors, "cosine"), "average")
            curve = np.array([_scores(names, fcluster(tree, limit, "distance"))[0] for limit in THRESHOLDS])
            curves[f"{part}, {recipe}"] = curve
            good = THRESHOLDS[curve >= 0.98]
            plateau = f"{good[0]:.3f} to {good[-1]:.3f}" if len(good) else "none"
            best = float(THRESHOLDS[curve.argmax()])
            for limit in (OURS,) if recipe == "aligned" else (OF_THE_RECIPE, best):
                cut = fcluster(tree, limit, "distance")
                figures = [f"{value:.3f}" for value in _scores(names, cut)]
                said = f"{limit:g}" + (", its best" if recipe != "aligned" and limit == best else "")
                rows.append((part, len(faces), recipe, said, f"{len(set(cut))} of {len(set(names))}", *figures, plateau))
    return rows, curves


def _scores(names: Sequence[str], found: Sequence[int]) -> tuple[float, float, float]:
    """The adjusted Rand index, and precision and recall of pairs."""
    both, true, got = (
        sum(comb(n, 2) for n in Counter(of).values()) for of in (list(zip(names, found, strict=True)), names, list(found))
    )
    chance = true * got / comb(len(names), 2)
    return (both - chance) / max((true + got) / 2 - chance, 1e-9), both / max(got, 1), both / true


def _large_photographs(people: Path) -> list[Path]:
    """The photographs of groups in 24 megapixels, with noise down to a pixel; made once."""
    folder = Path(tempfile.gettempdir()) / "hdrkit-groups-24"
    folder.mkdir(exist_ok=True)
    random = np.random.default_rng(0)
    for path in sorted((people / "groups").glob("*.jpg")):
        if not (folder / path.name).is_file():
            large = cv2.resize(cv2.imread(str(path)), (WIDTH, HEIGHT), interpolation=cv2.INTER_CUBIC)
            noisy = np.clip(large + random.normal(0, 6, large.shape).astype(np.float32), 0, 255).astype(np.uint8)
            cv2.imwrite(str(folder / path.name), noisy, (cv2.IMWRITE_JPEG_QUALITY, 92))
    return sorted(folder.glob("*.jpg"))


def _cpu_seconds() -> float:
    times = os.times()
    return times.user + times.system


def _speed(name: str, detector: Detector, embedder: FaceEmbedder, paths: Sequence[Path], rounds: int) -> tuple[object, ...]:
    mesh = open_mesh(find_model(Role.FACE_LANDMARKS))
    finding, faces, whole, count = [], [], [], 0
    for turn in range(rounds + 1):
        spent = [0.0, 0.0, 0.0]
        count = 0
        for path in paths:
            start = _cpu_seconds()
            picture = PhotoPicture(read_photo(path))
            found = find_faces(picture, detector)
            spent[0] += _cpu_seconds() - start
            rgb, near = picture.around(found)
            begun = _cpu_seconds()
            embedder(rgb, near)
            measure_faces(rgb, near, mesh)
            spent[1] += _cpu_seconds() - begun
            spent[2] += _cpu_seconds() - start
            count += len(found)
        if turn:  # the first one warms up
            for values, value in zip((finding, faces, whole), spent, strict=True):
                values.append(value)
    best = [min(values) for values in (finding, faces, whole)]
    per_photo = [1000 * value / len(paths) for value in best]
    return (
        name,
        f"{per_photo[0]:.0f}",
        f"{per_photo[2]:.0f}",
        f"{1000 * best[1] / count:.1f}",
        f"{CORES * len(paths) / best[2]:.1f}",
    )


def _figure(seen: Sequence[Seen], curves: dict[str, np.ndarray]) -> Figure:
    figure = Figure(figsize=(11, 4))
    left, right = figure.subplots(1, 2)
    names = np.array([one.person for one in seen])
    upper = np.triu_indices(len(seen), 1)
    same = (names[:, None] == names)[upper]
    for colour, kind in (("tab:blue", "aligned"), ("tab:orange", "crop")):
        vectors = np.array([getattr(one, kind) for one in seen])
        distances = (1 - vectors @ vectors.T)[upper]
        for style, which, who in (("-", same, "one person"), ("--", ~same, "two persons")):
            ordered = np.sort(distances[which])
            share = np.arange(1, len(ordered) + 1) / len(ordered)
            left.plot(ordered, share, style, color=colour, label=f"{kind}, {who}")
    left.set(xlim=(0, 0.35), xlabel="cosine distance", ylabel="share of pairs below", title="pairs of faces of the mix")
    left.legend()
    for (name, curve), colour in zip(curves.items(), ("tab:blue", "tab:orange") * 2, strict=True):
        right.plot(THRESHOLDS, curve, "-" if name.startswith("mix") else ":", color=colour, label=name)
    right.axvline(OF_THE_RECIPE, color="gray", lw=0.8)
    right.axvline(OURS, color="black", lw=0.8)
    right.set(xlabel="threshold of average linkage", ylabel="ARI", title="persons found")
    right.legend()
    return figure
