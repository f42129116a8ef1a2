"""How clearly a photograph shows a face: large, sharp, seen from the front, with open eyes."""

from __future__ import annotations

import math

from hdrkit.types import SeenFace

_LARGE = 112.0  # pixels; a larger face shows no more
_UNKNOWN = 0.3  # counts for a measure that is unknown


def clearness(seen: SeenFace) -> float:
    """A number from 0 to 1 by which faces of one person are compared."""
    measures = seen.measures
    turned = 60.0 if measures.yaw is None else abs(measures.yaw)
    size = min(1.0, seen.face.size / _LARGE)
    focus = _UNKNOWN if measures.focus is None else measures.focus
    eyes = _UNKNOWN if measures.eyes is None else measures.eyes
    return seen.face.confidence * size * max(0.1, math.cos(math.radians(turned))) * (0.2 + 0.8 * focus) * (0.5 + 0.5 * eyes)


def same_place(a: SeenFace, b: SeenFace) -> float:
    """The distance of two faces in frames of one view, relative to the size of the larger one."""
    (ax, ay, aw, ah), (bx, by, bw, bh) = a.face.area, b.face.area
    apart = math.hypot(ax + aw / 2 - bx - bw / 2, ay + ah / 2 - by - bh / 2)
    return apart / max(a.face.size, b.face.size, 1e-6)
