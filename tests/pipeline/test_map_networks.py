import numpy as np
import pytest

from hdrkit.errors import InputError, ModelMissing
from hdrkit.models.inverted_residual import MOBILENET_V2
from hdrkit.models.roles import ModelKind, Role
from hdrkit.models.store import Model, find_model
from hdrkit.pipeline.map_networks import find_map_models, open_picture_embedder, open_text_embedder
from hdrkit.semantics.options import MapOptions
from tests.fixtures import networks
from tests.fixtures.torch_files import Reference, save
from tests.fixtures.transformers_models import save_tiny_models

PICTURES = [np.random.default_rng(k).integers(0, 256, (50 + 9 * k, 70, 3)).astype(np.uint8) for k in range(3)]


def test_any_network_of_one_picture_embeds(tmp_path):
    (tmp_path / "tiny.onnx").write_bytes(networks.picture_vector(side=48))
    models = find_map_models(MapOptions(), {Role.IMAGE_EMBEDDING: tmp_path / "tiny.onnx"})
    assert models.embedding.kind is ModelKind.PICTURE_VECTOR
    embed = open_picture_embedder(models.embedding)
    assert (embed.name, embed.dims, embed.takes.side) == ("tiny.onnx", 24, 48)
    assert embed(PICTURES).shape == (3, 24)


def test_weights_of_mobilenet_embed(tmp_path):
    pytest.importorskip("torch")
    save(tmp_path / "weights.pth", Reference(MOBILENET_V2, padded=False).tensors(), older=True)
    embed = open_picture_embedder(find_model(Role.IMAGE_EMBEDDING, {Role.IMAGE_EMBEDDING: tmp_path / "weights.pth"}))
    seen = embed(PICTURES)
    assert seen.shape == (3, 1280)


def test_versions_tell_weights_and_options_apart(tmp_path):
    versions = set()
    for seed in range(2):
        (tmp_path / "tiny.onnx").write_bytes(networks.picture_vector(seed=seed))
        for crop in ("off", "main"):
            models = find_map_models(MapOptions(crop=crop), {Role.IMAGE_EMBEDDING: tmp_path / "tiny.onnx"})
            versions |= {models.version, open_picture_embedder(models.embedding).version}
    assert len(versions) == 6


def test_the_version_of_models_is_worked_out_once(tmp_path):
    (tmp_path / "tiny.onnx").write_bytes(networks.picture_vector())
    models = find_map_models(MapOptions(super_resolution="off"), {Role.IMAGE_EMBEDDING: tmp_path / "tiny.onnx"})
    before = models.version
    (tmp_path / "tiny.onnx").unlink()
    assert models.version == before


def test_a_model_for_something_else_is_named(tmp_path):
    (tmp_path / "faces.onnx").write_bytes(networks.yunet())
    with pytest.raises(InputError, match="it is a model for face-detector, not for image-embedding"):
        find_map_models(MapOptions(), {Role.IMAGE_EMBEDDING: tmp_path / "faces.onnx"})
    model = Model(Role.FACE_DETECTOR, ModelKind.YUNET, "faces", tmp_path / "faces.onnx", "MIT")
    with pytest.raises(InputError, match=r"faces\.onnx: it embeds no pictures"):
        open_picture_embedder(model)


def test_the_default_embeds():
    try:
        embed = open_picture_embedder(find_model(Role.IMAGE_EMBEDDING))
    except ModelMissing as missing:
        pytest.skip(str(missing))
    seen = embed(PICTURES)
    assert seen.shape == (3, 1280)
    np.testing.assert_allclose(np.linalg.norm(seen, axis=1), 1, rtol=1e-5)


@pytest.mark.parametrize(("kind", "dims"), [("clip", 12), ("dinov2", 16)])
def test_a_folder_of_transformers_embeds_pictures_as_they_are(kind, dims, tmp_path):
    pytest.importorskip("transformers")
    folder = save_tiny_models(tmp_path) / kind
    models = find_map_models(MapOptions(embedding=kind), {Role.IMAGE_EMBEDDING: folder})
    embed = open_picture_embedder(models.embedding)
    seen = embed(PICTURES)
    assert (embed.name, seen.shape) == (str(folder), (3, dims))
    (alone,) = embed.network(np.stack([embed.takes.of(one) for one in PICTURES]))
    np.testing.assert_allclose(seen, alone / np.linalg.norm(alone, axis=1, keepdims=True), atol=1e-5)
    assert embed.version.split()[1] in models.version


def test_clip_embeds_words_and_no_other_network_does(tmp_path):
    pytest.importorskip("transformers")
    save_tiny_models(tmp_path)
    for kind in ("clip", "dinov2"):
        models = find_map_models(MapOptions(embedding=kind), {Role.IMAGE_EMBEDDING: tmp_path / kind})
        if kind == "clip":
            assert open_text_embedder(models.embedding)(["dog", "boat"]).shape == (2, 12)
        else:
            with pytest.raises(InputError, match="dinov2 knows no words; give --embedding clip"):
                open_text_embedder(models.embedding)


def test_without_a_folder_the_models_of_the_hub_are_meant():
    names = {find_map_models(MapOptions(embedding=kind)).embedding.name for kind in ("clip", "dinov2")}
    assert names == {"openai/clip-vit-base-patch32", "facebook/dinov2-small"}


def test_a_model_that_a_map_does_not_use_is_refused():
    with pytest.raises(InputError, match=r"mine\.onnx: give it as --super-resolution mine\.onnx"):
        find_map_models(MapOptions(), {Role.SUPER_RESOLUTION: "mine.onnx"})
    with pytest.raises(InputError, match=r"mine\.onnx: a map uses no face-detector; leave it out"):
        find_map_models(MapOptions(), {Role.FACE_DETECTOR: "mine.onnx"})


def test_a_detector_counts_where_one_is_given_and_objects_are_wanted(tmp_path):
    (tmp_path / "tiny.onnx").write_bytes(networks.picture_vector())
    (tmp_path / "objects.onnx").write_bytes(networks.yolox())
    given = {Role.IMAGE_EMBEDDING: tmp_path / "tiny.onnx"}
    detector = given | {Role.OBJECT_DETECTOR: tmp_path / "objects.onnx"}
    assert find_map_models(MapOptions(crop="main"), given).detector is None
    with pytest.raises(InputError, match=r"objects\.onnx: no objects are looked for; add --crop main, largest or all"):
        find_map_models(MapOptions(crop="off"), detector)
    found = find_map_models(MapOptions(crop="main"), detector)
    assert found.detector.kind is ModelKind.YOLOX
    assert "objects.onnx" in found.version
