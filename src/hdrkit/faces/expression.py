"""How much a face smiles: from the expressions of its mesh, and unknown where the pixels cannot tell."""

from __future__ import annotations

import numpy as np

from hdrkit.faces.eyes import eye_span
from hdrkit.faces.mesh import Mesh

SMALLEST = 16  # pixels between the outer corners of the eyes
_SMILE_LEFT, _SMILE_RIGHT = 44, 45  # expressions
_MOUTH = (61, 291, 0, 17)  # corners, upper and lower lip
_MOST_CLIPPED = 0.8  # share of the pixels of the mouth
_MOST_YAW = 60.0  # degrees


def smile_of(mesh: Mesh, yaw: float) -> tuple[float | None, str]:
    """The smile, 0 (none) to 1 (broad), as the mean of both corners of the mouth; None, and why, if unknown."""
    if abs(yaw) > _MOST_YAW:
        return None, "turned away"
    if eye_span(mesh) < SMALLEST:
        return None, "too small"
    low, high = (limit(mesh.in_crop[list(_MOUTH), :2], axis=0).astype(int) for limit in (np.min, np.max))
    mouth = mesh.crop.clipped[max(low[1], 0) : high[1] + 1, max(low[0], 0) : high[0] + 1]
    if mouth.size and mouth.mean() > _MOST_CLIPPED:
        return None, "blown out"
    return float(mesh.expressions[[_SMILE_LEFT, _SMILE_RIGHT]].mean()), ""
