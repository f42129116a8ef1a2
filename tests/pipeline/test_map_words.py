import numpy as np
import pytest

from hdrkit.errors import InputError
from hdrkit.models.roles import Role
from hdrkit.pipeline.map_networks import find_map_models, open_picture_embedder, open_text_embedder
from hdrkit.pipeline.map_words import open_words, read_words
from hdrkit.semantics.options import MapOptions
from hdrkit.semantics.words import word_vectors
from tests.fixtures import networks
from tests.fixtures.transformers_models import save_tiny_models


def test_words_are_lines_each_once(tmp_path):
    (tmp_path / "words.txt").write_bytes("\ufeffdog\r\n\r\n a red boat \ndog\nÅre\n".encode())
    assert read_words(tmp_path / "words.txt") == ["dog", "a red boat", "Åre"]


@pytest.mark.parametrize(("content", "reason"), [(b"\n \n", "there are no words in it"), (b"\xff\xfed\x00", "no text in UTF-8")])
def test_a_file_without_words_is_named(content, reason, tmp_path):
    (tmp_path / "words.txt").write_bytes(content)
    with pytest.raises(InputError, match=rf"words\.txt: .*{reason}"):
        read_words(tmp_path / "words.txt")


def test_pictures_get_the_word_that_clip_finds_nearest(tmp_path):
    pytest.importorskip("transformers")
    (tmp_path / "words.txt").write_text("dog\nboat\na tree at night\n")
    models = find_map_models(MapOptions(embedding="clip"), {Role.IMAGE_EMBEDDING: save_tiny_models(tmp_path) / "clip"})
    random = np.random.default_rng(0)
    pictures = [random.integers(0, 256, (40, 60, 3)).astype(np.uint8) for _ in range(5)]
    vectors = open_picture_embedder(models.embedding)(pictures)
    named = open_words(tmp_path / "words.txt", models.embedding)(vectors, np.array([0, 0, -1, 0, -1]))
    words = ["dog", "boat", "a tree at night"]
    texts = word_vectors(words, open_text_embedder(models.embedding))
    assert named.pictures == tuple(words[k] for k in (vectors @ texts.T).argmax(axis=1))
    assert named.groups == {0: words[(vectors[[0, 1, 3]].sum(axis=0) @ texts.T).argmax()]}


def test_an_embedding_without_words_is_said(tmp_path):
    (tmp_path / "words.txt").write_text("dog")
    (tmp_path / "tiny.onnx").write_bytes(networks.picture_vector())
    models = find_map_models(MapOptions(), {Role.IMAGE_EMBEDDING: tmp_path / "tiny.onnx"})
    with pytest.raises(InputError, match=r"tiny\.onnx knows no words; give --embedding clip"):
        open_words(tmp_path / "words.txt", models.embedding)
