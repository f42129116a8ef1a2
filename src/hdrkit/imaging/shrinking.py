"""Small pictures of large ones."""

from __future__ import annotations

from typing import Any

import cv2
import numpy as np
from numpy.typing import NDArray


def within(pixels: NDArray[Any], side: int) -> NDArray[Any]:
    """Pixels (h, w, ...) averaged to a longer side of `side` pixels; themselves if they have no more."""
    height, width = pixels.shape[:2]
    scale = side / max(height, width)
    if scale >= 1:
        return pixels
    size = (max(1, round(scale * width)), max(1, round(scale * height)))
    return np.asarray(cv2.resize(pixels, size, interpolation=cv2.INTER_AREA))
