"""What every face detector is, and what detectors share."""

from __future__ import annotations

from typing import Protocol

import cv2
import numpy as np
from numpy.typing import NDArray

from hdrkit.types.faces import Face

STRIDE = 32  # of the deepest layer: networks take sides that are multiples of it


class Detector(Protocol):
    """Finds faces: (H, W, 3) uint8 RGB codes, upright -> faces in pixels of that picture, the surest first."""

    def __call__(self, rgb: NDArray[np.uint8]) -> list[Face]:
        """The faces in a picture."""


def as_input(pixels: NDArray[np.uint8], mean: tuple[float, float, float] = (0, 0, 0)) -> NDArray[np.float32]:
    """(H, W, 3) codes less a mean as (1, 3, h, w) values, black at the right and the bottom up to multiples of 32."""
    height, width = pixels.shape[:2]
    padded = cv2.copyMakeBorder(pixels, 0, -height % STRIDE, 0, -width % STRIDE, cv2.BORDER_CONSTANT)
    return np.asarray(cv2.dnn.blobFromImage(padded, mean=mean), np.float32)


def faces_of(boxes: NDArray[np.float32], landmarks: NDArray[np.float32], confidences: NDArray[np.float32]) -> list[Face]:
    """Faces from (N, 4) boxes (x, y, width, height), (N, 5, 2) landmarks and (N,) confidences, the surest first.

    Boxes that overlap by 0.3 of their union or more are one face.
    """
    kept = cv2.dnn.NMSBoxes(boxes.tolist(), confidences.tolist(), 0.0, 0.3) if len(boxes) else ()
    return [
        Face(tuple(map(float, boxes[i])), landmarks[i].astype(np.float32), float(confidences[i]))  # type: ignore[arg-type]
        for i in np.asarray(kept, int)
    ]
