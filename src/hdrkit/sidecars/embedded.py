"""The rating inside a photograph, as cameras, digiKam and Windows write it. It is read from the header and never written."""

from __future__ import annotations

import io
import struct
from collections.abc import Iterator
from pathlib import Path
from typing import BinaryIO

from PIL import Image, TiffImagePlugin
from PIL.ExifTags import Base

from hdrkit.errors import InputError
from hdrkit.formats.metadata import has_chunk
from hdrkit.formats.pillow import without_pillow_limit
from hdrkit.sidecars.xmp import MOST_STARS, rating_in

_XMP_BOX = bytes.fromhex("be7acfcb97a942e89c71999491e3afac")  # ISO 16684-3: in JPEG 2000, and in CR3
_RAF, _RAF_JPEG = b"FUJIFILMCCD-RAW", 84
_Stated = Iterator[object]  # XMP packets as bytes, and ratings as EXIF has them


def embedded_rating(photo: Path) -> int | None:
    """The stars 1..5 inside a photograph, or -1 for rejected. None if it has no rating, or 0, which cameras always write.

    The rating comes from XMP in JPEG, TIFF, PNG, WebP, AVIF, JPEG 2000, DNG and most RAW files, and from the EXIF tag of Windows.
    A file that cannot be read has no rating.
    """
    try:
        with without_pillow_limit(), photo.open("rb") as file:
            return next(filter(None, map(_rating, _stated(file))), None)
    except (OSError, SyntaxError, ValueError, KeyError, TypeError, EOFError, RuntimeError, struct.error):
        return None


def _rating(stated: object) -> int | None:
    if isinstance(stated, int):
        return stated if 1 <= stated <= MOST_STARS else None
    try:
        return rating_in(stated) if isinstance(stated, bytes) else None
    except InputError:
        return None


def _stated(file: BinaryIO) -> _Stated:
    head = file.read(16)
    if head[:2] in (b"II", b"MM"):
        return _in_tiff(file, head)
    if head[4:8] == b"jP  " or head[4:12] == b"ftypcrx ":
        return _in_boxes(file)
    if head.startswith(_RAF):
        file.seek(_RAF_JPEG)
        start, length = struct.unpack(">2I", file.read(8))
        file.seek(start)
        return _in_picture(io.BytesIO(file.read(length)))
    return _in_picture(file)


def _in_tiff(file: BinaryIO, head: bytes) -> _Stated:
    """The first directory of TIFF, and of RAW files that differ from TIFF in two bytes of the header."""
    if head[:4] != b"II+\0":  # BigTIFF
        head = (b"II*\0" if head[:2] == b"II" else b"MM\0*") + head[4:8]
    directory = TiffImagePlugin.ImageFileDirectory_v2(head)
    file.seek(directory.next)
    directory.load(file)
    yield directory.get(Base.XMLPacket)
    yield directory.get(Base.Rating)  # Windows writes this one


def _in_boxes(file: BinaryIO) -> _Stated:
    at = 0
    while True:
        file.seek(at)
        head = file.read(32)
        if len(head) < 32:
            return
        size, kind, large = struct.unpack(">I4sQ", head[:16])
        if kind == b"uuid" and head[8:24] == _XMP_BOX:
            file.seek(at + 24)
            yield file.read(size - 24)
        size = large if size == 1 else size
        if size < 8:  # 0: the rest of the file
            return
        at += size


def _in_picture(file: BinaryIO) -> _Stated:
    with Image.open(file) as image:
        if image.format == "PNG" and "xmp" not in image.info and has_chunk(file, b"iTXt"):
            image.load()  # text after the pixels is found only by decoding them
        yield image.info.get("xmp")
        yield image.getexif().get(Base.Rating)
