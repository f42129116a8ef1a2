"""A clear sky with clouds and the sun through a fisheye lens, as an all-sky camera sees it."""

from __future__ import annotations

import math

import numpy as np
from numpy.typing import NDArray

from hdrkit.simulate.noise import Floats, fractal, lattice, smoothstep

# CIE S 011 / ISO 15469:2004, type 12, clear sky with low illuminance turbidity:
# gradation phi(Z) = 1 + a exp(b / cos Z), indicatrix f(chi) = 1 + c (exp(d chi) - exp(d pi/2)) + e cos^2 chi.
A, B, C, D, E = -1.0, -0.32, 10.0, -3.0, 0.45

SUN_RADIUS_DEG = 0.266
SUN_RADIANCE = 6e4
SUN_COLOUR = (1.0, 0.96, 0.88)
IMAGE_CIRCLE = 0.98
LOWEST_COSINE = 0.01

BLUE = (0.42, 0.85, 1.95)
PALE = (0.80, 1.00, 1.22)
WHITE = (1.02, 1.00, 0.97)
SHADE = (0.66, 0.71, 0.80)
FOLIAGE = (0.085, 0.100, 0.055)
MASONRY = (0.140, 0.115, 0.095)
HOUSES = (
    (0.35, 0.20, 4.4),
    (1.30, 0.12, 5.8),
    (2.75, 0.26, 3.9),
    (4.05, 0.10, 6.6),
    (5.30, 0.17, 4.7),
)  # azimuth, half width, degrees


def cie_clear_sky(zenith_angle: Floats, sun_angle: Floats, sun_zenith_angle: float) -> Floats:
    """Luminance of the CIE standard clear sky relative to its zenith (CIE S 011:2003, ISO 15469:2004, type 12).

    The arguments are the `zenith_angle` of the sky elements, their `sun_angle` (to the sun) and the zenith angle of the sun, in
    radians. Zenith angles are below pi/2.
    """
    gradation = _gradation(zenith_angle) / (1 + A * math.exp(B))
    return gradation * _indicatrix(sun_angle) / _indicatrix(np.asarray(sun_zenith_angle))


def allsky(
    sun_elevation_deg: float,
    sun_azimuth_deg: float,
    size: int,
    cloud_seed: int | None = None,
    cloud_shift: tuple[float, float] = (0.0, 0.0),
) -> NDArray[np.float32]:
    """Linear sRGB radiance (size, size, 3) of the whole sky: 1 at a clear zenith, 60,000 for the sun.

    The lens is an equidistant fisheye of 180 degrees: north up, east left, black outside the image circle, trees and houses at
    its rim. Azimuth runs from north over east. Clouds need a `cloud_seed`; `cloud_shift` moves them east and north in units of
    their altitude.
    """
    centre, radius = (size - 1) / 2, IMAGE_CIRCLE * size / 2
    y, x = np.mgrid[:size, :size].astype(np.float32)
    east, north = (centre - x) / radius, (centre - y) / radius
    off_axis = np.hypot(east, north)
    zenith_angle = off_axis * (math.pi / 2)
    azimuth = np.arctan2(east, north)
    direction = _direction(zenith_angle, azimuth)

    sun_zenith = math.radians(90 - sun_elevation_deg)
    sun = _direction(np.asarray(sun_zenith), np.asarray(math.radians(sun_azimuth_deg)))
    sun_angle = np.arccos(np.clip(np.tensordot(sun, direction, axes=1), -1, 1))

    sky = _clear(zenith_angle, sun_angle, sun_zenith)
    if cloud_seed is None:
        thin = np.ones_like(x)
    else:
        cover, cloud = _clouds(direction, sun, sun_angle, cloud_seed, cloud_shift)
        sky, thin = sky + (cloud - sky) * cover, (1 - cover) ** 6
    pixel = 90 / radius
    disc = 1 - smoothstep(SUN_RADIUS_DEG - pixel / 2, SUN_RADIUS_DEG + pixel / 2, np.degrees(sun_angle))
    sky = sky + _colour(SUN_COLOUR) * (SUN_RADIANCE * disc * thin)

    elevation_deg = 90 - np.degrees(zenith_angle)
    hidden = 1 - smoothstep(-pixel, pixel, elevation_deg - _skyline(azimuth))
    scene = sky + (_ground(azimuth, elevation_deg) - sky) * hidden
    lit = scene * (1 - smoothstep(1 - 1.5 / radius, 1.0, off_axis))
    return np.ascontiguousarray(np.moveaxis(lit, 0, 2), dtype=np.float32)


def _gradation(zenith_angle: Floats) -> Floats:
    return 1 + A * np.exp(B / np.maximum(np.cos(zenith_angle), LOWEST_COSINE))


def _indicatrix(sun_angle: Floats) -> Floats:
    scattered: Floats = 1 + C * (np.exp(D * sun_angle) - math.exp(D * math.pi / 2)) + E * np.cos(sun_angle) ** 2
    return scattered


def _direction(zenith_angle: Floats, azimuth: Floats) -> Floats:
    """Unit vectors (3, ...): east, north, up."""
    return np.stack([np.sin(zenith_angle) * np.sin(azimuth), np.sin(zenith_angle) * np.cos(azimuth), np.cos(zenith_angle)])


def _clear(zenith_angle: Floats, sun_angle: Floats, sun_zenith: float) -> Floats:
    """CIE luminance, deep blue away from sun and horizon, white around the sun, with added glare within a few degrees."""
    luminance = cie_clear_sky(np.minimum(zenith_angle, math.pi / 2), sun_angle, sun_zenith)
    hazy = np.clip(np.exp(-sun_angle / 0.45) + 0.75 * (zenith_angle / (math.pi / 2)) ** 4, 0, 1)
    colour = _colour(BLUE) + (_colour(PALE) - _colour(BLUE)) * hazy
    aureole = 30 * np.exp(-np.degrees(sun_angle) / 2.0)
    sky: Floats = colour * luminance + _colour(SUN_COLOUR) * aureole
    return sky


def _clouds(direction: Floats, sun: Floats, sun_angle: Floats, seed: int, shift: tuple[float, float]) -> tuple[Floats, Floats]:
    """Cover (H, W) in 0..1 and radiance (3, H, W) of fair-weather clouds on a gently curved layer."""
    height = np.maximum(direction[2], 0) + 0.12
    east, north = direction[0] / height - shift[0], direction[1] / height - shift[1]
    thick = _thickness(east, north, seed)
    # Parts of a cloud with an edge near in the direction of the sun are lit; the other parts are in its own shade.
    shade = np.clip(0.5 + 2.2 * (_thickness(east + 0.05 * sun[0], north + 0.05 * sun[1], seed) - thick), 0, 1)
    cover = smoothstep(0.50, 0.64, thick)
    body = smoothstep(0.54, 0.78, thick)
    lit = np.clip(1.25 - 0.55 * body - 0.5 * shade, 0.15, 1)
    glow = 3.9 + 12 * np.exp(-sun_angle / 0.30) * (1 - 0.8 * body)
    colour = _colour(SHADE) + (_colour(WHITE) - _colour(SHADE)) * lit
    return cover * 0.96, colour * (glow * (0.35 + 0.85 * lit))


def _thickness(east: Floats, north: Floats, seed: int) -> Floats:
    bend = fractal(east * 1.1, north * 1.1, 3, seed + 40)
    return fractal(east * 1.7 + bend, north * 1.7 - bend, 7, seed)


def _skyline(azimuth: Floats) -> Floats:
    """Elevation in degrees below which trees and houses stand, for any azimuth."""
    around, across = np.sin(azimuth) * 4, np.cos(azimuth) * 4
    crown = fractal(around * 2, across * 2, 2, 7)
    leaf = fractal(around * 14, across * 14, 4, 9)
    skyline = trees = 1.5 + 7.0 * smoothstep(0.35, 0.75, crown) + 2.2 * (leaf - 0.4)
    for middle, half_width, height in HOUSES:
        offset = np.abs((azimuth - middle + math.pi) % (2 * math.pi) - math.pi)
        roof = height + 3.2 * np.maximum(1 - offset / half_width, 0)
        skyline = np.where(offset < half_width, np.maximum(roof, 0.8 * trees), skyline)
    return skyline


def _ground(azimuth: Floats, elevation_deg: Floats) -> Floats:
    """Dark walls with a few windows, and dark leaves elsewhere."""
    leaves = 0.3 + 1.4 * fractal(np.sin(azimuth) * 60, np.cos(azimuth) * 60 + elevation_deg, 3, 15)
    picture = _colour(FOLIAGE) * leaves
    column, row = azimuth / 0.035, elevation_deg / 1.1
    pane = (column % 1 < 0.45) & (row % 1 < 0.55) & (lattice(np.floor(column), np.floor(row), 17) < 0.7)
    for middle, half_width, height in HOUSES:
        offset = np.abs((azimuth - middle + math.pi) % (2 * math.pi) - math.pi)
        wall = (offset < half_width) & (elevation_deg < height)
        picture = np.where(wall, _colour(MASONRY) * np.where(pane, 3.5, 1.0 + 0.3 * leaves), picture)
    return picture


def _colour(colour: tuple[float, float, float]) -> Floats:
    return np.array(colour, np.float32)[:, None, None]
