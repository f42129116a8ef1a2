"""Global operators, one tone curve a picture: linear RGB (H, W, 3) in the unit of the map, to linear display RGB in 0..1."""

from __future__ import annotations

import math
from collections.abc import Callable

import numpy as np
from numpy.typing import NDArray

from hdrkit.imaging.colour import luminance_of
from hdrkit.tonemapping.adaptation import KEY, Adaptation
from hdrkit.tonemapping.options import Operator

Light = NDArray[np.float32]

_BRIGHTEST = 1e18  # times a plain exposure: above every white, and its square still fits in float32
_LARGEST = float(np.finfo(np.float32).max)
_BIAS = 0.85


def reinhard(light: Light, adaptation: Adaptation) -> Light:
    """Global photographic tone reproduction, clipping at the white of the scene (Reinhard et al. 2002, equation 4).

    The average is shown at the key, as in a plain exposure.
    """
    gain = KEY / (1 - KEY) / adaptation.average
    white = np.float32(min(adaptation.white * gain, _BRIGHTEST))

    def curve(y: Light) -> Light:
        return np.asarray(y * (1 + y / white / white) / (1 + y), np.float32)

    return _on_luminance(_exposed(light, adaptation.black, gain), white, curve)


def drago(light: Light, adaptation: Adaptation) -> Light:
    """Adaptive logarithmic mapping with bias 0.85 (Drago et al. 2003, equation 4) for a display of 100 cd/m2."""
    white = np.float32(min(adaptation.white / adaptation.average, _BRIGHTEST))
    power = np.float32(math.log(_BIAS) / math.log(0.5))

    def curve(y: Light) -> Light:
        base = 2 + 8 * (y / white) ** power
        return np.asarray(np.log1p(y) / np.log(base) / np.log10(white + 1), np.float32)

    return _on_luminance(_exposed(light, adaptation.black, 1 / adaptation.average), white, curve)


def aces(light: Light, adaptation: Adaptation) -> Light:
    """Narkowicz' 2015 fit of the ACES filmic curve, applied to each channel separately, so that highlights fade to white."""
    x = _exposed(light, adaptation.black, KEY / adaptation.average)
    return np.clip(x * (2.51 * x + 0.03) / (x * (2.43 * x + 0.59) + 0.14), 0, 1)


def gamma(light: Light, adaptation: Adaptation) -> Light:
    """A plain exposure: only the encoding of the display, with white clipped."""
    return np.minimum(_exposed(light, adaptation.black, adaptation.gain), 1)


OPERATORS: dict[Operator, Callable[[Light, Adaptation], Light]] = {
    Operator.REINHARD: reinhard,
    Operator.DRAGO: drago,
    Operator.ACES: aces,
    Operator.GAMMA: gamma,
}


def _exposed(light: Light, black: float, gain: float) -> Light:
    from hdrkit.tonemapping.pixel_loops import expose  # numba is loaded only if it is needed

    gain = min(gain, _LARGEST)
    most = np.float32(min(_BRIGHTEST / gain, _LARGEST))
    return expose(np.ascontiguousarray(light), np.float32(black), most, np.float32(gain))


def _on_luminance(light: Light, white: np.float32, curve: Callable[[Light], Light]) -> Light:
    """Apply a curve to the luminance of exposed light, in place; see `show_luminance`."""
    from hdrkit.tonemapping.pixel_loops import show_luminance

    luminance = luminance_of(light)
    show_luminance(light, luminance, np.minimum(curve(np.minimum(luminance, white)), 1))
    return light
