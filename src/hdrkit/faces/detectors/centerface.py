"""CenterFace: a face is a peak of a map at a quarter of the size of the picture.

Xu, Yan, Yang, Lu, Zhao: CenterFace: Joint Face Detection and Alignment Using Face as Point. Scientific Programming, 2020.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from hdrkit.faces.detectors.detector import as_input, faces_of
from hdrkit.models.network import Network
from hdrkit.types.faces import Face

_CELL = 4  # pixels of the picture to one of the map


class CenterFace:
    """CenterFace on a network with four outputs: peaks, the logarithm of sizes, offsets, and landmarks in units of the box."""

    def __init__(self, network: Network, confidence: float = 0.5) -> None:
        self._network, self._confidence = network, confidence

    def __call__(self, rgb: NDArray[np.uint8]) -> list[Face]:
        """The faces in a picture of (H, W, 3) RGB codes, the surest first."""
        peaks, sizes, offsets, points = (output[0] for output in self._network(as_input(rgb)))
        rows, columns = np.nonzero(peaks[0] > self._confidence)
        height, width = np.exp(sizes[:, rows, columns]) * _CELL
        middle_y, middle_x = (np.stack([rows, columns]) + offsets[:, rows, columns] + 0.5) * _CELL
        left, top = middle_x - width / 2, middle_y - height / 2
        y, x = points[0::2, rows, columns] * height + top, points[1::2, rows, columns] * width + left
        landmarks = np.stack([x, y], axis=-1).transpose(1, 0, 2)
        return faces_of(np.stack([left, top, width, height], axis=1), landmarks, peaks[0, rows, columns])
