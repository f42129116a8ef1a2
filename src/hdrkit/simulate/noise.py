"""Value noise on an integer lattice: the basis of textures, clouds and hills."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.floating[Any]]


def lattice(i: Floats, j: Floats, seed: int = 0) -> Floats:
    """A hash in 0..1 of whole-numbered coordinates; the same on every machine."""
    return _finish(_row(i) ^ _column(j, seed))


def value_noise(u: Floats, v: Floats, seed: int = 0) -> Floats:
    """Smooth noise in 0..1 with a feature size of 1 in u and v."""
    i, j = np.floor(u), np.floor(v)
    s, t = u - i, v - j
    s, t = s * s * (3 - 2 * s), t * t * (3 - 2 * t)
    left, right, lower, upper = _row(i), _row(i + 1), _column(j, seed), _column(j + 1, seed)
    near, far = _finish(left ^ lower), _finish(left ^ upper)
    near = near + (_finish(right ^ lower) - near) * s
    far = far + (_finish(right ^ upper) - far) * s
    return near + (far - near) * t


def fractal(u: Floats, v: Floats, octaves: int, seed: int = 0) -> Floats:
    """A sum of noises in 0..1; each is twice as fine and half as strong as the one before."""
    total = np.zeros_like(u)
    for octave in range(octaves):
        total = total + value_noise(u * 2**octave, v * 2**octave, seed + octave) * 0.5**octave
    return total / (2 - 0.5 ** (octaves - 1))


def smoothstep(low: float, high: float, x: Floats) -> Floats:
    """0 below low, 1 above high, and a smooth step between."""
    t = np.clip((x - low) / (high - low), 0, 1)
    step: Floats = t * t * (3 - 2 * t)
    return step


def _row(i: Floats) -> NDArray[np.uint32]:
    return i.astype(np.int32).view(np.uint32) * np.uint32(0x9E3779B1)


def _column(j: Floats, seed: int) -> NDArray[np.uint32]:
    return j.astype(np.int32).view(np.uint32) * np.uint32(0x85EBCA77) + np.uint32(seed * 0xC2B2AE3D & 0xFFFFFFFF)


def _finish(mix: NDArray[np.uint32]) -> Floats:
    for shift, factor in ((15, 0x2C1B3C6D), (12, 0x297A2D39)):
        mix = (mix ^ (mix >> np.uint32(shift))) * np.uint32(factor)
    return ((mix ^ (mix >> np.uint32(15))) >> np.uint32(8)).astype(np.float32) * np.float32(2**-24)
