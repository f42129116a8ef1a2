"""A furnished room with a window, and the intersections of rays with it."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property

import numpy as np
from numpy.typing import NDArray

from hdrkit.simulate.materials import Material
from hdrkit.simulate.noise import Floats
from hdrkit.simulate.solids import Box, Point, Rays, Solid, column, dot, slabs

Masks = NDArray[np.bool_]
Indices = NDArray[np.intp]

SHELL = -1


@dataclass(frozen=True)
class Opening:
    """A window in a wall: a rectangle about `centre` with half extents along the wall and up, `inward` normal along x or z."""

    centre: Point
    half_width: float
    half_height: float
    inward: Point

    @property
    def along(self) -> Point:
        """Horizontal direction in the wall."""
        return abs(self.inward[2]), 0.0, abs(self.inward[0])

    def contains(self, points: Floats) -> Masks:
        """Which points of the wall's plane lie in the opening."""
        offset = points - column(self.centre)
        across = np.abs(dot(offset, column(self.along))) < self.half_width
        in_plane = np.abs(dot(offset, column(self.inward))) < 0.01
        inside: Masks = across & (np.abs(offset[1]) < self.half_height) & in_plane
        return inside


@dataclass(frozen=True)
class Scene:
    """A room (a box seen from inside) with one window and the solids in it."""

    size: Point
    window: Opening
    solids: tuple[Solid, ...]

    def first_hit(self, rays: Rays, reach: float = np.inf) -> tuple[Floats, Indices]:
        """Distance (N,) and index (N,) of the solid that each ray meets. SHELL is the room itself, or nothing within reach."""
        nearest = np.minimum(self.shell_distance(rays), reach)
        index = np.full(nearest.shape, SHELL)
        for number in self._around(rays, nearest):
            t = self.solids[number].distance(rays)
            closer = t < nearest
            index[closer], nearest[closer] = number, t[closer]
        return nearest, index

    def blocked(self, rays: Rays) -> Masks:
        """Which rays meet a solid that casts a shadow before their end (distance 1). Glowing solids cast none."""
        hit = np.zeros(rays.direction.shape[1], bool)
        for number in self._around(rays, np.ones_like(rays.direction[0])):
            solid = self.solids[number]
            if solid.material.glow == 0:
                hit |= solid.distance(rays) < 1
        return hit

    def shell_distance(self, rays: Rays) -> Floats:
        """The distance of each ray to the wall, floor or ceiling ahead of it."""
        return np.maximum(slabs(*self.corners, rays)[1], 0)

    def shell_normal(self, points: Floats) -> Floats:
        """Inward normals of points on walls, floor and ceiling."""
        return -Box(*self.corners, Material()).normal(points)

    @property
    def corners(self) -> tuple[Point, Point]:
        """The lower and upper corner of the room; x = 0 is its middle, z = 0 the wall behind the camera."""
        width, height, depth = self.size
        return (-width / 2, 0.0, 0.0), (width / 2, height, depth)

    def _around(self, rays: Rays, distance: Floats) -> list[int]:
        """The solids whose bounds overlap those of a bundle of rays of given lengths."""
        if not distance.size:
            return []
        ends = rays.at(distance)
        low = np.minimum(rays.origin.min(axis=1), ends.min(axis=1))
        high = np.maximum(rays.origin.max(axis=1), ends.max(axis=1))
        lows, highs = self._bounds
        return [int(n) for n in np.flatnonzero(((lows <= high) & (highs >= low)).all(axis=1))]

    @cached_property
    def _bounds(self) -> tuple[Floats, Floats]:
        return np.array([solid.low for solid in self.solids]), np.array([solid.high for solid in self.solids])
