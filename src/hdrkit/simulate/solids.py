"""Intersections of rays with boxes, frustums and ellipsoids: enough solids to furnish a room.

Points and directions are (3, N) arrays in metres: x to the right, y up, z into the room. Distances count in lengths of the
direction; a miss is infinite.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property
from typing import Protocol

import numpy as np

from hdrkit.simulate.materials import Material
from hdrkit.simulate.noise import Floats

CLOSE = 1e-4

Point = tuple[float, float, float]


def column(point: Point) -> Floats:
    """A point as a (3, 1) array that broadcasts over rays."""
    return np.array(point, np.float32)[:, None]


def unit(vectors: Floats) -> Floats:
    """Vectors (3, N) scaled to length 1."""
    return vectors / np.sqrt(dot(vectors, vectors))


def dot(first: Floats, second: Floats) -> Floats:
    """Scalar products (N,) of vectors (3, N)."""
    products: Floats = first[0] * second[0] + first[1] * second[1] + first[2] * second[2]
    return products


@dataclass(frozen=True)
class Rays:
    """Rays from `origin` (3, N) along `direction` (3, N)."""

    origin: Floats
    direction: Floats

    @cached_property
    def inverse(self) -> Floats:
        """1 / direction, finite everywhere."""
        return 1 / np.where(self.direction == 0, np.float32(1e-12), self.direction)

    def at(self, distance: Floats) -> Floats:
        """Points (3, N) at distances (N,)."""
        return self.origin + self.direction * distance


class Solid(Protocol):
    """A solid that a ray can hit. `low` and `high` bound it; textures start at `low`."""

    @property
    def material(self) -> Material: ...  # noqa: D102
    @property
    def low(self) -> Point: ...  # noqa: D102
    @property
    def high(self) -> Point: ...  # noqa: D102

    def distance(self, rays: Rays) -> Floats:
        """How far along each ray the surface is."""
        ...

    def normal(self, points: Floats) -> Floats:
        """Unit normals at points on the surface."""
        ...


@dataclass(frozen=True)
class Box:
    """An axis-aligned box."""

    low: Point
    high: Point
    material: Material

    def distance(self, rays: Rays) -> Floats:
        """Where rays enter."""
        enter, leave = slabs(self.low, self.high, rays)
        return np.where((enter < leave) & (enter > CLOSE), enter, np.inf)

    def normal(self, points: Floats) -> Floats:
        """The axis on which a point lies farthest out."""
        low, high = column(self.low), column(self.high)
        out = (2 * points - low - high) / (high - low)
        face = np.abs(out).argmax(axis=0)
        return np.where(np.arange(3)[:, None] == face, np.sign(out), 0).astype(np.float32)


@dataclass(frozen=True)
class Frustum:
    """A round solid about a vertical axis through (x, z): legs, pots, poles; without caps a lamp shade."""

    x: float
    z: float
    bottom: float
    top: float
    radius_bottom: float
    radius_top: float
    material: Material
    capped: bool = True

    @property
    def low(self) -> Point:
        """Lower corner of the bounding box."""
        radius = max(self.radius_bottom, self.radius_top)
        return self.x - radius, self.bottom, self.z - radius

    @property
    def high(self) -> Point:
        """Upper corner of the bounding box."""
        radius = max(self.radius_bottom, self.radius_top)
        return self.x + radius, self.top, self.z + radius

    @property
    def slope(self) -> float:
        """Change of radius with height."""
        return (self.radius_top - self.radius_bottom) / (self.top - self.bottom)

    def distance(self, rays: Rays) -> Floats:
        """The nearer of the two walls and, if capped, the two discs."""
        ox, oy, oz = rays.origin[0] - self.x, rays.origin[1], rays.origin[2] - self.z
        dx, dy, dz = rays.direction
        radius = self.radius_bottom + self.slope * (oy - self.bottom)
        a = dx * dx + dz * dz - (self.slope * dy) ** 2
        a = np.where(np.abs(a) < 1e-9, 1e-9, a)
        half_b = ox * dx + oz * dz - self.slope * radius * dy
        root = np.sqrt(np.maximum(half_b**2 - a * (ox * ox + oz * oz - radius**2), 0))
        hits = np.where(root > 0, np.stack([(-half_b - root) / a, (-half_b + root) / a]), np.inf)
        nearest = self._within(hits, oy, dy)
        if self.capped:
            for height, cap in ((self.bottom, self.radius_bottom), (self.top, self.radius_top)):
                t = (height - oy) / np.where(dy == 0, 1e-12, dy)
                inside = ((ox + t * dx) ** 2 + (oz + t * dz) ** 2 < cap**2) & (t > CLOSE)
                nearest = np.minimum(nearest, np.where(inside, t, np.inf))
        return nearest

    def normal(self, points: Floats) -> Floats:
        """Sideways on the wall, up or down on a cap."""
        x, y, z = points[0] - self.x, points[1], points[2] - self.z
        radius = np.sqrt(x * x + z * z)
        wall = unit(np.stack([x, -self.slope * radius, z]) + np.float32(1e-9))
        inner = radius < self.radius_bottom + self.slope * (y - self.bottom) - 10 * CLOSE
        up = np.stack([0 * x, np.sign(y - (self.bottom + self.top) / 2), 0 * x])
        return np.where(inner & self.capped, up, wall)

    def _within(self, hits: Floats, oy: Floats, dy: Floats) -> Floats:
        height = oy + np.where(np.isfinite(hits), hits, 0) * dy
        nearest: Floats = np.where((hits > CLOSE) & (height > self.bottom) & (height < self.top), hits, np.inf).min(axis=0)
        return nearest


@dataclass(frozen=True)
class Ellipsoid:
    """An ellipsoid, for pillows and leaves."""

    centre: Point
    radii: Point
    material: Material

    @property
    def low(self) -> Point:
        """Lower corner of the bounding box."""
        (x, y, z), (a, b, c) = self.centre, self.radii
        return x - a, y - b, z - c

    @property
    def high(self) -> Point:
        """Upper corner of the bounding box."""
        (x, y, z), (a, b, c) = self.centre, self.radii
        return x + a, y + b, z + c

    def distance(self, rays: Rays) -> Floats:
        """Where rays enter."""
        o = (rays.origin - column(self.centre)) / column(self.radii)
        d = rays.direction / column(self.radii)
        a, half_b = dot(d, d), dot(o, d)
        inside = half_b**2 - a * (dot(o, o) - 1)
        t = (-half_b - np.sqrt(np.maximum(inside, 0))) / a
        return np.where((inside > 0) & (t > CLOSE), t, np.inf)

    def normal(self, points: Floats) -> Floats:
        """The gradient of the quadric."""
        return unit((points - column(self.centre)) / column(self.radii) ** 2)


def slabs(low: Point, high: Point, rays: Rays) -> tuple[Floats, Floats]:
    """Entry and exit distances (N,) of an axis-aligned box. A ray misses if its exit lies before its entry."""
    first, second = (column(low) - rays.origin) * rays.inverse, (column(high) - rays.origin) * rays.inverse
    enter, leave = np.minimum(first, second), np.maximum(first, second)
    return np.maximum(np.maximum(enter[0], enter[1]), enter[2]), np.minimum(np.minimum(leave[0], leave[1]), leave[2])
