import numpy as np
import pytest

from hdrkit.errors import InputError
from hdrkit.models.roles import Role
from hdrkit.models.runtime import open_network
from hdrkit.models.store import ModelMissing, find_model
from tests.fixtures import networks

pytest.importorskip("onnxruntime")
RUNTIMES = ("opencv", "onnxruntime")


def noise(*shape):
    return np.random.default_rng(1).uniform(0, 255, shape).astype(np.float32)


@pytest.mark.parametrize(
    ("content", "given"),
    [
        (networks.centerface(), noise(1, 3, 96, 64)),
        (networks.yunet(), noise(1, 3, 64, 96)),
        (networks.retinaface(), noise(1, 3, 64, 32)),
        (networks.embedder(), noise(3, 3, 112, 112)),
    ],
)
def test_both_runtimes_give_the_same(content, given):
    results = [open_network(content, runtime=runtime)(given) for runtime in RUNTIMES]
    for one, other in zip(*results, strict=True):
        assert one.shape == other.shape
        np.testing.assert_allclose(one, other, rtol=1e-4, atol=1e-5)


@pytest.mark.parametrize("role", [Role.FACE_DETECTOR])
def test_both_runtimes_give_the_same_with_real_weights(role):
    try:
        path = find_model(role).path
    except ModelMissing as missing:
        pytest.skip(str(missing))
    results = [open_network(path, runtime=runtime)(noise(1, 3, 96, 160)) for runtime in RUNTIMES]
    for one, other in zip(*results, strict=True):
        np.testing.assert_allclose(one, other, rtol=1e-3, atol=1e-4)


@pytest.mark.parametrize("runtime", RUNTIMES)
def test_a_network_runs_on_one_size_after_another(runtime):
    network = open_network(networks.centerface(), runtime=runtime)
    assert [network(noise(1, 3, side, 2 * side))[0].shape for side in (64, 32, 96)] == [
        (1, 1, s // 4, s // 2) for s in (64, 32, 96)
    ]


@pytest.mark.parametrize("runtime", RUNTIMES)
def test_what_is_no_network_is_one_line(runtime, tmp_path):
    whole = networks.embedder()
    (tmp_path / "half.onnx").write_bytes(whole[: len(whole) // 2])
    with pytest.raises(InputError, match=r"half\.onnx: it cannot be opened as a network") as failed:
        open_network(tmp_path / "half.onnx", runtime=runtime)
    assert "\n" not in str(failed.value)


@pytest.mark.parametrize("runtime", RUNTIMES)
def test_arrays_of_the_wrong_shape_are_one_line(runtime):
    network = open_network(networks.embedder(), "faces.onnx", runtime)
    with pytest.raises(InputError, match=r"faces\.onnx: the network does not run on 1 x 5 x 112 x 112 values") as failed:
        network(noise(1, 5, 112, 112))
    assert "\n" not in str(failed.value)
