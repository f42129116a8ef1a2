"""Weights as TensorFlow.js keeps them: a manifest (JSON) that lists tensors, and files with their bytes one after the other."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from hdrkit.errors import InputError
from hdrkit.files.atomic import read_bytes
from hdrkit.files.text import show
from hdrkit.models.residual import Convolution, network_of, shapes


def read_face_api_network(manifest: Path) -> bytes:
    """The face recognition network of face-api.js, which is dlib's, as the bytes of an ONNX file.

    Raises InputError if the manifest or a file beside it is missing, cut off, or of another network.
    """
    tensors = list(read_shards(manifest).values())
    try:
        kernels, biases, gains, offsets = (tensors[i:-1:4] for i in range(4))
        expected = list(shapes())
        convolutions = [
            Convolution(np.ascontiguousarray(kernel.transpose(3, 2, 0, 1)), bias, gain, offset)
            for kernel, bias, gain, offset in zip(kernels, biases, gains, offsets, strict=True)
        ]
        if [one.weights.shape for one in convolutions] != expected or tensors[-1].shape != (256, 128):
            raise ValueError("layers of another network")
    except (ValueError, IndexError) as error:
        raise InputError(f"{show(manifest)}: it is not the face recognition network of face-api.js") from error
    return network_of(convolutions, tensors[-1])


def read_shards(manifest: Path) -> dict[str, NDArray[np.float32]]:
    """The tensors that a manifest, or a `model.json` with one in it, lists, by name and in its order.

    8-bit weights are `scale` * code + `min`.
    Raises InputError if the manifest is none, or the files beside it hold less or more than it says.
    """
    tensors: dict[str, NDArray[np.float32]] = {}
    try:
        stated = json.loads(read_bytes(manifest))
        for group in stated if isinstance(stated, list) else stated["weightsManifest"]:
            data = b"".join(read_bytes(manifest.with_name(name)) for name in group["paths"])
            at = 0
            for entry in group["weights"]:
                tensors[entry["name"]], at = _tensor(entry, data, at)
            if at != len(data):
                raise ValueError(f"{len(data)} bytes beside it, not {at}")
        if not tensors:
            raise ValueError("no weights")
    except (ValueError, KeyError, TypeError) as error:
        raise InputError(f"{show(manifest)}: it lists no TensorFlow.js weights, or they are cut off ({error})") from error
    return tensors


def _tensor(entry: dict[str, Any], data: bytes, at: int) -> tuple[NDArray[np.float32], int]:
    coding = entry.get("quantization")
    stored = np.dtype(coding["dtype"] if coding else entry["dtype"]).newbyteorder("<")
    count = int(np.prod(entry["shape"]))
    values = np.frombuffer(data, stored, count, at).astype(np.float32).reshape(entry["shape"])
    if coding:
        values = values * np.float32(coding["scale"]) + np.float32(coding["min"])
    return values, at + count * stored.itemsize
