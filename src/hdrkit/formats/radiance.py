"""Radiance files, by suffix: OpenEXR and Radiance pictures both ways, float TIFF for reading.

Metadata keys that files carry: `software`, `capdate` (YYYY:MM:DD hh:mm:ss), `owner` and `camera` in both formats; in
OpenEXR also `comments` and every other key that JSON can express, such as `sources` (file names), `exposure_times`,
`response` and `alignment`.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import replace
from importlib.metadata import version
from pathlib import Path
from typing import TYPE_CHECKING, BinaryIO

import numpy as np

from hdrkit.errors import InputError, OutputError
from hdrkit.files.atomic import atomic_write, read_bytes
from hdrkit.files.text import show
from hdrkit.types import RadianceMap

if TYPE_CHECKING:
    from hdrkit.formats.exr import ExrRows
    from hdrkit.formats.rgbe import HdrRows

SUFFIXES = (".exr", ".hdr", ".pic")


def write_radiance(radiance: RadianceMap, path: Path | str, half: bool = False) -> Path:
    """Write a radiance map as .exr (float32, or 16-bit half floats on request) or .hdr, .pic, and give the path back.

    `software` is added to the metadata. Raises OutputError for another suffix, for half floats elsewhere than in .exr,
    for values that the format cannot hold, and for a place that cannot be written to.
    """
    with writing_radiance(path, radiance.pixels.shape[0], half) as write:
        write(radiance)
    return Path(path)


@contextmanager
def writing_radiance(path: Path | str, height: int, half: bool = False) -> Iterator[Callable[[RadianceMap], None]]:
    """Write a radiance map of `height` rows piece by piece, as `write_radiance` does.

    What is yielded adds rows below those before: `exr.CHUNK_ROWS` or a multiple of them, or the last ones. All pieces have
    the same metadata and layers.
    """
    suffix = Path(path).suffix.lower()
    if suffix not in SUFFIXES:
        raise OutputError(f"{show(path)}: {suffix or 'no suffix'} is no radiance format; choose .exr, .hdr or .pic")
    if half and suffix != ".exr":
        raise OutputError(f"{show(path)}: only .exr holds half floats; choose .exr or leave half out")
    software = {"software": f"hdrkit {version('hdrkit')}"}
    with atomic_write(path) as temporary, temporary.open("wb") as file:
        picture = _opened(file, path, height, half)
        yield lambda rows: picture.write(replace(rows, metadata=software | rows.metadata))


def _opened(file: BinaryIO, path: Path | str, height: int, half: bool) -> ExrRows | HdrRows:
    if Path(path).suffix.lower() == ".exr":
        from hdrkit.formats.exr import ExrRows

        return ExrRows(file, path, height, half)
    from hdrkit.formats.rgbe import HdrRows

    return HdrRows(file, path, height)


def read_radiance(path: Path | str) -> RadianceMap:
    """Read a radiance map from .exr, .hdr, .pic, or a float32 .tif. Raises InputError for anything else or a damaged file."""
    match Path(path).suffix.lower():
        case ".exr":
            from hdrkit.formats.exr import read_exr

            return read_exr(path)
        case ".hdr" | ".pic":
            from hdrkit.formats.rgbe import read_hdr

            return read_hdr(path)
        case ".tif" | ".tiff":
            return _read_tiff(path)
        case suffix:
            raise InputError(f"{show(path)}: {suffix or 'no suffix'} is no radiance; give .exr, .hdr, .pic or a float .tif")


def radiance_size(path: Path | str) -> tuple[int, int]:
    """Width and height of a radiance map, from the header where the format has one. Raises InputError as `read_radiance` does."""
    match Path(path).suffix.lower():
        case ".exr":
            from hdrkit.formats.exr import exr_size

            return exr_size(path)
        case ".hdr" | ".pic":
            from hdrkit.formats.rgbe import hdr_size

            return hdr_size(path)
        case _:
            height, width, _ = read_radiance(path).pixels.shape
            return width, height


def _read_tiff(path: Path | str) -> RadianceMap:
    import cv2

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
