"""Words for pictures and their groups, by a network that puts texts and pictures into one space (Radford et al. 2021, CLIP)."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from hdrkit.imaging.vectors import unit_rows
from hdrkit.types import ALONE

TextEmbedder = Callable[[Sequence[str]], NDArray[np.float32]]
"""Texts -> vectors (N, D) in the space of pictures."""

_PROMPTS = ("{}", "a photo of a {}.")  # the network has seen captions, and few of them are one word


@dataclass(frozen=True)
class Named:
    """The word that each picture is nearest to, in order, and each group, by its number."""

    pictures: tuple[str, ...]
    groups: dict[int, str]


def word_vectors(words: Sequence[str], embed_texts: TextEmbedder) -> NDArray[np.float32]:
    """The unit vectors (N, D) of words: each the mean of its prompts."""
    return unit_rows(np.sum([unit_rows(embed_texts([prompt.format(word) for word in words])) for prompt in _PROMPTS], axis=0))


def name_in_words(
    vectors: NDArray[np.float32], groups: NDArray[np.intp], words: Sequence[str], texts: NDArray[np.float32]
) -> Named:
    """The nearest of the `words`, whose vectors `texts` are, to pictures and to the centres of their `groups` (`ALONE`: in none).

    `vectors` (N, D) are unit vectors in the space of `texts`.
    """
    numbers = sorted(set(groups.tolist()) - {ALONE})
    centres = [vectors[groups == number].mean(axis=0) for number in numbers]
    return Named(
        tuple(words[(texts @ one).argmax()] for one in vectors),
        {number: words[(texts @ centre).argmax()] for number, centre in zip(numbers, centres, strict=True)},
    )
