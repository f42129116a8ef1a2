"""The weights in `dlib_face_recognition_resnet_model_v1.dat`, read without dlib.

dlib writes a network as the serialized C++ objects of its layers: names, integers of varying length, and tensors of 32-bit
floats. The convolutions stand in the file in the order in which a face passes them, each before the layer that scales it.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from hdrkit.errors import InputError
from hdrkit.files.atomic import read_bytes
from hdrkit.files.text import show
from hdrkit.models.residual import Convolution, network_of, shapes

_CONVOLUTION, _SCALING, _LAST = b"\x01\x05con_4", b"\x01\x07affine_", b"\x01\x04fc_2"
_LAST_SHAPE = (256, 128)
_TENSOR_VERSION = 2


def read_dlib_network(path: Path) -> bytes:
    """The network of dlib's file as the bytes of an ONNX file. Raises InputError if it holds another network."""
    data = read_bytes(path)
    try:
        kernels = [_tensor(data, found.end()) for found in re.finditer(re.escape(_CONVOLUTION), data)]
        scales = [_tensor(data, found.end()).reshape(2, -1) for found in re.finditer(re.escape(_SCALING), data)]
        expected = list(shapes())
        convolutions = [
            Convolution(kernel[: np.prod(shape)].reshape(shape), kernel[np.prod(shape) :], *scale)
            for shape, kernel, scale in zip(expected, kernels, scales, strict=True)
        ]
        last = _last(data).reshape(_LAST_SHAPE)
        if any(one.bias.shape != one.gain.shape or len(one.bias) != len(one.weights) for one in convolutions):
            raise ValueError("layers do not fit each other")
    except (ValueError, IndexError) as error:
        raise InputError(
            f"{show(path)}: it does not hold dlib's network for faces, or only a part of it; run: hdrkit models fetch dlib-resnet"
        ) from error
    return network_of(convolutions, last)


def _last(data: bytes) -> NDArray[np.float32]:
    """The matrix at the end, after two integers: how many numbers come out and go in."""
    cursor = _Cursor(data, data.rindex(_LAST) + len(_LAST))
    cursor.integer()
    cursor.integer()
    return _tensor(data, cursor.at)


def _tensor(data: bytes, at: int) -> NDArray[np.float32]:
    """The values of the tensor that starts at a byte, flat."""
    cursor = _Cursor(data, at)
    version, *shape = (cursor.integer() for _ in range(5))
    count = int(np.prod(shape))
    if version != _TENSOR_VERSION or not 0 < 4 * count <= len(data) - cursor.at:
        raise ValueError("not a tensor")
    return np.frombuffer(data, "<f4", count, cursor.at).astype(np.float32)


@dataclass
class _Cursor:
    """A place in the file, which moves as integers are read."""

    data: bytes
    at: int

    def integer(self) -> int:
        """An integer as dlib writes it: a byte with the sign and how many bytes follow, then these, the lowest first."""
        head = self.data[self.at]
        end = self.at + 1 + (head & 0x0F)
        value = int.from_bytes(self.data[self.at + 1 : end], "little")
        self.at = end
        return -value if head & 0x80 else value
