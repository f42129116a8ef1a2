"""Photographs -> small JPEG pictures."""

from __future__ import annotations

from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import cv2
import numpy as np
from numpy.typing import NDArray

from hdrkit.errors import InputError
from hdrkit.formats.previews import read_preview
from hdrkit.imaging.shrinking import within
from hdrkit.types import Photo, Progress

SIDE = 256
_DECODED = 320  # a JPEG may be decoded to half the size asked for
_SETTINGS = (cv2.IMWRITE_JPEG_QUALITY, 75, cv2.IMWRITE_JPEG_OPTIMIZE, 1)


def read_thumbnails(photos: Sequence[Photo], workers: int, progress: Progress | None = None) -> list[bytes | None]:
    """A JPEG of at most 256 x 256 pixels for each photo, in order; None for a photo that cannot be decoded."""
    thumbnails = []
    with ThreadPoolExecutor(workers) as pool:
        for thumbnail in pool.map(read_thumbnail, photos):
            thumbnails.append(thumbnail)
            if progress:
                progress("making thumbnails", len(thumbnails), len(photos))
    return thumbnails


def read_thumbnail(photo: Photo, data: bytes | None = None) -> bytes | None:
    """A JPEG of at most 256 x 256 pixels, None for a photo that cannot be decoded. `data` is the content of the file if known."""
    try:
        return _encoded(read_preview(photo, (_DECODED, _DECODED), data)[..., ::-1], SIDE)
    except InputError:
        return None


def shrunk(thumbnail: bytes, side: int) -> bytes:
    """The same picture within `side` x `side` pixels."""
    return _encoded(np.asarray(cv2.imdecode(np.frombuffer(thumbnail, np.uint8), cv2.IMREAD_COLOR)), side)


def _encoded(bgr: NDArray[Any], side: int) -> bytes:
    return cv2.imencode(".jpg", np.ascontiguousarray(within(bgr, side)), _SETTINGS)[1].tobytes()
