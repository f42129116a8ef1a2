"""What each face of a photograph shows: pose, eyes, smile and focus, each unknown with a reason where the pixels cannot tell."""

from __future__ import annotations

from collections.abc import Iterable, Mapping

import numpy as np
from numpy.typing import NDArray

from hdrkit.faces.expression import smile_of
from hdrkit.faces.eyes import eyes_open
from hdrkit.faces.focus import measure_focus
from hdrkit.faces.mesh import Mesh, MeshNetworks, fit_mesh
from hdrkit.faces.pose import is_profile, pose_of
from hdrkit.types import Face, FaceMeasures

_LEAST_PRESENCE = 0.5  # of a face in the mesh
_DARKEST = 0.004  # luminance of a face, relative to white, of which 8-bit codes hold too few levels
_OF_MESH = ("pose", "eyes", "smile")


def measure_faces(pixels: NDArray[np.uint8], faces: Iterable[Face], networks: MeshNetworks) -> list[FaceMeasures]:
    """The measures of faces in a photograph (H, W, 3), RGB 8-bit sRGB codes, in their order."""
    return [_measured(pixels, face, networks) for face in faces]


def _measured(pixels: NDArray[np.uint8], face: Face, networks: MeshNetworks) -> FaceMeasures:
    focus = measure_focus(pixels, face)
    unknown = {} if focus.value is not None else {"focus": focus.why}
    mesh = fit_mesh(pixels, face, networks)
    if why := _no_mesh(mesh, face):
        return _measures({"focus": focus.value}, dict.fromkeys(_OF_MESH, why) | unknown)
    yaw, pitch, roll = pose_of(mesh)
    eyes, no_eyes = eyes_open(mesh, yaw)
    smile, no_smile = smile_of(mesh, yaw)
    values = {"yaw": yaw, "pitch": pitch, "roll": roll, "eyes": eyes, "smile": smile, "focus": focus.value}
    return _measures(values, {"eyes": no_eyes, "smile": no_smile} | unknown)


def _no_mesh(mesh: Mesh, face: Face) -> str:
    """Why the mesh of a face says nothing; empty if it does."""
    if mesh.crop.luminance < _DARKEST:
        return "too dark"
    if mesh.presence < _LEAST_PRESENCE:
        return "profile" if is_profile(face) else "hidden, or not a face"
    return ""


def _measures(values: Mapping[str, float | None], unknown: Mapping[str, str]) -> FaceMeasures:
    return FaceMeasures(**values, unknown=tuple((name, why) for name, why in unknown.items() if why))
