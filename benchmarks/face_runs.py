"""Runs of `hdrkit faces` without its networks: seconds and memory of everything else, first, again, and with ten more.

A photograph is a small JPEG, and its faces are of planted persons, so that files, the gallery, joining and the results are
what is measured. Needs no data and no models.
"""

from __future__ import annotations

import argparse
import os
import resource
import tempfile
import time
from pathlib import Path

import cv2
import numpy as np
from matplotlib.figure import Figure

import hdrkit.pipeline.faces
from benchmarks.harness import Result, Table
from hdrkit.formats.metadata import read_content
from hdrkit.formats.previews import content_digest
from hdrkit.gallery.rows import Content
from hdrkit.models.roles import ModelKind, Role
from hdrkit.models.store import Model
from hdrkit.pipeline.face_reader import FaceModels
from hdrkit.pipeline.faces import find_people
from hdrkit.types import Face, FaceMeasures, Photo, SeenFace

DIMS, FACES, CROP_BYTES = 128, 3, 5000


def arguments(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("--photographs", type=int, default=10_000)
    parser.add_argument("--persons", type=int, default=300)


def measure(options: argparse.Namespace) -> Result:
    rows = []
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        for variable in ("HDRKIT_CACHE", "HDRKIT_GALLERY"):
            os.environ[variable] = str(folder / variable)
        _use_planted(folder, options.persons)
        _photographs(folder / "in", 0, options.photographs)
        time.sleep(2.5)  # files this young are not trusted to stay as they are
        for run in ("first", "again, nothing new", "ten more"):
            if run == "ten more":
                _photographs(folder / "in", options.photographs, 10)
                time.sleep(2.5)
            cpu, start = time.process_time(), time.perf_counter()
            result = find_people(folder / "in", folder / "out")
            peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
            steps = ", ".join(f"{step} {seconds:.1f}" for step, seconds in result.report.seconds.items())
            persons = len({face.person for photo in result.photos for face in photo.faces})
            used = f"{time.perf_counter() - start:.1f}", f"{time.process_time() - cpu:.1f}", f"{peak:.0f}"
            rows.append((run, result.report.read, persons, *used, steps))
    heading = ("run", "read", "persons", "seconds", "CPU seconds", "peak memory, MB", "seconds of the steps")
    about = (
        f"{options.photographs} photographs with {FACES} faces each of {options.persons} planted persons, without the networks. "
        "Asked for: a second run with nothing new under 5 s for 10,000 photographs, and ten new ones cost ten."
    )
    figure = Figure(figsize=(6, 2.6))
    axes = figure.subplots()
    axes.barh([row[0] for row in rows][::-1], [float(row[4]) for row in rows][::-1])
    axes.set(xlabel="CPU seconds", xscale="log")
    figure.tight_layout()
    return Result("Runs of hdrkit faces", about, [Table(heading, rows)], figure)


def _photographs(folder: Path, first: int, number: int) -> None:
    folder.mkdir(exist_ok=True)
    for k in range(first, first + number):
        pixels = np.random.default_rng(k).integers(0, 255, (6, 8, 3), dtype=np.uint8)
        cv2.imwrite(str(folder / f"p{k:06}.jpg"), cv2.resize(pixels, (64, 48), interpolation=cv2.INTER_NEAREST))


def _use_planted(folder: Path, persons: int) -> None:
    """Put planted faces in the place of the networks."""
    directions = np.random.default_rng(5).normal(size=(persons, DIMS))
    weights = folder / "weights"
    weights.write_bytes(b"planted")
    model = Model(Role.FACE_EMBEDDING, ModelKind.ALIGNED_112, "planted", weights, "none")

    def read(photo: Photo, _: FaceModels) -> Content:
        digest = content_digest(read_content(photo.path))
        rng = np.random.default_rng(list(digest))
        faces, crops = [], []
        for k, person in enumerate(rng.choice(persons, FACES, replace=False)):
            vector = directions[person] + 0.5 * rng.normal(size=DIMS)
            unit = (vector / np.linalg.norm(vector)).astype(np.float32)
            face = Face((100.0 * k, 50.0, 80.0, 90.0), rng.uniform(0, 90, (5, 2)).astype(np.float32), 0.9)
            faces.append(SeenFace(Path(), face, unit, FaceMeasures(yaw=0.0, eyes=1.0, smile=0.5, focus=0.8)))
            crops.append(rng.bytes(CROP_BYTES))
        return Content(digest, tuple(faces), tuple(crops))

    hdrkit.pipeline.faces.read_faces = read
    hdrkit.pipeline.faces.find_face_models = lambda _: FaceModels(model, model, model)
