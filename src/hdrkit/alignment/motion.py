"""The effect of a motion on a picture of a given size."""

from __future__ import annotations

import cv2
import numpy as np

from hdrkit.alignment.planes import Matrix

MAX_STRETCH = 1.1


def displacement_px(motion: Matrix, size: tuple[int, int]) -> float:
    """The displacement of the corner that moves most, for a picture of (width, height)."""
    corners = _corners(size)
    moved = cv2.perspectiveTransform(corners[:, None, :], motion)[:, 0, :]
    return float(np.linalg.norm(moved - corners, axis=1).max())


def plausible(motion: Matrix, size: tuple[int, int], max_shift: float) -> bool:
    """Whether a hand-held camera can move so: corners move at most `max_shift` of the longest side, sides keep their length."""
    if not np.isfinite(motion).all() or displacement_px(motion, size) > max_shift * max(size):
        return False
    corners = _corners(size)
    moved = cv2.perspectiveTransform(corners[:, None, :], motion)[:, 0, :]
    sides = [np.linalg.norm(np.roll(quad, -1, axis=0) - quad, axis=1) for quad in (moved, corners)]
    stretch = sides[0] / np.maximum(sides[1], 1)
    return bool((stretch < MAX_STRETCH).all() and (stretch > 1 / MAX_STRETCH).all())


def _corners(size: tuple[int, int]) -> np.ndarray[tuple[int, int], np.dtype[np.float64]]:
    right, bottom = size[0] - 1.0, size[1] - 1.0
    return np.array([[0, 0], [right, 0], [right, bottom], [0, bottom]])
