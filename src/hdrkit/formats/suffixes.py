"""The one table of file formats: what a suffix may stand for, what each format holds, and which functions read and write it.

A suffix is not a kind: a .tif may be a photograph, radiance in floats, or a picture for the display. The table names readers and
writers and loads them only when they are used.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from enum import Enum
from importlib import import_module
from typing import Any


class FileKind(Enum):
    """What a file is to hdrkit, and how to call the functions that the table names for it.

    - ENCODED, RAW: photographs. `formats.metadata` and `formats.pixels` read them, by the content of the file.
    - RADIANCE: `reader(path)` gives a RadianceMap, `sizer(path)` width and height. `writer(file, path, height)`, with `half=`
      if the format has half floats, gives an object whose `write(rows)` takes rows from the top, as `exr.ExrRows` does.
    - DISPLAY: pictures to look at. They are only written: `writer(image, bits, name)`, with `quality=` if the format is lossy,
      gives the bytes of the file.
    - CURVE: response curves: `reader(data, name)` gives a ResponseCurve, `writer(curve, name)` the bytes of the file.
    """

    ENCODED = "encoded photograph"
    RAW = "RAW photograph"
    RADIANCE = "radiance"
    DISPLAY = "picture for the display"
    CURVE = "response curve"


PHOTOGRAPHS = (FileKind.ENCODED, FileKind.RAW)  # kinds that a search of folders finds and a watcher keeps
RESULTS = (FileKind.RADIANCE, FileKind.DISPLAY)  # kinds that a merge writes


@dataclass(frozen=True)
class Format:
    """A format for files of one kind.

    `suffixes` are in small letters, the usual one first. `read`, `size` and `write` name functions as `module:function`, as
    `FileKind` describes them; an empty name means that there is no such function. `bits` are the depths that a display format
    holds, from the smallest. `half` and `variance` say whether radiance can be of half floats and carry its variance. A format
    that `streams` is written piece by piece in constant memory. If a picture exists in several formats, that of the greatest
    `worth` is shown.
    """

    name: str
    kind: FileKind
    suffixes: tuple[str, ...]
    read: str = ""
    size: str = ""
    write: str = ""
    bits: tuple[int, ...] = ()
    half: bool = False
    variance: bool = False
    streams: bool = False
    lossy: bool = False
    worth: int = 0

    @property
    def suffix(self) -> str:
        """The usual suffix."""
        return self.suffixes[0]

    @property
    def reader(self) -> Callable[..., Any]:
        """The function that `read` names."""
        return _loaded(self.read)

    @property
    def sizer(self) -> Callable[..., Any]:
        """The function that `size` names."""
        return _loaded(self.size)

    @property
    def writer(self) -> Callable[..., Any]:
        """The function or the class that `write` names."""
        return _loaded(self.write)


def _loaded(function: str) -> Callable[..., Any]:
    module, _, name = function.partition(":")
    loaded: Callable[..., Any] = getattr(import_module(module), name)
    return loaded


JPEG = Format("JPEG", FileKind.ENCODED, (".jpg", ".jpeg", ".jpe"))
TIFF = Format("TIFF", FileKind.ENCODED, (".tif", ".tiff"), worth=2)
DNG = Format("DNG", FileKind.RAW, (".dng",))

_CAMERA_RAW = (
    *(".3fr", ".arw", ".cr2", ".cr3", ".crw", ".dcr", ".erf", ".fff", ".iiq", ".k25", ".kdc", ".mef", ".mos", ".mrw"),
    *(".nef", ".nrw", ".orf", ".pef", ".raf", ".raw", ".rw2", ".rwl", ".sr2", ".srf", ".srw", ".x3f"),
)

# If several rows have a suffix, the first one is the kind of a file whose name alone is known.
FORMATS = (
    JPEG,
    Format("PNG", FileKind.ENCODED, (".png",), worth=1),
    TIFF,
    Format("WebP", FileKind.ENCODED, (".webp",)),
    Format("JPEG 2000", FileKind.ENCODED, (".jp2", ".j2k")),
    Format("BMP", FileKind.ENCODED, (".bmp",)),
    Format("GIF", FileKind.ENCODED, (".gif",)),  # the first picture of an animation
    Format("AVIF", FileKind.ENCODED, (".avif",)),
    Format("camera RAW", FileKind.RAW, _CAMERA_RAW),
    DNG,
    Format(
        "EXR",
        FileKind.RADIANCE,
        (".exr",),
        read="hdrkit.formats.exr:read_exr",
        size="hdrkit.formats.exr:exr_size",
        write="hdrkit.formats.exr:ExrRows",
        half=True,
        variance=True,
        streams=True,
        worth=4,
    ),
    Format(
        "HDR",
        FileKind.RADIANCE,
        (".hdr", ".pic"),
        read="hdrkit.formats.rgbe:read_hdr",
        size="hdrkit.formats.rgbe:hdr_size",
        write="hdrkit.formats.rgbe:HdrRows",
        streams=True,
        worth=3,
    ),
    Format("float TIFF", FileKind.RADIANCE, (".tif", ".tiff"), read="hdrkit.formats.float_tiff:read_float_tiff"),
    Format("JPEG", FileKind.DISPLAY, (".jpg", ".jpeg"), write="hdrkit.formats.display_codes:jpeg", bits=(8,), lossy=True),
    Format("PNG", FileKind.DISPLAY, (".png",), write="hdrkit.formats.display_codes:png", bits=(8, 16)),
    Format("TIFF", FileKind.DISPLAY, (".tif", ".tiff"), write="hdrkit.formats.display_codes:tiff", bits=(8, 16)),
    Format(
        "hdrkit NPZ",
        FileKind.CURVE,
        (".npz",),
        read="hdrkit.formats.curves.npz:read_npz",
        write="hdrkit.formats.curves.npz:npz",
    ),
    Format(
        "OpenCV",
        FileKind.CURVE,
        (".npy",),
        read="hdrkit.formats.curves.npy:read_npy",
        write="hdrkit.formats.curves.npy:npy",
    ),
    Format(
        "pfstools",
        FileKind.CURVE,
        (".m",),
        read="hdrkit.formats.curves.text:pfstools_curve",
        write="hdrkit.formats.curves.text:pfstools_text",
    ),
    Format(
        "hdrgen",
        FileKind.CURVE,
        (".rsp",),
        read="hdrkit.formats.curves.text:hdrgen_curve",
        write="hdrkit.formats.curves.text:hdrgen_text",
    ),
)


def formats_of(*kinds: FileKind) -> list[Format]:
    """The formats of these kinds, in the order of the table."""
    return [row for row in FORMATS if row.kind in kinds]


def written_formats(*kinds: FileKind) -> list[Format]:
    """The formats of these kinds that can be written."""
    return [row for row in formats_of(*kinds) if row.write]


def format_of(suffix: str, *kinds: FileKind) -> Format | None:
    """The format of one of these kinds that has this suffix, in small or capital letters; None if there is none."""
    return _first(formats_of(*kinds), suffix)


def written_format(suffix: str, *kinds: FileKind) -> Format | None:
    """As `format_of`, among the formats that can be written."""
    return _first(written_formats(*kinds), suffix)


def kind_of(suffix: str) -> FileKind | None:
    """The kind of a file by its suffix alone, None for an unknown suffix. It is never a picture for the display."""
    found = _first(FORMATS, suffix)
    return found.kind if found else None


def suffixes_of(*kinds: FileKind) -> frozenset[str]:
    """The suffixes that by themselves make a file one of these kinds."""
    return frozenset(suffix for row in formats_of(*kinds) for suffix in row.suffixes if kind_of(suffix) is row.kind)


def _first(rows: Sequence[Format], suffix: str) -> Format | None:
    return next((row for row in rows if suffix.lower() in row.suffixes), None)
