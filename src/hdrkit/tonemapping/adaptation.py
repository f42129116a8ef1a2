"""The exposure of a display picture: by the average and the white of a scene, or by a range given for a whole series."""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np

from hdrkit.imaging.colour import luminance_of
from hdrkit.types import RadianceMap, Validity

KEY = 0.18  # display value of the average: the middle gray of photography

_ENOUGH = 1_000_000  # number of pixels from which the statistics are taken


@dataclass(frozen=True)
class Adaptation:
    """Radiance of black, of the average and of white, in the unit of the map; `gain` is the factor of a plain exposure."""

    black: float
    average: float
    white: float
    gain: float


def adapt_to_scene(radiance: RadianceMap) -> Adaptation:
    """The adaptation to the lit and measured pixels of a scene.

    The average is the log-average of luminance, clipped to its 1st and 99th percentile. White is the 99.9th percentile, and never
    below that of a plain exposure, so that a scene of little contrast is not stretched.
    """
    step = math.isqrt(radiance.pixels[..., 0].size // _ENOUGH) + 1
    luminance = luminance_of(radiance.pixels[::step, ::step]).astype(float)
    lit = luminance > 0
    if radiance.validity is not None:
        measured = lit & (radiance.validity[::step, ::step] & (Validity.SATURATED | Validity.BLACK) == 0)
        lit = measured if measured.any() else lit
    if not lit.any():
        return Adaptation(0.0, 1.0, 1.0, 1.0)
    ln_luminance = np.log(luminance[lit])
    low, high, top = np.percentile(ln_luminance, (1, 99, 99.9))
    average = math.exp(np.clip(ln_luminance, low, high).mean())
    return Adaptation(0.0, average, max(math.exp(top), average / KEY), KEY / average)


def adapt_to_range(low_ln: float, high_ln: float) -> Adaptation:
    """The same adaptation for every picture: exp(low_ln) is black, exp(high_ln) white, the middle of the range the average."""
    black, average, white = math.exp(low_ln), math.exp((low_ln + high_ln) / 2), math.exp(high_ln)
    return Adaptation(black, average - black, white - black, 1 / (white - black))
