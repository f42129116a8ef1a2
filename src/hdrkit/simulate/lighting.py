"""Light in a room: daylight through a window, a patch of sun, a lamp, and light reflected by the walls."""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np

from hdrkit.simulate.landscape import SKY_RADIANCE
from hdrkit.simulate.noise import Floats, smoothstep
from hdrkit.simulate.scene import Scene
from hdrkit.simulate.solids import Frustum, Point, Rays, column, dot, unit

LIFT = 1e-3
WINDOW_DEPTH = 0.16  # samples lie this far inside, so that the bars of the window do not block them
DAYLIGHT = np.array((0.86, 0.95, 1.06), np.float32)[:, None] * np.float32(0.35 * SKY_RADIANCE)
SUN = np.array((1.00, 0.86, 0.66), np.float32)[:, None] * np.float32(6.0 * SKY_RADIANCE)
SUN_RADIUS = 0.006
LAMPLIGHT = np.array((1.00, 0.66, 0.34), np.float32)[:, None]
BOUNCE_REACH_M = 2.6
CORNER_REACH_M = 0.9
DARKEST_CORNER = 0.005


@dataclass(frozen=True)
class Lamp:
    """A bulb in an open shade: full light up and down, weaker light sideways. `intensity` is radiance times square metres."""

    shade: Frustum
    intensity: float

    @property
    def bulb(self) -> Point:
        """The position of the bulb."""
        return self.shade.x, (self.shade.bottom + self.shade.top) / 2, self.shade.z

    def spread(self, direction: Floats) -> Floats:
        """The share of the intensity that leaves the bulb in unit directions (3, N)."""
        half = (self.shade.top - self.shade.bottom) / 2
        steep = np.abs(direction[1])
        radius = np.where(direction[1] > 0, self.shade.radius_top, self.shade.radius_bottom)
        rim = half / np.sqrt(half**2 + radius**2)
        return 0.16 + 0.84 * smoothstep(-0.06, 0.06, steep - rim)


@dataclass(frozen=True)
class Lighting:
    """The lights of a room. `sun` points to the sun, and `bounce` is the colour of light from the walls."""

    scene: Scene
    lamp: Lamp
    sun: Point
    bounce: tuple[float, float, float]

    def irradiance(self, points: Floats, normals: Floats, dither: Floats, samples: range, total: int) -> Floats:
        """Light (3, N) on surface points divided by pi, so that its product with albedo is radiance.

        Each light is sampled at `samples` out of an even set of `total` points, shifted for each pixel by `dither` (2, N) in
        0..1, which turns bands in a soft shadow into grain.
        """
        origin = points + normals * np.float32(LIFT)
        light = np.zeros_like(points)
        for sample in samples:
            light += self._window(origin, normals, dither, sample, total)
            light += self._bounced(origin, normals, dither, sample, total)
        light /= len(samples)
        middle = samples[len(samples) // 2]
        return light + self._sun(origin, normals, dither, middle, total) + self._lamp(origin, normals, dither, middle, total)

    def _window(self, origin: Floats, normals: Floats, dither: Floats, sample: int, total: int) -> Floats:
        window = self.scene.window
        across, up = _pair(sample, total, dither)
        centre, inward, along = column(window.centre), column(window.inward), column(window.along)
        target = centre + inward * WINDOW_DEPTH + along * (across * 1.9 * window.half_width)
        target = target + _vector(0 * up, up * 1.9 * window.half_height, 0 * up)
        ray = target - origin
        square = np.maximum(dot(ray, ray), 0.25)
        facing = np.maximum(dot(ray, normals), 0) * np.maximum(-dot(ray, inward), 0) / square
        area = 4 * window.half_width * window.half_height
        # Light from the upper half comes from the sky, light from the lower half from the land.
        share = 1.25 + 1.1 * up
        return DAYLIGHT * (self._visible(origin, ray, facing) * facing / square * (area / math.pi) * share)

    def _sun(self, origin: Floats, normals: Floats, dither: Floats, sample: int, total: int) -> Floats:
        across, up = _pair(sample, total, dither)
        sun = unit(column(self.sun))
        sun = unit(sun + 2 * SUN_RADIUS * _vector(across, up, -across))
        rays = Rays(origin, np.broadcast_to(sun, origin.shape))
        distance = self.scene.shell_distance(rays)
        through = self.scene.window.contains(rays.at(distance))
        facing = np.where(through, np.maximum(dot(sun, normals), 0), 0)
        return SUN * (facing * self._visible(origin, sun * distance, facing) / math.pi)

    def _lamp(self, origin: Floats, normals: Floats, dither: Floats, sample: int, total: int) -> Floats:
        across, up = _pair(sample, total, dither)
        bulb = column(self.lamp.bulb) + 0.10 * _vector(across, 0.5 * up, up)
        ray = bulb - origin
        square = np.maximum(dot(ray, ray), 0.02)
        facing = np.maximum(dot(ray, normals), 0) / np.sqrt(square)
        facing = facing * self.lamp.spread(-unit(ray))
        return LAMPLIGHT * (self._visible(origin, ray, facing) * facing / square * self.lamp.intensity)

    def _bounced(self, origin: Floats, normals: Floats, dither: Floats, sample: int, total: int) -> Floats:
        """Light from walls and floor: stronger near the window, none in corners and under furniture."""
        direction = unit(normals + 0.97 * _sphere(sample, total, dither))
        clear = self.scene.first_hit(Rays(origin, direction), CORNER_REACH_M)[0] / CORNER_REACH_M
        window = column(self.scene.window.centre) + 0.8 * column(self.scene.window.inward)
        far = np.sqrt(dot(origin - window, origin - window))
        level = 0.04 + 1.5 * np.exp(-far / BOUNCE_REACH_M)
        return np.array(self.bounce, np.float32)[:, None] * (level * (DARKEST_CORNER + (1 - DARKEST_CORNER) * clear**2))

    def _visible(self, origin: Floats, ray: Floats, facing: Floats) -> Floats:
        """1 where a light is visible. Only rays that would carry light are traced."""
        visible = np.zeros(origin.shape[1], np.float32)
        lit = np.flatnonzero(facing > 0)
        visible[lit] = ~self.scene.blocked(Rays(origin[:, lit], ray[:, lit]))
        return visible


def _pair(sample: int, total: int, dither: Floats) -> tuple[Floats, Floats]:
    """Point `sample` of an even spread over the square -0.5..0.5 (R2 sequence, Roberts 2018), shifted and wrapped."""
    across = (sample * 0.7548776662466927 + dither[0]) % 1 - 0.5
    return across, (sample + dither[1]) / total - 0.5


def _sphere(sample: int, total: int, dither: Floats) -> Floats:
    """Point `sample` of an even spread over the unit sphere (Fibonacci spiral), turned about the vertical."""
    height = 1 - 2 * (sample + dither[0]) / total
    angle = sample * (math.pi * (3 - math.sqrt(5))) + dither[1] * (2 * math.pi)
    radius = np.sqrt(1 - height * height)
    return _vector(radius * np.cos(angle), height, radius * np.sin(angle))


def _vector(x: Floats, y: Floats, z: Floats) -> Floats:
    return np.stack([x, y, z])
