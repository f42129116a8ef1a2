"""What a moved frame would show beyond its border: the nearest pixel that it has.

Few frames cover the border of a hand-held bracket, and often the wrong ones: clipped, or noisy. Without a guess of what the
others would show, white and coloured lines remain there.
"""

from __future__ import annotations

from typing import Any

import cv2
import numpy as np
from numpy.typing import NDArray

from hdrkit.imaging.warping import Mask
from hdrkit.types import Frame

_REACH = 0.03  # of the longest side: how far from its border a frame is guessed
_TRUST = 4  # in a guess, of 255: it counts only where the frames that cover a pixel measured little
_FADED = 6  # pixels: so near to its border a frame fades out instead of ending, which would leave a line if it deviates


def guess_beyond(frame: Frame, top: int, left: int, codes: NDArray[Any], valid: Mask, share: NDArray[np.uint8]) -> Mask:
    """Guess the `codes` (h, w, C) that are not `valid` near the border of a moved frame, and return where, (h, w).

    The first arguments are as in `imaging.warping.place`, and hold its result; `share` (h, w) is the trust in the frame. Guesses
    become valid, with trust that falls to little within a few pixels. Each pixel depends on its position alone.
    """
    guessed = np.zeros(valid.shape, np.bool_)
    if frame.motion is None or valid.all():
        return guessed
    height, width = frame.pixels.shape[:2]
    rows, columns = np.nonzero(~valid)
    here = np.stack([columns + float(left), rows + float(top)], axis=1)
    there = cv2.perspectiveTransform(here[None], np.asarray(frame.motion, np.float64))[0]
    nearest = np.clip(np.rint(there), 0, (width - 1, height - 1))
    beyond = np.abs(there - nearest).max(axis=1)
    near = beyond <= _REACH * max(height, width)
    x, y = nearest[near].astype(np.intp).T
    rows, columns = rows[near], columns[near]
    trust = np.maximum(255 * np.clip(1 - beyond[near] / _FADED, 0, 1) ** 2, _TRUST).astype(np.uint8)
    if frame.valid is not None:
        known = frame.valid[y, x]
        rows, columns, x, y, trust = rows[known], columns[known], x[known], y[known], trust[known]
    codes[rows, columns] = frame.pixels[y, x]
    share[rows, columns] = np.minimum(share[rows, columns], trust)
    guessed[rows, columns] = valid[rows, columns] = True
    return guessed
