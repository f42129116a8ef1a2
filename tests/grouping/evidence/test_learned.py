import os
import shutil
import subprocess
import sys

import cv2
import numpy as np
import pytest

from hdrkit.errors import InputError
from hdrkit.grouping.evidence.learned import Embedder, at_one_exposure, principal_components, shortened
from hdrkit.grouping.options import Embedding, EmbeddingOptions, Reduction
from tests.fixtures.transformers_models import save_tiny_models

pytest.importorskip("transformers")

DIMS = {Embedding.DINOV2: 16, Embedding.CLIP: 12}


@pytest.fixture(scope="module")
def folders(tmp_path_factory):
    """A tiny DINOv2 and a tiny CLIP with random weights, on disk."""
    return save_tiny_models(tmp_path_factory.mktemp("models"))


def options_of(folders, kind, **others):
    return EmbeddingOptions(kind=kind, model_name=str(folders / kind), **others)


@pytest.fixture(scope="module")
def previews():
    """Pictures of several sizes and brightnesses."""
    rng = np.random.default_rng(1)
    smooth = [cv2.resize(rng.uniform(0, 1, (5, 7, 3)), (90 + 7 * k, 60 + 5 * k)) for k in range(40)]
    return [(255 * picture ** rng.uniform(0.4, 3)).astype(np.uint8) for picture in smooth]


def reference(folders, kind, preview):
    """The features of one picture, step by step, by the class of the model itself."""
    import torch
    from transformers import CLIPVisionModelWithProjection, Dinov2Model

    size = {Embedding.DINOV2: 56, Embedding.CLIP: 32}[kind]
    square = cv2.resize(preview, (size, size), interpolation=cv2.INTER_AREA) / 255
    black, median, white = np.quantile(square, (0.01, 0.5, 0.99))
    levels = np.clip((square - black) / (white - black), 0, 1)
    levels = levels ** (np.log(0.45) / np.log((median - black) / (white - black)))
    mean = np.array([0.485, 0.456, 0.406] if kind is Embedding.DINOV2 else [0.48145466, 0.4578275, 0.40821073])
    std = np.array([0.229, 0.224, 0.225] if kind is Embedding.DINOV2 else [0.26862954, 0.26130258, 0.27577711])
    pixels = torch.tensor(((levels - mean) / std).transpose(2, 0, 1)[None], dtype=torch.float32)
    with torch.no_grad():
        if kind is Embedding.DINOV2:
            return Dinov2Model.from_pretrained(folders / kind).eval()(pixels).last_hidden_state[0, 0].numpy()
        return CLIPVisionModelWithProjection.from_pretrained(folders / kind).eval()(pixels).image_embeds[0].numpy()


@pytest.mark.parametrize("kind", list(DIMS))
def test_features_are_those_of_the_network_in_batches_as_one_by_one(folders, previews, kind, capfd):
    embedder = Embedder(options_of(folders, kind))
    features = embedder.features(previews)
    assert capfd.readouterr() == ("", "")
    assert (features.shape, features.dtype) == ((40, DIMS[kind]), np.float32)
    assert np.linalg.norm(features, axis=1) == pytest.approx(np.ones(40), abs=1e-5)
    for k in (0, 7, 39):
        alone = reference(folders, kind, previews[k])
        assert features[k] == pytest.approx(alone / np.linalg.norm(alone), abs=1e-4)
    assert embedder.features([]).shape == (0, DIMS[kind])


def test_the_network_sees_one_picture_at_every_exposure():
    rng = np.random.default_rng(2)
    light = cv2.resize(rng.uniform(0.1, 1, (6, 8, 3)), (96, 64))
    bright, dark = (np.rint(255 * (light * gain) ** (1 / 2.2)).astype(np.uint8) for gain in (1.0, 1 / 16))
    seen = [at_one_exposure(picture, 56) for picture in (bright, dark)]
    plain = [picture / 255 for picture in (bright, dark)]
    assert np.abs(plain[0] - plain[1]).mean() > 0.4
    assert np.abs(seen[0] - seen[1]).mean() < 0.02


@pytest.mark.parametrize("code", [0, 128, 255])
def test_a_picture_of_one_colour_has_finite_features(folders, code):
    for kind in DIMS:
        assert np.isfinite(Embedder(options_of(folders, kind)).features([np.full((40, 60, 3), code, np.uint8)])).all()


def test_weights_are_told_apart(folders, tmp_path):
    from transformers import Dinov2Model

    options = options_of(folders, Embedding.DINOV2)
    model = Dinov2Model.from_pretrained(options.model_name)
    assert Embedder(options).version == Embedder(options).version
    model.embeddings.cls_token.data[0, 0, 0] += 0.01
    model.save_pretrained(tmp_path)
    assert Embedder(EmbeddingOptions(kind=Embedding.DINOV2, model_name=str(tmp_path))).version != Embedder(options).version


def test_principal_components_find_the_planted_directions_in_order_and_with_a_sign():
    rng = np.random.default_rng(3)
    planted = np.linalg.qr(rng.normal(size=(24, 3)))[0].T
    scores = rng.normal(size=(4000, 3)) * [9, 5, 2]
    rows = (scores @ planted + rng.normal(0, 0.01, (4000, 24)) + 7).astype(np.float32)
    found = principal_components(rows, 3)
    sign = np.sign(planted[np.arange(3), np.abs(planted).argmax(axis=1)])
    assert found == pytest.approx((scores - scores.mean(axis=0)) * sign, abs=0.5)
    order = rng.permutation(4000)
    assert principal_components(rows[order], 3) == pytest.approx(found[order], abs=1e-2)


def test_features_are_shortened_only_where_they_are_longer():
    rows = np.random.default_rng(4).normal(size=(30, 20)).astype(np.float32)
    short = shortened(rows, EmbeddingOptions(target_dims=6))
    assert short.shape == (30, 6)
    assert np.linalg.norm(short, axis=1) == pytest.approx(np.ones(30), abs=1e-5)
    unit = rows / np.linalg.norm(rows, axis=1, keepdims=True)
    assert shortened(rows, EmbeddingOptions(target_dims=20)) == pytest.approx(unit)
    assert shortened(rows, EmbeddingOptions(target_dims=6, dimensionality_reduction=Reduction.NONE)) == pytest.approx(unit)
    assert np.isfinite(shortened(rows[:1], EmbeddingOptions(target_dims=6))).all()
    assert shortened(rows[:3], EmbeddingOptions(target_dims=6)).shape == (3, 6)


def test_a_folder_without_a_model_or_with_another_one_is_named(folders, tmp_path):
    for name, options in {
        str(tmp_path): EmbeddingOptions(kind=Embedding.CLIP, model_name=str(tmp_path)),
        str(folders / "clip"): EmbeddingOptions(kind=Embedding.DINOV2, model_name=str(folders / "clip")),
    }.items():
        with pytest.raises(InputError) as caught:
            Embedder(options)
        assert name in str(caught.value)
        assert "\n" not in str(caught.value)
    assert "a clip model, not a dinov2 one" in str(caught.value)


def test_a_damaged_model_is_named(folders, tmp_path):
    (tmp_path / "config.json").write_bytes((folders / "clip" / "config.json").read_bytes())
    (tmp_path / "model.safetensors").write_bytes(bytes(100))
    with pytest.raises(InputError, match="config.json and model.safetensors"):
        Embedder(EmbeddingOptions(kind=Embedding.CLIP, model_name=str(tmp_path)))


_WITHOUT_ASKING = """
import socket, sys
import numpy as np
from hdrkit.errors import InputError
from hdrkit.models.roles import ModelKind
from hdrkit.models.transformers import TransformersNetwork
def asked(*_):
    print("asked the network")
    raise OSError("no network")
socket.getaddrinfo = socket.socket.connect = asked
for name in ("nobody/no-such-model", "openai/clip-vit-base-patch32", "facebook/dinov2-small", "no/hub/name"):
    try:
        TransformersNetwork(ModelKind.CLIP, name)
    except InputError as error:
        print(error)
network = TransformersNetwork(ModelKind.CLIP, "somebody/clip")
print(network(np.zeros((1, 3, 32, 32), np.float32))[0].shape, network.of_texts(["dog"]).shape)
"""


def test_the_hub_is_never_asked_for_what_is_not_on_this_machine(folders, tmp_path):
    here = tmp_path / "models--somebody--clip"
    shutil.copytree(folders / "clip", here / "snapshots" / "0a1b")
    (here / "refs").mkdir()
    (here / "refs" / "main").write_text("0a1b")
    own = {name: value for name, value in os.environ.items() if not name.startswith(("HF_", "TRANSFORMERS_"))}
    program = [sys.executable, "-c", _WITHOUT_ASKING]
    done = subprocess.run(program, env=own | {"HF_HUB_CACHE": str(tmp_path)}, capture_output=True, text=True, check=True)
    missing = "it is neither a folder nor a model of the Hugging Face hub that is here; run: hf download"
    instead = "or give a folder with config.json and model.safetensors"
    clip = "openai/clip-vit-base-patch32 --exclude '[ft]*_model.*' (MIT, 605 MB to download)"
    dinov2 = "facebook/dinov2-small config.json model.safetensors (Apache-2.0, 88 MB to download)"
    assert done.stderr == ""
    assert done.stdout.splitlines() == [
        *(f"{get.split()[0]}: {missing} {get}, {instead}" for get in ("nobody/no-such-model", clip, dinov2)),
        f"no/hub/name: it is neither a folder nor a name of the Hugging Face hub; {instead.removeprefix('or ')}",
        "(1, 12) (1, 12)",
    ]


def test_without_transformers_the_error_says_what_to_install(folders, monkeypatch):
    monkeypatch.setitem(sys.modules, "transformers", None)
    with pytest.raises(InputError, match=r"pip install 'hdrkit\[learned\]'"):
        Embedder(options_of(folders, Embedding.CLIP))
