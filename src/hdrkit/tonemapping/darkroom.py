"""A picture developed with local exposures: it is looked at once, at a small size, and then shown in bands of any height."""

from __future__ import annotations

import math
import os
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor

import numpy as np
from numpy.typing import NDArray

from hdrkit.imaging.colour import LUMINANCE
from hdrkit.tonemapping.film import FilmCurve
from hdrkit.tonemapping.local import expose_locally
from hdrkit.tonemapping.options import RenderOptions
from hdrkit.tonemapping.tones import Tones, tones_of_range, tones_of_scene
from hdrkit.types import RadianceMap, Validity

_SMALL = 400_000  # pixels at which a picture is looked at
_TINY, _MOST_EV = np.float32(1e-37), 120.0  # limits of what a float32 holds
_BLOCK = 1 << 16  # pixels that a thread reduces at a time
_BELOW_EV = 4.0  # below the darkest parts of a scene: what is darker still is exposed like this
_PURITY = np.float32(0.5)  # half way between hues that stay and hues that turn as on film: orange light stays golden

Light = NDArray[np.float32]


def darkroom(radiance: RadianceMap, options: RenderOptions) -> Callable[[Light, int], Light]:
    """The function that develops rows of this picture: linear RGB (H, W, 3) and the number of its first row, to display light."""
    from hdrkit.tonemapping.develop import develop, table_of

    black = np.float32(math.exp(options.range_ln[0]) if options.range_ln else 0)
    size = math.isqrt((radiance.pixels[..., 0].size - 1) // _SMALL) + 1
    small = _reduced(radiance.pixels, black, size)
    tones = tones_of_range(*options.range_ln) if options.range_ln else _of_scene(radiance, small, size)
    tones = tones.brightened(options.exposure)
    film, detail = FilmCurve().steeper(options.contrast), 2.0**options.detail
    least = tones.dark - _BELOW_EV
    light = np.clip(np.log2(np.maximum(small, _TINY)) + np.float32(tones.gain), np.float32(least), np.float32(_MOST_EV))
    local = expose_locally(light, tones.curve, lambda ev: detail * film.emphasis(ev))
    limits = np.exp2(np.clip([tones.gain, least], -_MOST_EV, _MOST_EV)).astype(np.float32)
    balance, saturation, table = _balance(options.warmth), np.float32(1 + options.saturation), table_of(film)
    settings = black, limits[0], limits[1], balance, saturation, _PURITY, table

    def show(light: Light, top: int) -> Light:
        shown = np.empty(light.shape, np.float32)
        light = np.ascontiguousarray(light)
        develop(light, top, local.slope, local.offset, size, *settings, shown)
        return shown

    return show


def _reduced(light: Light, black: np.float32, size: int) -> Light:
    """Mean luminance above black of each square of `size` pixels."""
    from hdrkit.tonemapping.develop import reduce_luminance

    height, width, _ = light.shape
    small = np.empty((-(-height // size), -(-width // size)), np.float32)
    rows = max(1, _BLOCK // (width * size))

    def reduce(top: int) -> None:
        reduce_luminance(np.ascontiguousarray(light[top * size : (top + rows) * size]), black, size, small[top : top + rows])

    with ThreadPoolExecutor(os.cpu_count()) as pool:
        list(pool.map(reduce, range(0, small.shape[0], rows)))
    return small


def _of_scene(radiance: RadianceMap, small: Light, size: int) -> Tones:
    """The tones of the lit and measured parts of a picture."""
    lit = small > 0
    if radiance.validity is not None:
        bounds = radiance.validity[::size, ::size] & (Validity.SATURATED | Validity.BLACK)
        measured = lit & (bounds == 0)
        lit = measured if measured.any() else lit
    return tones_of_scene(np.log2(small[lit]))


def _balance(warmth: float) -> NDArray[np.float32]:
    """Gains of the channels (3,) that keep the luminance of white."""
    gains = np.exp2(np.array([0.25, 0, -0.25]) * warmth)
    return np.asarray(gains / (gains @ LUMINANCE), np.float32)
