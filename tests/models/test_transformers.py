import numpy as np
import pytest

from hdrkit.errors import InputError
from hdrkit.imaging.threads import one_thread
from hdrkit.models.roles import ModelKind
from hdrkit.models.transformers import TransformersNetwork
from tests.fixtures.transformers_models import LONGEST, save_tiny_models

pytest.importorskip("transformers")


@pytest.fixture(scope="module")
def clip(tmp_path_factory):
    return save_tiny_models(tmp_path_factory.mktemp("models")) / "clip"


def test_texts_are_embedded_by_the_text_side_of_clip(clip, capfd):
    import torch
    from transformers import CLIPModel

    texts = ["a dog", "a cat sits on a mat.", "zebra"]
    rows = TransformersNetwork(ModelKind.CLIP, str(clip)).of_texts(texts)
    assert capfd.readouterr() == ("", "")
    assert (rows.shape, rows.dtype) == ((3, 12), np.float32)
    model = CLIPModel.from_pretrained(clip).eval()
    letters = "abcdefghijklmnopqrstuvwxyz."
    for row, text in zip(rows, texts, strict=True):
        tokens = [0]
        for word in text.replace(".", " .").split():
            tokens += [2 + letters.index(letter) for letter in word[:-1]] + [2 + len(letters) + letters.index(word[-1])]
        with torch.no_grad():
            read = model.text_model(input_ids=torch.tensor([[*tokens, 1]])).last_hidden_state
            alone = model.text_projection(read[0, -1]).numpy()
        np.testing.assert_allclose(row, alone, atol=1e-5)


def test_it_uses_the_threads_that_opencv_may_use_and_no_others_afterwards(clip, monkeypatch):
    import torch

    network, set_to = TransformersNetwork(ModelKind.CLIP, str(clip)), []
    monkeypatch.setattr(torch, "set_num_threads", set_to.append)
    with one_thread():
        network(np.zeros((1, 3, 32, 32), np.float32))
    assert set_to == [1, torch.get_num_threads()]


def test_a_text_that_is_too_long_is_cut(clip):
    network = TransformersNetwork(ModelKind.CLIP, str(clip))
    long = "abcdefghijklmnopqrst" * 3
    np.testing.assert_allclose(*network.of_texts([long, long[: LONGEST + 5]]), atol=1e-5)


def test_a_model_without_a_tokenizer_is_named(clip, tmp_path):
    for name in ("config.json", "model.safetensors"):
        (tmp_path / name).write_bytes((clip / name).read_bytes())
    network = TransformersNetwork(ModelKind.CLIP, str(tmp_path))
    with pytest.raises(InputError, match="it has no tokenizer that transformers reads") as caught:
        network.of_texts(["dog"])
    assert str(tmp_path) in str(caught.value)
    assert "\n" not in str(caught.value)
