"""Light developed with a local exposure: one pass to look at a picture, one to show it.

Small pictures are developed by NumPy, which takes less time than it takes to load machine code. `develop_loops` gives the same
values, bit for bit.
"""

from __future__ import annotations

from typing import Any

import cv2
import numpy as np
from numpy.typing import NDArray

from hdrkit.imaging.colour import LUMINANCE
from hdrkit.tonemapping.film import GREY, FilmCurve

Light = NDArray[np.float32]

# The curve of the film at equal steps of the bits of a float32, as light of the display.
STEP_BITS = 15
FIRST, _LAST = (int(np.float32(end).view(np.int32)) >> STEP_BITS for end in (2.0**-20, 2.0**12))
KNOTS = (np.arange(FIRST, _LAST + 2, dtype=np.int32) << STEP_BITS).view(np.float32)
RED, GREEN, BLUE = LUMINANCE
BRIGHTEST = np.float32(1e30)  # luminance above that of every scene; sums of it still fit in a float32
WHITE = np.float32(4000)  # exposed light that is white on every film
_SMALL_SIZE = 3  # pixels across the squares of a small picture
_PIXELS = 1 << 14  # at a time, so that temporaries stay in the cache
_NONE, _HALF, _LARGEST_EV = np.float32(0), np.float32(0.5), np.float32(120)


def _polynomial(function: Any, degree: int, low: float, high: float) -> Light:
    """The coefficients of a polynomial that follows a function between two values, to a few millionths."""
    series = np.polynomial.Chebyshev.interpolate(function, degree, [low, high])
    return np.asarray(series.convert(kind=np.polynomial.Polynomial).coef, np.float32)


L = _polynomial(np.log2, 6, 1, 2)
E = _polynomial(np.exp2, 5, 0, 1)


def table_of(film: FilmCurve) -> Light:
    """The film's curve at the knots above."""
    return film.shown(np.log2(KNOTS.astype(np.float64) / GREY)).astype(np.float32)


def reduce_luminance(light: Light, black: np.float32, size: int, out: Light) -> None:
    """Mean luminance above `black` of each square of `size` pixels of light (H, W, 3), into `out`."""
    if size > _SMALL_SIZE:
        from hdrkit.tonemapping import develop_loops  # numba is loaded only if it is needed

        develop_loops.reduce_luminance(light, black, size, out)
        return
    height, width, _ = light.shape
    with np.errstate(over="ignore"):
        lit = np.minimum(np.maximum(_luminance(*_split(light)) - black, _NONE), BRIGHTEST)
    whole = cv2.copyMakeBorder(lit, 0, out.shape[0] * size - height, 0, out.shape[1] * size - width, cv2.BORDER_CONSTANT)
    out[:] = 0
    for y in range(size):
        for x in range(size):
            out += whole[y::size, x::size]
    rows, columns = (np.minimum(size, length - size * np.arange(-(-length // size))) for length in (height, width))
    out /= (rows[:, None] * columns).astype(np.float32)


def develop(
    light: Light,
    top: int,
    slope: Light,
    offset: Light,
    size: int,
    black: np.float32,
    gain: np.float32,
    least: np.float32,
    balance: Light,
    saturation: np.float32,
    purity: np.float32,
    table: Light,
    out: Light,
) -> None:
    """Light (H, W, 3), whose first row is row `top` of the picture, as light of the display, linear and in 0..1, into `out`.

    The light above `black` is multiplied by `gain`. `slope` and `offset` say how log2 of its luminance, which counts as at least
    `least`, is then exposed in each square of `size` pixels. `balance` (3,) are gains of the channels. `saturation` scales the
    distance of the channels from luminance. For `purity` see `_to_display`.
    """
    if size > _SMALL_SIZE:
        from hdrkit.tonemapping import develop_loops

        develop_loops.develop(light, top, slope, offset, size, black, gain, least, balance, saturation, purity, table, out)
        return
    step = max(1, _PIXELS // light.shape[1])
    for first in range(0, len(light), step):
        rows = light[first : first + step]
        lines = [_rows_of(plane, top + first, len(rows), size) for plane in (slope, offset)]
        with np.errstate(over="ignore"):  # what is too bright is white
            exposed = [np.minimum(np.maximum(one - black, _NONE) * gain, BRIGHTEST) for one in _split(rows)]
            gains = _gains(np.maximum(_luminance(*exposed), least), lines[0], lines[1], size)
            gains *= np.float32(GREY)
            exposed = [np.minimum(one * gains, WHITE) * weight for one, weight in zip(exposed, balance, strict=True)]
        out[first : first + step] = cv2.merge(_to_display(_saturated(exposed, saturation), table, purity))


def _split(light: Light) -> list[Light]:
    return [np.asarray(channel, np.float32) for channel in cv2.split(light)]


def _luminance(r: Light, g: Light, b: Light) -> Light:
    return np.asarray(RED * r + GREEN * g + BLUE * b)


def _places(pixels: NDArray[np.int64], size: int, count: int) -> tuple[NDArray[np.int64], NDArray[np.int64], Light]:
    """For pixels, the square of `size` pixels before and after each, of `count`, and how far it lies between their middles."""
    at = (pixels.astype(np.float32) + _HALF) / np.float32(size) - _HALF
    at = np.minimum(np.maximum(at, _NONE), np.float32(count - 1))
    before = at.astype(np.int64)
    return before, np.minimum(before + 1, count - 1), at - before.astype(np.float32)


def _rows_of(plane: Light, top: int, height: int, size: int) -> Light:
    above, below, down = _places(np.arange(top, top + height), size, len(plane))
    return np.asarray(plane[above] + down[:, None] * (plane[below] - plane[above]))


def _gains(luminance: Light, slopes: Light, offsets: Light, size: int) -> Light:
    """The gain of each pixel of rows: 2 to the power of slope * log2 of luminance + offset - log2 of luminance."""
    left, right, across = _places(np.arange(luminance.shape[1]), size, slopes.shape[1])
    bits = luminance.view(np.int32)
    logarithm = ((bits >> 23) - 127).astype(np.float32)
    logarithm += _at(L, ((bits & 0x7FFFFF) | 0x3F800000).view(np.float32))
    slope, offset = (line[:, left] + across * (line[:, right] - line[:, left]) for line in (slopes, offsets))
    change = slope * logarithm + offset - logarithm
    np.minimum(np.maximum(change, -_LARGEST_EV, out=change), _LARGEST_EV, out=change)
    whole = np.floor(change)
    gains = ((whole.astype(np.int32) + 127) << 23).view(np.float32)
    return np.asarray(gains * _at(E, change - whole))


def _at(polynomial: Light, x: Light) -> Light:
    value = x * polynomial[-1]
    for coefficient in polynomial[-2:0:-1]:
        value += coefficient
        value *= x
    value += polynomial[0]
    return np.asarray(value)


def _saturated(exposed: list[Light], saturation: np.float32) -> list[Light]:
    """Channels at their distance from luminance, scaled."""
    if saturation == 1:
        return [np.maximum(one, _NONE) for one in exposed]
    grey = _luminance(*exposed) * (1 - np.float64(saturation))
    return [np.maximum(grey + one * saturation, 0).astype(np.float32) for one in exposed]


def _to_display(exposed: list[Light], table: Light, purity: np.float32) -> list[Light]:
    """The film applied to each channel of exposed light.

    This makes colours stronger, and paler in the highlights, and turns hues towards those of the primaries and their mixtures,
    as in a photograph. `purity` 1 keeps hues as the tone curve of DNG does, by a middle channel that stays where it was between
    the others; 0 lets them turn.
    """
    shown = [_on_film(one, table) for one in exposed]
    (most, least), (high, low) = ((_most(channels), _least(channels)) for channels in (exposed, shown))
    coloured = most > least
    scale = np.divide(high - low, most - least, out=np.zeros_like(most), where=coloured)
    for one, channel in zip(exposed, shown, strict=True):
        middle = one - least
        middle *= scale
        middle += low
        middle -= channel
        middle *= purity
        np.add(channel, middle, out=channel, where=coloured)
    return shown


def _on_film(exposed: Light, table: Light) -> Light:
    bits = exposed.view(np.int32)
    step = (bits >> STEP_BITS) - FIRST
    share = (bits & ((1 << STEP_BITS) - 1)).astype(np.float32)
    share /= np.float32(1 << STEP_BITS)
    at = np.clip(step, 0, table.size - 2)
    shown = table.take(at)
    share *= table.take(at + 1) - shown
    shown += share
    if (below := step < 0).any():
        shown[below] = table[0] * exposed[below] / KNOTS[0]
    shown[step >= table.size - 1] = 1
    return np.asarray(shown)


def _most(channels: list[Light]) -> Light:
    return np.maximum(channels[0], np.maximum(channels[1], channels[2]))


def _least(channels: list[Light]) -> Light:
    return np.minimum(channels[0], np.minimum(channels[1], channels[2]))
