"""The objects of a picture: regions whose colours are not those of its border, where the background is.

Wei, Wen, Zhu, Sun: Geodesic Saliency Using Background Priors. ECCV 2012, from which the prior is: photographers seldom cut their
object by the border. No network is needed. `python -m benchmarks map_crops` compares it with class-activation maps and the
saliency of OpenCV.
"""

from __future__ import annotations

from dataclasses import dataclass

import cv2
import numpy as np
from numpy.typing import NDArray

_SIDE = 32  # pixels of the small picture that is looked at
_BORDER_SHARE = 0.05  # of the border, whose colours are no background: so an object may touch it
_STANDS_OUT = 0.25  # of the largest contrast
_FINE = 112  # pixels of the map from which boxes are taken
_LEAST_CONTRAST = 4.0  # in CIELAB, for anything to stand out
_EVEN = 0.5  # of the largest contrast: an object has as much on average, while what stands out in a scene has peaks
_OF_ALL = 0.8  # of the contrast that stands out lies in objects, or else the picture is a scene


@dataclass(frozen=True)
class Region:
    """A part of a picture that stands out: its box (x, y, width, height) relative to the picture, and its contrast summed up."""

    box: tuple[float, float, float, float]
    weight: float


def contrast_with_border(rgb: NDArray[np.uint8]) -> NDArray[np.float32]:
    """How far the colours of a picture (h, w, 3) are from those of its border: (32, 32) distances in CIELAB."""
    small = cv2.resize(rgb, (_SIDE, _SIDE), interpolation=cv2.INTER_AREA).astype(np.float32) / np.float32(255)
    colours = cv2.cvtColor(small, cv2.COLOR_RGB2LAB)
    border = np.ones((_SIDE, _SIDE), bool)
    border[1:-1, 1:-1] = False
    distances = np.linalg.norm(colours.reshape(-1, 1, 3) - colours[border], axis=2)
    nearest = int(_BORDER_SHARE * border.sum())
    return np.asarray(np.partition(distances, nearest, axis=1)[:, nearest].reshape(_SIDE, _SIDE), np.float32)


def salient_regions(rgb: NDArray[np.uint8]) -> list[Region]:
    """The objects of a picture that stand out from its background, the weightiest first; none in a scene."""
    contrast = cv2.resize(contrast_with_border(rgb), (_FINE, _FINE), interpolation=cv2.INTER_LINEAR)
    if contrast.max() < _LEAST_CONTRAST:
        return []
    contrast = (contrast - contrast.min()) / (contrast.max() - contrast.min())
    count, labels, stats, _ = cv2.connectedComponentsWithStats((contrast > _STANDS_OUT).astype(np.uint8))
    weights = np.bincount(labels.ravel(), contrast.ravel(), count)
    objects = [i for i in range(1, count) if weights[i] >= _EVEN * stats[i, cv2.CC_STAT_AREA]]
    if weights[objects].sum() < _OF_ALL * weights[1:].sum():
        return []
    boxes = stats[:, :4] / _FINE
    order = sorted(objects, key=lambda i: (-weights[i], i))
    return [Region(tuple(map(float, boxes[i])), float(weights[i])) for i in order]  # type: ignore[arg-type]
