"""Maker notes -> how a photograph was taken: single, in a burst or in a bracket, and as which shot of it.

The layouts and values of the tags follow the tables of ExifTool (exiftool.org/TagNames) and exifread. Only plain whole numbers
are read. Tags that do not fit are left out.
"""

from __future__ import annotations

import struct
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from mmap import mmap

from PIL.ExifTags import IFD

from hdrkit.types import Drive

Block = bytes | mmap
Directory = Mapping[int, tuple[int, ...]]
_FORMATS = {1: "B", 3: "H", 4: "I", 6: "b", 8: "h", 9: "i", 13: "I"}  # TIFF types of whole numbers
_LONGEST = 512  # numbers in a tag
_ORDERS = {b"II": "<", b"MM": ">"}


@dataclass(frozen=True)
class Release:
    """How the shutter was released. The fields are those of `Photo`, None if the camera does not say."""

    drive: Drive | None = None
    shot: int | None = None
    shutter_count: int | None = None


def read_release(tiff: Block, maker: str) -> Release:
    """The release according to the maker note in a TIFF structure: an EXIF block without its prefix, or a TIFF-like RAW file.

    `maker` is the EXIF tag Make. All fields are None if there is no note, or if it cannot be read.
    """
    order = _ORDERS.get(tiff[:2])
    if order is None or len(tiff) < 8:
        return Release()
    try:
        exif = _first(_directory(tiff, struct.unpack_from(order + "I", tiff, 4)[0], order), IFD.Exif)
        at = next((offset for tag, _, _, offset in _entries(tiff, exif, order) if tag == IFD.MakerNote), 0)
        at = struct.unpack_from(order + "I", tiff, at + 8)[0] if at else 0
        head = tiff[at : at + 16] if at else b""
        for start, reader in _MAKERS.items():
            if head.startswith(start):
                return reader(tiff, at, order)
        return _canon(tiff, at, order) if at and maker.lower().startswith("canon") else Release()  # its notes have no head
    except struct.error:
        return Release()


def _sony(tiff: Block, at: int, order: str) -> Release:
    tags = _directory(tiff, at + 12, order)
    drives = {0: Drive.SINGLE, 2: Drive.BURST, 5: Drive.EXPOSURE_BRACKET}
    return Release(drives.get(_first(tags, 0xB049)), _counted(_first(tags, 0xB04A)))


def _panasonic(tiff: Block, at: int, order: str) -> Release:
    tags = _directory(tiff, at + 12, order)
    drives = {0: Drive.SINGLE, 1: Drive.BURST, 2: Drive.EXPOSURE_BRACKET, 3: Drive.FOCUS_BRACKET, 4: Drive.BURST, 17: Drive.BURST}
    return Release(drives.get(_first(tags, 0x2A)), _counted(_first(tags, 0x2B)))


def _fuji(tiff: Block, at: int, _order: str) -> Release:
    tags = _directory(tiff, at + int.from_bytes(tiff[at + 8 : at + 12], "little"), "<", at)
    return Release(Drive.EXPOSURE_BRACKET if _first(tags, 0x1100) == 1 else None, _counted(_first(tags, 0x1101)))


def _nikon(tiff: Block, at: int, _order: str) -> Release:
    base = at + 10  # a TIFF structure of its own
    order = _ORDERS.get(tiff[base : base + 2])
    if order is None:
        return Release()
    tags = _directory(tiff, base + struct.unpack_from(order + "I", tiff, base + 4)[0], order, base)
    mode = _first(tags, 0x89)
    drive = Drive.EXPOSURE_BRACKET if mode & 0x10 else Drive.BURST if mode & 1 else Drive.SINGLE
    return Release(drive if mode >= 0 else None, shutter_count=_counted(_first(tags, 0xA7), 2**31))


def _olympus(tiff: Block, at: int, order: str) -> Release:
    head = tiff[at : at + 16]
    own = next((head.find(mark) for mark in _ORDERS if mark in head[8:]), -1)
    if own >= 0:  # the newer kind counts offsets from its own beginning
        order, start, base = _ORDERS[head[own : own + 2]], at + own + 4, at
    else:
        start, base = at + 8, 0
    settings = _first(_directory(tiff, start, order, base), 0x2020)
    drive = _directory(tiff, base + settings, order, base).get(0x600, ()) if settings >= 0 else ()
    if len(drive) < 2:
        return Release()
    mode = {0: Drive.SINGLE, 1: Drive.BURST, 2: Drive.EXPOSURE_BRACKET, 4: Drive.EXPOSURE_BRACKET}.get(drive[0])
    if drive[0] == 5 and len(drive) > 2:  # bits: 0 exposure, 5 exposure automatic, 6 focus
        mode = Drive.EXPOSURE_BRACKET if drive[2] & 0x21 else Drive.FOCUS_BRACKET if drive[2] & 0x40 else None
    return Release(mode, _counted(drive[1]))


def _canon(tiff: Block, at: int, order: str) -> Release:
    tags = _directory(tiff, at, order)
    settings, shot, file = tags.get(0x01, ()), tags.get(0x04, ()), tags.get(0x93, ())
    bracket = {1: Drive.EXPOSURE_BRACKET, 2: Drive.FOCUS_BRACKET}.get(file[3]) if len(file) > 5 else None
    if bracket:
        return Release(bracket, _counted(file[5]))
    if len(shot) > 16 and shot[16] in (1, 2, 3):
        return Release(Drive.EXPOSURE_BRACKET, shot[16])
    mode = settings[5] if len(settings) > 5 else -1
    return Release(Drive.SINGLE if mode in (0, 6, 9) else Drive.BURST if mode in (1, 3, 4, 5, 8, 10) else None)


_MAKERS: dict[bytes, Callable[[Block, int, str], Release]] = {
    b"SONY": _sony,
    b"Panasonic\0": _panasonic,
    b"FUJIFILM": _fuji,
    b"Nikon\0\x02": _nikon,
    b"OLYMP": _olympus,
    b"OM SYSTEM\0": _olympus,
}


def _directory(data: Block, start: int, order: str, base: int = 0) -> Directory:
    """The whole-number tags of the TIFF directory at `start`. Its offsets count from `base`."""
    tags: dict[int, tuple[int, ...]] = {}
    for tag, kind, length, entry in _entries(data, start, order):
        if kind not in _FORMATS or not 0 < length <= _LONGEST:
            continue
        form = f"{order}{length}{_FORMATS[kind]}"
        size = struct.calcsize(form)
        at = entry + 8 if size <= 4 else base + struct.unpack_from(order + "I", data, entry + 8)[0]
        if at + size <= len(data):
            tags.setdefault(tag, struct.unpack_from(form, data, at))
    return tags


def _entries(data: Block, start: int, order: str) -> list[tuple[int, int, int, int]]:
    """Tag, type, length and offset of each entry of a directory."""
    if not 0 < start <= len(data) - 2:
        return []
    end = min(start + 2 + 12 * struct.unpack_from(order + "H", data, start)[0], len(data) - 11)
    return [(*struct.unpack_from(order + "HHI", data, entry), entry) for entry in range(start + 2, end, 12)]


def _first(tags: Directory, tag: int) -> int:
    return tags.get(tag, (-1,))[0]


def _counted(number: int, limit: int = 10_000) -> int | None:
    """A number that counts from 1, None for 0 and for numbers that are not a count."""
    return number if 0 < number < limit else None
