"""RetinaFace with the small MobileNet: boxes and landmarks relative to prior boxes on three maps.

Deng, Guo, Ververas, Kotsia, Zafeiriou: RetinaFace: Single-shot Multi-level Face Localisation in the Wild. CVPR 2020. The priors
are those of the implementation in PyTorch from which such ONNX files come.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from hdrkit.faces.detectors.detector import as_input, faces_of
from hdrkit.models.network import Network
from hdrkit.types.faces import Face

_MEAN_BGR = (104.0, 117.0, 123.0)
_STEPS = (8, 16, 32)
PRIOR_SIDES = ((16, 32), (64, 128), (256, 512))  # of each map, in pixels
_VARIANCES = (0.1, 0.2)  # of places and of sizes


class RetinaFace:
    """RetinaFace on a network with three outputs: (1, P, 4) boxes, (1, P, 2) scores and (1, P, 10) landmarks, in any order."""

    def __init__(self, network: Network, confidence: float = 0.9, prior_sides: tuple[tuple[int, ...], ...] = PRIOR_SIDES) -> None:
        self._network, self._confidence, self._sides = network, confidence, prior_sides

    def __call__(self, rgb: NDArray[np.uint8]) -> list[Face]:
        """The faces in a picture of (H, W, 3) RGB codes, the surest first."""
        given = as_input(np.ascontiguousarray(rgb[..., ::-1]), _MEAN_BGR)
        outputs = {output.shape[-1]: output[0] for output in self._network(given)}
        scores = _as_shares(outputs[2])[:, 1]
        likely = scores > self._confidence
        height, width = given.shape[2:]
        middles, sides = (one[likely] for one in _priors(height, width, self._sides))
        boxes, points = outputs[4][likely], outputs[10][likely].reshape(-1, 5, 2)
        sizes = sides * np.exp(boxes[:, 2:] * _VARIANCES[1])
        corners = middles + boxes[:, :2] * _VARIANCES[0] * sides - sizes / 2
        landmarks = middles[:, None] + points * _VARIANCES[0] * sides[:, None]
        return faces_of(np.concatenate([corners, sizes], axis=1), landmarks, scores[likely])


def _as_shares(scores: NDArray[np.float32]) -> NDArray[np.float32]:
    """Scores that add up to 1; files differ in whether the network ends with a softmax."""
    if np.allclose(scores.sum(axis=1), 1, atol=1e-3):
        return scores
    powers = np.exp(scores - scores.max(axis=1, keepdims=True))
    return np.asarray(powers / powers.sum(axis=1, keepdims=True), np.float32)


def _priors(
    height: int, width: int, sides_of_maps: tuple[tuple[int, ...], ...]
) -> tuple[NDArray[np.float32], NDArray[np.float32]]:
    """The middles (P, 2) and the sides (P, 2) of the prior boxes in pixels, in the order of the outputs."""
    middles, sides = [], []
    for step, of_map in zip(_STEPS, sides_of_maps, strict=True):
        y, x = np.mgrid[0 : height // step, 0 : width // step]
        cells = (np.stack([x, y], axis=-1).reshape(-1, 2) + 0.5) * step
        middles.append(np.repeat(cells, len(of_map), axis=0))
        sides.append(np.tile(np.repeat(np.array(of_map)[:, None], 2, axis=1), (len(cells), 1)))
    return np.concatenate(middles).astype(np.float32), np.concatenate(sides).astype(np.float32)
