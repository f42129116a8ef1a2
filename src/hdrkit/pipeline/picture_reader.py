"""Pixels of pictures -> their embeddings, the objects that were looked at, and a small picture of each."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import cv2
import numpy as np
from numpy.typing import NDArray

from hdrkit.imaging.shrinking import within
from hdrkit.imaging.threads import one_thread
from hdrkit.pipeline.map_networks import MapModels, open_enlarger, open_object_detector, open_picture_embedder
from hdrkit.semantics.crops import Box, chosen_boxes, combined, cropped, regions_of
from hdrkit.semantics.options import Crop
from hdrkit.semantics.saliency import salient_regions
from hdrkit.semantics.super_resolution import needs_enlarging

THUMBNAIL, THUMBNAIL_BYTES = 96, 4096  # pixels of the longer side; the largest size of the JPEG
_QUALITIES = (85, 70, 50, 30, 10)  # of a JPEG: the first that is small enough


@dataclass(frozen=True, eq=False)
class ReadPicture:
    """What is read of a picture: a unit `vector`, and a thumbnail as a JPEG of at most `THUMBNAIL_BYTES`.

    `crops` are the boxes (x, y, width, height) of what was embedded beside the whole picture, relative to its width and height.
    """

    vector: NDArray[np.float32]
    crops: tuple[Box, ...]
    enlarged: bool
    thumbnail: bytes


class PictureReader:
    """Reads pictures with models that are opened once. It uses one core; several processes use several."""

    def __init__(self, models: MapModels) -> None:
        self._crop = models.options.crop
        with one_thread():
            self._embed = open_picture_embedder(models.embedding)
            self._enlarge = open_enlarger(models.enlarger) if models.enlarger else None
            self._detect = open_object_detector(models.detector) if models.detector else None
        self.dims = self._embed.dims  # of a vector

    def read(self, pictures: Sequence[NDArray[np.uint8]]) -> list[ReadPicture]:
        """What is in pictures of (h, w, 3) RGB codes, upright, of any sizes, in order."""
        with one_thread():
            return self._read(pictures)

    def _read(self, pictures: Sequence[NDArray[np.uint8]]) -> list[ReadPicture]:
        enlarged = {i: self._enlarge(rgb) for i, rgb in enumerate(pictures) if self._enlarge and needs_enlarging(rgb)}
        shown = [enlarged.get(i, rgb) for i, rgb in enumerate(pictures)]
        boxes = [self._boxes(rgb) for rgb in shown]
        crops = [cropped(rgb, box) for rgb, of_one in zip(shown, boxes, strict=True) for box in of_one]
        vectors = self._embed([*shown, *crops])
        read, first = [], len(shown)
        for i, of_one in enumerate(boxes):
            vector = combined(vectors[i], vectors[first : first + len(of_one)])
            read.append(ReadPicture(vector, of_one, i in enlarged, thumbnail_of(pictures[i])))
            first += len(of_one)
        return read

    def _boxes(self, rgb: NDArray[np.uint8]) -> tuple[Box, ...]:
        if self._crop is Crop.OFF:
            return ()
        size = rgb.shape[1], rgb.shape[0]
        regions = regions_of(self._detect(rgb), size) if self._detect else salient_regions(rgb)
        return chosen_boxes(regions, self._crop, size)


def thumbnail_of(rgb: NDArray[np.uint8]) -> bytes:
    """A JPEG of a picture with a longer side of at most 96 pixels, and of at most `THUMBNAIL_BYTES`."""
    bgr = np.ascontiguousarray(within(rgb, THUMBNAIL)[..., ::-1])
    jpegs = (cv2.imencode(".jpg", bgr, (cv2.IMWRITE_JPEG_QUALITY, q, cv2.IMWRITE_JPEG_OPTIMIZE, 1))[1] for q in _QUALITIES)
    return next(jpeg for jpeg in jpegs if len(jpeg) <= THUMBNAIL_BYTES).tobytes()
