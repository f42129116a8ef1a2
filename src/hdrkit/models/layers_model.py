"""Networks as TensorFlow.js keeps those of Keras: a `model.json` of layers, with their weights in files beside it."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from hdrkit.errors import InputError
from hdrkit.files.atomic import read_bytes
from hdrkit.files.text import show
from hdrkit.models.shards import read_shards

_LAST = (3, -1)  # the axis of channels in Keras


def read_layers_model(path: Path) -> bytes:
    """A network of one picture as the bytes of an ONNX file: (1, c, h, w), while Keras has the channels last.

    It knows the layers of networks for super-resolution, with strides of 1. Raises InputError if the file is cut off, weights are
    missing, or there are other layers in it.
    """
    from onnx import TensorProto, helper, numpy_helper

    weights, nodes, stored = read_shards(path), [], []

    def given(name: str, values: NDArray[Any]) -> str:
        stored.append(numpy_helper.from_array(values, name))
        return name

    def step(kind: str, inputs: list[str], output: str, **settings: Any) -> str:
        nodes.append(helper.make_node(kind, inputs, [output], **settings))
        return output

    def convolved(value: str, name: str, config: dict[str, Any]) -> str:
        kernel = np.ascontiguousarray(weights[f"{name}/kernel"].transpose(3, 2, 0, 1))
        inputs = [value, given(f"{name}/kernel", kernel)]
        if config["use_bias"]:
            inputs.append(given(f"{name}/bias", weights[f"{name}/bias"]))
        pads = [side // 2 for side in kernel.shape[2:]] * 2
        return step("Conv", inputs, f"{name}/sum", pads=pads)

    try:
        model = json.loads(read_bytes(path))["modelTopology"]
        config = model.get("model_config", model)["config"]
        for layer in config["layers"]:
            name, settings = layer["name"], layer["config"]
            inputs = [link[0] for link in layer["inbound_nodes"][0]] if layer["inbound_nodes"] else []
            match layer["class_name"]:
                case "InputLayer":
                    channels = settings["batch_input_shape"][3]
                case "Conv2D" if _is_plain(settings):
                    kind = "Relu" if settings["activation"] == "relu" else "Identity"
                    step(kind, [convolved(inputs[0], name, settings)], name)
                case "Activation" if settings["activation"] == "relu":
                    step("Relu", inputs, name)
                case "Add" if len(inputs) == 2:
                    step("Add", inputs, name)
                case "Concatenate" if settings["axis"] in _LAST:
                    step("Concat", inputs, name, axis=1)
                case "UpSampling2D" if settings["interpolation"] == "nearest":
                    scales = given(f"{name}/scales", np.array([1, 1, *settings["size"]], np.float32))
                    rule = {"coordinate_transformation_mode": "asymmetric", "nearest_mode": "floor"}
                    step("Resize", [inputs[0], "", scales], name, mode="nearest", **rule)
                case other:
                    raise InputError(f"{show(path)}: the layer {name} ({other}) is none that hdrkit can read")
        ((first, *_),), ((last, *_),) = config["input_layers"], config["output_layers"]
    except (ValueError, KeyError, TypeError, IndexError) as error:
        raise InputError(f"{show(path)}: it is no network of TensorFlow.js with its weights ({error})") from error
    small, large = (
        [helper.make_tensor_value_info(end, TensorProto.FLOAT, [1, channels, *sides])]
        for end, sides in ((first, ("h", "w")), (last, ("large_h", "large_w")))
    )
    graph = helper.make_graph(nodes, path.stem, small, large, stored)
    found: bytes = helper.make_model(graph, opset_imports=[helper.make_opsetid("", 13)], ir_version=8).SerializeToString()
    return found


def _is_plain(convolution: dict[str, Any]) -> bool:
    """Whether it keeps sides, joins all channels, and ends as it is or with a ReLU."""
    plain = {"strides": [1, 1], "dilation_rate": [1, 1], "groups": 1, "data_format": "channels_last"}
    sides = convolution["kernel_size"]
    keeps = sides == [1, 1] or (convolution["padding"] == "same" and all(side % 2 for side in sides))
    return keeps and convolution["activation"] in ("linear", "relu") and plain.items() <= convolution.items()
