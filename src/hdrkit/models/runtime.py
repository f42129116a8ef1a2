"""Networks that run: ONNX by onnxruntime where it is installed, else by OpenCV; TFLite by OpenCV. The results are the same."""

from __future__ import annotations

from importlib.util import find_spec
from pathlib import Path
from typing import Any

import cv2
import numpy as np
from numpy.typing import NDArray

from hdrkit.errors import InputError
from hdrkit.files.atomic import read_bytes
from hdrkit.files.text import show
from hdrkit.models.network import Network

_TFLITE = b"TFL3"  # at byte 4


def open_network(content: bytes | Path, name: str = "", runtime: str = "") -> Network:
    """The network in an ONNX or TFLite file, or in the bytes of one. `name` is what errors call it.

    Sides of the inputs that the file fixes are free here, so far as the layers allow. `runtime` may ask for `opencv` or
    `onnxruntime`. It runs on as many threads as OpenCV may use at this moment (`cv2.setNumThreads`). One network must not run in
    two threads at once. Raises InputError if the file is no network, or one with layers that the runtime does not have.
    """
    name = name or (show(content) if isinstance(content, Path) else "the network")
    data = content if isinstance(content, bytes) else read_bytes(content)
    if data[4:8] == _TFLITE:
        return _OpenCvNetwork(data, name, tflite=True)
    if runtime == "onnxruntime" or (not runtime and find_spec("onnxruntime")):
        return _OnnxRuntimeNetwork(data, name)
    return _OpenCvNetwork(data, name, tflite=False)


class _OpenCvNetwork:
    """OpenCV resolves shapes when it reads a network: one that computes with its own shapes is read for each size that comes."""

    def __init__(self, data: bytes, name: str, tflite: bool) -> None:
        self._name = name
        self._model = None if tflite else _parsed(data, name)
        self._by_size = self._model is not None and any(node.op_type == "Shape" for node in self._model.graph.node)
        self._inputs, self._outputs = ([], []) if self._model is None else _ends(self._model)
        self._sizes: list[tuple[int, ...]] = []
        if not self._by_size:
            self._read(data)

    def _read(self, data: bytes) -> None:
        codes = np.frombuffer(data, np.uint8)
        try:
            self._network = cv2.dnn.readNetFromTFLite(codes) if self._model is None else cv2.dnn.readNetFromONNX(codes)
        except cv2.error as error:
            raise _not_opened(self._name, error.err) from error
        self._outputs = self._outputs or list(self._network.getUnconnectedOutLayersNames())

    def __call__(self, *inputs: NDArray[np.float32]) -> tuple[NDArray[np.float32], ...]:
        sizes = [one.shape for one in inputs]
        if self._by_size and sizes != self._sizes:
            self._read(_with_sides(self._model, sizes).SerializeToString())
            self._sizes = sizes
        try:
            for i, value in enumerate(inputs):
                self._network.setInput(value, self._inputs[i] if self._inputs else "")
            return tuple(np.array(one) for one in self._network.forward(self._outputs))
        except cv2.error as error:
            raise _not_run(self._name, inputs, error.err) from error


class _OnnxRuntimeNetwork:
    def __init__(self, data: bytes, name: str) -> None:
        import onnxruntime

        self._name = name
        settings = onnxruntime.SessionOptions()
        settings.intra_op_num_threads = cv2.getNumThreads()
        settings.log_severity_level = 4
        settings.enable_mem_pattern = False  # it would keep a plan for every size of picture
        settings.add_session_config_entry("session.intra_op.allow_spinning", "0")  # threads that wait leave the core to others
        try:
            freed = _with_free_sides(_parsed(data, name)).SerializeToString()
            self._session = onnxruntime.InferenceSession(freed, settings, providers=["CPUExecutionProvider"])
        except Exception as error:  # the errors of onnxruntime share no other base
            raise _not_opened(name, str(error)) from error
        self._inputs = [one.name for one in self._session.get_inputs()]

    def __call__(self, *inputs: NDArray[np.float32]) -> tuple[NDArray[np.float32], ...]:
        try:
            return tuple(self._session.run(None, dict(zip(self._inputs, inputs, strict=True))))
        except Exception as error:  # see above
            raise _not_run(self._name, inputs, str(error)) from error


def _parsed(data: bytes, name: str) -> Any:
    import onnx
    from google.protobuf.message import DecodeError

    try:
        return onnx.load_model_from_string(data)
    except DecodeError as error:
        raise _not_opened(name, "it is no ONNX file, or it is cut off") from error


def _ends(model: Any) -> tuple[list[str], list[str]]:
    """The names of what goes in and comes out."""
    stored = {one.name for one in model.graph.initializer}
    return [one.name for one in model.graph.input if one.name not in stored], [one.name for one in model.graph.output]


def _with_free_sides(model: Any) -> Any:
    """The model with no size of its inputs and outputs but the channels fixed."""
    for value in _fed(model):
        for axis, side in enumerate(value.type.tensor_type.shape.dim):
            if axis != 1:
                side.dim_param = f"{value.name}_{axis}"
    return _without_results(model)


def _with_sides(model: Any, sizes: list[tuple[int, ...]]) -> Any:
    """The model with inputs of these sizes."""
    for value, size in zip(_fed(model), sizes, strict=False):
        for side, length in zip(value.type.tensor_type.shape.dim, size, strict=False):
            side.dim_value = length
    return _without_results(model)


def _fed(model: Any) -> list[Any]:
    inputs, _ = _ends(model)
    return [value for value in model.graph.input if value.name in inputs]


def _without_results(model: Any) -> Any:
    """The model without the sizes that the file states for what the layers compute."""
    for value in model.graph.output:
        for axis, side in enumerate(value.type.tensor_type.shape.dim):
            side.dim_param = f"{value.name}_{axis}"
    del model.graph.value_info[:]
    return model


def _not_opened(name: str, reason: str) -> InputError:
    return InputError(f"{name}: it cannot be opened as a network ({_first_line(reason)})")


def _not_run(name: str, inputs: tuple[NDArray[np.float32], ...], reason: str) -> InputError:
    shapes = ", ".join(" x ".join(map(str, one.shape)) for one in inputs)
    return InputError(f"{name}: the network does not run on {shapes} values ({_first_line(reason)})")


def _first_line(reason: str) -> str:
    return reason.strip().splitlines()[0][:200] if reason.strip() else "no reason is given"
