"""Radiance to a picture for a display."""

from __future__ import annotations

import os
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor

import numpy as np
from numpy.typing import NDArray

from hdrkit.tonemapping.adaptation import adapt_to_range, adapt_to_scene
from hdrkit.tonemapping.darkroom import darkroom
from hdrkit.tonemapping.operators import OPERATORS
from hdrkit.tonemapping.options import Operator, RenderOptions
from hdrkit.types import RadianceMap

_BLOCK = 1 << 16  # pixels at a time, so that temporaries stay in the cache


def render(radiance: RadianceMap, options: RenderOptions | None = None) -> NDArray[np.float32]:
    """Display picture of a radiance map: sRGB-encoded float32 RGB (H, W, 3) in 0..1, never NaN. Black stays black.

    The pixels are taken as linear sRGB. Without a range, the exposure follows robust statistics of the measured pixels.
    """
    from hdrkit.tonemapping.pixels import encode_srgb  # numba is loaded only if it is needed

    options = options or RenderOptions()
    show = darkroom(radiance, options) if options.operator is Operator.LOCAL else _global(radiance, options)
    picture = np.empty(radiance.pixels.shape, np.float32)
    rows = max(1, _BLOCK // radiance.pixels.shape[1])

    def band(top: int) -> None:
        picture[top : top + rows] = encode_srgb(show(radiance.pixels[top : top + rows], top))

    with ThreadPoolExecutor(os.cpu_count()) as pool:
        list(pool.map(band, range(0, radiance.pixels.shape[0], rows)))
    return picture


def _global(radiance: RadianceMap, options: RenderOptions) -> Callable[[NDArray[np.float32], int], NDArray[np.float32]]:
    """The function that shows rows by one curve for the whole picture."""
    adaptation = adapt_to_range(*options.range_ln) if options.range_ln else adapt_to_scene(radiance)
    operator = OPERATORS[options.operator]
    return lambda light, _: operator(light, adaptation)
