"""Models -> what looks at pictures with them."""

from __future__ import annotations

from hdrkit.errors import InputError
from hdrkit.files.text import show
from hdrkit.models.recognise import onnx_shapes
from hdrkit.models.roles import ModelKind
from hdrkit.models.runtime import open_network
from hdrkit.models.store import Model
from hdrkit.semantics.detectors.detector import ObjectDetector
from hdrkit.semantics.detectors.yolov10 import YoloV10
from hdrkit.semantics.detectors.yolox import YoloX

_SIDE = 640  # of the input of a detector that takes any


def open_object_detector(model: Model) -> ObjectDetector:
    """The object detector of a model. Raises InputError if it cannot be opened."""
    if model.kind not in (ModelKind.YOLOX, ModelKind.YOLOV10):
        raise InputError(f"{show(model.path)}: it is no object detector")
    _, _, height, width = onnx_shapes(model.path)[0][0]
    kind = YoloX if model.kind is ModelKind.YOLOX else YoloV10
    return kind(open_network(model.path), (height or _SIDE, width or _SIDE))
