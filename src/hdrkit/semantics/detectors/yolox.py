"""YOLOX: each cell of three maps gives one box, how likely an object is there, and of which kind.

Ge, Liu, Wang, Li, Sun: YOLOX: Exceeding YOLO Series in 2021. arXiv:2107.08430. The network takes BGR codes as they are.
"""

from __future__ import annotations

import cv2
import numpy as np
from numpy.typing import NDArray

from hdrkit.errors import InputError
from hdrkit.models.network import Network
from hdrkit.semantics.detectors.detector import SeenObject, letterboxed, objects_of

_STRIDES = (8, 16, 32)  # pixels of the input to a cell of each map
_UNION = 0.45  # share of the union from which two boxes are one object


class YoloX:
    """YOLOX on a network that takes (1, 3, h, w) and gives (1, cells, 5 + kinds): box, objectness and kinds of each cell.

    `sides` are the height and the width of its input, multiples of 32.
    """

    def __init__(self, network: Network, sides: tuple[int, int] = (640, 640), confidence: float = 0.25) -> None:
        self._network, self._sides, self._confidence = network, sides, confidence
        self._corners, self._steps = _cells(sides)

    def __call__(self, rgb: NDArray[np.uint8]) -> list[SeenObject]:
        """The objects in a picture of (H, W, 3) RGB codes, the surest first."""
        fitted = letterboxed(rgb, self._sides, centred=False)
        given = np.asarray(cv2.dnn.blobFromImage(fitted.codes, swapRB=True), np.float32)
        cells = self._network(given)[0][0]
        if len(cells) != len(self._steps):
            raise InputError(f"the object detector gives {len(cells)} cells, not {len(self._steps)}; it is no YOLOX network")
        likely = cells[:, 4:5] * cells[:, 5:]
        kinds, confidences = likely.argmax(axis=1), likely.max(axis=1)
        chosen = confidences > self._confidence
        middles = (cells[chosen, :2] + self._corners[chosen]) * self._steps[chosen]
        sizes = np.exp(cells[chosen, 2:4]) * self._steps[chosen]
        corners = np.concatenate([middles - sizes / 2, middles + sizes / 2], axis=1)
        kept = _apart(corners, confidences[chosen])
        return objects_of(corners[kept], confidences[chosen][kept], kinds[chosen][kept], fitted, (rgb.shape[1], rgb.shape[0]))


def _cells(sides: tuple[int, int]) -> tuple[NDArray[np.float32], NDArray[np.float32]]:
    """The corners (cells, 2) of the cells in cells, and the pixels (cells, 1) to each, in the order of the output."""
    corners, steps = [], []
    for stride in _STRIDES:
        y, x = np.mgrid[0 : sides[0] // stride, 0 : sides[1] // stride]
        corners.append(np.stack([x, y], axis=-1).reshape(-1, 2))
        steps.append(np.full((x.size, 1), stride))
    return np.concatenate(corners).astype(np.float32), np.concatenate(steps).astype(np.float32)


def _apart(corners: NDArray[np.float32], confidences: NDArray[np.float32]) -> NDArray[np.int64]:
    """The indices of boxes of which none is the same object as a surer one."""
    if not len(corners):
        return np.zeros(0, np.int64)
    boxes = np.concatenate([corners[:, :2], corners[:, 2:] - corners[:, :2]], axis=1)
    return np.asarray(cv2.dnn.NMSBoxes(boxes.tolist(), confidences.tolist(), 0.0, _UNION), np.int64)
