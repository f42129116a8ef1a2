import numpy as np
import pytest

from hdrkit.semantics.words import name_in_words, word_vectors
from hdrkit.types import ALONE

WORDS = ["dog", "boat", "tree"]


def embed(texts):
    """A direction for each word, and a smaller one that all prompts share."""
    axes = [next(k for k, word in enumerate(WORDS) if word in text) for text in texts]
    return np.eye(4, dtype=np.float32)[axes] * 3 + np.eye(4, dtype=np.float32)[3]


@pytest.fixture
def seen():
    """Pictures of a dog, of two boats, of something between, and of a tree; all lean the same way."""
    directions = [(1, 0, 0), (0.1, 1, 0), (0, 1, 0.2), (0.5, 0.4, 0), (0, 0, 1)]
    vectors = np.array([[*one, 0.8] for one in directions], np.float32)
    return vectors / np.linalg.norm(vectors, axis=1, keepdims=True), np.array([ALONE, 4, 4, 4, 0])


def test_pictures_and_centres_of_groups_get_the_nearest_word(seen):
    named = name_in_words(*seen, WORDS, word_vectors(WORDS, embed))
    assert named.pictures == ("dog", "boat", "boat", "dog", "tree")
    assert named.groups == {0: "tree", 4: "boat"}


def test_one_word_names_everything_and_no_group_has_a_name(seen):
    named = name_in_words(seen[0], np.full(5, ALONE), ["dog"], np.full((1, 4), 0.5, np.float32))
    assert (named.pictures, named.groups) == (("dog",) * 5, {})
