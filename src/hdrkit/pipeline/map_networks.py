"""Models -> what looks at pictures with them."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from functools import cached_property, lru_cache
from pathlib import Path

import numpy as np

from hdrkit.errors import InputError
from hdrkit.files.text import show
from hdrkit.models.inverted_residual import EFFICIENTNET_LITE0, MOBILENET_V2, read_inverted_residual
from hdrkit.models.layers_model import read_layers_model
from hdrkit.models.network import Network
from hdrkit.models.recognise import onnx_shapes
from hdrkit.models.roles import HUB_NAMES, ModelKind, Role
from hdrkit.models.runtime import open_network
from hdrkit.models.store import Model, find_model, sha256_of
from hdrkit.models.tensorflow_graph import open_edsr_graph
from hdrkit.models.transformers import TransformersNetwork
from hdrkit.semantics.detectors.detector import ObjectDetector
from hdrkit.semantics.detectors.yolov10 import YoloV10
from hdrkit.semantics.detectors.yolox import YoloX
from hdrkit.semantics.embedding import PictureEmbedder, PictureInput
from hdrkit.semantics.options import Crop, MapOptions, PictureEmbedding
from hdrkit.semantics.super_resolution import Enlarger, enlarger_of
from hdrkit.semantics.words import TextEmbedder

VERSION = 3  # of what is read; it changes when the same models see something else
_SIDE, _SIDE_OF_DETECTOR = 224, 640  # of the input of a network that takes any
_IMAGENET = PictureInput(_SIDE, (0.485, 0.456, 0.406), (0.229, 0.224, 0.225))
_OF_MOBILENET = replace(_IMAGENET, stretched=True)
_OF_EFFICIENTNET_LITE = PictureInput(_SIDE, (127 / 255,) * 3, (128 / 255,) * 3, stretched=True)
_DIGITS = 16  # of the sha256 of a file that tell it apart


@dataclass(frozen=True)
class MapModels:
    """The models that read pictures for a map, as they lie on this machine, and the options they are used with.

    `enlarger` is for small pictures. Without a `detector`, objects are found by their contrast with the border of the picture.
    """

    options: MapOptions
    embedding: Model
    enlarger: Model | None
    detector: Model | None

    @property
    def all(self) -> tuple[Model, ...]:
        """The models that are used."""
        return tuple(one for one in (self.embedding, self.enlarger, self.detector) if one is not None)

    @cached_property
    def version(self) -> str:
        """A text that changes with what is seen in a picture."""
        names = (f"{model.name} {_digest(model)}" for model in self.all)
        return f"{VERSION}; {self.options.super_resolution}; {self.options.crop}; {'; '.join(names)}"


def find_map_models(options: MapOptions, given: Mapping[Role, Path | str] | None = None) -> MapModels:
    """The models that a map needs with these options.

    Raises ModelMissing or InputError, as `find_model` does, and InputError as `check_roles` does.
    """
    given = given or {}
    check_roles(given, options)
    return MapModels(
        options,
        _embedding_model(options.embedding, given),
        _enlarger_model(options.super_resolution),
        find_model(Role.OBJECT_DETECTOR, given) if Role.OBJECT_DETECTOR in given else None,
    )


def check_roles(given: Mapping[Role, Path | str], options: MapOptions) -> None:
    """Raise InputError if a model is given that a map with these options does not use."""
    for role, model in given.items():
        match role:
            case Role.IMAGE_EMBEDDING:
                pass
            case Role.OBJECT_DETECTOR:
                if options.crop is Crop.OFF:
                    raise InputError(f"{model}: no objects are looked for; add --crop main, largest or all")
            case Role.SUPER_RESOLUTION:
                raise InputError(f"{model}: give it as --super-resolution {model}")
            case _:
                raise InputError(f"{model}: a map uses no {role}; leave it out")


def _enlarger_model(wanted: str) -> Model | None:
    """The model of `--super-resolution edsr|off|PATH|NAME`."""
    if wanted == "off":
        return None
    return find_model(Role.SUPER_RESOLUTION, {} if wanted == "edsr" else {Role.SUPER_RESOLUTION: wanted})


def _embedding_model(kind: PictureEmbedding, given: Mapping[Role, Path | str]) -> Model:
    if kind is PictureEmbedding.IMAGENET:
        return find_model(Role.IMAGE_EMBEDDING, given)
    by_transformers = ModelKind(kind)
    name = str(given.get(Role.IMAGE_EMBEDDING) or HUB_NAMES[by_transformers])
    return Model(Role.IMAGE_EMBEDDING, by_transformers, name, Path(name), "unknown")


def open_picture_embedder(model: Model) -> PictureEmbedder:
    """What embeds pictures with a model. Raises InputError if it cannot be opened."""
    match model.kind:
        case ModelKind.EFFICIENTNET_LITE0:
            network = open_network(read_inverted_residual(model.path, EFFICIENTNET_LITE0), show(model.path))
            return _embedder(model, network, _OF_EFFICIENTNET_LITE)
        case ModelKind.MOBILENET_V2:
            network = open_network(read_inverted_residual(model.path, MOBILENET_V2), show(model.path))
            return _embedder(model, network, _OF_MOBILENET)
        case ModelKind.PICTURE_VECTOR:
            (sides,), _ = onnx_shapes(model.path)
            return _embedder(model, open_network(model.path), replace(_IMAGENET, side=sides[2] or _SIDE))
        case ModelKind.CLIP | ModelKind.DINOV2:
            learned = _transformers_network(model.kind, model.name)
            return _embedder(model, learned, PictureInput(learned.side, learned.mean, learned.deviation))
    raise InputError(f"{show(model.path)}: it embeds no pictures")


def open_text_embedder(model: Model) -> TextEmbedder:
    """What embeds texts in the space of a model's pictures. Raises InputError if the model knows no texts."""
    if model.kind is not ModelKind.CLIP:
        raise InputError(f"{model.name} knows no words; give --embedding {ModelKind.CLIP}")
    return _transformers_network(model.kind, model.name).of_texts


def open_object_detector(model: Model) -> ObjectDetector:
    """The object detector of a model. Raises InputError if it cannot be opened."""
    if model.kind not in (ModelKind.YOLOX, ModelKind.YOLOV10):
        raise InputError(f"{show(model.path)}: it is no object detector")
    _, _, height, width = onnx_shapes(model.path)[0][0]
    kind = YoloX if model.kind is ModelKind.YOLOX else YoloV10
    return kind(open_network(model.path), (height or _SIDE_OF_DETECTOR, width or _SIDE_OF_DETECTOR))


def open_enlarger(model: Model) -> Enlarger:
    """What enlarges small pictures with a model. Raises InputError if it cannot be opened."""
    match model.kind:
        case ModelKind.ENLARGES_X3:
            (shape,), _ = onnx_shapes(model.path)
            return enlarger_of(open_network(model.path), shape[1] or 3, show(model.path))
        case ModelKind.LAYERS_MODEL:
            return enlarger_of(open_network(read_layers_model(model.path), show(model.path)), 3, show(model.path))
        case ModelKind.EDSR_GRAPH:
            return enlarger_of(open_edsr_graph(model.path), 3, show(model.path))
    raise InputError(f"{show(model.path)}: it enlarges no pictures")


def _embedder(model: Model, network: Network, takes: PictureInput) -> PictureEmbedder:
    vectors = network(np.zeros((1, 3, takes.side, takes.side), np.float32))[-1]
    return PictureEmbedder(network, takes, model.name, f"{model.name} {_digest(model)} {takes}", vectors.size)


def _digest(model: Model) -> str:
    """A text that changes with the weights of a model."""
    if model.kind in HUB_NAMES:
        return _transformers_network(model.kind, model.name).digest
    return sha256_of(model.path)[:_DIGITS]


@lru_cache(maxsize=1)
def _transformers_network(kind: ModelKind, name: str) -> TransformersNetwork:
    return TransformersNetwork(kind, name)
