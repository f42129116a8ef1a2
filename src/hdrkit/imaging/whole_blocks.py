"""Pictures reduced by a whole number, so that noise that is independent between pixels stays so.

A reduction by a fraction shares pixels among their neighbours. Their noise is alike then, and looks like detail.
"""

from __future__ import annotations

import cv2
import numpy as np
from numpy.typing import NDArray


def averaged(codes: NDArray[np.uint8], side: int) -> NDArray[np.uint8]:
    """The means of squares of `side` pixels. What does not fill a square at the right and at the bottom is left out."""
    rows, columns = max(codes.shape[0] // side, 1), max(codes.shape[1] // side, 1)
    whole = codes[: rows * side, : columns * side]
    return codes if side == 1 else np.asarray(cv2.resize(whole, (columns, rows), interpolation=cv2.INTER_AREA), np.uint8)
