"""Compiled loops over the pixels of a display picture."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from hdrkit.imaging.colour import SRGB_LINEAR_BELOW, SRGB_SLOPE, srgb_power
from hdrkit.imaging.compiled import compiled

_LINEAR_BELOW = np.float32(SRGB_LINEAR_BELOW)
# The power above it, at equal steps of the bits of a float32: linear interpolation is then as exact as float32.
_STEP_BITS = 13
_FIRST, _LAST = (int(np.float32(end).view(np.int32)) >> _STEP_BITS for end in (_LINEAR_BELOW, 1))
_KNOTS = (np.arange(_FIRST, _LAST + 2, dtype=np.int32) << _STEP_BITS).view(np.float32)
_ENCODED = srgb_power(_KNOTS.astype(np.float64)).astype(np.float32)


def encode_srgb(linear: NDArray[np.float32]) -> NDArray[np.float32]:
    """Linear light, clipped to 0..1, as sRGB (IEC 61966-2-1), of the same shape."""
    linear = np.ascontiguousarray(linear)
    encoded = np.empty_like(linear)
    _encode(linear.reshape(-1), encoded.reshape(-1))
    return encoded


@compiled
def _encode(linear: NDArray[np.float32], out: NDArray[np.float32]) -> None:
    bits = linear.view(np.int32)
    for i in range(linear.size):
        if linear[i] >= 1:
            out[i] = 1
        elif linear[i] > _LINEAR_BELOW:
            step = (bits[i] >> _STEP_BITS) - _FIRST
            share = np.float32(bits[i] & ((1 << _STEP_BITS) - 1)) / np.float32(1 << _STEP_BITS)
            out[i] = _ENCODED[step] + share * (_ENCODED[step + 1] - _ENCODED[step])
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
