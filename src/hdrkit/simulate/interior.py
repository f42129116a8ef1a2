"""Photograph-like radiance of three rooms of a simulated house, ray traced."""

from __future__ import annotations

import math

import numpy as np
from numpy.typing import NDArray
from scipy import ndimage

from hdrkit.errors import InputError
from hdrkit.simulate.house import ROOMS, Room
from hdrkit.simulate.landscape import landscape
from hdrkit.simulate.lighting import LIFT
from hdrkit.simulate.materials import Material
from hdrkit.simulate.noise import Floats
from hdrkit.simulate.scene import SHELL, Indices, Masks
from hdrkit.simulate.solids import Rays, column, dot, unit

TILE = 100  # rays of a tile stay together, so that few solids are tested for them
SUBPIXELS = ((0.125, 0.375), (0.375, -0.125), (-0.125, -0.375), (-0.375, 0.125))
LIGHT_SAMPLES = 12  # per pixel; each subpixel uses its own share of them
HORIZON = 0.40  # share of the picture above eye level
BLOCK = 4  # pixels that share their light
NOWHERE = -99
POLISH = 0.04  # reflectance of varnish at normal incidence
ROUGHNESS = 0.06
LENS_BLUR_PX = 0.5


def room(view: int, width: int, height: int) -> NDArray[np.float32]:
    """Linear sRGB radiance (H, W, 3) of an interior, relative: a sky of about 100 in the window, shadows below 0.01.

    `view` 0 is a living room, 1 a dining room, 2 a bedroom. The same arguments give the same pixels. Raises InputError for
    another view.
    """
    if not 0 <= view < len(ROOMS):
        raise InputError(f"there are rooms 0 to {len(ROOMS) - 1}, not {view}")
    furnished = ROOMS[view]()
    planes = [_plane(furnished, number, width, height) for number in range(len(SUBPIXELS))]
    picture = np.moveaxis(np.mean(planes, axis=0), 0, 2)
    return ndimage.gaussian_filter(np.ascontiguousarray(picture, np.float32), (LENS_BLUR_PX, LENS_BLUR_PX, 0))


def _plane(furnished: Room, number: int, width: int, height: int) -> Floats:
    """Radiance (3, H, W) in one subpixel of every pixel.

    Neighbours sample the lights at different points and then share their results, so that few rays give soft shadows (interleaved
    sampling, Keller and Heidrich 2001).
    """
    dx, dy = SUBPIXELS[number]
    albedo, own = np.empty((3, height, width), np.float32), np.empty((3, height, width), np.float32)
    light, surface = np.empty((6, height, width), np.float32), np.empty((height, width), np.intp)
    for top in range(0, height, TILE):
        for left in range(0, width, TILE):
            y, x = np.mgrid[top : min(top + TILE, height), left : min(left + TILE, width)]
            tile = np.s_[..., top : top + TILE, left : left + TILE]
            direction = _camera_rays(furnished, x.ravel() + dx, y.ravel() + dy, width, height)
            seen = _trace(furnished, direction, _dither(x, y), range(number, LIGHT_SAMPLES, len(SUBPIXELS)))
            albedo[tile], own[tile], light[tile] = (values.reshape(-1, *x.shape) for values in seen[:3])
            surface[tile] = seen[3].reshape(x.shape)
    light = _share(light, surface)
    return albedo * light[:3] + light[3:] + own


def _dither(x: Indices, y: Indices) -> Floats:
    """Offsets (2, N) in 0..1 of the light samples, 16 different ones in each block of 4 x 4 pixels."""
    rank = (x % BLOCK * BLOCK + y % BLOCK).ravel()
    return np.stack([(rank + 0.5) / BLOCK**2, (rank * 0.5698402909980532 + 0.25) % 1]).astype(np.float32)


def _share(light: Floats, surface: Indices) -> Floats:
    """The mean of light (C, H, W) over a block around each pixel, restricted to the surface of the pixel."""
    height, width = surface.shape
    margin = (BLOCK // 2, BLOCK // 2)
    light_around = np.pad(light, ((0, 0), margin, margin))
    surface_around = np.pad(surface, (margin, margin), constant_values=NOWHERE)
    total, count = np.zeros_like(light), np.zeros(surface.shape, np.float32)
    for dy in range(BLOCK):
        for dx in range(BLOCK):
            same = surface_around[dy : dy + height, dx : dx + width] == surface
            total += light_around[:, dy : dy + height, dx : dx + width] * same
            count += same
    return total / count


def _camera_rays(furnished: Room, x: Floats, y: Floats, width: int, height: int) -> Floats:
    """Unit directions through image points of a level camera whose lens is shifted down, so that verticals stay upright."""
    focal = width / 2 / math.tan(math.radians(furnished.view_deg) / 2)
    right, up = (x + 0.5 - width / 2) / focal, (HORIZON * height - y - 0.5) / focal
    yaw = math.radians(furnished.yaw_deg)
    sideways = right * math.cos(yaw) + math.sin(yaw)
    ahead = math.cos(yaw) - right * math.sin(yaw)
    return unit(np.stack([sideways, up, ahead]).astype(np.float32))


def _trace(furnished: Room, direction: Floats, dither: Floats, samples: range) -> tuple[Floats, Floats, Floats, Indices]:
    """The surfaces that the camera sees in unit directions (3, N).

    The result is the albedo (3, N), the emitted radiance (3, N), the light that falls on the surface and that it mirrors (6, N),
    and a number (N,) for each flat or round surface.
    """
    rays = Rays(np.broadcast_to(column(furnished.eye), direction.shape), direction)
    distance, index = furnished.scene.first_hit(rays)
    points = rays.at(distance)
    outside = (index == SHELL) & furnished.scene.window.contains(points)
    normals, albedo, glow, gloss = _surfaces(furnished, points, index, direction)
    own, light = albedo * glow, np.zeros((6, len(index)), np.float32)
    light[:3] = furnished.lighting.irradiance(points, normals, dither, samples, LIGHT_SAMPLES)
    shiny = np.flatnonzero((gloss > 0) & ~outside)
    if shiny.size:
        seen = _reflection(furnished, points[:, shiny], normals[:, shiny], direction[:, shiny], dither[:, shiny])
        light[3:, shiny] = gloss[shiny] * seen
    own[:, outside], albedo[:, outside] = landscape(direction[:, outside]), 0
    side = np.abs(normals).argmax(axis=0)
    upper = np.take_along_axis(normals, side[None], axis=0)[0] > 0
    return albedo, own, light, (index * 3 + side) * 2 + upper


def _surfaces(furnished: Room, points: Floats, index: Indices, direction: Floats) -> tuple[Floats, Floats, Floats, Floats]:
    """Normals (3, N) towards the eye, albedo (3, N), glow (N,) and gloss (N,) of the surfaces that rays hit."""
    normals, albedo = np.zeros_like(points), np.zeros_like(points)
    glow, gloss = np.zeros_like(points[0]), np.zeros_like(points[0])
    for number in np.unique(index):
        hit = np.flatnonzero(index == number)
        at = points[:, hit]
        if number == SHELL:
            facing = furnished.scene.shell_normal(at)
            for material, face in zip(_shell_materials(furnished), _shell_faces(facing), strict=True):
                part = hit[face]
                albedo[:, part] = _albedo(material, at[:, face], facing[:, face], *furnished.scene.corners)
                gloss[part] = material.gloss
        else:
            solid = furnished.scene.solids[number]
            facing = solid.normal(at)
            albedo[:, hit] = _albedo(solid.material, at, facing, solid.low, solid.high)
            glow[hit], gloss[hit] = solid.material.glow, solid.material.gloss
        normals[:, hit] = facing
    return np.where(dot(normals, direction) > 0, -normals, normals), albedo, glow, gloss


def _shell_materials(furnished: Room) -> tuple[Material, ...]:
    return furnished.floor, furnished.ceiling, *furnished.walls


def _shell_faces(inward: Floats) -> tuple[Masks, ...]:
    """Which points lie on the floor, the ceiling, and the left, right and far (or near) wall."""
    return inward[1] > 0.5, inward[1] < -0.5, inward[0] > 0.5, inward[0] < -0.5, np.abs(inward[2]) > 0.5


def _albedo(material: Material, points: Floats, normals: Floats, low: tuple[float, ...], high: tuple[float, ...]) -> Floats:
    """The material's pattern laid onto the two axes that the surface extends along."""
    across = np.abs(normals).argmax(axis=0)
    albedo = np.empty_like(points)
    for axis, (u, v) in enumerate(((2, 1), (0, 2), (0, 1))):
        face = across == axis
        size = high[u] - low[u], high[v] - low[v]
        albedo[:, face] = material.albedo(points[u, face] - low[u], points[v, face] - low[v], *size)
    return albedo


def _reflection(furnished: Room, points: Floats, normals: Floats, direction: Floats, dither: Floats) -> Floats:
    """The reflection of the window and the lamp in varnish and glazed tiles, blurred by their roughness."""
    across, along = ROUGHNESS * (dither - 0.5)
    normals = unit(normals + np.stack([across, 0 * across, along]))
    facing = np.minimum(dot(direction, normals), 0)
    mirrored = unit(direction - 2 * facing * normals)
    rays = Rays(points + normals * np.float32(LIFT), mirrored)
    distance, index = furnished.scene.first_hit(rays)
    target = rays.at(distance)
    outside = (index == SHELL) & furnished.scene.window.contains(target)
    _, albedo, glow, _ = _surfaces(furnished, target, index, mirrored)
    seen = albedo * (glow + 0.5)
    seen[:, outside] = landscape(mirrored[:, outside])
    return seen * (POLISH + (1 - POLISH) * (1 + facing) ** 5)
