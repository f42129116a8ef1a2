"""YuNet: for each cell of three maps, how likely it is a face, and where.

Wu, Peng, Yu: YuNet: A Tiny Millisecond-level Face Detector. Machine Intelligence Research, 2023. OpenCV's `FaceDetectorYN` reads
the same outputs; it takes no file whose size is free, and runs by OpenCV only.
"""

from __future__ import annotations

from collections import defaultdict

import numpy as np
from numpy.typing import NDArray

from hdrkit.errors import InputError
from hdrkit.faces.detectors.detector import as_input, faces_of
from hdrkit.models.network import Network
from hdrkit.types.faces import Face

_STEPS = (8, 16, 32)  # pixels of the picture to one cell


class YuNet:
    """YuNet on a network that gives, for each map, (1, cells, n) values: n = 1 twice, whose product is squared likelihood,

    n = 4 for the box and n = 10 for the landmarks, in any order.
    """

    def __init__(self, network: Network, confidence: float = 0.75) -> None:
        self._network, self._confidence = network, confidence

    def __call__(self, rgb: NDArray[np.uint8]) -> list[Face]:
        """The faces in a picture of (H, W, 3) RGB codes, the surest first."""
        given = as_input(np.ascontiguousarray(rgb[..., ::-1]))
        outputs: dict[tuple[int, int], list[NDArray[np.float32]]] = defaultdict(list)
        for output in self._network(given):
            outputs[output.shape[-2:]].append(output.reshape(output.shape[-2:]))
        height, width = given.shape[2:]
        found = [_of_map(outputs, step, height // step, width // step, self._confidence) for step in _STEPS]
        boxes, landmarks, likely = (np.concatenate(parts) for parts in zip(*found, strict=True))
        return faces_of(boxes, landmarks, likely)


def _of_map(
    outputs: dict[tuple[int, int], list[NDArray[np.float32]]], step: int, rows: int, columns: int, least: float
) -> tuple[NDArray[np.float32], NDArray[np.float32], NDArray[np.float32]]:
    """The boxes, landmarks and likelihoods of the likely cells of one map."""
    cells = rows * columns
    if [len(outputs[cells, n]) for n in (1, 4, 10)] != [2, 1, 1]:
        raise InputError(f"the face detector gives no values for {rows} x {columns} cells; it is no YuNet network")
    likely = np.sqrt(np.prod([np.clip(part[:, 0], 0, 1) for part in outputs[cells, 1]], axis=0))
    chosen = np.nonzero(likely > least)[0]
    corner = np.stack([chosen % columns, chosen // columns], axis=1)
    box, points = outputs[cells, 4][0][chosen], outputs[cells, 10][0][chosen].reshape(-1, 5, 2)
    size = np.exp(box[:, 2:]) * step
    boxes = np.concatenate([(corner + box[:, :2]) * step - size / 2, size], axis=1)
    return boxes, (points + corner[:, None]) * step, likely[chosen]
