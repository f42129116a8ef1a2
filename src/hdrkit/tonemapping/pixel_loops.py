"""Compiled loops over the pixels of a display picture."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from hdrkit.imaging.colour import SRGB_SLOPE
from hdrkit.imaging.compiled import compiled
from hdrkit.tonemapping.pixels import ENCODED, FIRST, LINEAR_BELOW, STEP_BITS


@compiled
def encode(linear: NDArray[np.float32], out: NDArray[np.float32]) -> None:
    """As `pixels.encode_srgb`, of values (N,)."""
    bits = linear.view(np.int32)
    for i in range(linear.size):
        if linear[i] >= 1:
            out[i] = 1
        elif linear[i] > LINEAR_BELOW:
            step = (bits[i] >> STEP_BITS) - FIRST
            share = np.float32(bits[i] & ((1 << STEP_BITS) - 1)) / np.float32(1 << STEP_BITS)
            out[i] = ENCODED[step] + share * (ENCODED[step + 1] - ENCODED[step])
        else:
            out[i] = np.float32(SRGB_SLOPE) * max(linear[i], np.float32(0))


@compiled
def expose(light: NDArray[np.float32], black: np.float32, most: np.float32, gain: np.float32) -> NDArray[np.float32]:
    """Light above `black`, up to `most`, times `gain`, of the same contiguous shape."""
    values, exposed = light.reshape(-1), np.empty(light.size, np.float32)
    for i in range(values.size):
        exposed[i] = min(max(values[i] - black, np.float32(0)), most) * gain
    return exposed.reshape(light.shape)


@compiled
def show_luminance(light: NDArray[np.float32], luminance: NDArray[np.float32], shown: NDArray[np.float32]) -> None:
    """Scale `light` (H, W, 3) from its `luminance` (H, W) to the luminance `shown`, in 0..1, and keep the hue.

    Colours that the display cannot show at that luminance fade to white.
    """
    one = np.float32(1)
    for y in range(light.shape[0]):
        for x in range(light.shape[1]):
            r, g, b = light[y, x, 0], light[y, x, 1], light[y, x, 2]
            scale, veil = shown[y, x] / max(luminance[y, x], np.float32(1e-20)), np.float32(0)
            peak = max(r, max(g, b)) * scale
            if peak > 1:
                purity = (one - shown[y, x]) / (peak - shown[y, x])
                scale *= purity
                veil = shown[y, x] * (one - purity)
            light[y, x, 0], light[y, x, 1], light[y, x, 2] = r * scale + veil, g * scale + veil, b * scale + veil
