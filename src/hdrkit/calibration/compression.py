"""Detection of JPEG compression in a frame: its blocks of 8 x 8 pixels leave a pattern that no lens makes."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import cv2
import numpy as np
from numpy.typing import NDArray

from hdrkit.types import Frame

_PERIODS = (7, 8, 9)  # pixels: the side of a block, between two others
_MIDDLE = 512  # pixels: side of the area that is examined
_CLEARLY = 2.0  # times the pattern of 7 or 9 pixels; without compression it stays near 1, quality 95 leaves 10 or more
_STRONGEST = 6.0  # codes: larger differences are edges of objects, not of blocks


def compressed(frames: Sequence[Frame]) -> bool:
    """Whether most of the frames show the blocks of JPEG of quality 98 or less."""
    return bool(np.median([_clarity(frame) for frame in frames]) > _CLEARLY)


def _clarity(frame: Frame) -> float:
    """The ratio of the pattern of blocks to the patterns of other periods."""
    height, width = frame.pixels.shape[:2]
    top, left = max(0, (height - _MIDDLE) // 2), max(0, (width - _MIDDLE) // 2)
    crop = frame.pixels[top : top + _MIDDLE, left : left + _MIDDLE].astype(np.float32)
    gray = crop @ np.ones(crop.shape[2], np.float32) / np.float32(crop.shape[2])
    gray *= np.float32(255 / (frame.levels - 1))
    along, down = _calm_differences(gray), _calm_differences(cv2.transpose(gray))
    lower, blocks, higher = (_pattern(*along, period) + _pattern(*down, period) for period in _PERIODS)
    return blocks / max(lower, higher, 1e-9)


def _calm_differences(gray: NDArray[Any]) -> tuple[NDArray[Any], NDArray[Any]]:
    """Sum and number, by column, of the third differences along rows, without edges."""
    third = np.abs(np.diff(gray, 3, axis=1))
    calm = (third < _STRONGEST).astype(np.float32)
    return np.einsum("yx,yx->x", third, calm), calm.sum(axis=0)


def _pattern(total: NDArray[Any], count: NDArray[Any], period: int) -> float:
    """How much the differences vary with their position in a period, relative to their median. It is 0 in small pictures."""
    whole = total.size // period * period
    if whole == 0:
        return 0.0
    totals, counts = (one[:whole].reshape(-1, period).sum(axis=0) for one in (total, count))
    by_place = totals / np.maximum(counts, 1)
    return float(np.abs(by_place / max(np.median(by_place), 1e-9) - 1).max())
