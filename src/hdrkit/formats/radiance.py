"""Radiance files: OpenEXR and Radiance pictures are read and written, float TIFF is read. The suffix chooses the format.

Both formats carry the metadata keys `software`, `capdate` (YYYY:MM:DD hh:mm:ss), `owner` and `camera`. OpenEXR also carries
`comments` and every other key that JSON can express, such as `sources` (file names), `exposure_times`, `response` and
`alignment`.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import replace
from importlib.metadata import version
from pathlib import Path

from hdrkit.errors import InputError, OutputError
from hdrkit.files.atomic import atomic_write
from hdrkit.files.text import listed, show
from hdrkit.formats.suffixes import TIFF, FileKind, Format, format_of, formats_of, kind_of, written_format, written_formats
from hdrkit.types import RadianceMap


def write_radiance(radiance: RadianceMap, path: Path | str, half: bool = False) -> Path:
    """Write a radiance map as .exr (float32, or 16-bit half floats on request) or .hdr, .pic, and give the path back.

    `software` is added to the metadata. Raises OutputError for another suffix, for half floats outside .exr, for values that
    the format cannot hold, and if the file cannot be written.
    """
    with writing_radiance(path, radiance.pixels.shape[0], half) as write:
        write(radiance)
    return Path(path)


@contextmanager
def writing_radiance(path: Path | str, height: int, half: bool = False) -> Iterator[Callable[[RadianceMap], None]]:
    """Write a radiance map of `height` rows piece by piece, as `write_radiance` does.

    The function that is yielded adds rows below the earlier ones: `exr.CHUNK_ROWS`, a multiple of them, or the last rows. All
    pieces have the same metadata and layers.
    """
    suffix = Path(path).suffix.lower()
    written = written_format(suffix, FileKind.RADIANCE)
    if written is None:
        choices = listed([known for row in written_formats(FileKind.RADIANCE) for known in row.suffixes])
        raise OutputError(f"{show(path)}: {suffix or 'no suffix'} is not a radiance format; choose {choices}")
    if half and not written.half:
        choices = listed([row.suffix for row in written_formats(FileKind.RADIANCE) if row.half])
        raise OutputError(f"{show(path)}: only {choices} holds half floats; choose {choices} or leave half out")
    software = {"software": f"hdrkit {version('hdrkit')}"}
    with atomic_write(path) as temporary, temporary.open("wb") as file:
        picture = written.writer(file, path, height, **({"half": True} if half else {}))
        yield lambda rows: picture.write(replace(rows, metadata=software | rows.metadata))


def read_radiance(path: Path | str) -> RadianceMap:
    """Read a radiance map from .exr, .hdr, .pic, or a float32 .tif. Raises InputError for anything else or a damaged file."""
    radiance: RadianceMap = _format(path).reader(path)
    return radiance


def radiance_size(path: Path | str) -> tuple[int, int]:
    """Width and height of a radiance map, from the header if the format has one. Raises the InputError of `read_radiance`."""
    found = _format(path)
    if found.size:
        width, height = found.sizer(path)
    else:
        height, width, _ = found.reader(path).pixels.shape
    return width, height


def _format(path: Path | str) -> Format:
    suffix = Path(path).suffix
    if (found := format_of(suffix, FileKind.RADIANCE)) is not None:
        return found
    sure = [known for row in formats_of(FileKind.RADIANCE) for known in row.suffixes if kind_of(known) is FileKind.RADIANCE]
    choices = listed([*sure, f"a float {TIFF.suffix}"])
    raise InputError(f"{show(path)}: {suffix.lower() or 'no suffix'} is not a radiance format; give {choices}")
