"""Layers -> the bytes of an ONNX file."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

_OPSET, _IR_VERSION = 13, 8


class Graph:
    """Collects the layers of a network, and the weights that they use. Values between layers are known by their names."""

    def __init__(self) -> None:
        self._nodes: list[Any] = []
        self._stored: list[Any] = []

    def store(self, array: NDArray[Any]) -> str:
        """Weights, by the name that layers use for them."""
        from onnx import numpy_helper

        self._stored.append(numpy_helper.from_array(np.ascontiguousarray(array), f"w{len(self._stored)}"))
        return str(self._stored[-1].name)

    def add(self, kind: str, *inputs: str, name: str = "", **attributes: Any) -> str:
        """The output of a new layer of this kind of ONNX operator."""
        from onnx import helper

        name = name or f"x{len(self._nodes)}"
        self._nodes.append(helper.make_node(kind, list(inputs), [name], **attributes))
        return name

    def convolve(
        self, x: str, weights: NDArray[np.float32], bias: NDArray[np.float32], stride: int, pads: tuple[int, int], groups: int = 1
    ) -> str:
        """A convolution with weights (out, in / groups, k, k). `pads` are of the left and top, and of the right and bottom."""
        side = weights.shape[2]
        return self.add(
            "Conv",
            x,
            self.store(weights),
            self.store(bias),
            kernel_shape=[side, side],
            strides=[stride, stride],
            pads=[pads[0]] * 2 + [pads[1]] * 2,
            group=groups,
        )

    def to_bytes(self, name: str, inputs: Mapping[str, Sequence[Any]], outputs: Mapping[str, Sequence[Any]]) -> bytes:
        """The network with these inputs and outputs: for each its sides, a text for a side that is not fixed."""
        from onnx import TensorProto, helper

        given, taken = (
            [helper.make_tensor_value_info(one, TensorProto.FLOAT, sides) for one, sides in ends.items()]
            for ends in (inputs, outputs)
        )
        graph = helper.make_graph(self._nodes, name, given, taken, self._stored)
        model = helper.make_model(graph, opset_imports=[helper.make_opsetid("", _OPSET)], ir_version=_IR_VERSION)
        return bytes(model.SerializeToString())
