"""EDSR as a frozen graph of TensorFlow: the file `EDSR_x3.pb` that OpenCV's module dnn_superres is used with."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import cv2
import numpy as np
from numpy.typing import NDArray

from hdrkit.errors import InputError
from hdrkit.files.atomic import read_bytes
from hdrkit.files.text import show
from hdrkit.models.network import Network

_MEAN = np.array([114.35629928, 111.561547, 103.1545782], np.float32).reshape(3, 1, 1)  # RGB of DIV2K, as in dnn_superres
_NAME, _OP, _INPUT = 1, 2, 3  # fields of a node
_LAST = b"DepthToSpace"


def is_edsr_graph(data: bytes) -> bool:
    """Whether these bytes are a graph that takes a picture, convolves it and moves channels into space."""
    try:
        kinds = {dict(_fields(node)).get(_OP) for field, node in _fields(data) if field == _NAME}
    except (IndexError, ValueError):
        return False
    return {b"Placeholder", b"Conv2D", _LAST} <= kinds


def open_edsr_graph(path: Path) -> Network:
    """The network in a graph: RGB codes 0..255 (1, 3, h, w) to (1, 3, s h, s w). Raises InputError if it cannot be opened.

    The graph is cut before its last step, which OpenCV has only as a layer that would replace its own one of that name.
    """
    data, end = _before_last(read_bytes(path))
    try:
        return _EdsrGraph(cv2.dnn.readNetFromTensorflow(np.frombuffer(data, np.uint8)), end, show(path))
    except cv2.error as error:
        raise InputError(f"{show(path)}: it cannot be opened as a graph of TensorFlow ({error.err})") from error


class _EdsrGraph:
    def __init__(self, network: cv2.dnn.Net, end: str, name: str) -> None:
        self._network, self._end, self._name = network, end, name

    def __call__(self, *inputs: NDArray[np.float32]) -> tuple[NDArray[np.float32], ...]:
        (rgb,) = inputs
        try:
            self._network.setInput(np.ascontiguousarray((rgb - _MEAN)[:, ::-1]))
            channels = np.array(self._network.forward(self._end), np.float32)
        except cv2.error as error:
            raise InputError(f"{self._name}: the graph does not run on a picture ({error.err})") from error
        count, depth, height, width = channels.shape
        side = round((depth / 3) ** 0.5)
        if depth != 3 * side**2:
            raise InputError(f"{self._name}: the graph ends in {depth} channels, which make no colour picture")
        blocks = channels.reshape(count, side, side, 3, height, width).transpose(0, 3, 4, 1, 5, 2)
        return (blocks.reshape(count, 3, side * height, side * width)[:, ::-1] + _MEAN,)


def _before_last(data: bytes) -> tuple[bytes, str]:
    """The graph without the step that moves channels into space and what follows it; and the name of its last node then."""
    kept, end = b"", ""
    dropped: set[bytes] = set()
    for field, node in _fields(data):
        if field != _NAME:
            continue
        values = list(_fields(node))
        inputs = [value for number, value in values if number == _INPUT]
        if dict(values).get(_OP) == _LAST:
            end = inputs[0].decode()
        if dict(values).get(_OP) == _LAST or dropped & set(inputs):
            dropped.add(dict(values)[_NAME])
        else:
            kept += b"\x0a" + _varint(len(node)) + node
    return kept, end


def _fields(data: bytes) -> Iterator[tuple[int, bytes]]:
    """The numbers and bytes of the fields that have a length, of a message of protocol buffers; others are passed over."""
    at = 0
    while at < len(data):
        key, at = _number(data, at)
        match key & 7:
            case 0:
                _, at = _number(data, at)
            case 1:
                at += 8
            case 2:
                length, at = _number(data, at)
                if at + length > len(data):
                    raise ValueError("cut off")
                yield key >> 3, data[at : at + length]
                at += length
            case 5:
                at += 4
            case other:
                raise ValueError(f"no wire type {other}")


def _number(data: bytes, at: int) -> tuple[int, int]:
    value, shift = 0, 0
    while True:
        value |= (data[at] & 0x7F) << shift
        at, shift = at + 1, shift + 7
        if data[at - 1] < 0x80:
            return value, at


def _varint(value: int) -> bytes:
    digits = bytearray()
    while value > 0x7F:
        digits.append(value & 0x7F | 0x80)
        value >>= 7
    return bytes([*digits, value])
