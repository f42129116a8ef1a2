import re

import numpy as np
import pytest

from hdrkit.errors import InputError, ModelMissing
from hdrkit.models.dlib_file import read_dlib_network
from hdrkit.models.residual import shapes
from hdrkit.models.roles import Role
from hdrkit.models.runtime import open_network
from hdrkit.models.store import find_model

OF_DLIB = (
    -0.09135333,
    0.08372055,
    0.04606428,
    -0.01986438,
)  # dlib 20.0.1 on the noise below: the first numbers


def integer(value):
    count = (value.bit_length() + 7) // 8
    return bytes([count]) + value.to_bytes(count, "little")


def tensor(values, *shape):
    return b"".join(map(integer, (2, *shape))) + np.asarray(values, "<f4").tobytes()


def dlib_file(seed=0):
    """A file as dlib writes it: an untrained network, with what lies between the layers left out."""
    random = np.random.default_rng(seed)
    parts = [b"\x01\x01\x01\x0dloss_metric_2"]
    for shape in shapes():
        width = shape[0]
        weights = random.normal(0, np.sqrt(1 / np.prod(shape[1:])), np.prod(shape))
        parts += [b"\x01\x05con_4", tensor([*weights, *np.zeros(width)], len(weights) + width, 1, 1, 1)]
        parts += [b"\x01\x07affine_", tensor([*np.full(width, 0.5), *np.full(width, 0.1)], 2 * width, 1, 1, 1)]
    parts += [b"\x01\x04fc_2", integer(128), integer(256), tensor(random.normal(size=(256, 128)), 256, 128, 1, 1)]
    return b"".join(parts)


@pytest.fixture(scope="module")
def whole():
    return dlib_file()


def test_both_runtimes_run_the_network(whole, tmp_path):
    (tmp_path / "faces.dat").write_bytes(whole)
    network = read_dlib_network(tmp_path / "faces.dat")
    faces = np.random.default_rng(2).uniform(0, 255, (2, 3, 150, 150)).astype(np.float32)
    (one,), (other,) = (open_network(network, runtime=runtime)(faces) for runtime in ("opencv", "onnxruntime"))
    assert one.shape == (2, 128)
    np.testing.assert_allclose(one, other, rtol=1e-3, atol=1e-4 * np.abs(one).max())


@pytest.mark.parametrize("cut", [0.3, 0.999])
def test_a_cut_off_file_is_one_line(whole, cut, tmp_path):
    (tmp_path / "faces.dat").write_bytes(whole[: int(cut * len(whole))])
    with pytest.raises(InputError, match=re.escape("faces.dat: it does not hold dlib's network for faces, or only a part")):
        read_dlib_network(tmp_path / "faces.dat")


def test_the_vectors_are_those_of_dlib():
    try:
        network = open_network(read_dlib_network(find_model(Role.FACE_EMBEDDING).path))
    except ModelMissing as missing:
        pytest.skip(str(missing))
    noise = np.random.default_rng(3).integers(0, 256, (150, 150, 3)).astype(np.float32)
    (vector,) = network(noise.transpose(2, 0, 1)[None])
    np.testing.assert_allclose(vector[0, :4], OF_DLIB, atol=1e-5)
