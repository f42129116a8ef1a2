"""CLIP and DINOv2, loaded by the package transformers from a folder, or from what is here of the Hugging Face hub.

Nothing is downloaded.
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

from hdrkit.errors import InputError, ModelMissing
from hdrkit.files.packages import load_package
from hdrkit.models.roles import HUB_DOWNLOADS, ModelKind

_INSTALL = "hdrkit[learned]"
_GIVE = "give a folder with config.json and model.safetensors"
_LARGEST_INPUT = 224  # pixels a side
_MEAN_STD = {  # of the pictures that the networks were trained with, codes from 0 to 1
    ModelKind.DINOV2: ((0.485, 0.456, 0.406), (0.229, 0.224, 0.225)),
    ModelKind.CLIP: ((0.48145466, 0.4578275, 0.40821073), (0.26862954, 0.26130258, 0.27577711)),
}


class TransformersNetwork:
    """A network of pictures: normalised RGB (N, 3, `side`, `side`) -> vectors (N, `dims`). `digest` identifies its weights.

    `name` is a folder, or a model of the Hugging Face hub that is on this machine. It runs on the GPU if that is wanted and there
    is one, else on as many threads as OpenCV may use at this moment. Raises ModelMissing if it is not here, and InputError if
    transformers is not installed, or if the name gives no model of `kind`, which is CLIP or DINOv2.
    """

    def __init__(self, kind: ModelKind, name: str, use_gpu: bool = True) -> None:
        torch = load_package("torch", f"--embedding {kind}", _INSTALL)
        self._kind, self._name, self._folder = kind, name, _folder_of(kind, name)
        self._device = "cuda" if use_gpu and torch.cuda.is_available() else "cpu"
        self._model = _loaded(kind, name, self._folder).eval()
        config = getattr(self._model.config, "vision_config", self._model.config)
        self.mean, self.deviation = _MEAN_STD[kind]
        self.side: int = min(config.image_size, _LARGEST_INPUT // config.patch_size * config.patch_size)
        self.dims: int = self._model.config.projection_dim if kind is ModelKind.CLIP else config.hidden_size
        self.digest = _digest(self._model)
        self._model.to(self._device)

    def __call__(self, *inputs: NDArray[np.float32]) -> tuple[NDArray[np.float32]]:
        """The vectors of a batch of pictures."""
        import torch

        with _threads_of_opencv(torch), torch.inference_mode():
            pixels = torch.from_numpy(inputs[0]).to(self._device)
            if self._kind is ModelKind.CLIP:
                output = self._model.get_image_features(pixel_values=pixels, interpolate_pos_encoding=True)
            else:
                output = self._model(pixel_values=pixels)
        return (_rows(output),)

    def of_texts(self, texts: Sequence[str]) -> NDArray[np.float32]:
        """The vectors (N, dims) of texts in the space of pictures, by CLIP. A text that is too long is cut.

        Raises InputError if the model has no tokenizer beside it.
        """
        import torch

        transformers = load_package("transformers", f"--embedding {self._kind}", _INSTALL)
        text = self._model.config.text_config
        try:
            with _quiet(transformers):
                tokenizer = transformers.AutoTokenizer.from_pretrained(self._folder, local_files_only=True)
            if len(tokenizer) != text.vocab_size:  # without its files it is one that knows no words
                raise ValueError(f"{len(tokenizer)} tokens, where the model knows {text.vocab_size}")
        except (OSError, ValueError, KeyError, RuntimeError) as error:
            problem = f"it has no tokenizer that transformers reads ({_first_line(error)})"
            raise InputError(f"{self._name}: {problem}; words need one beside the model") from error
        settings = {"padding": True, "truncation": True, "max_length": text.max_position_embeddings}
        tokens = tokenizer(list(texts), return_tensors="pt", **settings)
        with _threads_of_opencv(torch), torch.inference_mode():
            return _rows(self._model.get_text_features(**tokens.to(self._device)))


def _rows(output: Any) -> NDArray[np.float32]:
    rows: NDArray[np.float32] = output.pooler_output.float().cpu().numpy()
    return rows


def _folder_of(kind: ModelKind, name: str) -> Path:
    """A folder itself, or that of a model of the hub: transformers asks the network even where it may take local files only."""
    if Path(name).is_dir():
        return Path(name)
    hub = load_package("huggingface_hub", f"--embedding {kind}", _INSTALL)
    try:
        found = hub.try_to_load_from_cache(name, "config.json")
    except ValueError as error:
        raise InputError(f"{name}: it is neither a folder nor a name of the Hugging Face hub; {_GIVE}") from error
    if not isinstance(found, str):  # None, or a mark that the hub has no such file
        raise ModelMissing(f"{name}: it is neither a folder nor a model of the Hugging Face hub that is here; {_instead(name)}")
    return Path(found).parent


def _instead(name: str) -> str:
    return _GIVE if Path(name).is_dir() else f"run: hf download {name} {HUB_DOWNLOADS.get(name, '')}".rstrip() + f", or {_GIVE}"


def _loaded(kind: ModelKind, name: str, folder: Path) -> Any:
    transformers = load_package("transformers", f"--embedding {kind}", _INSTALL)
    unreadable = load_package("safetensors", f"--embedding {kind}", _INSTALL).SafetensorError
    try:
        with _quiet(transformers):
            model = transformers.AutoModel.from_pretrained(folder, local_files_only=True)
    except (OSError, ValueError, KeyError, RuntimeError, unreadable) as error:
        raise InputError(f"{name}: it holds no model that transformers reads ({_first_line(error)}); {_instead(name)}") from error
    if not model.config.model_type.startswith(kind.value):
        raise InputError(
            f"{name}: it is a {model.config.model_type} model, not a {kind} one; choose another model or --embedding"
        )
    return model


@contextmanager
def _threads_of_opencv(torch: Any) -> Iterator[None]:
    """Several processes that each use all cores would stand in each other's way."""
    before = torch.get_num_threads()
    torch.set_num_threads(cv2.getNumThreads())
    try:
        yield
    finally:
        torch.set_num_threads(before)


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


def _first_line(error: Exception) -> str:
    return next(iter(str(error).splitlines()), type(error).__name__)


def _digest(model: Any) -> str:
    digest = hashlib.blake2b(digest_size=8)
    for name, weights in model.state_dict().items():
        digest.update(name.encode())
        digest.update(weights.contiguous().numpy().tobytes())
    return digest.hexdigest()
