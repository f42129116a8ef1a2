"""TIFF pictures of 32-bit floats, read as radiance."""

from __future__ import annotations

from pathlib import Path

import cv2
import numpy as np

from hdrkit.errors import InputError
from hdrkit.files.atomic import read_bytes
from hdrkit.files.text import show
from hdrkit.types import RadianceMap


def read_float_tiff(path: Path | str) -> RadianceMap:
    """Read a float32 gray or RGB TIFF. Raises InputError for any other TIFF, a damaged one, or values below 0 or not finite."""
    data = np.frombuffer(read_bytes(path), np.uint8)
    pixels = cv2.imdecode(data, cv2.IMREAD_UNCHANGED) if data.size else None
    if pixels is None:
        raise InputError(f"{show(path)}: not a TIFF picture, or a damaged one; fetch or render it again")
    if pixels.dtype != np.float32 or pixels.ndim == 3 and pixels.shape[2] != 3:
        raise InputError(
            f"{show(path)}: holds {pixels.dtype} {pixels.shape}; radiance is read from float32 gray or RGB TIFF only"
        )
    if not (pixels.min() >= 0 and np.isfinite(pixels.max())):
        raise InputError(f"{show(path)}: holds values that are negative or not finite; clean the picture first")
    return RadianceMap(np.repeat(pixels[..., None], 3, axis=2) if pixels.ndim == 2 else np.ascontiguousarray(pixels[..., ::-1]))
