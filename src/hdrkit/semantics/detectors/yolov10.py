"""YOLOv10: a list of objects, each of them once.

Wang, Chen, Liu, Chen, Lin, Han, Ding: YOLOv10: Real-Time End-to-End Object Detection. NeurIPS 2024. Its head was trained to give
one box for each object, so none has to be left out. The network takes RGB values from 0 to 1.
"""

from __future__ import annotations

import cv2
import numpy as np
from numpy.typing import NDArray

from hdrkit.models.network import Network
from hdrkit.semantics.detectors.detector import SeenObject, letterboxed, objects_of


class YoloV10:
    """YOLOv10 on a network that takes (1, 3, h, w) and gives (1, N, 6): left, top, right, bottom, confidence and kind of each.

    `sides` are the height and the width of its input.
    """

    def __init__(self, network: Network, sides: tuple[int, int] = (640, 640), confidence: float = 0.25) -> None:
        self._network, self._sides, self._confidence = network, sides, confidence

    def __call__(self, rgb: NDArray[np.uint8]) -> list[SeenObject]:
        """The objects in a picture of (H, W, 3) RGB codes, the surest first."""
        fitted = letterboxed(rgb, self._sides, centred=True)
        given = np.asarray(cv2.dnn.blobFromImage(fitted.codes, scalefactor=1 / 255), np.float32)
        rows = self._network(given)[0][0]
        rows = rows[rows[:, 4] > self._confidence]
        return objects_of(rows[:, :4], rows[:, 4], rows[:, 5].astype(np.int64), fitted, (rgb.shape[1], rgb.shape[0]))
