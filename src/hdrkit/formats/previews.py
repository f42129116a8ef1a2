"""Photo -> preview: small RGB codes, upright, decoded no larger than needed.

JPEG is decoded straight to a half, a quarter or an eighth. RAW gives the picture that the camera embedded.
"""

from __future__ import annotations

import hashlib
import io
from collections.abc import Container, Iterable, Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import cv2
import numpy as np
from numpy.typing import NDArray
from PIL import Image

from hdrkit.errors import InputError
from hdrkit.files.atomic import read_bytes
from hdrkit.formats.metadata import read_content, read_photo
from hdrkit.formats.orientation import upright
from hdrkit.formats.pixels import decode, read_frame
from hdrkit.imaging.depth import eight_bit, three_channels
from hdrkit.imaging.threads import ahead
from hdrkit.types import Encoding, Photo

JPEG = b"\xff\xd8\xff"
_REDUCED = {1: 0, 2: cv2.IMREAD_REDUCED_GRAYSCALE_2, 4: cv2.IMREAD_REDUCED_GRAYSCALE_4, 8: cv2.IMREAD_REDUCED_GRAYSCALE_8}
_DISPLAY_GAMMA = 2.2
_WHITE_QUANTILE = 0.99


@dataclass(frozen=True)
class Preview:
    """A photo, the digest of its file, and its preview `pixels` (h, w, 3), None if the digest was known."""

    photo: Photo
    digest: bytes
    pixels: NDArray[np.uint8] | None


def read_previews(
    files: Iterable[Path | Photo], target_size: tuple[int, int], workers: int, known: Container[bytes] = ()
) -> Iterator[Preview | InputError]:
    """The preview of each file, in order, or the error that says why it has none; see `read_preview`.

    A file is read once, for its metadata (unless it is given as a photo), digest and pixels. `workers` threads read a few files
    ahead. Files whose digest is `known` are not decoded.
    """
    with ThreadPoolExecutor(workers) as pool:
        yield from ahead(pool, lambda file: _preview(file, target_size, known), files, 2 * workers)


def _preview(file: Path | Photo, target_size: tuple[int, int], known: Container[bytes]) -> Preview | InputError:
    try:
        data = read_content(file if isinstance(file, Path) else file.path)
        photo = read_photo(file, data=data) if isinstance(file, Path) else file
        digest = content_digest(data)
        return Preview(photo, digest, None if digest in known else read_preview(photo, target_size, data))
    except InputError as error:
        return error


def content_digest(data: bytes) -> bytes:
    """16 bytes of BLAKE2b over the whole content of a file.

    The whole content counts for RAW files too, because frames of one bracket can share size, header and a black end.
    """
    return hashlib.blake2b(data, digest_size=16).digest()


def read_preview(photo: Photo, target_size: tuple[int, int], data: bytes | None = None) -> NDArray[np.uint8]:
    """The photo as (h, w, 3) uint8 RGB codes, upright, within `target_size` (width, height), never enlarged.

    A JPEG is decoded to the largest of 1, 1/2, 1/4 and 1/8 that fits, so it may be half as large as `target_size`. Other pictures
    are averaged to fill `target_size`. 16-bit codes become 8-bit ones at the same share of white. RAW gives its embedded picture,
    or a demosaiced one if that is less than half of `target_size`. Radiance shows its 0.99 quantile as white, with gamma 2.2.
    `data` is the content of the file if it was read already. Raises InputError that names the file.
    """
    if photo.encoding is Encoding.FLOAT:
        return three_channels(_display_codes(_fit(read_frame(photo).pixels, target_size)))
    data = read_bytes(photo.path) if data is None else data
    if photo.encoding is Encoding.RAW:
        return _fit(_raw_preview(photo, target_size, data), target_size)
    if photo.encoding is Encoding.ENCODED8 and data.startswith(JPEG):
        stored, target = (photo.width, photo.height), target_size
        if photo.orientation >= 5:
            stored, target = stored[::-1], target[::-1]
        return _fit(upright(_decode_reduced(data, photo.path, stored, target), photo.orientation), target_size)
    frame = read_frame(photo, data=data)
    return three_channels(eight_bit(_fit(frame.pixels, target_size), frame.white))


def _decode_reduced(data: bytes, path: Path, size: tuple[int, int], target_size: tuple[int, int]) -> NDArray[Any]:
    """A JPEG of `size` (width, height), not turned, decoded to the largest reduction within `target_size`, or to 1/8."""
    fitting = (n for n in _REDUCED if all(-(-side // n) <= most for side, most in zip(size, target_size, strict=True)))
    return decode(data, path, cv2.IMREAD_COLOR_RGB | cv2.IMREAD_IGNORE_ORIENTATION | _REDUCED[next(fitting, 8)])


def _raw_preview(photo: Photo, target_size: tuple[int, int], data: bytes) -> NDArray[np.uint8]:
    from hdrkit.formats.raw import develop_half, read_embedded  # loads LibRaw

    embedded = read_embedded(photo, data)
    if isinstance(embedded, bytes):
        embedded = _embedded_jpeg(embedded, photo, target_size)
    if embedded is None or 2 * max(embedded.shape[:2]) < min(max(target_size), max(photo.width, photo.height)):
        return develop_half(photo, data)
    height, width = embedded.shape[:2]
    turned_already = photo.orientation >= 5 and (width > height) == (photo.width > photo.height)
    return embedded if turned_already else upright(embedded, photo.orientation)


def _embedded_jpeg(data: bytes, photo: Photo, target_size: tuple[int, int]) -> NDArray[np.uint8] | None:
    """The embedded picture, decoded no larger than needed; None if it is damaged."""
    try:
        with Image.open(io.BytesIO(data)) as header:
            size = header.size
        return _decode_reduced(data, photo.path, size, (max(target_size), max(target_size)))
    except (OSError, SyntaxError, ValueError, InputError):
        return None


def _fit(pixels: NDArray[Any], target_size: tuple[int, int]) -> NDArray[Any]:
    """Pixels averaged to the largest size of the same shape within `target_size`."""
    height, width, channels = pixels.shape
    scale = min(target_size[0] / width, target_size[1] / height)
    if scale >= 1:
        return pixels
    smaller = cv2.resize(pixels, (max(1, round(scale * width)), max(1, round(scale * height))), interpolation=cv2.INTER_AREA)
    return smaller.reshape(*smaller.shape[:2], channels)


def _display_codes(light: NDArray[np.float32]) -> NDArray[np.uint8]:
    white = max(float(np.quantile(light, _WHITE_QUANTILE)), 1e-30)
    shown: NDArray[np.float32] = np.clip(light / white, 0, 1) ** (1 / _DISPLAY_GAMMA)
    return eight_bit(shown, 1)
