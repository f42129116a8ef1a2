import json

import numpy as np
import pytest

from hdrkit.errors import InputError
from hdrkit.models.residual import Convolution, network_of, shapes
from hdrkit.models.runtime import open_network
from hdrkit.models.shards import read_face_api_network, read_shards


def write_shards(folder, tensors, codes=("a",)):
    """Weights as TensorFlow.js keeps them; those named in `codes` as 8-bit codes."""
    listed, data = [], b""
    for name, values in tensors.items():
        entry = {"name": name, "shape": list(values.shape), "dtype": "float32"}
        if name in codes:
            scale, least = float(np.ptp(values) / 255), float(values.min())
            entry["quantization"] = {"dtype": "uint8", "scale": scale, "min": least}
            data += np.round((values - least) / scale).astype(np.uint8).tobytes()
        else:
            data += values.astype("<f4").tobytes()
        listed.append(entry)
    (folder / "weights.bin").write_bytes(data)
    (folder / "manifest.json").write_text(json.dumps([{"weights": listed, "paths": ["weights.bin"]}]))
    return folder / "manifest.json"


def test_codes_and_floats_are_read(tmp_path):
    random = np.random.default_rng(0)
    tensors = {"a": random.normal(size=(3, 4)).astype(np.float32), "b": random.normal(size=5).astype(np.float32)}
    found = read_shards(write_shards(tmp_path, tensors))
    assert list(found) == ["a", "b"]
    np.testing.assert_allclose(found["a"], tensors["a"], atol=np.ptp(tensors["a"]) / 500)
    np.testing.assert_array_equal(found["b"], tensors["b"])


def test_cut_off_or_other_weights_are_one_line(tmp_path):
    manifest = write_shards(tmp_path, {"a": np.arange(8.0), "b": np.ones(3)})
    with pytest.raises(InputError, match=r"manifest\.json: it is not the face recognition network of face-api\.js"):
        read_face_api_network(manifest)
    (tmp_path / "weights.bin").write_bytes(b"123")
    with pytest.raises(InputError, match=r"manifest\.json: it lists no TensorFlow\.js weights, or they are cut off"):
        read_shards(manifest)
    manifest.write_text("{}")
    with pytest.raises(InputError, match=r"manifest\.json: it lists no TensorFlow\.js weights"):
        read_shards(manifest)
    write_shards(tmp_path, {"a": np.arange(8.0)})
    (tmp_path / "weights.bin").unlink()
    with pytest.raises(InputError, match=r"weights\.bin: cannot be read: there is no such file"):
        read_shards(manifest)


def test_the_network_is_that_of_the_weights(tmp_path):
    random = np.random.default_rng(0)
    tensors, convolutions = {}, []
    for i, shape in enumerate(shapes()):
        weights = random.normal(0, np.sqrt(1 / np.prod(shape[1:])), shape).astype(np.float32)
        rest = [np.full(shape[0], value, np.float32) for value in (0.0, 0.5, 0.1)]
        convolutions.append(Convolution(weights, *rest))
        tensors |= dict(zip((f"{i}f", f"{i}b", f"{i}g", f"{i}o"), (weights.transpose(2, 3, 1, 0), *rest), strict=True))
    tensors["fc"] = last = random.normal(size=(256, 128)).astype(np.float32)
    assert read_face_api_network(write_shards(tmp_path, tensors)) == network_of(convolutions, last)
    assert open_network(network_of(convolutions, last))(np.zeros((1, 3, 150, 150), np.float32))[0].shape == (1, 128)
