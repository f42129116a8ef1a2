"""The ResNet-29 that dlib trained to tell faces apart, as an ONNX network that any runtime runs.

Its layers are those of dlib's example `dnn_face_recognition_ex.cpp`: 14 residual blocks on a face of 150 x 150 pixels. A block
with stride halves the picture: what goes past it is averaged over 2 x 2 pixels and padded with zeros to the wider shape.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from hdrkit.models.graph import Graph

SIDE = 150
_MEAN = np.array([122.782, 117.001, 104.298], np.float32)  # of RGB; dlib's input layer
_SCALE = 256.0
_WIDTHS = ((32, False),) * 3 + ((64, True),) + ((64, False),) * 3 + ((128, True),) + ((128, False),) * 2
BLOCKS = (*_WIDTHS, (256, True), (256, False), (256, False), (256, True))  # channels, and whether it halves the picture


@dataclass(frozen=True)
class Convolution:
    """A convolution and what scales it: `weights` (out, in, k, k), `bias`, `gain` and `offset` (out,)."""

    weights: NDArray[np.float32]
    bias: NDArray[np.float32]
    gain: NDArray[np.float32]
    offset: NDArray[np.float32]

    def folded(self) -> Convolution:
        """The same with a gain of 1 and no offset."""
        plain = np.ones_like(self.gain), np.zeros_like(self.offset)
        return Convolution(self.weights * self.gain[:, None, None, None], self.gain * self.bias + self.offset, *plain)


def shapes() -> Iterator[tuple[int, int, int, int]]:
    """The shape of the weights of each convolution, in the order in which a face passes them."""
    yield (32, 3, 7, 7)
    before = 32
    for width, _ in BLOCKS:
        yield (width, before, 3, 3)
        yield (width, width, 3, 3)
        before = width


def network_of(convolutions: Sequence[Convolution], last: NDArray[np.float32]) -> bytes:
    """The network as the bytes of an ONNX file: (N, 3, 150, 150) RGB codes 0..255 -> (N, 128). `last` is (256, 128)."""
    graph = Graph()
    taken = iter(convolutions)

    def convolve(x: str, one: Convolution, stride: int, pad: int) -> str:
        return graph.convolve(x, one.weights, one.bias, stride, (pad, pad))

    x = graph.add("Relu", convolve("face", _with_mean(next(taken).folded()), 2, 0))
    x = graph.add("MaxPool", x, kernel_shape=[3, 3], strides=[2, 2])
    side, channels = 35, 32
    for width, halves in BLOCKS:
        y = graph.add("Relu", convolve(x, next(taken).folded(), 2 if halves else 1, 0 if halves else 1))
        y = convolve(y, next(taken).folded(), 1, 1)
        if halves:
            x = graph.add("AveragePool", x, kernel_shape=[2, 2], strides=[2, 2])
            pooled, convolved = side // 2, (side - 3) // 2 + 1
            x = _padded(graph, x, width - channels, 0)
            y = _padded(graph, y, 0, pooled - convolved)
            side, channels = pooled, width
        x = graph.add("Relu", graph.add("Add", x, y))
    x = graph.add("Flatten", graph.add("GlobalAveragePool", x))
    graph.add("MatMul", x, graph.store(last), name="embedding")
    return graph.to_bytes("resnet-29", {"face": ["N", 3, SIDE, SIDE]}, {"embedding": ["N", last.shape[1]]})


def _with_mean(first: Convolution) -> Convolution:
    """The first convolution for codes 0..255; it has no padding, so that the mean is part of its bias."""
    weights = first.weights / np.float32(_SCALE)
    bias = first.bias - np.einsum("oikl,i->o", weights, _MEAN)
    return Convolution(weights, bias.astype(np.float32), first.gain, first.offset)


def _padded(graph: Graph, x: str, channels: int, pixels: int) -> str:
    """With zeros for more channels, and at the right and the bottom."""
    if not channels and not pixels:
        return x
    return graph.add("Pad", x, graph.store(np.array([0, 0, 0, 0, 0, channels, pixels, pixels], np.int64)), mode="constant")
