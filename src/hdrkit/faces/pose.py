"""Where a face looks, from the depth of its mesh."""

from __future__ import annotations

import numpy as np

from hdrkit.faces.mesh import Mesh
from hdrkit.types import Face

_EARS = (234, 454)  # at the right and the left ear of the person
_HEIGHT = (152, 10)  # chin, top of the forehead
_PROFILE = 0.6  # nose from the middle of the eyes, in distances of the eyes: beyond it at most one eye is seen


def pose_of(mesh: Mesh) -> tuple[float, float, float]:
    """Yaw, pitch and roll in degrees: 0 looks into the camera; to the right of the picture, up, and clockwise are positive."""
    across, up = (mesh.points[end] - mesh.points[start] for start, end in (_EARS, _HEIGHT))
    yaw = np.arctan2(across[2], np.hypot(across[0], across[1]))
    pitch = np.arctan2(up[2], np.hypot(up[0], up[1]))
    roll = np.arctan2(across[1], across[0])
    return float(np.degrees(yaw)), float(np.degrees(pitch)), float(np.degrees(roll))


def is_profile(face: Face) -> bool:
    """Whether the landmarks of a detector are those of a profile: the nose lies beyond the eyes."""
    across = face.landmarks[1] - face.landmarks[0]
    length = max(float(np.hypot(*across)), 1e-6)
    nose = face.landmarks[2] - face.landmarks[:2].mean(axis=0)
    return bool(abs(nose @ across) / length**2 > _PROFILE)
