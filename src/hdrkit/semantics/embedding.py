"""Embeddings: vectors of pictures in which pictures that show the same are near each other."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import cv2
import numpy as np
from numpy.typing import NDArray

from hdrkit.imaging.vectors import unit_rows
from hdrkit.models.network import Network

BATCH = 8  # pictures that run together; more make it no faster, since the values of a layer leave the cache of a core
_BLACK, _WHITE = 0.01, 0.99  # shares of the codes that are below
_FLAT = 8  # codes between black and white


@dataclass(frozen=True)
class PictureInput:
    """What a network takes: squares of `side` pixels; codes 0..1 less `mean` are divided by `deviation` (R, G, B).

    With `stretched`, black and white are first taken to the ends of the codes: a frame that is darker shows the same.
    """

    side: int
    mean: tuple[float, float, float]
    deviation: tuple[float, float, float]
    stretched: bool = False

    def of(self, rgb: NDArray[np.uint8]) -> NDArray[np.float32]:
        """A picture (h, w, 3) of any size as values (3, side, side)."""
        shrinks = min(rgb.shape[:2]) > self.side
        method = cv2.INTER_AREA if shrinks else cv2.INTER_LINEAR
        square = np.asarray(cv2.resize(rgb, (self.side, self.side), interpolation=method), np.uint8)
        values = square.transpose(2, 0, 1).astype(np.float32, order="C")
        if self.stretched:
            black, white = _ends(square)
            values = np.clip((values - black) * np.float32(255 / (white - black)), 0, 255)
        values -= 255 * np.array(self.mean, np.float32)[:, None, None]
        values /= 255 * np.array(self.deviation, np.float32)[:, None, None]
        return values


def _ends(rgb: NDArray[np.uint8]) -> tuple[int, int]:
    """The codes of black and white in a picture. One of a single colour, or nearly, has none: it stays as it is."""
    up_to = np.bincount(rgb.ravel(), minlength=256).cumsum()
    black, white = (int(np.searchsorted(up_to, share * up_to[-1])) for share in (_BLACK, _WHITE))
    return (black, white) if white - black >= _FLAT else (0, 255)


@dataclass(frozen=True)
class PictureEmbedder:
    """Embeds pictures by a network, whose last output are vectors. `version` tells its weights and input.

    It must not run in two threads at once.
    """

    network: Network
    takes: PictureInput
    name: str
    version: str
    dims: int

    def __call__(self, pictures: Sequence[NDArray[np.uint8]]) -> NDArray[np.float32]:
        """The unit vectors (N, `dims`) of N RGB pictures (h, w, 3) of any sizes, in order."""
        parts = [self._of_batch(pictures[i : i + BATCH]) for i in range(0, len(pictures), BATCH)]
        return np.concatenate(parts) if parts else np.zeros((0, self.dims), np.float32)

    def _of_batch(self, pictures: Sequence[NDArray[np.uint8]]) -> NDArray[np.float32]:
        vectors = self.network(np.stack([self.takes.of(one) for one in pictures]))[-1]
        return unit_rows(vectors.reshape(len(pictures), -1))
