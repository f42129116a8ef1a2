"""What alignment looks at: one gray plane per frame, at reduced size, and which of its pixels say something."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import cv2
import numpy as np
from numpy.typing import NDArray

from hdrkit.types import Frame

Matrix = NDArray[np.floating[Any]]

LONGEST_PX = 2048
SMALLEST_PX = 96
DARK, BRIGHT = 2.5 / 255, 252.5 / 255
WHOLE = 0.999  # share of a pixel from which it counts as in a mask


@dataclass(frozen=True)
class Plane:
    """Brightness of one frame, float32 (h, w) in 0..1 of the range black..white, the square root of it where linear.

    `lit` (h, w) pixels are seen and above black, `valid` ones also unclipped. `scale` (x, y) is plane pixels per frame pixel.
    """

    values: NDArray[np.float32]
    lit: NDArray[np.bool_]
    valid: NDArray[np.bool_]
    scale: tuple[float, float]

    @property
    def size(self) -> tuple[int, int]:
        """Width and height."""
        return self.values.shape[1], self.values.shape[0]

    def from_frame(self, matrix: Matrix) -> Matrix:
        """A motion between frames, (3, 3) in frame pixels, as a motion between planes of this size."""
        to_plane = self._to_plane()
        return np.asarray(to_plane @ matrix @ np.linalg.inv(to_plane))

    def to_frame(self, matrix: Matrix) -> Matrix:
        """A motion between planes of this size, as a motion between frames."""
        to_plane = self._to_plane()
        return scaled(np.linalg.inv(to_plane) @ matrix @ to_plane)

    def _to_plane(self) -> Matrix:
        x, y = self.scale
        return np.array([[x, 0, x / 2 - 0.5], [0, y, y / 2 - 0.5], [0, 0, 1]])


def plane(frame: Frame) -> Plane:
    """The green channel (or the gray one) reduced to at most LONGEST_PX.

    Green alone because a brightness transfer between exposures holds channel by channel, not for their mean.
    """
    height, width, channels = frame.pixels.shape
    codes = frame.pixels[..., channels // 2].astype(np.float32)
    white = frame.white if np.isfinite(frame.white) else float(codes.max())
    values = np.clip((codes - np.float32(frame.black)) / np.float32(max(white - frame.black, 1e-12)), 0, 1)
    if frame.is_linear:
        values = np.sqrt(values)
    lit = values > DARK
    if frame.seen is not None:
        lit &= frame.seen
    full = Plane(values, lit, lit & (values < BRIGHT), (1.0, 1.0))
    shrink = LONGEST_PX / max(height, width)
    return full if shrink >= 1 else _resized(full, max(1, round(width * shrink)), max(1, round(height * shrink)))


def pyramid(finest: Plane) -> list[Plane]:
    """The plane at halved sizes, coarsest first, down to a longest side of about SMALLEST_PX."""
    levels = [finest]
    while max(levels[-1].size) >= 2 * SMALLEST_PX and min(levels[-1].size) >= 2:
        width, height = levels[-1].size
        levels.append(_resized(levels[-1], (width + 1) // 2, (height + 1) // 2))
    return levels[::-1]


def scaled(matrix: Matrix) -> Matrix:
    """The same homography with 1 in its last place."""
    return np.asarray(matrix / matrix[2, 2])


def warped(plane: Plane, motion: Matrix) -> Plane:
    """The plane seen from where `motion` (3, 3, in plane pixels) maps pixels into it."""
    if np.array_equal(motion, np.eye(3)):
        return plane
    flags = cv2.INTER_CUBIC | cv2.WARP_INVERSE_MAP
    values = cv2.warpPerspective(plane.values, motion, plane.size, flags=flags, borderMode=cv2.BORDER_REPLICATE)
    flags = cv2.INTER_LINEAR | cv2.WARP_INVERSE_MAP
    lit, valid = (
        cv2.warpPerspective(_as_float(mask), motion, plane.size, flags=flags) > WHOLE for mask in (plane.lit, plane.valid)
    )
    return Plane(np.asarray(values, np.float32), lit, valid, plane.scale)


def smooth(values: NDArray[np.float32]) -> NDArray[np.float32]:
    """Blurred by a Gaussian of one pixel, as gradients want it."""
    return np.asarray(cv2.GaussianBlur(values, (0, 0), 1.0), np.float32)


def gradient(plane: Plane) -> tuple[NDArray[np.float32], NDArray[np.float32]]:
    """Brightness per pixel along x and along y, of the smoothed plane."""
    picture = smooth(plane.values)
    x, y = (cv2.Sobel(picture, cv2.CV_32F, *order, ksize=3, scale=1 / 8) for order in ((1, 0), (0, 1)))
    return np.asarray(x, np.float32), np.asarray(y, np.float32)


def eroded(mask: NDArray[np.bool_]) -> NDArray[np.bool_]:
    """Without the pixels within two of the mask's outside, whose smoothed value is partly not their own."""
    return np.asarray(cv2.erode(mask.astype(np.uint8), np.ones((5, 5), np.uint8), borderValue=0), bool)


def _resized(plane: Plane, width: int, height: int) -> Plane:
    old_width, old_height = plane.size
    pictures = (plane.values, _as_float(plane.lit), _as_float(plane.valid))
    values, lit, valid = (cv2.resize(picture, (width, height), interpolation=cv2.INTER_AREA) for picture in pictures)
    scale = plane.scale[0] * width / old_width, plane.scale[1] * height / old_height
    return Plane(np.asarray(values, np.float32), lit > WHOLE, valid > WHOLE, scale)


def _as_float(mask: NDArray[np.bool_]) -> NDArray[np.float32]:
    return mask.astype(np.float32)
