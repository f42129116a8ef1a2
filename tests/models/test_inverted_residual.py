import dataclasses

import numpy as np
import pytest

from hdrkit.errors import InputError
from hdrkit.models.inverted_residual import EFFICIENTNET_LITE0, MOBILENET_V2, read_inverted_residual
from hdrkit.models.recognise import recognise
from hdrkit.models.roles import ModelKind
from hdrkit.models.runtime import open_network
from tests.fixtures.torch_files import Reference, save

pytest.importorskip("torch")

LAYOUTS = {ModelKind.EFFICIENTNET_LITE0: EFFICIENTNET_LITE0, ModelKind.MOBILENET_V2: MOBILENET_V2}


@pytest.fixture(scope="module", params=list(LAYOUTS))
def kind(request):
    return request.param


@pytest.fixture(scope="module")
def reference(kind):
    return Reference(LAYOUTS[kind], padded=kind is ModelKind.EFFICIENTNET_LITE0)


@pytest.fixture(scope="module")
def file(kind, reference, tmp_path_factory):
    path = tmp_path_factory.mktemp("weights") / "weights.pth"
    save(path, reference.tensors(), older=True)
    return path


def test_a_file_is_known_by_its_weights(kind, file):
    assert recognise(file) is kind


@pytest.mark.parametrize("runtime", ["opencv", "onnxruntime"])
def test_maps_and_vectors_are_those_of_pytorch(kind, file, reference, runtime):
    values = np.random.default_rng(1).normal(size=(2, 3, 96, 64)).astype(np.float32)
    seen = open_network(read_inverted_residual(file, LAYOUTS[kind]), runtime=runtime)(values)
    assert [one.shape for one in seen] == [(2, 1280, 3, 2), (2, 1280)]
    for one, other in zip(seen, reference(values), strict=True):
        np.testing.assert_allclose(one, other, atol=1e-4 * np.abs(other).max())


def test_another_network_is_named(kind, file, tmp_path):
    other = next(layout for one, layout in LAYOUTS.items() if one is not kind)
    with pytest.raises(InputError, match=f"weights.pth: it does not hold the weights of {other.name}"):
        read_inverted_residual(file, other)
    save(tmp_path / "other.pth", {"conv.weight": np.ones((1, 3, 3, 3), np.float32)}, older=False)
    with pytest.raises(InputError, match=r"other\.pth: it holds weights of PyTorch for a network .* convert it to ONNX"):
        recognise(tmp_path / "other.pth")


def test_pads_hold_even_sides_at_a_half():
    for side, stride, expected in ((3, 1, (1, 1)), (3, 2, (0, 1)), (5, 2, (1, 2)), (1, 1, (0, 0))):
        assert EFFICIENTNET_LITE0.pads(side, stride) == expected
    plain = dataclasses.replace(EFFICIENTNET_LITE0, pads_as_tensorflow=False)
    assert [plain.pads(side, 2) for side in (1, 3, 5)] == [(0, 0), (1, 1), (2, 2)]
