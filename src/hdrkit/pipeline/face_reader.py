"""One photograph -> its faces with embeddings and measures, and a small picture of each."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

import cv2
import numpy as np
from numpy.typing import NDArray

from hdrkit.errors import InputError
from hdrkit.faces.detection import find_faces
from hdrkit.faces.measures import measure_faces
from hdrkit.formats.metadata import read_content
from hdrkit.formats.previews import content_digest
from hdrkit.gallery.rows import Content
from hdrkit.imaging.shrinking import within
from hdrkit.imaging.threads import one_a_thread, one_thread
from hdrkit.models.roles import Role
from hdrkit.models.store import Model, find_models
from hdrkit.pipeline.face_networks import open_detector, open_embedder, open_mesh
from hdrkit.pipeline.face_pixels import PhotoPicture
from hdrkit.types import Face, Failure, Photo, SeenFace

VERSION = 4  # of what is read; it changes when the same models see something else
CROP = 160  # pixels a side of the picture of a face
_MARGIN = 0.35  # around the box of a face, relative to its larger side
_ROLES = (Role.FACE_DETECTOR, Role.FACE_EMBEDDING, Role.FACE_LANDMARKS)
_SETTINGS = (cv2.IMWRITE_JPEG_QUALITY, 85, cv2.IMWRITE_JPEG_OPTIMIZE, 1)


@dataclass(frozen=True)
class FaceModels:
    """The models that read faces, as they lie on this machine."""

    detector: Model
    embedding: Model
    landmarks: Model

    @property
    def all(self) -> tuple[Model, ...]:
        """The three models."""
        return self.detector, self.embedding, self.landmarks

    @property
    def version(self) -> str:
        """A text that changes with what is seen in a photograph."""
        names = (f"{model.name} {model.path.stat().st_size}" for model in self.all)
        return f"{VERSION}; {'; '.join(names)}"


def find_face_models(given: Mapping[Role, Path | str] | None = None) -> FaceModels:
    """The models of the three roles that faces need. Raises ModelMissing or InputError, as `find_models` does, and for others."""
    check_face_roles(given or {})
    return FaceModels(*find_models(_ROLES, given))


def check_face_roles(given: Mapping[Role, Path | str]) -> None:
    """Raise InputError if a model is given that faces do not use."""
    for role in given:
        if role not in _ROLES:
            raise InputError(f"{given[role]}: faces use no {role}; leave it out")


class FaceReader:
    """Reads the faces of photographs with models that are opened once. It uses one core; several photographs use several."""

    def __init__(self, models: FaceModels) -> None:
        with one_thread():
            self._detect, self._embed = open_detector(models.detector), open_embedder(models.embedding)
            self._mesh = open_mesh(models.landmarks)

    def read(self, picture: PhotoPicture) -> tuple[list[SeenFace], list[bytes]]:
        """The faces of a photograph, from left to right, and a JPEG of each."""
        with one_thread():
            return self._read(picture)

    def _read(self, picture: PhotoPicture) -> tuple[list[SeenFace], list[bytes]]:
        found = find_faces(picture, self._detect)
        found.sort(key=lambda face: (face.area[0] + face.area[2] / 2, face.area[1]))
        if not found:
            return [], []
        pixels, faces = picture.around(found)
        embeddings, measures = self._embed(pixels, faces), measure_faces(pixels, faces, self._mesh)
        seen = [SeenFace(Path(), *one) for one in zip(found, embeddings, measures, strict=True)]
        return seen, [crop_of(pixels, face) for face in faces]


def crop_of(rgb: NDArray[np.uint8], face: Face) -> bytes:
    """A square around a face as a JPEG of at most `CROP` pixels a side. It stops at the border of the photograph."""
    x, y, width, height = face.area
    half = max(width, height) * (0.5 + _MARGIN)
    left, top = max(0, round(x + width / 2 - half)), max(0, round(y + height / 2 - half))
    right, bottom = round(x + width / 2 + half), round(y + height / 2 + half)
    part = rgb[top : max(bottom, top + 1), left : max(right, left + 1)]
    if not part.size:
        part = np.zeros((1, 1, 3), np.uint8)
    return cv2.imencode(".jpg", cv2.cvtColor(within(part, CROP), cv2.COLOR_RGB2BGR), _SETTINGS)[1].tobytes()


_reader = one_a_thread(FaceReader)


def read_faces(photo: Photo, models: FaceModels) -> Content | Failure:
    """What is in a photograph. A function of values that can be sent: a worker opens the models once."""
    try:
        data = read_content(photo.path)
        faces, crops = _reader(models).read(PhotoPicture(photo, data))
        return Content(content_digest(data), tuple(faces), tuple(crops))
    except InputError as error:
        return Failure(photo.path, str(error))
