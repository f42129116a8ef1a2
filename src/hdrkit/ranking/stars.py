"""Sharpness -> ranks and stars. The sharpest of a group gets the most stars, the others fewer, down to none."""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import NamedTuple

from hdrkit.errors import InputError
from hdrkit.sidecars.xmp import MOST_STARS


class Rank(NamedTuple):
    """The rank in a group, 1 for the sharpest, and the stars for it."""

    rank: int
    stars: int


def rank_groups(groups: Sequence[Sequence[float]], max_rank: int = 3) -> list[list[Rank]]:
    """The rank of each sharpness within its group. Equal ones share a rank. NaN (shows nothing) is last and has no star.

    If p of n photographs are sharper, a photograph gets `max_rank - ceil(max_rank * p / n)` stars. Only the sharpest has
    `max_rank`; the others are spread evenly from one below that to zero. Raises InputError for a `max_rank` that is not 1 to 5.
    """
    if not 1 <= max_rank <= MOST_STARS:
        raise InputError(f"the sharpest gets 1 to {MOST_STARS} stars, not {max_rank!r}")
    return [_ranked(group, max_rank) for group in groups]


def _ranked(values: Sequence[float], max_rank: int) -> list[Rank]:
    shown = [value for value in values if not math.isnan(value)]

    def ranked(value: float) -> Rank:
        if math.isnan(value):
            return Rank(len(shown) + 1, 0)
        sharper = sum(other > value for other in shown)
        return Rank(sharper + 1, max_rank - math.ceil(max_rank * sharper / len(shown)))

    return [ranked(value) for value in values]
