"""Which parts of a picture are embedded beside the whole of it, and how the vectors of all become one."""

from __future__ import annotations

from collections.abc import Sequence
from math import ceil

import numpy as np
from numpy.typing import NDArray

from hdrkit.semantics.detectors.detector import SeenObject
from hdrkit.semantics.options import Crop
from hdrkit.semantics.saliency import Region

MOST_CROPS = 8  # of a picture
_MARGIN = 0.05  # around a box, relative to its sides
_LEAST = 30  # pixels of a side, from which a box shows enough
_ROUNDING = 1e-6  # pixels that are none, from a sum of floats
_WHOLE = 0.9  # share of the picture from which a box shows the same as the whole

Box = tuple[float, float, float, float]


def regions_of(objects: Sequence[SeenObject], size: tuple[int, int]) -> list[Region]:
    """Objects in a picture of `size` (width, height) as regions of it; the surest weighs most."""
    width, height = size
    return [Region((x / width, y / height, w / width, h / height), one.confidence) for one in objects for x, y, w, h in [one.box]]


def chosen_boxes(regions: Sequence[Region], crop: Crop, size: tuple[int, int]) -> tuple[Box, ...]:
    """The boxes (x, y, width, height) of a picture of `size` (width, height) that are to be embedded, relative to it.

    They have a margin. What is 30 pixels or less, or nearly the whole picture, is left out. Of the others, `main` takes the one
    that weighs most, `largest` the one with the largest box, and `all` the eight that weigh most.
    """
    boxes = {_with_margin(one.box): one.weight for one in regions}
    usable = [box for box in boxes if _shows_a_part(box, size)]
    by_weight = sorted(usable, key=lambda box: -boxes[box])
    match crop:
        case Crop.OFF:
            return ()
        case Crop.MAIN:
            return tuple(by_weight[:1])
        case Crop.LARGEST:
            return tuple(sorted(by_weight, key=lambda box: -box[2] * box[3])[:1])
        case Crop.ALL:
            return tuple(by_weight[:MOST_CROPS])


def cropped(rgb: NDArray[np.uint8], box: Box) -> NDArray[np.uint8]:
    """The pixels of a picture (h, w, 3) that a box touches."""
    height, width = rgb.shape[:2]
    left, top = int(box[0] * width + _ROUNDING), int(box[1] * height + _ROUNDING)
    right, bottom = ceil((box[0] + box[2]) * width - _ROUNDING), ceil((box[1] + box[3]) * height - _ROUNDING)
    return np.ascontiguousarray(rgb[top:bottom, left:right])


def combined(whole: NDArray[np.float32], crops: NDArray[np.float32]) -> NDArray[np.float32]:
    """One unit vector (D,) of a picture from those of the whole (D,) and of its crops (K, D), which count half together.

    The whole stays in it, so that a scene is told from another with a like object. Without crops it is the vector of the whole.
    """
    both = whole + crops.mean(axis=0) if len(crops) else whole
    return np.asarray(both / max(float(np.linalg.norm(both)), 1e-12), np.float32)


def _with_margin(box: Box) -> Box:
    x, y, width, height = box
    left, top = max(0.0, x - _MARGIN * width), max(0.0, y - _MARGIN * height)
    right, bottom = min(1.0, x + (1 + _MARGIN) * width), min(1.0, y + (1 + _MARGIN) * height)
    return left, top, right - left, bottom - top


def _shows_a_part(box: Box, size: tuple[int, int]) -> bool:
    return min(box[2] * size[0], box[3] * size[1]) > _LEAST and box[2] * box[3] < _WHOLE
