"""Radiance pictures (.hdr, .pic): three mantissas and one exponent, four bytes a pixel.

The formats follow Ward, "Real Pixels" (Graphics Gems II, 1991) and the Radiance file format document. As in Radiance, the
writer truncates mantissas and the reader adds half a step, so that the mean error is zero.
"""

from __future__ import annotations

import math
import os
import re
import warnings
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path
from typing import BinaryIO

import numpy as np
from numpy.typing import NDArray

from hdrkit.errors import HdrkitWarning, InputError, OutputError
from hdrkit.files.atomic import open_bytes, read_bytes
from hdrkit.files.text import show
from hdrkit.formats.rle import TRUNCATED, decode_scanlines, encode_scanlines
from hdrkit.imaging.compiled import compiled
from hdrkit.types import RadianceMap
from hdrkit.types.image import scale_of

RADIANCE_CHROMATICITIES = (0.640, 0.330, 0.290, 0.600, 0.150, 0.060, 1 / 3, 1 / 3)  # if PRIMARIES= is missing

_RGBE, _XYZE = "32-bit_rle_rgbe", "32-bit_rle_xyze"
_EFFICACY = 179.0  # lm/W: Radiance counts luminance as 179 times the value
_UNIT = "HDRKIT_UNIT"
_VARIABLES = ("software", "camera", "capdate", "gmt", "latlong", "owner", "view")  # the metadata that are written
_BLACK = np.float32(1e-32)
_LARGEST = 2.0**127
# By the exponent bits of the largest channel as a float32. Values that are not black have an exponent of 20 or more.
_TO_MANTISSA = np.where(np.arange(256), np.ldexp(np.float32(1), 134 - np.maximum(np.arange(256), 20)), np.float32(0))
_LONGEST_HEADER = 1 << 20
_BLOCK = 1 << 18  # pixels at a time, so that temporaries stay small
_RESOLUTION = re.compile(rb"([-+])([XY]) +(\d{1,9}) +([-+])([XY]) +(\d{1,9})")


class HdrRows:
    """A Radiance picture, written from top to bottom, some rows at a time, to a file that is open and empty.

    A pixel keeps 8 bits below its largest channel (relative error under 1/128 of that channel). A map in cd/m2 gets
    `EXPOSURE=179`, so that Radiance tools, which multiply by 179 lm/W, show its luminance. A `scale` among the metadata
    multiplies the values and `EXPOSURE=`. Of the metadata only the strings software, camera, capdate, gmt, latlong, owner and
    view are kept.
    """

    def __init__(self, file: BinaryIO, path: Path | str, height: int):
        self._file, self._path, self._height = file, path, height

    def write(self, rows: RadianceMap) -> None:
        """Add rows. Raises OutputError for values that are negative, not finite or above 1.7e38."""
        height, width, _ = rows.pixels.shape
        if self._file.tell() == 0:
            self._file.write(_header(rows) + f"-Y {self._height} +X {width}\n".encode())
        step = max(1, _BLOCK // width)
        with ThreadPoolExecutor(os.cpu_count()) as pool:
            for encoded in pool.map(lambda top: self._encoded(_scaled(rows, top, top + step)), range(0, height, step)):
                self._file.write(encoded)

    def _encoded(self, block: NDArray[np.float32]) -> bytes:
        if not (block.min() >= 0 and block.max() < _LARGEST):
            raise OutputError(f"{show(self._path)}: .hdr holds finite values from 0 to 1.7e38 only; clean the picture first")
        return encode_scanlines(to_rgbe(block))


def _scaled(rows: RadianceMap, top: int, bottom: int) -> NDArray[np.float32]:
    scale, pixels = np.float32(scale_of(rows.metadata)), rows.pixels[top:bottom]
    return pixels if scale == 1 else pixels * scale


def read_hdr(path: Path | str) -> RadianceMap:
    """Read a Radiance picture: flat, old or new run lengths, RGBE or XYZE, any orientation, any `#?` magic.

    Values are divided by the product of all EXPOSURE and COLORCORR lines. Header variables become metadata under their
    names in lower case. XYZE becomes RGB of Radiance's own primaries, clipped at 0. Raises InputError for a file that
    is not a Radiance picture, is cut short or is damaged.
    """
    data = read_bytes(path)
    header = _parse_header(data, path)
    count, length = header.scanlines
    try:
        rgbe = decode_scanlines(np.frombuffer(data, np.uint8, offset=header.end), count, length)
    except MemoryError:
        raise InputError(
            f"{show(path)}: its {count} scanlines of {length} pixels do not fit into memory; make it smaller"
        ) from None
    if isinstance(rgbe, int):
        trouble = "is cut short" if rgbe == TRUNCATED else "has a damaged scanline"
        raise InputError(f"{show(path)}: the picture {trouble}; fetch or render it again")

    variables = header.variables
    unit = variables.pop(_UNIT, "relative")
    pixels = from_rgbe(header.upright(rgbe), header.exposure / (_EFFICACY if unit == "cd/m2" else 1.0))
    if not np.isfinite(pixels.max()):
        raise InputError(f"{show(path)}: EXPOSURE= in the header makes the values infinite; correct it")
    chromaticities = _chromaticities(variables.pop("PRIMARIES", ""), path)
    if variables.pop("FORMAT", _RGBE) == _XYZE:
        chromaticities = RADIANCE_CHROMATICITIES
        to_rgb = np.linalg.inv(rgb_to_xyz(chromaticities)).astype(np.float32)
        pixels = np.maximum(pixels @ to_rgb.T, 0)
    return RadianceMap(pixels, unit, chromaticities, metadata={name.lower(): text for name, text in variables.items()})


def hdr_size(path: Path | str) -> tuple[int, int]:
    """Width and height of a Radiance picture, from its header. Raises the InputError of `read_hdr`."""
    with open_bytes(path) as file:
        return _parse_header(file.read(_LONGEST_HEADER), path).size


def to_rgbe(pixels: NDArray[np.float32]) -> NDArray[np.uint8]:
    """Finite pixels (H, W, 3) from 0 to below 2^127 as (H, W, 4) truncated mantissas and exponent; below 1e-32 they are black."""
    rgbe = np.empty((*pixels.shape[:2], 4), np.uint8)
    _to_rgbe(pixels, rgbe)
    return rgbe


@compiled
def _to_rgbe(pixels: NDArray[np.float32], rgbe: NDArray[np.uint8]) -> None:
    peak = np.empty(pixels.shape[1], np.float32)
    bits = peak.view(np.uint32)
    for y in range(pixels.shape[0]):
        row = pixels[y]
        for x in range(peak.size):
            largest = max(row[x, 0], max(row[x, 1], row[x, 2]))
            peak[x] = largest if largest > _BLACK else np.float32(0)
        for x in range(peak.size):
            exponent = bits[x] >> 23
            scale = _TO_MANTISSA[exponent]
            rgbe[y, x, 0] = np.int32(row[x, 0] * scale)
            rgbe[y, x, 1] = np.int32(row[x, 1] * scale)
            rgbe[y, x, 2] = np.int32(row[x, 2] * scale)
            rgbe[y, x, 3] = exponent + 2 if exponent > 0 else 0


def from_rgbe(rgbe: NDArray[np.uint8], exposure: NDArray[np.float64] | float = 1.0) -> NDArray[np.float32]:
    """Mantissas and exponent (H, W, 4) as float32 (H, W, 3), divided by `exposure` (one value, or one for each channel).

    Exponent 0 is black.
    """
    step = np.ldexp(1.0, np.arange(256) - 136)
    step[0] = 0
    with np.errstate(over="ignore"):
        steps = (step[:, None] / np.broadcast_to(exposure, 3)).astype(np.float32)
        pixels = np.empty((*rgbe.shape[:2], 3), np.float32)
        for c in range(3):
            np.add(rgbe[..., c], np.float32(0.5), out=pixels[..., c])
            pixels[..., c] *= steps[:, c][rgbe[..., 3]]
    return pixels


def rgb_to_xyz(chromaticities: tuple[float, ...]) -> NDArray[np.float64]:
    """Matrix (3, 3) from linear RGB to CIE XYZ with Y = 1 at white, from the xy of R, G, B and white."""
    columns = _xyz(chromaticities)
    white = columns[:, 3] / columns[1, 3]
    return np.asarray(columns[:, :3] * np.linalg.solve(columns[:, :3], white))


def _xyz(chromaticities: tuple[float, ...]) -> NDArray[np.float64]:
    xy = np.reshape(chromaticities, (4, 2))
    return np.column_stack([xy, 1 - xy.sum(axis=1)]).T


def _header(radiance: RadianceMap) -> bytes:
    known = {name: radiance.metadata[name] for name in _VARIABLES if isinstance(radiance.metadata.get(name), str)}
    luminous = radiance.unit == "cd/m2"
    lines = [
        "#?RADIANCE",
        *(f"{name.upper()}={' '.join(text.split())}" for name, text in known.items()),
        *([f"{_UNIT}=cd/m2"] if luminous else []),
        "PRIMARIES=" + " ".join(f"{value:.6g}" for value in radiance.chromaticities),
        f"EXPOSURE={(_EFFICACY if luminous else 1.0) * scale_of(radiance.metadata):e}",
        f"FORMAT={_RGBE}",
        "\n",
    ]
    return "\n".join(lines).encode("utf-8", "surrogateescape")


@dataclass(frozen=True)
class _Header:
    variables: dict[str, str]
    exposure: NDArray[np.float64]  # one for each channel
    resolution: re.Match[bytes]
    end: int  # where the scanlines begin

    @property
    def scanlines(self) -> tuple[int, int]:
        """The number of scanlines and their length, in the order of the file."""
        return int(self.resolution[3]), int(self.resolution[6])

    @property
    def size(self) -> tuple[int, int]:
        """Width and height."""
        first, second = self.scanlines
        return (second, first) if self.resolution[2] == b"Y" else (first, second)

    def upright(self, rgbe: NDArray[np.uint8]) -> NDArray[np.uint8]:
        """Scanlines in the order of the file as rows from top to bottom, left to right."""
        major_sign, major, _, minor_sign, minor, _ = self.resolution.groups()
        sign = {major: major_sign, minor: minor_sign}
        rows = rgbe if major == b"Y" else rgbe.swapaxes(0, 1)
        return rows[:: 1 if sign[b"Y"] == b"-" else -1, :: 1 if sign[b"X"] == b"+" else -1]


def _parse_header(data: bytes, path: Path | str) -> _Header:
    if not data.startswith(b"#?"):
        raise InputError(f"{show(path)}: not a Radiance picture (it does not begin with #?); check what kind of file it is")
    blank = data.find(b"\n\n")
    end = data.find(b"\n", blank + 2)
    resolution = _RESOLUTION.fullmatch(data[blank + 2 : end].strip()) if 0 < blank < end else None
    if resolution is None or resolution[2] == resolution[5] or 0 in (int(resolution[3]), int(resolution[6])):
        raise InputError(
            f"{show(path)}: the header does not end in a size such as '-Y 512 +X 1024'; the file is damaged or cut short"
        )
    variables: dict[str, str] = {}
    exposure = np.ones(3)
    for line in data[:blank].decode("utf-8", "surrogateescape").split("\n")[1:]:
        name, equals, text = line.partition("=")
        if not equals or not name.isidentifier():
            continue  # comments, commands, and tab-indented lines about the files that this one was made from
        if name in ("EXPOSURE", "COLORCORR"):
            exposure *= _factors(line, text, path)
        else:
            variables[name] = text.strip()
    if variables.get("FORMAT", _RGBE) not in (_RGBE, _XYZE):
        raise InputError(f"{show(path)}: FORMAT={variables['FORMAT']} cannot be read; convert it to {_RGBE}")
    return _Header(variables, exposure, resolution, end + 1)


def _factors(line: str, text: str, path: Path | str) -> NDArray[np.float64]:
    factors = _numbers(text)
    if len(factors) not in (1, 3) or not min(factors) > 0:
        warnings.warn(f"{show(path)}: {line.strip()} makes no sense and is ignored", HdrkitWarning, stacklevel=4)
        return np.ones(3)
    return np.array(factors)


def _chromaticities(text: str, path: Path | str) -> tuple[float, ...]:
    values = _numbers(text)
    if not any(values):
        return RADIANCE_CHROMATICITIES  # some programs write zeros for "not known"
    if len(values) != 8 or values[7] <= 0 or np.linalg.cond(_xyz(values)[:, :3]) > 1e6:
        warnings.warn(f"{show(path)}: PRIMARIES={text} makes no sense and is ignored", HdrkitWarning, stacklevel=3)
        return RADIANCE_CHROMATICITIES
    return values


def _numbers(text: str) -> tuple[float, ...]:
    """The finite numbers in a text; (nan,) if it holds anything else."""
    try:
        values = tuple(float(word) for word in text.split())
    except ValueError:
        values = (math.nan,)
    return values if all(map(math.isfinite, values)) else (math.nan,)
