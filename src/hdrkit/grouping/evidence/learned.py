"""Learned embeddings of photographs, DINOv2 or CLIP. They nominate pairs for comparison; they do not link photographs.

Each picture is brought to one exposure first, since the networks did not learn that a dark and a bright frame can be one view.
"""

from __future__ import annotations

from collections.abc import Sequence

import cv2
import numpy as np
from numpy.typing import NDArray

from hdrkit.grouping.options import EmbeddingOptions, Reduction
from hdrkit.imaging.vectors import unit_rows
from hdrkit.models.roles import ModelKind
from hdrkit.models.transformers import TransformersNetwork

_BATCH = 32
_BLACK, _WHITE = 0.01, 0.99  # quantiles of codes
_MIDDLE = 0.45  # what the median becomes


class Embedder:
    """A network with its weights. `dims` numbers an image; `version` identifies the weights in the cache of features.

    `options.model` is a folder, or the name of a model of the Hugging Face hub that is on this machine. Raises ModelMissing if
    it is not, and InputError if transformers is not installed, or if the name gives no model of `options.kind`.
    """

    def __init__(self, options: EmbeddingOptions) -> None:
        self._network = TransformersNetwork(ModelKind(options.kind), options.model, options.use_gpu)
        self.dims = self._network.dims
        self.version = f"{options.kind} {self._network.side} {self._network.digest}"

    def features(self, previews: Sequence[NDArray[np.uint8]]) -> NDArray[np.float32]:
        """Previews (h, w, 3) as rows (N, dims) of length 1, computed in batches."""
        rows = np.empty((len(previews), self.dims), np.float32)
        for start in range(0, len(previews), _BATCH):
            batch = [self._input(preview) for preview in previews[start : start + _BATCH]]
            (rows[start : start + _BATCH],) = self._network(np.stack(batch))
        return unit_rows(rows)

    def _input(self, preview: NDArray[np.uint8]) -> NDArray[np.float32]:
        shown = at_one_exposure(preview, self._network.side)
        mean, deviation = (np.array(values, np.float32) for values in (self._network.mean, self._network.deviation))
        return np.ascontiguousarray(((shown - mean) / deviation).transpose(2, 0, 1), np.float32)


def at_one_exposure(preview: NDArray[np.uint8], size: int) -> NDArray[np.float32]:
    """A preview squashed to a square (size, size, 3), with codes from 0 to 1 that do not depend on its exposure.

    The 0.01 and 0.99 quantiles of its codes become black and white, and a power of the codes takes the median to 0.45.
    """
    square = cv2.resize(preview, (size, size), interpolation=cv2.INTER_AREA).astype(np.float32)
    black, median, white = np.quantile(square, (_BLACK, 0.5, _WHITE))
    stretched = np.clip((square - black) / max(white - black, 1.0), 0, 1)
    middle = np.clip((median - black) / max(white - black, 1.0), 0.01, 0.99)
    return np.asarray(stretched ** np.float32(np.log(_MIDDLE) / np.log(middle)), np.float32)


def shortened(features: NDArray[np.float32], options: EmbeddingOptions) -> NDArray[np.float32]:
    """Features (N, dims) of a whole set as rows (N, at most target_dims) of length 1, by principal components if so chosen."""
    if options.dimensionality_reduction is Reduction.NONE or features.shape[1] <= options.target_dims:
        return unit_rows(features)
    return unit_rows(principal_components(features, options.target_dims))


def principal_components(rows: NDArray[np.float32], dims: int) -> NDArray[np.float32]:
    """Rows (N, D) less their mean along the `dims` directions of largest variance, largest first (Pearson 1901).

    The sign of a direction is the one that makes its largest coefficient positive, so the same rows give the same numbers.
    """
    centred = rows - rows.mean(axis=0)
    directions = np.linalg.eigh(centred.astype(np.float64).T @ centred)[1][:, : -dims - 1 : -1]
    largest = directions[np.abs(directions).argmax(axis=0), np.arange(directions.shape[1])]
    return np.asarray(centred @ (directions * np.sign(largest)), np.float32)
