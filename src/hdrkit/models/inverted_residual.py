"""EfficientNet-Lite0 and MobileNetV2, which ImageNet taught to tell things apart, as ONNX networks that any runtime runs.

Both are chains of inverted residual blocks (Sandler et al. 2018): a block widens its channels, filters each alone, and narrows
them again. EfficientNet-Lite0 pads as TensorFlow does, so that a stride of 2 has one row and column more at the right and bottom.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from hdrkit.errors import InputError
from hdrkit.files.text import show
from hdrkit.models.graph import Graph
from hdrkit.models.residual import Convolution
from hdrkit.models.torch_file import read_torch_tensors

_FIRST, _LAST = 32, 1280  # channels
_OF_A_CONVOLUTION = 4  # axes of its weights


@dataclass(frozen=True)
class Stage:
    """Blocks alike: how much they widen, the channels that come out, how many they are, the stride of the first, the filters."""

    widening: int
    channels: int
    blocks: int
    stride: int
    side: int


@dataclass(frozen=True)
class Layout:
    """A network of inverted residual blocks: `marks` are names of weights that tell its file, `epsilon` is of its batch norms."""

    name: str
    marks: tuple[str, ...]
    stages: tuple[Stage, ...]
    epsilon: float
    pads_as_tensorflow: bool

    def pads(self, side: int, stride: int) -> tuple[int, int]:
        """Zeros at the left and top, and at the right and bottom, of a picture with even sides."""
        total = side - stride if self.pads_as_tensorflow else 2 * (side // 2)
        return total // 2, total - total // 2


EFFICIENTNET_LITE0 = Layout(
    "EfficientNet-Lite0",
    ("_conv_stem.weight", "_blocks.15._depthwise_conv.weight", "_fc.weight"),
    (
        Stage(1, 16, 1, 1, 3),
        Stage(6, 24, 2, 2, 3),
        Stage(6, 40, 2, 2, 5),
        Stage(6, 80, 3, 2, 3),
        Stage(6, 112, 3, 1, 5),
        Stage(6, 192, 4, 2, 5),
        Stage(6, 320, 1, 1, 3),
    ),
    1e-3,
    pads_as_tensorflow=True,
)
MOBILENET_V2 = Layout(
    "MobileNetV2",
    ("features.0.0.weight", "features.17.conv.3.weight", "features.18.0.weight"),
    (
        Stage(1, 16, 1, 1, 3),
        Stage(6, 24, 2, 2, 3),
        Stage(6, 32, 3, 2, 3),
        Stage(6, 64, 4, 2, 3),
        Stage(6, 96, 3, 1, 3),
        Stage(6, 160, 3, 2, 3),
        Stage(6, 320, 1, 1, 3),
    ),
    1e-5,
    pads_as_tensorflow=False,
)


def read_inverted_residual(path: Path, layout: Layout) -> bytes:
    """The network whose weights a file of PyTorch holds, as the bytes of an ONNX file.

    In: (N, 3, h, w) normalised RGB, sides multiples of 32. Out: the last feature map (N, 1280, h / 32, w / 32), and its root mean
    square over pixels (N, 1280). Mean squares tell pictures apart better than the means from which names of things are told
    (generalised means: Radenovic et al. 2019). Raises InputError if the file holds another network.
    """
    tensors = read_torch_tensors(path)
    try:
        convolutions = list(_convolutions(list(tensors.values()), layout.epsilon))
        if [one.weights.shape for one in convolutions] != list(_shapes(layout)):
            raise ValueError("layers of another network")
    except ValueError as error:
        raise InputError(f"{show(path)}: it does not hold the weights of {layout.name}") from error
    return _network_of(iter(convolutions), layout)


def _convolutions(tensors: list[NDArray[Any]], epsilon: float) -> Iterator[Convolution]:
    """The convolutions in the order of the file, each with the batch norm after it folded in."""
    for at, weights in enumerate(tensors):
        if weights.ndim == _OF_A_CONVOLUTION:
            gain, offset, mean, variance = (np.asarray(one, np.float32) for one in tensors[at + 1 : at + 5])
            gain = gain / np.sqrt(variance + np.float32(epsilon))
            yield Convolution(weights, -mean, gain, offset).folded()


def _shapes(layout: Layout) -> Iterator[tuple[int, int, int, int]]:
    """The shape of the weights of each convolution, in the order in which a picture passes them."""
    yield (_FIRST, 3, 3, 3)
    before = _FIRST
    for stage in layout.stages:
        for _ in range(stage.blocks):
            wide = stage.widening * before
            if stage.widening > 1:
                yield (wide, before, 1, 1)
            yield (wide, 1, stage.side, stage.side)
            yield (stage.channels, wide, 1, 1)
            before = stage.channels
    yield (_LAST, before, 1, 1)


def _network_of(taken: Iterator[Convolution], layout: Layout) -> bytes:
    graph = Graph()
    zero, six = graph.store(np.array(0, np.float32)), graph.store(np.array(6, np.float32))

    def convolve(x: str, stride: int = 1, bounded: bool = True) -> str:
        one = next(taken)
        channels, inside, side, _ = one.weights.shape
        groups = channels if inside == 1 else 1
        y = graph.convolve(x, one.weights, one.bias, stride, layout.pads(side, stride), groups)
        return graph.add("Clip", y, zero, six) if bounded else y

    x = convolve("picture", 2)
    before = _FIRST
    for stage in layout.stages:
        for block in range(stage.blocks):
            stride = stage.stride if block == 0 else 1
            wide = convolve(x) if stage.widening > 1 else x
            narrow = convolve(convolve(wide, stride), bounded=False)
            x = graph.add("Add", x, narrow) if stride == 1 and before == stage.channels else narrow
            before = stage.channels
    seen = graph.add("Identity", convolve(x), name="map")
    mean_square = graph.add("Flatten", graph.add("GlobalAveragePool", graph.add("Mul", seen, seen)))
    graph.add("Sqrt", mean_square, name="vector")
    outputs = {"map": ["N", _LAST, "h", "w"], "vector": ["N", _LAST]}
    return graph.to_bytes(layout.name, {"picture": ["N", 3, "height", "width"]}, outputs)
