"""OpenEXR pictures: radiance with its variance, its validity and where it came from, in one file."""

from __future__ import annotations

import json
import warnings
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import numpy as np
import OpenEXR
from numpy.typing import NDArray

from hdrkit.errors import HdrkitWarning, InputError, OutputError
from hdrkit.io.artifacts import plain
from hdrkit.io.files import atomic_write, open_bytes, show
from hdrkit.types import RadianceMap
from hdrkit.types.image import SRGB_CHROMATICITIES

HALF_MAX = 65504.0

_STANDARD = {"software": "software", "comments": "comments", "owner": "owner", "capdate": "capDate"}
_GEOMETRY = {"whiteLuminance", "pixelAspectRatio", "screenWindowWidth", "name"}  # plain attributes that are no provenance
_OURS = "hdrkit:"
_EXPOSURE_TIMES = "exposureTimes"


def write_exr(radiance: RadianceMap, path: Path | str, half: bool = False) -> Path:
    """Write an OpenEXR picture: channels R, G, B as float32 or half, ZIP, lossless but for the rounding to half.

    Variance becomes the layer `variance` (float32), validity the channel `validity` (uint32). A map in cd/m2 gets
    whiteLuminance 1. Metadata: the strings software, comments, owner and capdate become standard attributes,
    `exposure_times` a float vector `exposureTimes` for other readers, and every key a JSON string `hdrkit:<key>`.
    Raises OutputError for values above 65504 that half cannot hold, and for a place that cannot be written to.
    """
    dtype = np.float16 if half else np.float32
    if half and (brightest := radiance.pixels.max()) > HALF_MAX:
        raise OutputError(
            f"{show(path)}: the brightest value, {brightest:.4g}, is above {HALF_MAX:.0f}, the most that half floats hold; "
            "write 32-bit floats instead"
        )
    # The package writes wrong pixels, without a word, for arrays that are not C-contiguous.
    channels: dict[str, NDArray[Any]] = {"RGB": np.ascontiguousarray(radiance.pixels, dtype)}
    if radiance.variance is not None:
        channels["variance"] = np.ascontiguousarray(radiance.variance, np.float32)
    if radiance.validity is not None:
        channels["validity"] = np.ascontiguousarray(radiance.validity, np.uint32)
    with atomic_write(path) as temporary, temporary.open("wb") as file:
        OpenEXR.File(_header(radiance), channels).write(file)
    return Path(path)


def read_exr(path: Path | str) -> RadianceMap:
    """Read an OpenEXR picture: R, G, B of any type and order, in the first layer that has them, or one gray channel.

    What `write_exr` stored comes back; other text and numbers of the header become metadata under their own names.
    Values that are negative or not finite are replaced (NaN and negative by 0, infinite by the largest finite one)
    with an HdrkitWarning. Raises InputError for a file that is damaged, or has no colour or gray channel.
    """
    with _opened(path) as picture:
        header = picture.header()
        channels = {name: channel.pixels for name, channel in picture.channels().items()}
    nits = header.get("whiteLuminance")
    variance = _layer(channels, "variance.")
    validity = channels.get("validity")
    return RadianceMap(
        pixels=_clean(_colour(channels, path) * np.float32(nits or 1.0), path),
        unit="cd/m2" if nits else "relative",
        chromaticities=tuple(round(xy, 6) for xy in header.get("chromaticities", SRGB_CHROMATICITIES)),  # float32 in the file
        variance=None if variance is None else variance * np.float32(nits or 1.0) ** 2,
        validity=None if validity is None else validity.astype(np.uint8),
        metadata=_metadata(header),
    )


def exr_size(path: Path | str) -> tuple[int, int]:
    """Width and height of an OpenEXR picture, from its header. Raises InputError as `read_exr` does."""
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


def _header(radiance: RadianceMap) -> dict[str, Any]:
    header: dict[str, Any] = {
        "compression": OpenEXR.ZIP_COMPRESSION,
        "type": OpenEXR.scanlineimage,
        "chromaticities": tuple(radiance.chromaticities),
    }
    if radiance.unit == "cd/m2":
        header["whiteLuminance"] = 1.0
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
        elif isinstance(value, (str, int, float)) and name not in (
            "whiteLuminance",
            "pixelAspectRatio",
            "screenWindowWidth",
            "name",
        ):
            metadata[ours.get(name, name)] = value
    return metadata


def _layer(channels: dict[str, NDArray[Any]], prefix: str) -> NDArray[np.float32] | None:
    """Channels R, G, B behind a prefix as (H, W, 3), None where one is missing."""
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
        f"{show(path)}: {int((~good).any(axis=-1).sum())} pixels were negative or not finite and are replaced",
        HdrkitWarning,
        stacklevel=3,
    )
    largest = pixels.max(where=good, initial=0)
    return np.maximum(np.nan_to_num(pixels, nan=0.0, posinf=largest, neginf=0.0), 0)
