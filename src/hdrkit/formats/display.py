"""Display pictures: encoded RGB in 0..1 to JPEG, PNG and TIFF."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import cv2
import numpy as np
from numpy.typing import NDArray

from hdrkit.errors import OutputError
from hdrkit.files.atomic import write_bytes
from hdrkit.files.text import show

_DEPTHS = {".jpg": (8,), ".jpeg": (8,), ".png": (8, 16), ".tif": (8, 16), ".tiff": (8, 16)}
_JPEG = (".jpg", ".jpeg")
_JPEG_SETTINGS = (cv2.IMWRITE_JPEG_QUALITY, 95)
_JPEG_LONGEST = 65500  # libjpeg's limit


def most_bits(path: Path | str) -> int:
    """The most bits that a display format holds: 8 in JPEG, else 16."""
    return 8 if Path(path).suffix.lower() in _JPEG else 16


def write_display(image: NDArray[np.float32], path: Path | str, bits: int = 8) -> Path:
    """Write a display-encoded picture (H, W, 3) float RGB in 0..1, clipped and rounded to `bits` 8 or 16, and give the path back.

    JPEG (quality 95) holds 8 bits, PNG and TIFF either. Raises OutputError for another suffix or depth, a picture that is
    not finite RGB or too large for the format, and for a place that cannot be written to.
    """
    suffix = Path(path).suffix.lower()
    if suffix not in _DEPTHS:
        raise OutputError(f"{show(path)}: {suffix or 'no suffix'} is no display format; choose .jpg, .png or .tif")
    if bits not in _DEPTHS[suffix]:
        raise OutputError(f"{show(path)}: {suffix} does not hold {bits} bits; choose 8, or 16 with .png or .tif")
    if image.ndim != 3 or image.shape[2] != 3 or image.size == 0 or not np.isfinite(image).all():
        raise OutputError(f"{show(path)}: a display picture is finite RGB (H, W, 3), not {image.dtype} {image.shape}")
    if suffix in _JPEG and max(image.shape) > _JPEG_LONGEST:
        raise OutputError(f"{show(path)}: JPEG holds {_JPEG_LONGEST} pixels a side, not {max(image.shape)}; choose .png or .tif")
    encoded, data = cv2.imencode(suffix, _codes(image, bits), _JPEG_SETTINGS if suffix in _JPEG else ())
    if not encoded:
        raise OutputError(
            f"{show(path)}: {suffix} cannot hold a picture of {image.shape[1]} x {image.shape[0]} pixels; choose another"
        )
    return write_bytes(path, data.tobytes())


def _codes(image: NDArray[np.float32], bits: int) -> NDArray[Any]:
    """Rounded codes in the order blue, green, red, as OpenCV takes them."""
    most, depth = np.full(4, 2.0**bits - 1), cv2.CV_8U if bits == 8 else cv2.CV_16U
    codes: NDArray[Any] = cv2.cvtColor(cv2.multiply(image, most, dtype=depth), cv2.COLOR_RGB2BGR)
    return codes
