"""What every object detector is, and what detectors share."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Protocol

import cv2
import numpy as np
from numpy.typing import NDArray

_GRAY = (114, 114, 114)  # around pictures, as in training


@dataclass(frozen=True)
class SeenObject:
    """An object in a picture: its box (x, y, width, height) in pixels, how sure it is from 0 to 1, and the number of its kind.

    The box lies inside the picture. Networks that learned from COCO have 80 kinds, from 0 (person) to 79 (toothbrush).
    """

    box: tuple[float, float, float, float]
    confidence: float
    kind: int


class ObjectDetector(Protocol):
    """Finds objects: (H, W, 3) uint8 RGB codes, upright -> objects, the surest first."""

    def __call__(self, rgb: NDArray[np.uint8]) -> list[SeenObject]:
        """The objects in a picture."""


@dataclass(frozen=True)
class Letterbox:
    """A picture that is fitted into the gray input of a network: its (h, w, 3) codes, its scale, and where its corner is."""

    codes: NDArray[np.uint8]
    scale: float
    left: int
    top: int


def letterboxed(rgb: NDArray[np.uint8], sides: tuple[int, int], centred: bool) -> Letterbox:
    """A picture fitted into an input of `sides` (height, width): in the middle of it if `centred`, else at the left and top."""
    height, width = rgb.shape[:2]
    scale = min(sides[0] / height, sides[1] / width)
    fitted = (max(1, round(width * scale)), max(1, round(height * scale)))
    pixels = cv2.resize(rgb, fitted, interpolation=cv2.INTER_AREA if scale < 1 else cv2.INTER_LINEAR)
    below, right = sides[0] - fitted[1], sides[1] - fitted[0]
    top, left = (below // 2, right // 2) if centred else (0, 0)
    codes = cv2.copyMakeBorder(pixels, top, below - top, left, right - left, cv2.BORDER_CONSTANT, value=_GRAY)
    return Letterbox(np.asarray(codes, np.uint8), scale, left, top)


def objects_of(
    corners: NDArray[np.float32],
    confidences: NDArray[np.float32],
    kinds: NDArray[np.int64],
    fitted: Letterbox,
    size: tuple[int, int],
) -> list[SeenObject]:
    """Objects of a picture of `size` (width, height), the surest first.

    `corners` (N, 4) are left, top, right and bottom in pixels of the input in which the picture is `fitted`. Boxes end at the
    border of the picture; those that lie outside are left out.
    """
    placed = (corners - np.array([fitted.left, fitted.top] * 2)) / fitted.scale
    placed = np.clip(placed, 0, np.array([*size, *size]))
    boxes = np.concatenate([placed[:, :2], placed[:, 2:] - placed[:, :2]], axis=1)
    order = np.argsort(-confidences, kind="stable")
    return [
        SeenObject(tuple(map(float, boxes[i])), float(confidences[i]), int(kinds[i]))  # type: ignore[arg-type]
        for i in order
        if boxes[i, 2:].min() > 0
    ]
