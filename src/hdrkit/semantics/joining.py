"""New pictures join the groups of a map, which keep their numbers, or form new ones."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from hdrkit.types import ALONE


@dataclass(frozen=True)
class OldMap:
    """What a map says of K of N pictures: indices `pictures` (K,), `positions` (K, 3), and `numbers` (K,) of their groups.

    `following` is the number of the next group, which none had before.
    """

    pictures: NDArray[np.int64]
    positions: NDArray[np.float32]
    numbers: NDArray[np.int64]
    following: int


def joined(found: NDArray[np.int64], old: OldMap) -> NDArray[np.int64]:
    """The numbers (N,) of all pictures, where `found` (N,) are groups that were found among old and new ones together.

    Pictures that are new, or were in no group, take the number that most old pictures of their found group have (of two as
    frequent the smaller), or the next one where none has a number. Old pictures keep their numbers.
    """
    numbers = np.full(len(found), ALONE, np.int64)
    numbers[old.pictures] = old.numbers
    following = old.following
    for group in np.unique(found[found != ALONE]).tolist():
        members = np.flatnonzero(found == group)
        known = numbers[members]
        free = members[known == ALONE]
        if not len(free):
            continue
        if len(free) == len(members):
            numbers[free] = following
            following += 1
        else:
            numbers[free] = np.bincount(known[known != ALONE]).argmax()
    return numbers
