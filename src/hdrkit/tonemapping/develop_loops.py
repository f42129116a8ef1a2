"""The compiled loops of `develop`, for pictures of any size."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from hdrkit.imaging.compiled import compiled
from hdrkit.tonemapping.develop import BLUE, BRIGHTEST, FIRST, GREEN, KNOTS, RED, STEP_BITS, WHITE, E, L
from hdrkit.tonemapping.film import GREY

_L0, _L1, _L2, _L3, _L4, _L5, _L6 = L
_E0, _E1, _E2, _E3, _E4, _E5 = E


@compiled
def reduce_luminance(light: NDArray[np.float32], black: np.float32, size: int, out: NDArray[np.float32]) -> None:
    """As `develop.reduce_luminance`."""
    height, width, _ = light.shape
    for v in range(out.shape[0]):
        bottom = min((v + 1) * size, height)
        for u in range(out.shape[1]):
            right = min((u + 1) * size, width)
            total = np.float32(0)
            for y in range(v * size, bottom):
                for x in range(u * size, right):
                    r, g, b = light[y, x, 0], light[y, x, 1], light[y, x, 2]
                    total += min(max(RED * r + GREEN * g + BLUE * b - black, np.float32(0)), BRIGHTEST)
            out[v, u] = total / np.float32((bottom - v * size) * (right - u * size))


@compiled
def develop(
    light: NDArray[np.float32],
    top: int,
    slope: NDArray[np.float32],
    offset: NDArray[np.float32],
    size: int,
    black: np.float32,
    gain: np.float32,
    least: np.float32,
    balance: NDArray[np.float32],
    saturation: np.float32,
    purity: np.float32,
    table: NDArray[np.float32],
    out: NDArray[np.float32],
) -> None:
    """As `develop.develop`."""
    height, width, _ = light.shape
    rows, columns = slope.shape
    slopes, offsets = np.empty(columns, np.float32), np.empty(columns, np.float32)
    before, across = np.empty(width, np.int32), np.empty(width, np.float32)
    for x in range(width):
        at = _place(x, size, columns)
        before[x] = int(at)
        across[x] = at - np.float32(before[x])
    exposed, gains = np.empty((3, width), np.float32), np.empty(width, np.float32)
    shown = np.empty((3, width), np.float32)
    for y in range(height):
        at = _place(top + y, size, rows)
        above = int(at)
        below, down = min(above + 1, rows - 1), at - np.float32(above)
        for u in range(columns):
            slopes[u] = slope[above, u] + down * (slope[below, u] - slope[above, u])
            offsets[u] = offset[above, u] + down * (offset[below, u] - offset[above, u])
        for x in range(width):
            for c in range(3):
                exposed[c, x] = min(max(light[y, x, c] - black, np.float32(0)) * gain, BRIGHTEST)
        _gains(exposed, slopes, offsets, before, across, least, gains)
        for c in range(3):
            for x in range(width):
                exposed[c, x] = min(exposed[c, x] * gains[x], WHITE) * balance[c]
        if saturation != 1:
            _saturate(exposed, saturation)
        for c in range(3):
            _on_film(exposed[c], table, shown[c])
        _keep_hues(exposed, shown, purity, out[y])


@compiled
def _place(pixel: int, size: int, count: int) -> np.float32:
    """Where a pixel lies among `count` squares of `size` pixels, whose middles are whole numbers."""
    at = (np.float32(pixel) + np.float32(0.5)) / np.float32(size) - np.float32(0.5)
    return min(max(at, np.float32(0)), np.float32(count - 1))


@compiled
def _gains(
    light: NDArray[np.float32],
    slopes: NDArray[np.float32],
    offsets: NDArray[np.float32],
    before: NDArray[np.int32],
    across: NDArray[np.float32],
    least: np.float32,
    gains: NDArray[np.float32],
) -> None:
    """The gain of each pixel of a row (3, W): 2 to the power of slope * log2 of luminance + offset - log2 of luminance.

    Exposed light is in units of middle grey, and light of the display is not.
    """
    width, last = light.shape[1], slopes.size - 1
    values = np.empty(width, np.float32)
    bits, gain_bits = values.view(np.int32), gains.view(np.int32)
    for x in range(width):
        values[x] = max(RED * light[0, x] + GREEN * light[1, x] + BLUE * light[2, x], least)
    for x in range(width):
        gains[x] = np.float32((bits[x] >> 23) - 127)
        bits[x] = (bits[x] & 0x7FFFFF) | 0x3F800000
    for x in range(width):
        m = values[x]
        values[x] = gains[x] + (_L0 + m * (_L1 + m * (_L2 + m * (_L3 + m * (_L4 + m * (_L5 + m * _L6))))))
    for x in range(width):
        left = before[x]
        right = min(left + 1, last)
        slope = slopes[left] + across[x] * (slopes[right] - slopes[left])
        offset = offsets[left] + across[x] * (offsets[right] - offsets[left])
        values[x] = min(max(slope * values[x] + offset - values[x], np.float32(-120)), np.float32(120))
    for x in range(width):
        whole = np.floor(values[x])
        gain_bits[x] = (np.int32(whole) + 127) << 23
        values[x] -= whole
    for x in range(width):
        f = values[x]
        gains[x] *= _E0 + f * (_E1 + f * (_E2 + f * (_E3 + f * (_E4 + f * _E5))))
        gains[x] *= np.float32(GREY)


@compiled
def _saturate(exposed: NDArray[np.float32], saturation: np.float32) -> None:
    """Scale the distance of the channels (3, W) from luminance."""
    for x in range(exposed.shape[1]):
        grey = (RED * exposed[0, x] + GREEN * exposed[1, x] + BLUE * exposed[2, x]) * (1 - saturation)
        for c in range(3):
            exposed[c, x] = max(grey + exposed[c, x] * saturation, np.float32(0))


@compiled
def _on_film(exposed: NDArray[np.float32], table: NDArray[np.float32], shown: NDArray[np.float32]) -> None:
    """The film applied to one channel of a row."""
    bits = exposed.view(np.int32)
    for x in range(exposed.size):
        step = (bits[x] >> STEP_BITS) - FIRST
        if step < 0:
            shown[x] = table[0] * exposed[x] / KNOTS[0]
        elif step >= table.size - 1:
            shown[x] = 1
        else:
            share = np.float32(bits[x] & ((1 << STEP_BITS) - 1)) / np.float32(1 << STEP_BITS)
            shown[x] = table[step] + share * (table[step + 1] - table[step])


@compiled
def _keep_hues(exposed: NDArray[np.float32], shown: NDArray[np.float32], purity: np.float32, out: NDArray[np.float32]) -> None:
    """A row of channels on film (3, W) into `out` (W, 3), the hues between those of the film and of DNG's tone curve."""
    r, g, b = exposed
    film_r, film_g, film_b = shown
    for x in range(r.size):
        most, least = max(r[x], max(g[x], b[x])), min(r[x], min(g[x], b[x]))
        low = min(film_r[x], min(film_g[x], film_b[x]))
        high = max(film_r[x], max(film_g[x], film_b[x]))
        scale = (high - low) / (most - least) if most > least else np.float32(0)
        out[x, 0] = film_r[x] + purity * (low + (r[x] - least) * scale - film_r[x])
        out[x, 1] = film_g[x] + purity * (low + (g[x] - least) * scale - film_g[x])
        out[x, 2] = film_b[x] + purity * (low + (b[x] - least) * scale - film_b[x])
