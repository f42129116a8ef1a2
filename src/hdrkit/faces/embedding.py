"""Embeddings: vectors of faces in which the faces of one person are near each other."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Protocol

import numpy as np
from numpy.typing import NDArray

from hdrkit.faces.chips import Template, cut_chip
from hdrkit.imaging.vectors import unit_rows
from hdrkit.models.network import Network
from hdrkit.types.faces import Face

_BATCH = 16  # chips that run together


class FaceEmbedder(Protocol):
    """Embeds faces: (H, W, 3) uint8 RGB codes and N faces in them -> (N, D) float32 unit vectors."""

    def __call__(self, rgb: NDArray[np.uint8], faces: Sequence[Face]) -> NDArray[np.float32]:
        """The embedding of each face, in order."""


@dataclass(frozen=True)
class ChipEmbedder:
    """An embedder by a network that takes (N, 3, side, side) RGB values (code - `mean`) / `scale` of aligned chips."""

    network: Network
    template: Template
    mean: float = 0.0
    scale: float = 1.0

    def __call__(self, rgb: NDArray[np.uint8], faces: Sequence[Face]) -> NDArray[np.float32]:
        """The embedding of each face, in order, (N, D) unit vectors. N = 0 gives (0, 0)."""
        vectors = [
            self._of_chips([cut_chip(rgb, face, self.template) for face in faces[i : i + _BATCH]])
            for i in range(0, len(faces), _BATCH)
        ]
        return np.concatenate(vectors) if vectors else np.zeros((0, 0), np.float32)

    def _of_chips(self, chips: list[NDArray[np.uint8]]) -> NDArray[np.float32]:
        values = np.stack(chips).transpose(0, 3, 1, 2).astype(np.float32)
        (vectors,) = self.network((values - np.float32(self.mean)) / np.float32(self.scale))
        vectors = vectors.reshape(len(chips), -1)
        return unit_rows(vectors)
