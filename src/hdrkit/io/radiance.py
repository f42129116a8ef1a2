"""Radiance files, by suffix: OpenEXR and Radiance pictures both ways, float TIFF for reading.

Metadata keys that files carry: `software`, `capdate` (YYYY:MM:DD hh:mm:ss), `owner` and `camera` in both formats; in
OpenEXR also `comments` and every other key that JSON can express, such as `sources` (file names), `exposure_times`,
`response` and `alignment`.
"""

from __future__ import annotations

from dataclasses import replace
from importlib.metadata import version
from pathlib import Path

import numpy as np

from hdrkit.errors import InputError, OutputError
from hdrkit.io.files import read_bytes, show
from hdrkit.types import RadianceMap


def write_radiance(radiance: RadianceMap, path: Path | str, half: bool = False) -> Path:
    """Write a radiance map as .exr (float32, or 16-bit half floats on request) or .hdr, .pic, and give the path back.

    `software` is added to the metadata. Raises OutputError for another suffix, for half floats elsewhere than in .exr,
    for values that the format cannot hold, and for a place that cannot be written to.
    """
    radiance = replace(radiance, metadata={"software": f"hdrkit {version('hdrkit')}", **radiance.metadata})
    match Path(path).suffix.lower():
        case ".exr":
            from hdrkit.io.exr import write_exr

            return write_exr(radiance, path, half)
        case ".hdr" | ".pic":
            from hdrkit.io.rgbe import write_hdr

            if half:
                raise OutputError(f"{show(path)}: only .exr holds half floats; choose .exr or leave half out")
            return write_hdr(radiance, path)
        case suffix:
            raise OutputError(f"{show(path)}: {suffix or 'no suffix'} is no radiance format; choose .exr, .hdr or .pic")


def read_radiance(path: Path | str) -> RadianceMap:
    """Read a radiance map from .exr, .hdr, .pic, or a float32 .tif. Raises InputError for anything else or a damaged file."""
    match Path(path).suffix.lower():
        case ".exr":
            from hdrkit.io.exr import read_exr

            return read_exr(path)
        case ".hdr" | ".pic":
            from hdrkit.io.rgbe import read_hdr

            return read_hdr(path)
        case ".tif" | ".tiff":
            return _read_tiff(path)
        case suffix:
            raise InputError(f"{show(path)}: {suffix or 'no suffix'} is no radiance; give .exr, .hdr, .pic or a float .tif")


def radiance_size(path: Path | str) -> tuple[int, int]:
    """Width and height of a radiance map, from the header where the format has one. Raises InputError as `read_radiance` does."""
    match Path(path).suffix.lower():
        case ".exr":
            from hdrkit.io.exr import exr_size

            return exr_size(path)
        case ".hdr" | ".pic":
            from hdrkit.io.rgbe import hdr_size

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
