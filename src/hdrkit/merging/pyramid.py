"""Pictures blended in a pyramid of details (Burt & Adelson 1983), so that no seam shows where one takes over from another."""

from __future__ import annotations

import cv2
import numpy as np
from numpy.typing import NDArray

Picture = NDArray[np.float32]

_LEAST = 8  # pixels of the shorter side, below which a picture is not halved


class Blend:
    """A weighted mean of pictures (H, W, C), taken at each scale of detail by weights that are as smooth as that scale.

    Pictures are added one at a time, and only sums are kept.
    """

    def __init__(self) -> None:
        self._sums: list[Picture] = []
        self._weights: list[Picture] = []

    def add(self, picture: Picture, weight: Picture) -> None:
        """Add a picture, and the weight of each of its pixels (H, W), which is positive."""
        scale = 0
        while min(weight.shape) >= _LEAST:
            smaller = np.asarray(cv2.pyrDown(picture), np.float32)
            self._add(scale, picture - _enlarged(smaller, picture), weight)
            picture, weight, scale = smaller, np.asarray(cv2.pyrDown(weight), np.float32), scale + 1
        self._add(scale, picture, weight)

    def _add(self, scale: int, detail: Picture, weight: Picture) -> None:
        if scale == len(self._sums):
            self._sums.append(np.zeros_like(detail))
            self._weights.append(np.zeros_like(weight))
        self._sums[scale] += detail * weight[..., None]
        self._weights[scale] += weight

    def picture(self) -> Picture:
        """The blended picture (H, W, C)."""
        picture = self._sums[-1] / self._weights[-1][..., None]
        for total, weight in zip(self._sums[-2::-1], self._weights[-2::-1], strict=True):
            picture = total / weight[..., None] + _enlarged(picture, total)
        return picture


def _enlarged(picture: Picture, like: Picture) -> Picture:
    return np.asarray(cv2.pyrUp(picture, dstsize=(like.shape[1], like.shape[0])), np.float32)
