"""Colour of linear sRGB: luminance, and the transfer curve to codes (IEC 61966-2-1)."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

LUMINANCE = np.array([0.2126, 0.7152, 0.0722], np.float32)  # weights of linear sRGB, IEC 61966-2-1
SRGB_LINEAR_BELOW, SRGB_SLOPE = 0.0031308, 12.92  # light below which the curve is a straight line, and its slope


def luminance_of(light: NDArray[np.float32]) -> NDArray[np.float32]:
    """Luminance (..., ) of linear sRGB (..., 3), in its unit."""
    return np.asarray(light @ LUMINANCE)


def srgb_of_light(light: NDArray[np.floating[Any]]) -> NDArray[np.floating[Any]]:
    """Linear light in 0..1 encoded as sRGB, of the same shape."""
    return np.where(light <= SRGB_LINEAR_BELOW, SRGB_SLOPE * light, srgb_power(np.maximum(light, SRGB_LINEAR_BELOW)))


def srgb_power(light: NDArray[np.floating[Any]]) -> NDArray[np.floating[Any]]:
    """The upper part of that curve, above the straight line."""
    return np.asarray(1.055 * light ** (1 / 2.4) - 0.055)


def light_of_srgb(codes: NDArray[np.floating[Any]]) -> NDArray[np.floating[Any]]:
    """Linear light of sRGB codes in 0..1, of the same shape: the inverse of `srgb_of_light`."""
    bent = ((np.maximum(codes, 0) + 0.055) / 1.055) ** 2.4
    return np.where(codes <= SRGB_SLOPE * SRGB_LINEAR_BELOW, codes / SRGB_SLOPE, bent)
