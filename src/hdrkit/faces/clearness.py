"""How clearly a photograph shows a face: large, sharp, seen from the front, with open eyes, and well lit."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from pathlib import Path

import cv2
import numpy as np

from hdrkit.faces.exposed import STANDARD, face_luminance
from hdrkit.types import SeenFace

_LARGE = 112.0  # pixels; a larger face shows no more
_SHARP = 0.7  # a focus; a person sees no more in a small picture
_COMPARED = 8  # faces of which the light is compared
_SIDE = 64  # pixels at which it is measured
_WELL_LIT_EV, _LEAST_LIT = 1.0, 0.2
_UNKNOWN = 0.3  # counts for a measure that is unknown


def clearness(seen: SeenFace) -> float:
    """A number from 0 to 1 by which faces of one person are compared."""
    measures = seen.measures
    turned = 60.0 if measures.yaw is None else abs(measures.yaw)
    size = min(1.0, seen.face.size / _LARGE)
    focus = _UNKNOWN if measures.focus is None else min(1.0, measures.focus / _SHARP)
    eyes = _UNKNOWN if measures.eyes is None else measures.eyes
    return seen.face.confidence * size * max(0.1, math.cos(math.radians(turned))) * (0.2 + 0.8 * focus) * (0.5 + 0.5 * eyes)


def clearest_of(faces: Sequence[SeenFace], crops: Mapping[tuple[Path, tuple[float, float, float, float]], bytes]) -> SeenFace:
    """The face that shows a person best: clear, and neither dark nor pale. `crops` gives a JPEG of each face, by its place."""
    first = sorted(faces, key=clearness, reverse=True)[:_COMPARED]
    return max(first, key=lambda face: clearness(face) * _lit(crops[face.where]))


def _lit(crop: bytes) -> float:
    """1 for a face within one EV of the standard exposure, and half for each EV beyond it."""
    codes = np.asarray(cv2.imdecode(np.frombuffer(crop, np.uint8), cv2.IMREAD_COLOR_RGB), np.uint8)
    small = np.asarray(cv2.resize(codes, (_SIDE, _SIDE), interpolation=cv2.INTER_AREA), np.uint8)
    away = abs(math.log2(max(face_luminance(small), 1e-6) / STANDARD))
    return max(_LEAST_LIT, math.exp2(-max(0.0, away - _WELL_LIT_EV)))


def same_place(a: SeenFace, b: SeenFace) -> float:
    """The distance of two faces in frames of one view, relative to the size of the larger one."""
    (ax, ay, aw, ah), (bx, by, bw, bh) = a.face.area, b.face.area
    apart = math.hypot(ax + aw / 2 - bx - bw / 2, ay + ah / 2 - by - bh / 2)
    return apart / max(a.face.size, b.face.size, 1e-6)
