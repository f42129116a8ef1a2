"""A file of words, and the model that embeds pictures -> what names pictures and groups in these words."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from hdrkit.errors import InputError
from hdrkit.files.atomic import read_bytes
from hdrkit.files.text import show
from hdrkit.models.store import Model
from hdrkit.pipeline.map_networks import open_text_embedder
from hdrkit.semantics.words import Named, name_in_words, word_vectors

NamesInWords = Callable[[NDArray[np.float32], NDArray[np.intp]], Named]
"""Vectors of pictures (N, D) and the numbers of their groups (N,) -> words for both."""


def open_words(path: Path, model: Model) -> NamesInWords:
    """What names pictures in the words of a file, one or more words a line, by the model that embeds the pictures.

    Raises InputError if the file cannot be read or has no words, or if the model knows none.
    """
    words, embed_texts = read_words(path), open_text_embedder(model)
    return partial(name_in_words, words=words, texts=word_vectors(words, embed_texts))


def read_words(path: Path) -> list[str]:
    """The lines of a text file in UTF-8, each once, without empty ones. Raises InputError if there are none."""
    try:
        lines = read_bytes(path).decode("utf-8-sig").splitlines()
    except UnicodeDecodeError as error:
        raise InputError(f"{show(path)}: it is no text in UTF-8; save it as UTF-8, one word or description a line") from error
    words = list(dict.fromkeys(stripped for line in lines if (stripped := line.strip())))
    if not words:
        raise InputError(f"{show(path)}: there are no words in it; write one word or description a line")
    return words
