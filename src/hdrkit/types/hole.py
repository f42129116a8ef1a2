"""A hole in the ladder of exposures: a step that leaves tones which no frame of a bracket records well."""

from __future__ import annotations

import math
from collections.abc import Iterable
from dataclasses import dataclass
from itertools import pairwise
from pathlib import Path

_WIDEST_EV = 5.0  # a frame of 8 bits records about eight stops, the outer ones badly
_LOST_EV = 7.5  # an ordinary camera reads seven stops well


@dataclass(frozen=True)
class Hole:
    """A step of `step_ev` between two frames that are neighbours in exposure, given by their files."""

    shorter: str
    longer: str
    step_ev: float

    @property
    def hides_the_curve(self) -> bool:
        """Whether no code of one frame has a counterpart in the other, so that a curve learned from them is a guess."""
        return self.step_ev > _LOST_EV

    @property
    def sentence(self) -> str:
        """The hole in words, with file names without folders."""
        return (
            f"{self.step_ev:.1f} EV lie between {Path(self.shorter).name} and {Path(self.longer).name}: a frame may be missing; "
            "tones between them are noisy or wrongly coloured"
        )


def holes_of(exposed: Iterable[tuple[float, str]]) -> tuple[Hole, ...]:
    """The holes of a bracket, from the relative exposure and the file of each frame."""
    steps = pairwise(sorted(exposed))
    holes = (Hole(shorter, longer, math.log2(high / low)) for (low, shorter), (high, longer) in steps)
    return tuple(hole for hole in holes if hole.step_ev > _WIDEST_EV)
