"""Whether the bytes of a file show that it is complete, without a decode of its pixels."""

from __future__ import annotations

import re
import zlib

_JPEG, _PNG = b"\xff\xd8\xff", b"\x89PNG\r\n\x1a\n"
_MARKER = re.compile(rb"\xff+([^\x00\xff])")
_AFTER_SCAN = re.compile(rb"\xff([^\x00\xff\xd0-\xd7])")  # restart markers and stuffed zeros belong to a scan
_SCAN, _END = 0xDA, 0xD9
_SEGMENTS = {*range(0xC0, 0xD0), *range(0xDA, 0xF0), 0xFE}  # the markers that a length follows


def is_surely_complete(data: bytes) -> bool:
    """Whether the structure of a JPEG or PNG file shows that nothing is missing up to its end; bytes may follow the end.

    False for a file that is cut off or damaged, for an unusual one, and for other formats: only a decode tells there.
    """
    if data.startswith(_JPEG):
        return _jpeg_ends(data)
    return data.startswith(_PNG) and _png_ends(data)


def _jpeg_ends(data: bytes) -> bool:
    """Walk from segment to segment, over all scans, to the end of the image. A thumbnail lies inside a segment."""
    at, scans, in_scan = 2, 0, False
    while found := _AFTER_SCAN.search(data, at) if in_scan else _MARKER.match(data, at):
        marker, after = found[1][0], found.end()
        if marker == _END:
            return scans > 0
        length = int.from_bytes(data[after : after + 2])
        if marker not in _SEGMENTS or length < 2:
            return False
        in_scan = marker == _SCAN
        scans += in_scan
        at = after + length
    return False


def _png_ends(data: bytes) -> bool:
    """Walk from chunk to chunk, and compare the checksum of each, to the last one."""
    view, at, pixels = memoryview(data), len(_PNG), False
    while at + 12 <= len(data):
        end = at + 8 + int.from_bytes(view[at : at + 4])
        kind = data[at + 4 : at + 8]
        if end + 4 > len(data) or zlib.crc32(view[at + 4 : end]) != int.from_bytes(view[end : end + 4]):
            return False
        pixels = pixels or kind == b"IDAT"
        if kind == b"IEND":
            return pixels
        at = end + 4
    return False
