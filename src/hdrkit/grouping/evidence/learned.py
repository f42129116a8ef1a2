"""Learned embeddings of photographs, DINOv2 or CLIP. They nominate pairs for comparison; they do not link photographs.

Each picture is brought to one exposure first, since the networks did not learn that a dark and a bright frame can be one view.
"""

from __future__ import annotations

import hashlib
import logging
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import cv2
import numpy as np
from numpy.typing import NDArray

from hdrkit.errors import InputError
from hdrkit.files.packages import load_package
from hdrkit.grouping.options import Embedding, EmbeddingOptions, Reduction

_BATCH = 32
_LARGEST_INPUT = 224  # pixels a side
_MEAN_STD = {  # of the pictures that the networks were trained with
    Embedding.DINOV2: ((0.485, 0.456, 0.406), (0.229, 0.224, 0.225)),
    Embedding.CLIP: ((0.48145466, 0.4578275, 0.40821073), (0.26862954, 0.26130258, 0.27577711)),
}
_BLACK, _WHITE = 0.01, 0.99  # quantiles of codes
_MIDDLE = 0.45  # what the median becomes


class Embedder:
    """A network with its weights. `dims` numbers an image; `version` identifies the weights in the cache of features.

    `options.model` is a folder, or the name of a model on the Hugging Face hub. Raises InputError if transformers
    is not installed, or if the name gives no model of `options.kind`.
    """

    def __init__(self, options: EmbeddingOptions) -> None:
        torch = load_package("torch", f"--embedding {options.kind}", "hdrkit[learned]")
        self._kind = options.kind
        self._device = "cuda" if options.use_gpu and torch.cuda.is_available() else "cpu"
        self._model = _loaded(options.kind, options.model).eval()
        config = getattr(self._model.config, "vision_config", self._model.config)
        self._size = min(config.image_size, _LARGEST_INPUT // config.patch_size * config.patch_size)
        self.dims: int = self._model.config.projection_dim if self._kind is Embedding.CLIP else config.hidden_size
        self.version = f"{self._kind} {self._size} {_digest(self._model)}"
        self._model.to(self._device)

    def features(self, previews: Sequence[NDArray[np.uint8]]) -> NDArray[np.float32]:
        """Previews (h, w, 3) as rows (N, dims) of length 1, computed in batches."""
        rows = np.empty((len(previews), self.dims), np.float32)
        for start in range(0, len(previews), _BATCH):
            batch = [network_input(preview, self._size, self._kind) for preview in previews[start : start + _BATCH]]
            rows[start : start + _BATCH] = self._forward(np.stack(batch))
        return unit_rows(rows)

    def _forward(self, pictures: NDArray[np.float32]) -> NDArray[np.float32]:
        import torch

        with torch.inference_mode():
            pixels = torch.from_numpy(pictures).to(self._device)
            if self._kind is Embedding.CLIP:
                output = self._model.get_image_features(pixel_values=pixels, interpolate_pos_encoding=True)
            else:
                output = self._model(pixel_values=pixels)
        features: NDArray[np.float32] = output.pooler_output.float().cpu().numpy()
        return features


def network_input(preview: NDArray[np.uint8], size: int, kind: Embedding) -> NDArray[np.float32]:
    """A preview as a network takes it (3, size, size): squashed to a square, levels stretched, normalised.

    The 0.01 and 0.99 quantiles of its codes become black and white, and a power of the codes takes the median to 0.45.
    """
    square = cv2.resize(preview, (size, size), interpolation=cv2.INTER_AREA).astype(np.float32)
    black, median, white = np.quantile(square, (_BLACK, 0.5, _WHITE))
    stretched = np.clip((square - black) / max(white - black, 1.0), 0, 1)
    middle = np.clip((median - black) / max(white - black, 1.0), 0.01, 0.99)
    mean, std = (np.array(values, np.float32) for values in _MEAN_STD[kind])
    shown = stretched ** np.float32(np.log(_MIDDLE) / np.log(middle))
    return np.ascontiguousarray(((shown - mean) / std).transpose(2, 0, 1), np.float32)


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


def unit_rows(rows: NDArray[np.float32]) -> NDArray[np.float32]:
    """Rows scaled to length 1; rows of zeros stay."""
    length = np.linalg.norm(rows, axis=1, keepdims=True)
    return np.asarray(rows / np.where(length > 0, length, 1), np.float32)


def _loaded(kind: Embedding, name: str) -> Any:
    transformers = load_package("transformers", f"--embedding {kind}", "hdrkit[learned]")
    unreadable = load_package("safetensors", f"--embedding {kind}", "hdrkit[learned]").SafetensorError
    local = Path(name).is_dir()
    try:
        with _quiet(transformers):
            model = transformers.AutoModel.from_pretrained(name, local_files_only=local)
    except (OSError, ValueError, KeyError, RuntimeError, unreadable) as error:
        missing = "it is neither a folder nor a model on the Hugging Face hub"
        problem = "this folder holds no model that transformers reads" if local else missing
        reason = next(iter(str(error).splitlines()), type(error).__name__)
        raise InputError(f"{name}: {problem} ({reason}); give a folder with config.json and model.safetensors") from error
    if not model.config.model_type.startswith(kind.value):
        raise InputError(
            f"{name}: it is a {model.config.model_type} model, not a {kind} one; choose another model or --embedding"
        )
    return model


@contextmanager
def _quiet(transformers: Any) -> Iterator[None]:
    """Loads without progress bars, and without warnings about weights that are left out."""
    logger = transformers.utils.logging
    level, bars = logger.get_verbosity(), logger.is_progress_bar_enabled()
    logger.set_verbosity(logging.CRITICAL)
    logger.disable_progress_bar()
    try:
        yield
    finally:
        logger.set_verbosity(level)
        if bars:
            logger.enable_progress_bar()


def _digest(model: Any) -> str:
    digest = hashlib.blake2b(digest_size=8)
    for name, weights in model.state_dict().items():
        digest.update(name.encode())
        digest.update(weights.contiguous().numpy().tobytes())
    return digest.hexdigest()
