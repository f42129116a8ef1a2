"""Photo -> gray codes in half its size, in which sharpness is measured, and parts of it in full size."""

from __future__ import annotations

from typing import Any

import cv2
import numpy as np
from numpy.typing import NDArray

from hdrkit.files.atomic import read_bytes
from hdrkit.formats.orientation import upright
from hdrkit.formats.pixels import decode, read_frame
from hdrkit.formats.previews import read_preview
from hdrkit.formats.suffixes import JPEG
from hdrkit.imaging.depth import eight_bit, three_channels
from hdrkit.types import Encoding, Photo


def read_half(photo: Photo) -> NDArray[np.uint8]:
    """The photo as (h, w) gray codes, upright, in half its size. A JPEG is decoded straight to that size.

    RAW gives the picture that the camera embedded. Raises InputError that names the file.
    """
    if _is_jpeg(photo):
        half = decode(read_bytes(photo.path), photo.path, cv2.IMREAD_REDUCED_GRAYSCALE_2 | cv2.IMREAD_IGNORE_ORIENTATION)
        return upright(half[:, :, None], photo.orientation)[:, :, 0]
    preview = read_preview(photo, ((photo.width + 1) // 2, (photo.height + 1) // 2))
    return np.asarray(cv2.cvtColor(preview, cv2.COLOR_RGB2GRAY), np.uint8)


def read_crop(photo: Photo, centre: tuple[int, int], side: int, data: bytes | None = None) -> NDArray[np.uint8]:
    """A square of at most `side` pixels of the photo in full size, (h, w, 3) RGB codes, as near to `centre` (x, y) as it fits.

    `data` is the content of the file if it was read already. Raises InputError that names the file.
    """
    whole = _display_pixels(photo, data)
    height, width = whole.shape[:2]
    left, top = (max(0, min(at - side // 2, most - side)) for at, most in zip(centre, (width, height), strict=True))
    return np.ascontiguousarray(whole[top : top + side, left : left + side])


def _display_pixels(photo: Photo, data: bytes | None) -> NDArray[Any]:
    if photo.encoding is Encoding.RAW:
        return read_preview(photo, (photo.width, photo.height), data)
    frame = read_frame(photo, data=data)
    return three_channels(eight_bit(frame.pixels, frame.white))


def _is_jpeg(photo: Photo) -> bool:
    return photo.encoding is Encoding.ENCODED8 and photo.path.suffix.lower() in JPEG.suffixes
