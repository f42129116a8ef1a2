"""A face at a standard exposure: what its eyes and mouth show must not follow how much light it got.

Codes become light by the sRGB curve. The light is scaled so that the median luminance of the face is `STANDARD`, and encoded
again. A face that is two EV darker or brighter looks the same afterwards, except for what noise and clipping took.
"""

from __future__ import annotations

from dataclasses import dataclass

import cv2
import numpy as np
from numpy.typing import NDArray

from hdrkit.imaging.colour import LUMINANCE, light_of_srgb, srgb_of_light

STANDARD = 0.2  # luminance of a face, relative to white: between dark and light skin in good light
CLIPPED = 252  # 8-bit codes from here on have lost what they saw
_MIDDLE = 0.28  # half axes of the ellipse that is face for certain, as a share of the side of a crop

_LIGHT = light_of_srgb(np.arange(256, dtype=np.float32) / 255).astype(np.float32)


@dataclass(frozen=True)
class ExposedFace:
    """The crop of a face: `codes` (N, N, 3) are 0..1 sRGB at the standard exposure, `luminance` is its median before, 0..1.

    `clipped` (N, N) marks pixels with a channel that is clipped in the photograph.
    """

    codes: NDArray[np.float32]
    clipped: NDArray[np.bool_]
    luminance: float


def expose(crop: NDArray[np.uint8]) -> ExposedFace:
    """A square crop (N, N, 3) around a face, RGB 8-bit sRGB codes, at the standard exposure."""
    luminance = face_luminance(crop)
    table = srgb_of_light(np.clip(_LIGHT * np.float32(STANDARD / max(luminance, float(_LIGHT[1]))), 0, 1))
    clipped = (crop[..., 0] >= CLIPPED) | (crop[..., 1] >= CLIPPED) | (crop[..., 2] >= CLIPPED)
    return ExposedFace(table.astype(np.float32)[crop], clipped, luminance)


def face_luminance(crop: NDArray[np.uint8]) -> float:
    """The median luminance of the middle of a square crop around a face, 0..1."""
    side = crop.shape[0]
    middle = np.zeros((side, side), np.uint8)
    cv2.ellipse(middle, (side // 2, side // 2), (int(_MIDDLE * side), int(_MIDDLE * side)), 0, 0, 360, 1, -1)
    return float(np.median(_LIGHT[crop[middle > 0]] @ LUMINANCE))
