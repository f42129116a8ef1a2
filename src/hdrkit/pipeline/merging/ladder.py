"""The exposures of a bracket as a ladder: a step that is too large leaves tones that no frame records well."""

from __future__ import annotations

import math
from collections.abc import Iterable
from itertools import pairwise

from hdrkit.types import Bracket

_WIDEST_EV = 5.0  # a frame of 8 bits records about eight stops, the outer ones badly


def ladder_warnings(bracket: Bracket) -> Iterable[str]:
    """A warning for each step between neighbouring exposures that is too large."""
    exposed = sorted((photo.exposure.relative, photo.path.name) for photo in bracket.photos if photo.exposure)
    for (low, shorter), (high, longer) in pairwise(exposed):
        if (step := math.log2(high / low)) > _WIDEST_EV:
            yield (
                f"{step:.1f} EV lie between {shorter} and {longer}: a frame may be missing; tones between "
                "them are noisy or wrongly coloured"
            )
