"""Pixels of pictures -> their embeddings, the objects that were looked at, and a small picture of each."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import cv2
import numpy as np
from numpy.typing import NDArray

from hdrkit.imaging.threads import one_thread
from hdrkit.pipeline.map_networks import MapModels, open_enlarger, open_picture_embedder
from hdrkit.semantics.super_resolution import needs_enlarging

MOST_CROPS = 8  # of a picture
THUMBNAIL, THUMBNAIL_BYTES = 96, 4096  # pixels of the longer side; the largest size of the JPEG
_QUALITIES = (85, 70, 50, 30, 10)  # of a JPEG: the first that is small enough


@dataclass(frozen=True, eq=False)
class ReadPicture:
    """What is read of a picture: a unit `vector`, and a thumbnail as a JPEG of at most `THUMBNAIL_BYTES`.

    `crops` are the boxes (x, y, width, height) of what was embedded beside the whole picture, relative to its width and height.
    """

    vector: NDArray[np.float32]
    crops: tuple[tuple[float, float, float, float], ...]
    enlarged: bool
    thumbnail: bytes


class PictureReader:
    """Reads pictures with models that are opened once. It uses one core; several processes use several."""

    def __init__(self, models: MapModels) -> None:
        with one_thread():
            self._embed = open_picture_embedder(models.embedding)
            self._enlarge = open_enlarger(models.enlarger) if models.enlarger else None
        self.dims = self._embed.dims  # of a vector

    def read(self, pictures: Sequence[NDArray[np.uint8]]) -> list[ReadPicture]:
        """What is in pictures of (h, w, 3) RGB codes, upright, of any sizes, in order."""
        with one_thread():
            enlarged = {i: self._enlarge(rgb) for i, rgb in enumerate(pictures) if self._enlarge and needs_enlarging(rgb)}
            vectors = self._embed([enlarged.get(i, rgb) for i, rgb in enumerate(pictures)]).vectors
            return [
                ReadPicture(vector, (), i in enlarged, thumbnail_of(rgb))
                for i, (rgb, vector) in enumerate(zip(pictures, vectors, strict=True))
            ]


def thumbnail_of(rgb: NDArray[np.uint8]) -> bytes:
    """A JPEG of a picture with a longer side of at most 96 pixels, and of at most `THUMBNAIL_BYTES`."""
    height, width = rgb.shape[:2]
    scale = THUMBNAIL / max(height, width)
    if scale < 1:
        size = (max(1, round(width * scale)), max(1, round(height * scale)))
        rgb = np.asarray(cv2.resize(rgb, size, interpolation=cv2.INTER_AREA), np.uint8)
    bgr = np.ascontiguousarray(rgb[..., ::-1])
    jpegs = (cv2.imencode(".jpg", bgr, (cv2.IMWRITE_JPEG_QUALITY, q, cv2.IMWRITE_JPEG_OPTIMIZE, 1))[1] for q in _QUALITIES)
    return next(jpeg for jpeg in jpegs if len(jpeg) <= THUMBNAIL_BYTES).tobytes()
