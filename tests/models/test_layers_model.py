import json

import numpy as np
import pytest

from hdrkit.errors import InputError, ModelMissing
from hdrkit.models.layers_model import read_layers_model
from hdrkit.models.recognise import recognise
from hdrkit.models.roles import ModelKind, Role
from hdrkit.models.runtime import open_network
from hdrkit.models.store import find_model
from hdrkit.pipeline.map_networks import open_enlarger
from tests.fixtures.layers_models import save_enlarger


@pytest.mark.parametrize("runtime", ["onnxruntime", "opencv"])
def test_layers_become_a_network(runtime, tmp_path):
    save_enlarger(tmp_path / "model.json")
    assert recognise(tmp_path / "model.json") is ModelKind.LAYERS_MODEL
    network = open_network(read_layers_model(tmp_path / "model.json"), runtime=runtime)
    for shape in ((1, 3, 4, 6), (1, 3, 7, 5)):
        rgb = np.random.default_rng(1).random(shape).astype(np.float32)
        positive, negative = np.maximum(rgb + 0.25, 0), np.maximum(0.25 - rgb, 0)
        joined = np.maximum(positive + 0.5 * positive + 0.5 * negative - 0.25, 0)
        np.testing.assert_allclose(network(rgb)[0], joined.repeat(3, axis=2).repeat(3, axis=3), atol=1e-5)


@pytest.mark.parametrize("changes", [{"strides": [2, 2]}, {"activation": "tanh"}, {"padding": "valid"}, {"groups": 3}])
def test_other_layers_are_one_line(changes, tmp_path):
    save_enlarger(tmp_path / "model.json", **changes)
    with pytest.raises(InputError, match=r"model\.json: the layer split \(Conv2D\) is none that hdrkit can read"):
        read_layers_model(tmp_path / "model.json")


def test_half_a_network_is_one_line(tmp_path):
    save_enlarger(tmp_path / "model.json")
    whole = json.loads((tmp_path / "model.json").read_text())
    del whole["weightsManifest"][0]["weights"][-1]
    (tmp_path / "model.json").write_text(json.dumps(whole))
    with pytest.raises(InputError, match=r"model\.json: "):
        read_layers_model(tmp_path / "model.json")
    (tmp_path / "weights.bin").write_bytes((tmp_path / "weights.bin").read_bytes()[:-12])
    with pytest.raises(InputError, match=r"model\.json: it is no network of TensorFlow\.js with its weights \('join/bias'\)"):
        read_layers_model(tmp_path / "model.json")


def test_the_one_of_the_catalog_enlarges():
    try:
        enlarge = open_enlarger(find_model(Role.SUPER_RESOLUTION, {Role.SUPER_RESOLUTION: "esrgan-medium-x3"}))
    except ModelMissing as missing:
        pytest.skip(str(missing))
    large = enlarge(np.full((9, 12, 3), 128, np.uint8))
    assert (large.shape, enlarge.white) == ((27, 36, 3), 1.0)
    assert np.abs(large[9:-9, 9:-9].astype(int) - 128).max() < 8
