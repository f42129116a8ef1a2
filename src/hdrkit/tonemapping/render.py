"""Radiance to a picture for a display, and pictures for a display changed by the same controls."""

from __future__ import annotations

import os
from concurrent.futures import ThreadPoolExecutor

import numpy as np
from numpy.typing import NDArray

from hdrkit.imaging.colour import light_of_srgb
from hdrkit.tonemapping.adaptation import adapt_to_range, adapt_to_scene
from hdrkit.tonemapping.darkroom import Develop, darkroom, retouching
from hdrkit.tonemapping.film import FilmCurve
from hdrkit.tonemapping.operators import OPERATORS
from hdrkit.tonemapping.options import CONTROLS, Operator, RenderOptions
from hdrkit.tonemapping.pixels import encode_srgb
from hdrkit.types import RadianceMap

_BLOCK = 1 << 16  # pixels at a time, so that temporaries stay in the cache


def render(radiance: RadianceMap, options: RenderOptions | None = None) -> NDArray[np.float32]:
    """Display picture of a radiance map: sRGB-encoded float32 RGB (H, W, 3) in 0..1, never NaN. Black stays black.

    The pixels are taken as linear sRGB. Without a range, the exposure follows robust statistics of the measured pixels.
    """
    options = options or RenderOptions()
    return _in_bands(
        radiance.pixels, darkroom(radiance, options) if options.operator is Operator.LOCAL else _global(radiance, options)
    )


def retouch(picture: NDArray[np.float32], options: RenderOptions) -> NDArray[np.float32]:
    """A display picture (H, W, 3) in 0..1, sRGB-encoded, changed by the controls of the local operator; 0 changes nothing."""
    if not any(getattr(options, name) for name in CONTROLS):
        return picture
    exposed = np.exp2(FilmCurve().exposed_ev(light_of_srgb(picture))).astype(np.float32)
    return _in_bands(exposed, retouching(exposed, options))


def _in_bands(light: NDArray[np.float32], show: Develop) -> NDArray[np.float32]:
    picture = np.empty(light.shape, np.float32)
    rows = max(1, _BLOCK // light.shape[1])

    def band(top: int) -> None:
        picture[top : top + rows] = encode_srgb(show(light[top : top + rows], top))

    with ThreadPoolExecutor(os.cpu_count()) as pool:
        list(pool.map(band, range(0, light.shape[0], rows)))
    return picture


def _global(radiance: RadianceMap, options: RenderOptions) -> Develop:
    """The function that shows rows by one curve for the whole picture."""
    adaptation = adapt_to_range(*options.range_ln) if options.range_ln else adapt_to_scene(radiance)
    operator = OPERATORS[options.operator]
    return lambda light, _: operator(light, adaptation)
