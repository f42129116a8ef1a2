"""The name of this program in pictures for the display, so that a later run does not take its own results for photographs."""

from __future__ import annotations

import struct
import zlib
from importlib.metadata import version

from PIL import Image
from PIL.ExifTags import Base

_IHDR_END = 33  # bytes of a PNG file before its second chunk
_ENTRY = struct.Struct("<HHII")  # tag, type, count, value or offset
_ASCII = 2


def is_own(software: str) -> bool:
    """Whether the tag Software of a picture names this program."""
    return software.startswith("hdrkit ")


def marked_jpeg(data: bytes) -> bytes:
    """A JPEG file with the tag Software in an EXIF segment at its beginning (Exif 3.0, 4.7.2)."""
    block = _exif()
    return data[:2] + b"\xff\xe1" + struct.pack(">H", len(block) + 2) + block + data[2:]


def marked_png(data: bytes) -> bytes:
    """A PNG file with the tag Software in a chunk eXIf before its pixels (PNG 3, 11.3.4.5)."""
    block = b"eXIf" + _exif().removeprefix(b"Exif\0\0")
    chunk = struct.pack(">I", len(block) - 4) + block + struct.pack(">I", zlib.crc32(block))
    return data[:_IHDR_END] + chunk + data[_IHDR_END:]


def marked_tiff(data: bytes) -> bytes:
    """A little-endian TIFF file of one picture with the tag Software, in a directory at its end (TIFF 6.0, section 2)."""
    (at,) = struct.unpack_from("<I", data, 4)
    (count,) = struct.unpack_from("<H", data, at)
    entries = list(_ENTRY.iter_unpack(data[at + 2 : at + 2 + count * _ENTRY.size]))
    text = _software().encode() + b"\0"
    data += b"\0" * (len(data) % 2)
    entries.append((Base.Software, _ASCII, len(text), len(data)))
    data += text + b"\0" * (len(text) % 2)
    directory = struct.pack("<H", count + 1) + b"".join(_ENTRY.pack(*entry) for entry in sorted(entries)) + bytes(4)
    return data[:4] + struct.pack("<I", len(data)) + data[8:] + directory


def _software() -> str:
    return f"hdrkit {version('hdrkit')}"


def _exif() -> bytes:
    exif = Image.Exif()
    exif[Base.Software] = _software()
    return exif.tobytes()
