"""What a display picture is exposed for: the average and the white of a scene, or a range given for a whole series."""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np

from hdrkit.imaging.colour import luminance_of
from hdrkit.types import RadianceMap, Validity

KEY = 0.18  # display value of the average, the photographer's middle gray

_ENOUGH = 1_000_000  # pixels that the statistics look at


@dataclass(frozen=True)
class Adaptation:
    """Radiance of black, of the average and of white, in the unit of the map; `gain` is what a plain exposure multiplies by."""

    black: float
    average: float
    white: float
    gain: float


def adapt_to_scene(radiance: RadianceMap) -> Adaptation:
    """Log-average of luminance clipped to its 1st and 99th percentile, white at the 99.9th, of lit and measured pixels.

    White is never below a plain exposure's, so that a scene of little contrast is not stretched.
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
    """The same rendering for every picture: exp(low_ln) is black, exp(high_ln) white, the middle of the range the average."""
    black, average, white = math.exp(low_ln), math.exp((low_ln + high_ln) / 2), math.exp(high_ln)
    return Adaptation(black, average - black, white - black, 1 / (white - black))
