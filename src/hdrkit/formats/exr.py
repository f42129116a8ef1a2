"""OpenEXR pictures: radiance with its variance, its validity and its origin, in one file."""

from __future__ import annotations

import ctypes
import json
import os
import struct
import warnings
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager, suppress
from functools import cache
from io import BytesIO
from itertools import pairwise
from pathlib import Path
from typing import Any, BinaryIO

import numpy as np
import OpenEXR
from numpy.typing import NDArray

from hdrkit.errors import HdrkitWarning, InputError, OutputError
from hdrkit.files.atomic import open_bytes
from hdrkit.files.json_text import plain
from hdrkit.files.text import show
from hdrkit.types import RadianceMap
from hdrkit.types.image import SRGB_CHROMATICITIES, scale_of

HALF_MAX = 65504.0
CHUNK_ROWS = 16  # rows that ZIP compresses together

_STANDARD = {"software": "software", "comments": "comments", "owner": "owner", "capdate": "capDate"}
_GEOMETRY = {"whiteLuminance", "pixelAspectRatio", "screenWindowWidth", "name"}  # plain attributes that do not tell the origin
_OURS = "hdrkit:"
_BLOCK_PIXELS = 1 << 19  # pixels that a thread compresses at a time
_EXPOSURE_TIMES = "exposureTimes"
_ZIP_LEVEL = 1  # of 9: a quarter to a third faster than the 4 of OpenEXR; photographs become 0 to 2 % larger


class ExrRows:
    """An OpenEXR picture, written from top to bottom, some rows at a time, to a file that is open and empty.

    The channels R, G, B are float32 or half, compressed with ZIP; only the rounding to half loses anything. Variance becomes the
    layer `variance` (float32), validity the channel `validity` (half). A map in cd/m2 gets whiteLuminance 1. If the metadata
    have a `scale`, the file holds the values times this number, and `read_exr` divides by it. Of the metadata the strings
    software, comments, owner and capdate become standard attributes, `exposure_times` a float vector `exposureTimes` for other
    readers, and every key a JSON string `hdrkit:<key>`.

    The package writes whole pictures only. Threads therefore write blocks of rows as pictures in memory. Their chunks, each
    compressed on its own, are joined under one header.
    """

    def __init__(self, file: BinaryIO, path: Path | str, height: int, half: bool = False):
        self._file, self._path, self._height, self._half = file, path, height, half
        self._offsets: list[int] = []
        self._table = 0  # where the offsets belong
        self._row = 0

    def write(self, rows: RadianceMap) -> None:
        """Add `CHUNK_ROWS` rows, a multiple of them, or the last rows. Raises OutputError for values that half cannot hold."""
        height, width, _ = rows.pixels.shape
        step = CHUNK_ROWS * max(1, _BLOCK_PIXELS // (CHUNK_ROWS * width))
        with ThreadPoolExecutor(os.cpu_count()) as pool:
            for encoded in pool.map(lambda top: self._encoded(rows, top, top + step), range(0, height, step)):
                self._append(*encoded)

    def _encoded(self, rows: RadianceMap, top: int, bottom: int) -> tuple[memoryview, list[memoryview]]:
        """The header of these rows as a picture, and its chunks."""
        _set_zip_level()
        file = BytesIO()
        OpenEXR.File(_header(rows), _channels(rows, slice(top, bottom), self._half, self._path), num_threads=0).write(file)
        return split_header(file.getbuffer())

    def _append(self, header: memoryview, chunks: list[memoryview]) -> None:
        if self._row == 0:
            self._file.write(_with_height(header, self._height))
            self._table = self._file.tell()
            self._file.write(bytes(8 * -(-self._height // CHUNK_ROWS)))
        for chunk in chunks:
            self._offsets.append(self._file.tell())
            self._file.write(struct.pack("<i", self._row))
            self._file.write(chunk)
            self._row += CHUNK_ROWS
        if self._row >= self._height:
            self._file.seek(self._table)
            self._file.write(struct.pack(f"<{len(self._offsets)}Q", *self._offsets))


@cache
def _set_zip_level() -> None:
    """Set how hard ZIP compresses in this process. The package has no function for it, but holds that of the C library."""
    with suppress(AttributeError, OSError):  # a package that is built differently keeps its level
        ctypes.CDLL(OpenEXR.__file__).exr_set_default_zip_compression_level(_ZIP_LEVEL)


def read_exr(path: Path | str) -> RadianceMap:
    """Read an OpenEXR picture: R, G, B of any type and order, in the first layer that has them, or one gray channel.

    All that `ExrRows` stored is restored. Other text and numbers of the header become metadata under their own names. Values that
    are negative or not finite are replaced with an HdrkitWarning: NaN and negative ones by 0, infinite ones by the largest finite
    one. Raises InputError for a file that is damaged, or that has neither colour nor one gray channel.
    """
    with _opened(path) as picture:
        header = picture.header()
        channels = {name: channel.pixels for name, channel in picture.channels().items()}
    nits, metadata = header.get("whiteLuminance"), _metadata(header)
    unit = np.float32(nits or 1 / scale_of(metadata))
    variance = _layer(channels, "variance.")
    validity = channels.get("validity")
    return RadianceMap(
        pixels=_clean(_colour(channels, path) * unit, path),
        unit="cd/m2" if nits else "relative",
        chromaticities=tuple(round(xy, 6) for xy in header.get("chromaticities", SRGB_CHROMATICITIES)),  # float32 in the file
        variance=None if variance is None else variance * unit**2,
        validity=None if validity is None else validity.astype(np.uint8),
        metadata=metadata,
    )


def exr_size(path: Path | str) -> tuple[int, int]:
    """Width and height of an OpenEXR picture, from its header. Raises the InputError of `read_exr`."""
    with _opened(path, header_only=True) as picture:
        low, high = picture.header()["dataWindow"]
        return int(high[0] - low[0]) + 1, int(high[1] - low[1]) + 1


@contextmanager
def _opened(path: Path | str, header_only: bool = False) -> Iterator[Any]:
    with open_bytes(path) as file:
        try:
            yield OpenEXR.File(file, separate_channels=True, header_only=header_only)
        except (RuntimeError, ValueError, TypeError, KeyError) as error:
            raise InputError(f"{show(path)}: not an OpenEXR picture, or a damaged one; fetch or render it again") from error


def _channels(radiance: RadianceMap, rows: slice, half: bool, path: Path | str) -> dict[str, NDArray[Any]]:
    scale = np.float32(scale_of(radiance.metadata))
    pixels = radiance.pixels[rows] if scale == 1 else radiance.pixels[rows] * scale
    if half and (brightest := pixels.max()) > HALF_MAX:
        raise OutputError(
            f"{show(path)}: the brightest value, {brightest:.4g}, is above {HALF_MAX:.0f}, the most that half floats hold; "
            "write 32-bit floats, or smaller values with --scale normal"
        )
    # For arrays that are not C-contiguous the package writes wrong pixels without an error.
    channels: dict[str, NDArray[Any]] = {"RGB": np.ascontiguousarray(pixels, np.float16 if half else np.float32)}
    if radiance.variance is not None:
        channels["variance"] = np.ascontiguousarray(radiance.variance[rows] * scale**2, np.float32)
    if radiance.validity is not None:
        channels["validity"] = np.ascontiguousarray(radiance.validity[rows], np.float16)
    return channels


def split_header(picture: memoryview) -> tuple[memoryview, list[memoryview]]:
    """The header of a picture of scanlines, and its chunks without the row number at their beginning."""
    end = _attributes(picture)[""]
    (first,) = struct.unpack_from("<Q", picture, end)
    offsets = [*struct.unpack_from(f"<{(first - end) // 8}Q", picture, end), len(picture)]
    return picture[:end], [picture[a + 4 : b] for a, b in pairwise(offsets)]


def _with_height(header: memoryview, height: int) -> bytes:
    """The header of a picture with another number of rows."""
    patched = bytearray(header)
    for name in ("dataWindow", "displayWindow"):
        struct.pack_into("<i", patched, _attributes(header)[name] + 12, height - 1)  # left, top, right, bottom
    return bytes(patched)


def _attributes(picture: memoryview) -> dict[str, int]:
    """The offset of the value of each attribute by its name, and under the empty name the end of the header."""
    at, found = 8, {}
    while picture[at]:
        name, kind, _ = bytes(picture[at : at + 512]).split(b"\0", 2)
        at += len(name) + len(kind) + 2
        found[name.decode()] = at + 4
        at += 4 + struct.unpack_from("<i", picture, at)[0]
    return found | {"": at + 1}


def _header(radiance: RadianceMap) -> dict[str, Any]:
    header: dict[str, Any] = {
        "compression": OpenEXR.ZIP_COMPRESSION,  # up to three times as fast as PIZ, and as small for photographs
        "type": OpenEXR.scanlineimage,
        "chromaticities": tuple(radiance.chromaticities),
    }
    if radiance.unit == "cd/m2":
        header["whiteLuminance"] = 1.0 / scale_of(radiance.metadata)
    for key, value in radiance.metadata.items():
        if key in _STANDARD and isinstance(value, str):
            header[_STANDARD[key]] = value.encode("utf-8", "backslashreplace").decode()
        else:
            header[_OURS + key] = json.dumps(plain(value))
    times = radiance.metadata.get("exposure_times")
    if times is not None and len(times):
        header[_EXPOSURE_TIMES] = [float(time) for time in times]
    return header


def _metadata(header: dict[str, Any]) -> dict[str, Any]:
    ours = {standard: key for key, standard in _STANDARD.items()}
    metadata: dict[str, Any] = {}
    for name, value in header.items():
        if name.startswith(_OURS) and isinstance(value, str):
            try:
                metadata[name.removeprefix(_OURS)] = json.loads(value)
            except ValueError:
                metadata[name] = value
        elif isinstance(value, (str, int, float)) and name not in _GEOMETRY:
            metadata[ours.get(name, name)] = value
    return metadata


def _layer(channels: dict[str, NDArray[Any]], prefix: str) -> NDArray[np.float32] | None:
    """The channels R, G, B with a prefix as (H, W, 3), None if one is missing."""
    names = [prefix + letter for letter in "RGB"]
    if not channels.keys() >= set(names):
        return None
    return np.stack([channels[name] for name in names], axis=-1, dtype=np.float32, casting="unsafe")


def _colour(channels: dict[str, NDArray[Any]], path: Path | str) -> NDArray[np.float32]:
    layers = sorted({name[:-1] for name in channels if name.endswith(".R")} - {"variance."})
    for prefix in ("", *layers):
        if (colour := _layer(channels, prefix)) is not None:
            return colour
    gray = [name for name in channels if name not in ("A", "validity")]
    if len(gray) != 1:
        raise InputError(
            f"{show(path)}: holds the channels {', '.join(sorted(channels))}; save it with R, G, B or with one gray channel"
        )
    return np.repeat(channels[gray[0]].astype(np.float32)[..., None], 3, axis=-1)


def _clean(pixels: NDArray[np.float32], path: Path | str) -> NDArray[np.float32]:
    if pixels.size and pixels.min() >= 0 and np.isfinite(pixels.max()):
        return pixels
    good = np.isfinite(pixels) & (pixels >= 0)
    warnings.warn(
        f"{show(path)}: {int((~good).any(axis=-1).sum())} pixels are negative or not finite and are replaced",
        HdrkitWarning,
        stacklevel=3,
    )
    largest = pixels.max(where=good, initial=0)
    return np.maximum(np.nan_to_num(pixels, nan=0.0, posinf=largest, neginf=0.0), 0)
