"""What one frame of a bracket should show by another one, without exposures and curves: brighter there is brighter here.

The codes of two exposures of one scene have the same order. The code of equal rank in the other frame is therefore what a pixel
should have.
"""

from __future__ import annotations

from typing import Any, NamedTuple

import cv2
import numpy as np
from numpy.typing import NDArray

from hdrkit.types import Frame

Mask = NDArray[np.bool_]

_TOLERANCE = 0.06  # of white, by which a frame may differ from what it should show
_SPREADS = 6.0  # times the usual difference, by which it may differ too
_ERROR = 0.02  # of white, by which a code of the other frame may be wrong
_STEPS = 5  # codes over which a slope is measured
_TOLD = 0.02, 0.97  # of white: outside, the codes of the other frame do not tell what is there
_SMOOTH, _GROWN = 5, 9  # pixels: differences are averaged, and ghosts have a margin


class ExpectedCodes(NamedTuple):
    """The codes (H, W, C) that a frame should have, and how unsure they are (H, W), in shares of white."""

    codes: NDArray[Any]
    unsure: NDArray[np.float32]


def predicted(frame: Frame, model: Frame) -> ExpectedCodes:
    """What `frame` should show by `model`. Both lie on one grid and have one depth."""
    valid = np.ones(frame.pixels.shape[:2], np.bool_)
    for one in (frame, model):
        valid &= True if one.valid is None else one.valid
    if not valid.any():
        return ExpectedCodes(model.pixels, np.zeros(valid.shape, np.float32))
    codes, unsure = np.empty_like(frame.pixels), np.zeros(valid.shape, np.float32)
    for c in range(codes.shape[2]):
        table = _matched(model.pixels[..., c][valid], frame.pixels[..., c][valid], int(model.white) + 1)
        steep = np.gradient(cv2.blur(table[:, None], (1, _STEPS), borderType=cv2.BORDER_REPLICATE)[:, 0])
        index = np.minimum(model.pixels[..., c], table.size - 1)
        codes[..., c] = np.rint(table).astype(codes.dtype)[index]
        np.maximum(unsure, (_ERROR * steep * model.white / frame.white).astype(np.float32)[index], out=unsure)
    return ExpectedCodes(codes, unsure)


def ghosts_of(frame: Frame, model: Frame, should: ExpectedCodes) -> Mask:
    """Where a frame shows something else than it should by the model (H, W), with a margin."""
    low, high = (share * model.white for share in _TOLD)
    told = np.asarray(np.logical_and(model.pixels > low, model.pixels < high).all(axis=2), np.bool_)
    if not told.any():
        return np.zeros(told.shape, np.bool_)
    difference = np.abs(frame.pixels.astype(np.float32) - should.codes.astype(np.float32)).max(axis=2) / np.float32(frame.white)
    smooth = cv2.blur(difference, (_SMOOTH, _SMOOTH))
    usual = np.float32(max(_TOLERANCE, _SPREADS * float(np.median(smooth[told]))))
    ghosts = (smooth > usual + cv2.blur(should.unsure, (_SMOOTH, _SMOOTH))) & told
    opened = cv2.morphologyEx(ghosts.astype(np.uint8), cv2.MORPH_OPEN, np.ones((3, 3), np.uint8))
    return np.asarray(cv2.dilate(opened, np.ones((_GROWN, _GROWN), np.uint8)), np.bool_)


def _matched(model: NDArray[Any], frame: NDArray[Any], levels: int) -> NDArray[np.float64]:
    """The code of `frame` that has the rank of each code of `model`."""
    theirs, ours = (np.bincount(one, minlength=levels) for one in (model, frame))
    return np.interp(np.cumsum(theirs) - theirs / 2, np.cumsum(ours) - ours / 2, np.arange(ours.size))
