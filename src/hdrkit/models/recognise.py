"""What kind of model a file is, by its content."""

from __future__ import annotations

import json
import zipfile
from pathlib import Path
from typing import Any

from hdrkit.errors import InputError
from hdrkit.files.atomic import open_bytes, read_bytes
from hdrkit.files.text import show
from hdrkit.models.inverted_residual import EFFICIENTNET_LITE0, MOBILENET_V2
from hdrkit.models.roles import ModelKind
from hdrkit.models.torch_file import OLDER_FORM, read_torch_tensors

_HEAD = 4096
_OF_PYTORCH = {ModelKind.EFFICIENTNET_LITE0: EFFICIENTNET_LITE0, ModelKind.MOBILENET_V2: MOBILENET_V2}
_TRIED = (16, 24)  # height and width of a picture
_FIRST_NODE = b"\x0a"  # the beginning of a graph of TensorFlow
_Shape = tuple[int | None, ...]


def recognise(path: Path) -> ModelKind:
    """The kind of the model in a file. ONNX networks are told apart by the shapes of what goes in and comes out.

    Raises InputError if the file cannot be read, or is cut off, or is no model at all.
    """
    with open_bytes(path) as file:
        head = file.read(_HEAD)
    if head.startswith(OLDER_FORM):
        return _kind_of_pytorch(path)
    if zipfile.is_zipfile(path):
        with zipfile.ZipFile(path) as archive:
            names = archive.namelist()
        if any(name.rpartition("/")[2] == "data.pkl" for name in names):
            return _kind_of_pytorch(path)
        landmarker = "face_landmarks_detector.tflite" in names
        return ModelKind.FACE_LANDMARKER if landmarker else ModelKind.OTHER
    if b"loss_metric" in head[:64]:
        return ModelKind.DLIB_RESNET
    if head.lstrip()[:1] in (b"[", b"{"):
        if b"conv32_down" in head:
            return ModelKind.FACE_API
        return ModelKind.LAYERS_MODEL if b'"layers-model"' in head else ModelKind.OTHER
    if head.startswith(_FIRST_NODE) and _is_edsr_graph(path):
        return ModelKind.EDSR_GRAPH
    inputs, outputs = onnx_shapes(path)
    if _enlarges(path, inputs, list(outputs.values())):
        return ModelKind.ENLARGES_X3
    return _kind_of_onnx(inputs, outputs)


def onnx_shapes(path: Path) -> tuple[list[_Shape], dict[str, _Shape]]:
    """The shapes of the inputs of an ONNX file, and of its outputs by name; None for a side that is not fixed."""
    graph = load_onnx(path).graph
    stored = {one.name for one in graph.initializer}
    return [_shape(one) for one in graph.input if one.name not in stored], {one.name: _shape(one) for one in graph.output}


def scales_inside(path: Path) -> bool:
    """Whether an ONNX network begins by subtracting a mean and scaling, so that it takes codes 0..255 as they are.

    insightface tells its networks apart in this way: by the kinds of the first layers.
    """
    first = {node.op_type for node in load_onnx(path).graph.node[:8]}
    return {"Sub", "Mul"} <= first


def prior_sides(path: Path) -> tuple[tuple[int, ...], ...] | None:
    """The sides of prior boxes that the metadata of an ONNX file state as `min_sizes`, a JSON list for each map; else None."""
    stated = {entry.key: entry.value for entry in load_onnx(path).metadata_props}.get("min_sizes")
    try:
        return tuple(tuple(map(int, sides)) for sides in json.loads(stated)) if stated else None
    except (ValueError, TypeError) as error:
        raise InputError(f"{show(path)}: min_sizes in its metadata is {stated}, not such as [[16, 32], [64, 128]]") from error


def load_onnx(path: Path) -> Any:
    """The `onnx.ModelProto` in a file. Raises InputError if it is none, or only a part of one."""
    import onnx
    from google.protobuf.message import DecodeError

    try:
        with open_bytes(path) as file:
            model = onnx.load_model_from_string(file.read())
    except DecodeError as error:
        raise _unreadable(path) from error
    if not model.graph.node or not model.graph.output:
        raise _unreadable(path)
    return model


def _kind_of_pytorch(path: Path) -> ModelKind:
    held = read_torch_tensors(path)
    for kind, layout in _OF_PYTORCH.items():
        if held.keys() >= set(layout.marks):
            return kind
    raise InputError(
        f"{show(path)}: it holds weights of PyTorch for a network that hdrkit does not know; convert it to ONNX "
        "(torch.onnx.export), and give that file"
    )


def _unreadable(path: Path) -> InputError:
    return InputError(f"{show(path)}: it is no model that hdrkit can read, or it is cut off; fetch or copy it again")


def _shape(value: Any) -> _Shape:
    return tuple(side.dim_value or None for side in value.type.tensor_type.shape.dim)


def _kind_of_onnx(inputs: list[_Shape], outputs: dict[str, _Shape]) -> ModelKind:
    if len(inputs) != 1 or len(inputs[0]) != 4:
        return ModelKind.OTHER
    if {"cls_8", "obj_8", "bbox_8", "kps_8"} <= set(outputs):
        return ModelKind.YUNET
    if [len(shape) for shape in outputs.values()] == [4] * 4 and sorted(s[1] or 0 for s in outputs.values()) == [1, 2, 2, 10]:
        return ModelKind.CENTERFACE
    if len(outputs) == 3 and _may_end(list(outputs.values()), (2, 4, 10)):
        return ModelKind.RETINAFACE
    if len(outputs) == 1 and inputs[0][1:] == (3, 112, 112):
        return ModelKind.ALIGNED_112
    if len(outputs) == 1 and inputs[0][1] == 3:
        return _kind_of_rows(inputs[0], next(iter(outputs.values())))
    return ModelKind.OTHER


def _kind_of_rows(given: _Shape, rows: _Shape) -> ModelKind:
    """The kind of a network that gives rows of numbers: one a picture, or those of an object detector by count and length."""
    if len(rows) == 2:
        return ModelKind.PICTURE_VECTOR
    if len(rows) != 3 or (length := rows[-1]) is None:
        return ModelKind.OTHER
    height, width, count = *given[2:], rows[1]
    if height is None or width is None or count is None:
        is_yolox = length > 6
    else:
        is_yolox = length > 5 and count == sum((height // step) * (width // step) for step in (8, 16, 32))
    if is_yolox:
        return ModelKind.YOLOX
    return ModelKind.YOLOV10 if length == 6 else ModelKind.OTHER


def _is_edsr_graph(path: Path) -> bool:
    from hdrkit.models.tensorflow_graph import is_edsr_graph

    return is_edsr_graph(read_bytes(path))


def _enlarges(path: Path, inputs: list[_Shape], outputs: list[_Shape]) -> bool:
    """Whether an ONNX network makes a picture of 1 or 3 channels three times as large: by trying it, for most state no sides."""
    if [len(shape) for shape in (*inputs, *outputs)] != [4, 4] or inputs[0][1] not in (1, 3):
        return False
    if outputs[0][1] not in (inputs[0][1], None):
        return False
    import numpy as np

    from hdrkit.models.runtime import open_network

    height, width = _TRIED
    try:
        large = open_network(path)(np.zeros((1, inputs[0][1], height, width), np.float32))[0]
    except InputError:
        return False
    return large.shape == (1, inputs[0][1], 3 * height, 3 * width)


def _may_end(shapes: list[_Shape], lengths: tuple[int, ...]) -> bool:
    """Whether shapes of three sides may have these last sides, in any order, where they are known."""
    known = [shape[-1] for shape in shapes if len(shape) == 3 and shape[-1] is not None]
    return all(len(shape) == 3 for shape in shapes) and len(set(known)) == len(known) and set(known) <= set(lengths)
