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
    exposed, gains = np.empty((width, 3), np.float32), np.empty(width, np.float32)
    for y in range(height):
        at = _place(top + y, size, rows)
        above = int(at)
        below, down = min(above + 1, rows - 1), at - np.float32(above)
        for u in range(columns):
            slopes[u] = slope[above, u] + down * (slope[below, u] - slope[above, u])
            offsets[u] = offset[above, u] + down * (offset[below, u] - offset[above, u])
        for x in range(width):
            for c in range(3):
                exposed[x, c] = min(max(light[y, x, c] - black, np.float32(0)) * gain, BRIGHTEST)
        _gains(exposed, slopes, offsets, size, least, gains)
        for x in range(width):
            k = gains[x] * np.float32(GREY)
            r = min(exposed[x, 0] * k, WHITE) * balance[0]
            g = min(exposed[x, 1] * k, WHITE) * balance[1]
            b = min(exposed[x, 2] * k, WHITE) * balance[2]
            grey = (RED * r + GREEN * g + BLUE * b) * (1 - saturation)
            exposed[x, 0] = max(grey + r * saturation, np.float32(0))
            exposed[x, 1] = max(grey + g * saturation, np.float32(0))
            exposed[x, 2] = max(grey + b * saturation, np.float32(0))
        _to_display(exposed, table, purity, out[y])


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
    size: int,
    least: np.float32,
    gains: NDArray[np.float32],
) -> None:
    """The gain of each pixel of a row: 2 to the power of slope * log2 of luminance + offset - log2 of luminance."""
    width = light.shape[0]
    values = np.empty(width, np.float32)
    bits, gain_bits = values.view(np.int32), gains.view(np.int32)
    for x in range(width):
        values[x] = max(RED * light[x, 0] + GREEN * light[x, 1] + BLUE * light[x, 2], least)
    for x in range(width):
        gains[x] = np.float32((bits[x] >> 23) - 127)
        bits[x] = (bits[x] & 0x7FFFFF) | 0x3F800000
    for x in range(width):
        m = values[x]
        logarithm = gains[x] + (_L0 + m * (_L1 + m * (_L2 + m * (_L3 + m * (_L4 + m * (_L5 + m * _L6))))))
        at = _place(x, size, slopes.size)
        left = int(at)
        right, across = min(left + 1, slopes.size - 1), at - np.float32(left)
        slope = slopes[left] + across * (slopes[right] - slopes[left])
        offset = offsets[left] + across * (offsets[right] - offsets[left])
        values[x] = min(max(slope * logarithm + offset - logarithm, np.float32(-120)), np.float32(120))
    for x in range(width):
        whole = int(np.floor(values[x]))
        f = values[x] - np.float32(whole)
        gain_bits[x] = (whole + 127) << 23
        gains[x] *= _E0 + f * (_E1 + f * (_E2 + f * (_E3 + f * (_E4 + f * _E5))))


@compiled
def _to_display(exposed: NDArray[np.float32], table: NDArray[np.float32], purity: np.float32, out: NDArray[np.float32]) -> None:
    """The film applied to each channel of a row of exposed light."""
    bits = exposed.view(np.int32)
    for x in range(exposed.shape[0]):
        for c in range(3):
            step = (bits[x, c] >> STEP_BITS) - FIRST
            if step < 0:
                out[x, c] = table[0] * exposed[x, c] / KNOTS[0]
            elif step >= table.size - 1:
                out[x, c] = 1
            else:
                share = np.float32(bits[x, c] & ((1 << STEP_BITS) - 1)) / np.float32(1 << STEP_BITS)
                out[x, c] = table[step] + share * (table[step + 1] - table[step])
    for x in range(exposed.shape[0]):
        r, g, b = exposed[x, 0], exposed[x, 1], exposed[x, 2]
        most, least = max(r, max(g, b)), min(r, min(g, b))
        if most > least:
            low = min(out[x, 0], min(out[x, 1], out[x, 2]))
            scale = (max(out[x, 0], max(out[x, 1], out[x, 2])) - low) / (most - least)
            for c in range(3):
                out[x, c] += purity * (low + (exposed[x, c] - least) * scale - out[x, c])
