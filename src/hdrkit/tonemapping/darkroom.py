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
from hdrkit.tonemapping.local import LocalExposure, expose_locally
from hdrkit.tonemapping.options import RenderOptions
from hdrkit.tonemapping.tones import Tones, tones_of_range, tones_of_scene
from hdrkit.types import RadianceMap, Validity

_SMALL = 300_000  # pixels at which a picture is looked at
_STRONGER = 0.5  # the most that colours are made stronger
_TINY, _MOST_EV = np.float32(1e-37), 120.0  # limits of what a float32 holds
_BLOCK = 1 << 16  # pixels that a thread reduces at a time
_BELOW_EV = 4.0  # below the darkest parts of a scene: what is darker still is exposed like this
_DEEPEST_EV = 12.0  # below middle grey, in a picture that is retouched
_PURITY = np.float32(0.6)  # between hues that stay (1) and hues that turn as on film (0): orange light stays golden

Light = NDArray[np.float32]
Develop = Callable[[Light, int], Light]


def darkroom(radiance: RadianceMap, options: RenderOptions) -> Develop:
    """The function that develops rows of this picture: linear RGB (H, W, 3) and the number of its first row, to display light."""
    black = np.float32(math.exp(options.range_ln[0]) if options.range_ln else 0)
    small, size = _reduced(radiance.pixels, black)
    tones = tones_of_range(*options.range_ln) if options.range_ln else _of_scene(radiance, small, size)
    tones = tones.brightened(options.exposure)
    film, detail = FilmCurve().steeper(options.contrast), 2.0**options.detail
    least = tones.dark - _BELOW_EV
    local = expose_locally(_ev(small, tones.gain, least), tones.curve, lambda ev: detail * film.emphasis(ev))
    return _developer(local, size, black, tones.gain, least, film, _PURITY, options)


def retouching(exposed: Light, options: RenderOptions) -> Develop:
    """The function that develops rows of light that is exposed already, in units of middle grey, and changes it by the controls.

    Neutral controls give the film's picture of each channel.
    """
    small, size = _reduced(exposed, np.float32(0))
    detail = 2.0**options.detail
    light = _ev(small, options.exposure, options.exposure - _DEEPEST_EV)
    local = expose_locally(light, lambda ev: ev, lambda ev: np.full_like(ev, detail))
    film = FilmCurve().steeper(options.contrast)
    return _developer(local, size, np.float32(0), options.exposure, options.exposure - _DEEPEST_EV, film, np.float32(0), options)


def _ev(luminance: Light, gain: float, least: float) -> Light:
    """Luminance with a gain in EV, as EV of at least `least`."""
    return np.clip(np.log2(np.maximum(luminance, _TINY)) + np.float32(gain), np.float32(least), np.float32(_MOST_EV))


def _developer(
    local: LocalExposure,
    size: int,
    black: np.float32,
    gain: float,
    least: float,
    film: FilmCurve,
    purity: np.float32,
    options: RenderOptions,
) -> Develop:
    from hdrkit.tonemapping.develop import develop, table_of

    limits = np.exp2(np.clip([gain, least], -_MOST_EV, _MOST_EV)).astype(np.float32)
    balance, saturation = (
        _balance(options.warmth),
        np.float32(1 + options.saturation * (_STRONGER if options.saturation > 0 else 1)),
    )
    settings = size, black, limits[0], limits[1], balance, saturation, purity, table_of(film)

    def show(light: Light, top: int) -> Light:
        shown = np.empty(light.shape, np.float32)
        develop(np.ascontiguousarray(light), top, local.slope, local.offset, *settings, shown)
        return shown

    return show


def _reduced(light: Light, black: np.float32) -> tuple[Light, int]:
    """The picture at a small size: mean luminance above black of squares of pixels, and the size of the squares."""
    from hdrkit.tonemapping.develop import reduce_luminance

    height, width, _ = light.shape
    size = math.isqrt((height * width - 1) // _SMALL) + 1
    small = np.empty((-(-height // size), -(-width // size)), np.float32)
    rows = max(1, _BLOCK // (width * size))

    def reduce(top: int) -> None:
        reduce_luminance(np.ascontiguousarray(light[top * size : (top + rows) * size]), black, size, small[top : top + rows])

    with ThreadPoolExecutor(os.cpu_count()) as pool:
        list(pool.map(reduce, range(0, small.shape[0], rows)))
    return small, size


def _of_scene(radiance: RadianceMap, small: Light, size: int) -> Tones:
    """The tones of the lit and measured parts of a picture."""
    lit, clipped = small > 0, 0.0
    if radiance.validity is not None:
        validity = radiance.validity[::size, ::size]
        measured = lit & (validity & (Validity.SATURATED | Validity.BLACK) == 0)
        lit = measured if measured.any() else lit
        clipped = float((validity & Validity.SATURATED != 0).mean())
    return tones_of_scene(np.log2(small[lit]), clipped)


def _balance(warmth: float) -> NDArray[np.float32]:
    """Gains of the channels (3,) that keep the luminance of white."""
    gains = np.exp2(np.array([0.25, 0, -0.25]) * warmth)
    return np.asarray(gains / (gains @ LUMINANCE), np.float32)
