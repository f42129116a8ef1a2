"""Faces of a photograph at every size: close-ups in a small picture, most in a middle one, small ones in tiles of a large one.

Detectors are trained for faces of about 10 to 300 pixels. A face that fills the photograph is found in a picture of 320 pixels
and comes to pieces in one of 1024. A face of a crowd in 24 megapixels is found only in more pixels.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from enum import StrEnum
from typing import Protocol

import cv2
import numpy as np
from numpy.typing import NDArray

from hdrkit.faces.detectors.detector import Detector
from hdrkit.types.faces import Face

SIDE = 1024  # of the picture in which most faces are found, and of a tile
_CLOSE_SIDE = 320
_CLOSE = 96.0  # pixels of a face in the small picture: only such are taken from it
_SMALL = 28.0  # pixels of a face: where there is one, smaller ones may be
_OVERLAP = 160  # of tiles; a face that a larger picture adds is smaller
_UNION, _INSIDE = 0.3, 0.65  # shares of the union, and of the smaller box, from which two boxes are one face


class SmallFaces(StrEnum):
    """Whether tiles of larger pictures are searched: where small faces are, everywhere, or never."""

    AUTO = "auto"
    ALWAYS = "always"
    NEVER = "never"


class Picture(Protocol):
    """A photograph that can be had in several sizes."""

    @property
    def size(self) -> tuple[int, int]:
        """Its full width and height in pixels, as it is shown."""

    def fitted(self, side: int) -> NDArray[np.uint8]:
        """Its (H, W, 3) RGB codes with a longer side of `side` pixels, or in full size if that is less."""


@dataclass(frozen=True)
class PixelPicture:
    """A picture of which all (H, W, 3) RGB codes are in memory."""

    rgb: NDArray[np.uint8]

    @property
    def size(self) -> tuple[int, int]:
        """Its full width and height in pixels."""
        return self.rgb.shape[1], self.rgb.shape[0]

    def fitted(self, side: int) -> NDArray[np.uint8]:
        """Its codes with a longer side of `side` pixels, or in full size if that is less."""
        return shrunk(self.rgb, side)


def shrunk(rgb: NDArray[np.uint8], side: int) -> NDArray[np.uint8]:
    """A picture with a longer side of `side` pixels; itself if that is less. It is halved by means, then interpolated."""
    height, width = rgb.shape[:2]
    if max(height, width) <= side:
        return rgb
    size = (max(1, round(width * side / max(height, width))), max(1, round(height * side / max(height, width))))
    while max(rgb.shape[:2]) >= 2 * side:
        halved = (max(1, rgb.shape[1] // 2), max(1, rgb.shape[0] // 2))
        rgb = np.asarray(cv2.resize(rgb, halved, interpolation=cv2.INTER_AREA), np.uint8)
    return np.asarray(cv2.resize(rgb, size, interpolation=cv2.INTER_LINEAR), np.uint8)


def find_faces(picture: Picture, detector: Detector, small: SmallFaces = SmallFaces.AUTO) -> list[Face]:
    """The faces of a photograph in pixels of its full size, each once, the surest first."""
    longer = max(picture.size)
    middle = picture.fitted(SIDE)
    found = _scaled(detector(middle), longer / max(middle.shape[:2]))
    if longer > _CLOSE_SIDE:
        close = _scaled(detector(shrunk(middle, _CLOSE_SIDE)), longer / _CLOSE_SIDE)
        found = each_once([*found, *(face for face in close if face.size >= _CLOSE * longer / _CLOSE_SIDE)])
    side = SIDE
    while small is not SmallFaces.NEVER and side < longer:
        near = [face for face in found if face.size * side / longer < _SMALL]
        if small is SmallFaces.AUTO and not near:
            break
        side = min(2 * side, longer)
        found = each_once([*found, *_searched(picture, side, detector, None if small is SmallFaces.ALWAYS else near)])
    return found


def each_once(faces: Sequence[Face]) -> list[Face]:
    """The faces without those that a surer one covers: detections of one face at several sizes, or of a part of it."""
    kept: list[Face] = []
    for face in sorted(faces, key=lambda one: -one.confidence):
        if not any(_same(face, other) for other in kept):
            kept.append(face)
    return kept


def _same(one: Face, other: Face) -> bool:
    left, top, right, bottom = (
        pick(a, b) for pick, a, b in zip((max, max, min, min), _corners(one), _corners(other), strict=True)
    )
    common = max(0.0, right - left) * max(0.0, bottom - top)
    areas = one.area[2] * one.area[3], other.area[2] * other.area[3]
    return common > _UNION * (sum(areas) - common) or common > _INSIDE * min(areas)


def _corners(face: Face) -> tuple[float, float, float, float]:
    left, top, width, height = face.area
    return left, top, left + width, top + height


def _searched(picture: Picture, side: int, detector: Detector, near: Sequence[Face] | None) -> list[Face]:
    """The faces in a picture of a longer side of `side` pixels, tile by tile; only in tiles with faces of `near`, if given."""
    pixels = picture.fitted(side)
    scale = max(picture.size) / max(pixels.shape[:2])
    found = []
    for left, top, right, bottom in _tiles(pixels.shape[1], pixels.shape[0]):
        if near is not None and not any(_meets(face, scale, (left, top, right, bottom)) for face in near):
            continue
        for face in detector(np.ascontiguousarray(pixels[top:bottom, left:right])):
            moved = _scaled([face], 1.0, (left, top))[0]
            if not _is_cut(moved, (left, top, right, bottom), pixels.shape[:2]):
                found.append(moved)
    return _scaled(found, scale)


def _tiles(width: int, height: int) -> Iterator[tuple[int, int, int, int]]:
    """Squares (left, top, right, bottom) that cover a picture and overlap; the whole picture if it is no larger than one."""
    for top in _starts(height):
        for left in _starts(width):
            yield left, top, min(left + SIDE, width), min(top + SIDE, height)


def _starts(length: int) -> list[int]:
    count = 1 if length <= SIDE else -(-(length - _OVERLAP) // (SIDE - _OVERLAP))
    return [round(i * (length - SIDE) / (count - 1)) for i in range(count)] if count > 1 else [0]


def _meets(face: Face, scale: float, tile: tuple[int, int, int, int]) -> bool:
    """Whether a face of the full size, with as much around it as its own size, reaches into a tile."""
    left, top, right, bottom = (value / scale for value in _corners(face))
    spare = 3 * (right - left)
    return left - spare < tile[2] and right + spare > tile[0] and top - spare < tile[3] and bottom + spare > tile[1]


def _is_cut(face: Face, tile: tuple[int, int, int, int], shape: tuple[int, ...]) -> bool:
    """Whether a face crosses an edge of its tile that is no border of the picture; the next tile has it whole."""
    left, top, right, bottom = _corners(face)
    return (
        (left < tile[0] and tile[0] > 0)
        or (top < tile[1] and tile[1] > 0)
        or (right > tile[2] and tile[2] < shape[1])
        or (bottom > tile[3] and tile[3] < shape[0])
    )


def _scaled(faces: Sequence[Face], scale: float, shift: tuple[float, float] = (0.0, 0.0)) -> list[Face]:
    """Faces of a picture that lies `shift` pixels inside another, and whose pixels are `scale` of the other's wide."""
    moved = []
    for face in faces:
        left, top, width, height = face.area
        area = ((left + shift[0]) * scale, (top + shift[1]) * scale, width * scale, height * scale)
        moved.append(replace(face, area=area, landmarks=((face.landmarks + np.array(shift, np.float32)) * np.float32(scale))))
    return moved
