import numpy as np
import pytest

from hdrkit.errors import InputError, ModelMissing
from hdrkit.models.inverted_residual import MOBILENET_V2
from hdrkit.models.roles import ModelKind, Role
from hdrkit.models.store import Model, find_model
from hdrkit.pipeline.map_networks import find_map_models, open_picture_embedder
from hdrkit.semantics.options import MapOptions
from tests.fixtures import networks
from tests.fixtures.torch_files import Reference, save

PICTURES = [np.random.default_rng(k).integers(0, 256, (50 + 9 * k, 70, 3)).astype(np.uint8) for k in range(3)]


def test_any_network_of_one_picture_embeds(tmp_path):
    (tmp_path / "tiny.onnx").write_bytes(networks.picture_vector(side=48))
    models = find_map_models(MapOptions(), {Role.IMAGE_EMBEDDING: tmp_path / "tiny.onnx"})
    assert models.embedding.kind is ModelKind.PICTURE_VECTOR
    embed = open_picture_embedder(models.embedding)
    assert (embed.name, embed.dims, embed.takes.side) == ("tiny.onnx", 24, 48)
    assert embed(PICTURES).vectors.shape == (3, 24)


def test_weights_of_mobilenet_embed_with_maps(tmp_path):
    pytest.importorskip("torch")
    save(tmp_path / "weights.pth", Reference(MOBILENET_V2, padded=False).tensors(), older=True)
    embed = open_picture_embedder(find_model(Role.IMAGE_EMBEDDING, {Role.IMAGE_EMBEDDING: tmp_path / "weights.pth"}))
    seen = embed(PICTURES)
    assert (seen.vectors.shape, seen.maps.shape) == ((3, 1280), (3, 1280, 7, 7))


def test_versions_tell_weights_and_options_apart(tmp_path):
    versions = set()
    for seed in range(2):
        (tmp_path / "tiny.onnx").write_bytes(networks.picture_vector(seed=seed))
        for crop in ("off", "main"):
            models = find_map_models(MapOptions(crop=crop), {Role.IMAGE_EMBEDDING: tmp_path / "tiny.onnx"})
            versions |= {models.version, open_picture_embedder(models.embedding).version}
    assert len(versions) == 6


def test_a_model_for_something_else_is_named(tmp_path):
    (tmp_path / "faces.onnx").write_bytes(networks.yunet())
    with pytest.raises(InputError, match="it is a model for face-detector, not for image-embedding"):
        find_map_models(MapOptions(), {Role.IMAGE_EMBEDDING: tmp_path / "faces.onnx"})
    model = Model(Role.FACE_DETECTOR, ModelKind.YUNET, "faces", tmp_path / "faces.onnx", "MIT")
    with pytest.raises(InputError, match=r"faces\.onnx: it embeds no pictures"):
        open_picture_embedder(model)


def test_the_default_embeds_with_maps():
    try:
        embed = open_picture_embedder(find_model(Role.IMAGE_EMBEDDING))
    except ModelMissing as missing:
        pytest.skip(str(missing))
    seen = embed(PICTURES)
    assert (seen.vectors.shape, seen.maps.shape) == ((3, 1280), (3, 1280, 7, 7))
    np.testing.assert_allclose(np.linalg.norm(seen.vectors, axis=1), 1, rtol=1e-5)
