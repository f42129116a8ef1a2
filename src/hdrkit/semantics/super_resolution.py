"""Small pictures, three times as large, so that an embedding network sees edges where there would be blur."""

from __future__ import annotations

from dataclasses import dataclass

import cv2
import numpy as np
from numpy.typing import NDArray

from hdrkit.errors import InputError
from hdrkit.models.network import Network

SMALL = 128  # pixels; a picture with a shorter side is enlarged
SCALE = 3
_AROUND = 8  # pixels beside a tile that the network sees and that are then cut off
_TILE = 256
_FAR_OFF = 0.05  # share of a flat grey, from which the answer of a network that enlarges pictures never differs so much
_CODES, _UNIT = 255.0, 1.0


def needs_enlarging(rgb: NDArray[np.uint8]) -> bool:
    """Whether a side of a picture (h, w, 3) is under 128 pixels."""
    return bool(min(rgb.shape[:2]) < SMALL)


@dataclass(frozen=True)
class Enlarger:
    """A network of super-resolution by three, for pictures of any size: EDSR (Lim et al. 2017) and others of its form.

    The network maps (1, channels, h, w) to (1, channels, 3h, 3w), with `white` for white. With one channel it enlarges luma, and
    bicubic interpolation the colours.
    """

    network: Network
    channels: int = 3
    white: float = _UNIT

    def __call__(self, rgb: NDArray[np.uint8]) -> NDArray[np.uint8]:
        """A picture (h, w, 3) as (3h, 3w, 3)."""
        if self.channels == 3:
            return self._tiled(rgb)
        luma_first = cv2.cvtColor(rgb, cv2.COLOR_RGB2YCrCb).astype(np.uint8)
        height, width = rgb.shape[:2]
        large = cv2.resize(luma_first, (SCALE * width, SCALE * height), interpolation=cv2.INTER_CUBIC)
        large[..., :1] = self._tiled(luma_first[..., :1])
        return cv2.cvtColor(large, cv2.COLOR_YCrCb2RGB).astype(np.uint8)

    def _tiled(self, picture: NDArray[np.uint8]) -> NDArray[np.uint8]:
        height, width, channels = picture.shape
        padded = np.pad(picture, ((_AROUND, _AROUND), (_AROUND, _AROUND), (0, 0)), "edge")
        large = np.empty((SCALE * height, SCALE * width, channels), np.uint8)
        for y in range(0, height, _TILE):
            for x in range(0, width, _TILE):
                window = padded[y : y + _TILE + 2 * _AROUND, x : x + _TILE + 2 * _AROUND]
                inner = slice(SCALE * _AROUND, -SCALE * _AROUND)
                large[SCALE * y : SCALE * (y + _TILE), SCALE * x : SCALE * (x + _TILE)] = self._enlarged(window)[inner, inner]
        return large

    def _enlarged(self, window: NDArray[np.uint8]) -> NDArray[np.uint8]:
        planes = np.ascontiguousarray(window.transpose(2, 0, 1)[None]) * np.float32(self.white / _CODES)
        codes = self.network(planes)[0][0].transpose(1, 2, 0) * np.float32(_CODES / self.white)
        rounded: NDArray[np.uint8] = np.clip(np.rint(codes), 0, _CODES).astype(np.uint8)
        return rounded


def enlarger_of(network: Network, channels: int, name: str) -> Enlarger:
    """The enlarger of a network whose value of white, 1 or 255, is not stated: the first at which flat grey stays grey.

    A network for 255 is off by some tenths of a code, which is much where white is 1.
    Raises InputError, with the name of the network, if grey becomes something else or the sides are not three times as long.
    """
    for white in (_UNIT, _CODES):
        grey = np.full((1, channels, 24, 24), white / 2, np.float32)
        answer = network(grey)[0]
        if answer.shape != (1, channels, SCALE * 24, SCALE * 24):
            raise InputError(f"{name}: it does not make pictures three times as large")
        if np.abs(answer[..., 24:-24, 24:-24] / (white / 2) - 1).mean() < _FAR_OFF:
            return Enlarger(network, channels, white)
    raise InputError(f"{name}: grey pictures do not stay grey in it, with white as 1 or as 255")
