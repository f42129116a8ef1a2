"""Pictures for the display as the bytes of JPEG, PNG and TIFF files.

Each function takes a finite picture (H, W, 3) float RGB in 0..1, the bits of its codes (8 or 16), and the name of the file for
errors. Each raises OutputError for a picture that is too large for the format.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import cv2
import numpy as np
from numpy.typing import NDArray

from hdrkit.errors import OutputError
from hdrkit.formats.display_marks import marked_jpeg, marked_png, marked_tiff

_JPEG_LONGEST = 65500  # libjpeg's limit


def jpeg(image: NDArray[np.float32], bits: int, name: str, quality: int) -> bytes:
    """A JPEG file of 8 bits, of a quality from 1 to 100."""
    if max(image.shape) > _JPEG_LONGEST:
        raise OutputError(
            f"{name}: JPEG holds at most {_JPEG_LONGEST} pixels a side, not {max(image.shape)}; choose .png or .tif"
        )
    return marked_jpeg(_encoded(".jpg", image, bits, name, (cv2.IMWRITE_JPEG_QUALITY, quality)))


def png(image: NDArray[np.float32], bits: int, name: str) -> bytes:
    """A PNG file."""
    return marked_png(_encoded(".png", image, bits, name))


def tiff(image: NDArray[np.float32], bits: int, name: str) -> bytes:
    """A TIFF file."""
    return marked_tiff(_encoded(".tif", image, bits, name))


def _encoded(suffix: str, image: NDArray[np.float32], bits: int, name: str, settings: Sequence[int] = ()) -> bytes:
    encoded, data = cv2.imencode(suffix, _codes(image, bits), settings)
    if not encoded:
        height, width, _ = image.shape
        raise OutputError(f"{name}: {suffix} cannot hold a picture of {width} x {height} pixels; choose another")
    return data.tobytes()


def _codes(image: NDArray[np.float32], bits: int) -> NDArray[Any]:
    """Rounded codes in the order blue, green, red, as OpenCV takes them."""
    most, depth = np.full(4, 2.0**bits - 1), cv2.CV_8U if bits == 8 else cv2.CV_16U
    codes: NDArray[Any] = cv2.cvtColor(cv2.multiply(image, most, dtype=depth), cv2.COLOR_RGB2BGR)
    return codes
