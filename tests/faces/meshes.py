"""Meshes and networks as tests make them: a head in three dimensions, and networks that answer with it."""

from __future__ import annotations

import numpy as np

from hdrkit.faces.exposed import ExposedFace, expose
from hdrkit.faces.mesh import POINTS, SIDE, Mesh, MeshNetworks
from hdrkit.types import Face

FIXED = {
    33: (-45, -20, 20),
    133: (-18, -20, 15),
    362: (18, -20, 15),
    263: (45, -20, 20),
    234: (-75, 0, 80),
    454: (75, 0, 80),
    10: (0, -80, 0),
    152: (0, 80, 0),
    61: (-25, 45, 5),
    291: (25, 45, 5),
    0: (0, 38, 0),
    17: (0, 54, 0),
    1: (0, 15, -30),
    160: (-38, -26, 15),
    158: (-25, -26, 15),
    153: (-25, -14, 15),
    144: (-38, -14, 15),
    385: (25, -26, 15),
    387: (38, -26, 15),
    373: (38, -14, 15),
    380: (25, -14, 15),
}


def head(yaw: float = 0, pitch: float = 0, roll: float = 0) -> np.ndarray:
    """Points (478, 3) around the middle of the head: yaw to the right of the picture, pitch up, roll clockwise, in degrees."""
    points = np.zeros((POINTS, 3), np.float32)
    for number, place in FIXED.items():
        points[number] = place
    a, b, c = np.radians((yaw, pitch, roll))
    about_y = np.array([[np.cos(a), 0, -np.sin(a)], [0, 1, 0], [np.sin(a), 0, np.cos(a)]])
    about_x = np.array([[1, 0, 0], [0, np.cos(b), np.sin(b)], [0, -np.sin(b), np.cos(b)]])
    about_z = np.array([[np.cos(c), -np.sin(c), 0], [np.sin(c), np.cos(c), 0], [0, 0, 1]])
    return points @ (about_z @ about_y @ about_x).T.astype(np.float32)


def mesh(
    points: np.ndarray | None = None,
    scale: float = 1.0,
    blink: tuple[float, float] = (0.05, 0.05),
    lids: tuple[float, float] = (0.3, 0.3),
    smile: tuple[float, float] = (0.0, 0.0),
    crop: ExposedFace | None = None,
    presence: float = 1.0,
) -> Mesh:
    """A mesh whose points in the photograph are `scale` times those in the crop; blink and lids are right and left."""
    points = head() if points is None else points
    expressions = np.zeros(52, np.float32)
    expressions[[10, 9]], expressions[[44, 45]] = blink, smile
    crop = expose(np.full((SIDE, SIDE, 3), 120, np.uint8)) if crop is None else crop
    return Mesh(points * np.float32(scale), points + np.float32(SIDE / 2), crop, expressions, lids, presence)


def networks(blink: float = 0.05, smile: float = 0.8, presence: float = 8.0) -> MeshNetworks:
    """Networks that find the same head in every crop."""

    def points(*inputs: np.ndarray) -> tuple[np.ndarray, ...]:
        assert inputs[0].shape == (1, 3, SIDE, SIDE)
        assert inputs[0].dtype == np.float32
        found = head() + np.float32(SIDE / 2)
        return np.full((1, 1, 1, 1), presence, np.float32), found.reshape(1, -1, 1, 1), np.zeros((1, 1), np.float32)

    def expressions(*inputs: np.ndarray) -> tuple[np.ndarray, ...]:
        assert inputs[0].shape == (1, 146, 2)
        found = np.zeros((52, 1), np.float32)
        found[[9, 10]], found[[44, 45]] = blink, smile
        return (found,)

    return MeshNetworks(points, expressions)


def face_at(x: float, y: float, eyes: float, nose: float = 0.0) -> Face:
    """A face whose eyes are `eyes` pixels apart; the nose is `nose` of that beside their middle."""
    points = np.array([(-0.5, -0.5), (0.5, -0.5), (nose, 0), (-0.4, 0.5), (0.4, 0.5)], np.float32) * eyes + (x, y)
    return Face((x - eyes, y - 1.2 * eyes, 2 * eyes, 2.4 * eyes), points.astype(np.float32), 0.9)
