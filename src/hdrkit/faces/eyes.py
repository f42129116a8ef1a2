"""Whether the eyes of a face are open: from its mesh, for each eye, and unknown where the pixels cannot tell."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from hdrkit.faces.exposed import STANDARD
from hdrkit.faces.mesh import LEFT_CORNERS, RIGHT_CORNERS, Mesh
from hdrkit.imaging.colour import light_of_srgb, luminance_of

SMALLEST = 26  # pixels between the outer corners of the eyes: below it, open eyes look closed
_BLINK_RIGHT, _BLINK_LEFT = 10, 9  # expressions
# logistic regression on the eyes of benchmarks/expressions.py, half of them closed by a drawn lid; the constant errs on open
_OF_BLINK, _OF_LIDS, _CONSTANT = -5.8, 36.0, -2.6
_FAR_EYE = 30.0  # degrees of yaw from which only the nearer eye is judged
_MOST_YAW = 60.0  # degrees
_MOST_CLIPPED, _ALL = 0.8, 0.98  # share of the pixels around both eyes, and between their lids
_LENS = 0.4  # brightest skin around the eyes relative to the face: darker is glass
_BRIGHT_SHARE = 75  # percentile of the pixels around an eye that is its skin
_AROUND, _SLIT = (0.6, 0.5), (0.4, 0.25)  # aside, and up and down from the middle of an eye, in its widths


def eyes_open(mesh: Mesh, yaw: float) -> tuple[float | None, str]:
    """How probable it is that both eyes are open, 0 to 1; None, and why, if unknown. The less open eye decides.

    From 0.5 on they count as open.
    """
    if abs(yaw) > _MOST_YAW:
        return None, "turned away"
    if eye_span(mesh) < SMALLEST:
        return None, "too small"
    around = [_around(mesh, corners) for corners in (RIGHT_CORNERS, LEFT_CORNERS)]
    slits = [_around(mesh, corners, _SLIT) for corners in (RIGHT_CORNERS, LEFT_CORNERS)]
    if any(
        all(mesh.crop.clipped[part].mean() > most for part in parts) for parts, most in ((around, _MOST_CLIPPED), (slits, _ALL))
    ):
        return None, "blown out"
    if all(_skin(mesh, part) < _LENS for part in around):
        return None, "dark glasses"
    blinks = mesh.expressions[_BLINK_RIGHT], mesh.expressions[_BLINK_LEFT]
    right, left = (_open(float(blink), lids) for blink, lids in zip(blinks, mesh.lids, strict=True))
    if abs(yaw) > _FAR_EYE:
        return (right if yaw > 0 else left), ""
    return min(right, left), ""


def eye_span(mesh: Mesh) -> float:
    """Pixels of the photograph between the outer corners of the eyes."""
    return float(np.linalg.norm((mesh.points[RIGHT_CORNERS[0]] - mesh.points[LEFT_CORNERS[1]])[:2]))


def _open(blink: float, lids: float) -> float:
    return float(1 / (1 + np.exp(-(_OF_BLINK * blink + _OF_LIDS * lids + _CONSTANT))))


def _around(mesh: Mesh, corners: tuple[int, int], reach: tuple[float, float] = _AROUND) -> tuple[slice, slice]:
    """The rows and columns of the crop around an eye."""
    ends = mesh.in_crop[list(corners), :2]
    (x, y), width = ends.mean(axis=0), float(np.hypot(*(ends[1] - ends[0])))
    aside, up = (max(share * width, 1) for share in reach)
    return slice(max(int(y - up), 0), int(y + up) + 1), slice(max(int(x - aside), 0), int(x + aside) + 1)


def _clipped(mesh: Mesh, parts: Sequence[tuple[slice, slice]], most: float) -> bool:
    return all(mesh.crop.clipped[part].mean() > most for part in parts)


def _skin(mesh: Mesh, part: tuple[slice, slice]) -> float:
    """The luminance of the brighter pixels around an eye, relative to that of the face."""
    light = luminance_of(light_of_srgb(mesh.crop.codes[part]).astype(np.float32))
    return float(np.percentile(light, _BRIGHT_SHARE)) / STANDARD if light.size else 1.0
