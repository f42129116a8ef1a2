"""The view through the windows: an afternoon sky over hills, trees and a meadow."""

from __future__ import annotations

import math

import numpy as np

from hdrkit.simulate.noise import Floats, fractal, smoothstep

SKY_RADIANCE = 100.0

ZENITH = (0.28, 0.50, 0.95)
HORIZON = (0.80, 0.90, 1.00)
CLOUD = (1.55, 1.50, 1.42)
RIDGES = (
    # elevation and roughness in radians, bumps per radian, albedo-like colour relative to the sky
    (0.085, 0.10, 2.2, (0.34, 0.44, 0.58)),
    (0.030, 0.09, 3.7, (0.20, 0.30, 0.27)),
    (-0.030, 0.07, 9.0, (0.10, 0.19, 0.07)),
)
MEADOW = (0.26, 0.38, 0.10)


def landscape(direction: Floats) -> Floats:
    """Radiance (3, N) of the outdoors in unit directions (3, N); a white cloud is about 150."""
    azimuth = np.arctan2(direction[0], direction[2])
    elevation = np.arcsin(np.clip(direction[1], -1, 1))
    picture = _sky(azimuth, elevation)
    for number, (base, rough, bumps, colour) in enumerate(RIDGES):
        ridge = base + rough * (fractal(azimuth * bumps, azimuth * 0, 6, 80 + number) - 0.5)
        leaf = 0.65 + 0.7 * fractal(azimuth * 60, elevation * 90, 4, 90 + number)
        picture = np.where(elevation < ridge, _colour(colour) * leaf, picture)
    distance = 1 / np.maximum(-elevation, 0.02)
    grass = 0.6 + 0.8 * fractal(azimuth * distance * 6, distance * 3, 4, 99)
    picture = np.where(elevation < -0.055 + 0.012 * np.sin(azimuth * 5), _colour(MEADOW) * grass, picture)
    return picture * SKY_RADIANCE


def _sky(azimuth: Floats, elevation: Floats) -> Floats:
    height = np.clip(elevation / (math.pi / 3), 0, 1) ** 0.6
    blue = _colour(HORIZON) + (_colour(ZENITH) - _colour(HORIZON)) * height
    far = 1 / (np.maximum(elevation, 0) + 0.25)
    cover = smoothstep(0.48, 0.66, fractal(azimuth * far * 0.8 + 3, far * 1.6, 6, 70))
    body = 0.75 + 0.35 * fractal(azimuth * far * 2, far * 4, 4, 75)
    sky: Floats = blue + (_colour(CLOUD) * body - blue) * cover * 0.9
    return sky


def _colour(colour: tuple[float, float, float]) -> Floats:
    return np.array(colour, np.float32)[:, None]
