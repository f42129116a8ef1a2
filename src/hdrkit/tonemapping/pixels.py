"""The encoding of a display picture."""

from __future__ import annotations

import sys

import numpy as np
from numpy.typing import NDArray

from hdrkit.imaging.colour import SRGB_LINEAR_BELOW, SRGB_SLOPE, srgb_power

LINEAR_BELOW = np.float32(SRGB_LINEAR_BELOW)
# The power above it, at equal steps of the bits of a float32: linear interpolation is then as exact as float32.
STEP_BITS = 13
FIRST, _LAST = (int(np.float32(end).view(np.int32)) >> STEP_BITS for end in (LINEAR_BELOW, 1))
_KNOTS = (np.arange(FIRST, _LAST + 2, dtype=np.int32) << STEP_BITS).view(np.float32)
ENCODED = srgb_power(_KNOTS.astype(np.float64)).astype(np.float32)
_VALUES = 1 << 15  # at a time, so that temporaries stay in the cache


def encode_srgb(linear: NDArray[np.float32]) -> NDArray[np.float32]:
    """Linear light, clipped to 0..1, as sRGB (IEC 61966-2-1), of the same shape.

    NumPy encodes, unless machine code is loaded already, as it is for large pictures. Both give the same values, bit for bit.
    """
    if "numba" not in sys.modules:
        return encode_by_numpy(linear)
    from hdrkit.tonemapping.pixel_loops import encode

    linear = np.ascontiguousarray(linear)
    encoded = np.empty_like(linear)
    encode(linear.reshape(-1), encoded.reshape(-1))
    return encoded


def encode_by_numpy(linear: NDArray[np.float32]) -> NDArray[np.float32]:
    """What `encode_srgb` does without machine code."""
    encoded = np.empty(linear.shape, np.float32)
    values, codes = linear.reshape(-1), encoded.reshape(-1)
    for here in (slice(first, first + _VALUES) for first in range(0, values.size, _VALUES)):
        light = np.minimum(np.maximum(values[here], np.float32(0)), np.float32(1))
        bits = light.view(np.int32)
        at = np.maximum((bits >> STEP_BITS) - FIRST, 0)
        share = (bits & ((1 << STEP_BITS) - 1)).astype(np.float32)
        share /= np.float32(1 << STEP_BITS)
        lower = ENCODED.take(at)
        share *= ENCODED.take(at + 1) - lower
        share += lower
        np.multiply(light, np.float32(SRGB_SLOPE), out=share, where=light <= LINEAR_BELOW)
        share[light >= 1] = 1
        codes[here] = share
    return encoded
