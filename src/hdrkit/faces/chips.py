"""Chips: faces cut out so that eyes, nose and mouth lie where a network expects them."""

from __future__ import annotations

from dataclasses import dataclass

import cv2
import numpy as np
from numpy.typing import NDArray

from hdrkit.types.faces import Face


@dataclass(frozen=True)
class Template:
    """Where the five landmarks (5, 2) of `Face` lie in a chip of `side` x `side` pixels."""

    side: int
    landmarks: NDArray[np.float32]


ARCFACE_112 = Template(  # as insightface and OpenCV's FaceRecognizerSF have it
    112,
    np.array([[38.2946, 51.6963], [73.5318, 51.5014], [56.0252, 71.7366], [41.5493, 92.3655], [70.7299, 92.2041]], np.float32),
)
_DLIB_MEAN = np.array(  # of `get_face_chip_details`; an eye is the mean of its six points, the nose is its tip
    [[0.2254918, 0.2159903], [0.7547613, 0.2159903], [0.490127, 0.515625], [0.254149, 0.780233], [0.726104, 0.780233]]
)
DLIB_150 = Template(150, (150 * (0.25 + _DLIB_MEAN) / 1.5).astype(np.float32))


def cut_chip(rgb: NDArray[np.uint8], face: Face, template: Template) -> NDArray[np.uint8]:
    """The chip (side, side, 3) of a face in a picture (H, W, 3). Beyond the border of the picture it is black."""
    matrix = chip_matrix(face.landmarks, template)
    part, to_part = _shrunk_part(rgb, matrix, template.side)
    chip = cv2.warpAffine(part, matrix @ np.linalg.inv(to_part), (template.side, template.side), flags=cv2.INTER_LINEAR)
    return np.asarray(chip, np.uint8)


def chip_matrix(landmarks: NDArray[np.float32], template: Template) -> NDArray[np.float64]:
    """The (2, 3) matrix from pixels of the picture to pixels of the chip: a turn, a scale and a shift, by least squares.

    Landmarks that all lie on one point give a chip of one pixel's surroundings.
    """
    taken, wanted = landmarks.astype(np.float64), template.landmarks.astype(np.float64)
    a, b = (points[:, 0] + 1j * points[:, 1] for points in (taken, wanted))
    spread = np.sum(np.abs(a - a.mean()) ** 2)
    turn = np.sum(np.conj(a - a.mean()) * (b - b.mean())) / spread if spread > 0 else 1.0 + 0j
    shift = b.mean() - turn * a.mean()
    return np.array([[turn.real, -turn.imag, shift.real], [turn.imag, turn.real, shift.imag]])


def _shrunk_part(rgb: NDArray[np.uint8], matrix: NDArray[np.float64], side: int) -> tuple[NDArray[np.uint8], NDArray[np.float64]]:
    """The part of a picture that a chip shows, averaged to about its scale against aliasing, and the matrix to its pixels."""
    whole = np.vstack([matrix, [0, 0, 1]])
    corners = np.linalg.inv(whole) @ np.array([[0, side, 0, side], [0, 0, side, side], [1, 1, 1, 1]])
    limit = np.array(rgb.shape[1::-1])
    low = np.clip(np.floor(corners[:2].min(axis=1)).astype(int) - 2, 0, limit - 1)
    high = np.clip(np.ceil(corners[:2].max(axis=1)).astype(int) + 3, low + 1, limit)
    part = rgb[low[1] : high[1], low[0] : high[0]]
    factor = int(1 / np.hypot(*matrix[:, 0]))  # whole pixels to one of the chip
    moved = np.array([[1.0, 0, -low[0]], [0, 1, -low[1]], [0, 0, 1]])
    if factor < 2:
        return part, moved
    size = (-(-part.shape[1] // factor), -(-part.shape[0] // factor))
    wide = cv2.copyMakeBorder(
        part, 0, size[1] * factor - part.shape[0], 0, size[0] * factor - part.shape[1], cv2.BORDER_REPLICATE
    )
    scaled = np.array([[1 / factor, 0, 0.5 / factor - 0.5], [0, 1 / factor, 0.5 / factor - 0.5], [0, 0, 1]])
    return np.asarray(cv2.resize(wide, size, interpolation=cv2.INTER_AREA), np.uint8), scaled @ moved
