"""The mesh of a face: 478 points and 52 expressions, by the networks of MediaPipe's face landmarker.

The crop is turned until the eyes are level, and holds 1.5 times the extent of the face, as the networks were trained (MediaPipe,
face_landmarks_detector_graph and face_blendshapes_graph, Apache-2.0). The five landmarks of a detector give a first crop, and the
mesh found there the second. Expressions are the mean of both, which halves what depends on the crop.
"""

from __future__ import annotations

from dataclasses import dataclass

import cv2
import numpy as np
from numpy.typing import NDArray

from hdrkit.faces.exposed import ExposedFace, expose
from hdrkit.models.network import Network
from hdrkit.types import Face

Points = NDArray[np.float32]

SIDE = 256  # pixels a side of a crop
POINTS = 478
RIGHT_CORNERS, LEFT_CORNERS = (33, 133), (362, 263)  # of the eyes of the person: outer and inner, inner and outer
_EXTENT = 1.5  # side of a crop relative to that of the mesh
_FIRST_EXTENT = 3.7  # side of the first crop, relative to the distance of the eyes, or of eyes and mouth
_NOSE = 1.5  # a turned head lies behind its nose: shift of the first crop, relative to that of the nose
_LARGEST_REDUCTION = 0.5  # a crop that is reduced further is averaged first

# the 146 points from which expressions are read: kLandmarksSubsetIdxs in face_blendshapes_graph.cc
_EXPRESSIVE = (
    *(0, 1, 4, 5, 6, 7, 8, 10, 13, 14, 17, 21, 33, 37, 39, 40, 46, 52, 53, 54, 55, 58, 61, 63, 65, 66, 67, 70, 78, 80, 81, 82),
    *(84, 87, 88, 91, 93, 95, 103, 105, 107, 109, 127, 132, 133, 136, 144, 145, 146, 148, 149, 150, 152, 153, 154, 155, 157),
    *(158, 159, 160, 161, 162, 163, 168, 172, 173, 176, 178, 181, 185, 191, 195, 197, 234, 246, 249, 251, 263, 267, 269, 270),
    *(276, 282, 283, 284, 285, 288, 291, 293, 295, 296, 297, 300, 308, 310, 311, 312, 314, 317, 318, 321, 323, 324, 332, 334),
    *(336, 338, 356, 361, 362, 365, 373, 374, 375, 377, 378, 379, 380, 381, 382, 384, 385, 386, 387, 388, 389, 390, 397, 398),
    *(400, 402, 405, 409, 415, 454, 466, 468, 469, 470, 471, 472, 473, 474, 475, 476, 477),
)


@dataclass(frozen=True)
class MeshNetworks:
    """`points` gives 478 points and the presence of a face for a crop, `expressions` 52 expressions for 146 of the points."""

    points: Network
    expressions: Network


@dataclass(frozen=True)
class Mesh:
    """The mesh of one face. `points` (478, 3) are x and y in pixels of the photograph, and depth in the same unit.

    `crop` is the last one at the standard exposure, and `in_crop` (478, 3) are the points there. `expressions` (52,) and
    `presence` are from 0 to 1: below one half there is no face to which a mesh fits. `lids` are the openings of the right and the
    left eye of the person relative to their widths.
    """

    points: Points
    in_crop: Points
    crop: ExposedFace
    expressions: NDArray[np.float32]
    lids: tuple[float, float]
    presence: float


def fit_mesh(pixels: NDArray[np.uint8], face: Face, networks: MeshNetworks) -> Mesh:
    """The mesh of a face in a photograph (H, W, 3), RGB 8-bit codes."""
    first = _fit(pixels, _first_square(face.landmarks), networks)
    second = _fit(pixels, _square_of(first.points), networks)
    lids = (first.lids[0] + second.lids[0]) / 2, (first.lids[1] + second.lids[1]) / 2
    expressions = np.asarray((first.expressions + second.expressions) / 2, np.float32)
    return Mesh(second.points, second.in_crop, second.crop, expressions, lids, second.presence)


@dataclass(frozen=True)
class _Square:
    """A turned square in a photograph: its middle (x, y), its angle in radians (clockwise), and its side in pixels."""

    middle: Points
    angle: float
    side: float

    def into_crop(self) -> NDArray[np.float64]:
        """The matrix (2, 3) from pixels of the photograph to those of the crop."""
        turn = _turn(self.angle) * (SIDE / self.side)
        return np.hstack([turn, (SIDE / 2 - turn @ self.middle)[:, None]])


def _fit(pixels: NDArray[np.uint8], square: _Square, networks: MeshNetworks) -> Mesh:
    matrix = square.into_crop()
    crop = expose(_cut(pixels, matrix))
    outputs = networks.points(np.ascontiguousarray(crop.codes.transpose(2, 0, 1)[None]))
    in_crop = next(out for out in outputs if out.size == 3 * POINTS).reshape(POINTS, 3)
    presence = next(out for out in outputs if out.size == 1 and out.ndim == 4).item()
    points = np.empty_like(in_crop)
    back = cv2.invertAffineTransform(matrix)
    points[:, :2] = in_crop[:, :2] @ back[:, :2].T + back[:, 2]
    points[:, 2] = in_crop[:, 2] * (square.side / SIDE)
    [expressions] = networks.expressions(np.ascontiguousarray(in_crop[None, _EXPRESSIVE, :2]))
    lids = _lid_opening(in_crop, (33, 160, 158, 133, 153, 144)), _lid_opening(in_crop, (263, 387, 385, 362, 380, 373))
    return Mesh(points, in_crop, crop, expressions.ravel(), lids, float(1 / (1 + np.exp(-presence))))


def _lid_opening(points: Points, six: tuple[int, ...]) -> float:
    """The eye aspect ratio of Soukupova and Cech (2016): distances of the lids over the distance of the corners."""
    outer, upper_1, upper_2, inner, lower_2, lower_1 = (points[k, :2] for k in six)
    height = np.hypot(*(upper_1 - lower_1)) + np.hypot(*(upper_2 - lower_2))
    return float(height / 2 / max(float(np.hypot(*(outer - inner))), 1e-6))


def _first_square(landmarks: Points) -> _Square:
    eyes, mouth = landmarks[:2].mean(axis=0), landmarks[3:].mean(axis=0)
    across = landmarks[1] - landmarks[0]
    angle = float(np.arctan2(across[1], across[0]))
    scale = max(float(np.hypot(*across)), float(np.hypot(*(mouth - eyes))), 1.0)
    middle, level = (eyes + mouth) / 2, _turn(angle)
    shift = (level @ (landmarks[2] - middle))[0]
    return _Square(middle - _NOSE * shift * level[0], angle, _FIRST_EXTENT * scale)


def _square_of(points: Points) -> _Square:
    across = points[LEFT_CORNERS[1], :2] - points[RIGHT_CORNERS[0], :2]
    angle = float(np.arctan2(across[1], across[0]))
    level = points[:, :2] @ _turn(angle).T
    low, high = level.min(axis=0), level.max(axis=0)
    return _Square(_turn(-angle) @ ((low + high) / 2), angle, _EXTENT * max(float((high - low).max()), 1.0))


def _turn(angle: float) -> NDArray[np.float64]:
    """The rotation (2, 2) that levels a line which falls by `angle` radians to the right."""
    return np.array([[np.cos(angle), np.sin(angle)], [-np.sin(angle), np.cos(angle)]])


def _cut(pixels: NDArray[np.uint8], matrix: NDArray[np.float64]) -> NDArray[np.uint8]:
    """The crop (SIDE, SIDE, 3), black beyond the border. Before a large reduction its part of the photograph is averaged."""
    scale = float(np.hypot(*matrix[0, :2]))
    if scale < _LARGEST_REDUCTION:
        corners = cv2.transform(
            np.array([[[0, 0], [SIDE, 0], [0, SIDE], [SIDE, SIDE]]], float), cv2.invertAffineTransform(matrix)
        )[0]
        low = np.maximum(np.floor(corners.min(axis=0)).astype(int), 0)
        high = np.maximum(np.ceil(corners.max(axis=0)).astype(int), low + 1)
        part = pixels[low[1] : high[1], low[0] : high[0]]
        if part.size:
            step = int(1 / scale)
            size = max(1, part.shape[1] // step), max(1, part.shape[0] // step)
            small = np.array([[part.shape[1] / size[0], 0, low[0]], [0, part.shape[0] / size[1], low[1]], [0, 0, 1]])
            pixels, matrix = np.asarray(cv2.resize(part, size, interpolation=cv2.INTER_AREA), np.uint8), matrix @ small
    return np.asarray(cv2.warpAffine(pixels, matrix, (SIDE, SIDE), flags=cv2.INTER_LINEAR), np.uint8)
