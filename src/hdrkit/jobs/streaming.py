"""Merges a bracket to a radiance file within a memory limit. Frames wait on disk; rows are merged and written in bands.

Without a limit, or if everything fits below it, frames stay in memory, and with a preview the band is the whole picture.
The limit applies to the memory of hdrkit itself. It does not count the pages of scratch files that the system caches, because
the system frees these when other programs need memory.
"""

from __future__ import annotations

from collections.abc import Callable
from concurrent.futures import Future, ThreadPoolExecutor
from pathlib import Path

import numpy as np

from hdrkit.errors import InputError
from hdrkit.files.spool import spooled
from hdrkit.formats.exr import CHUNK_ROWS
from hdrkit.formats.radiance import writing_radiance
from hdrkit.merging.options import MergeOptions
from hdrkit.pipeline.merging.plan import MergePlan
from hdrkit.types import Bracket, Encoding, Frame, MergeReport, RadianceMap

FLOOR_BYTES = 300 << 20  # Python, its libraries, and the code that they compile

_CODE_BYTES = {Encoding.ENCODED8: 3, Encoding.ENCODED16: 6, Encoding.RAW: 6, Encoding.FLOAT: 12}  # bytes of a pixel
_DECODING = 3  # memory while a frame is read, in frames: the file and two orders of channels
_SUMS = 4  # memory while one band is merged and one is written, in bands
BAND_PIXELS = 1 << 21  # size of a band without a limit


def frame_storage(
    bracket: Bracket, options: MergeOptions, limit: int | None, folder: Path, in_one_piece: bool = False
) -> Callable[[Frame], Frame] | None:
    """The function that moves a frame to disk after it is read, so that memory stays below `limit`; None if all frames fit.

    `in_one_piece` means that the result is not made in bands. Raises InputError if the limit cannot be met.
    """
    if limit is None or _whole_bytes(bracket, options) <= limit:
        return None
    photo = bracket.photos[0]
    if in_one_piece:
        _refuse(limit, _whole_bytes(bracket, options), "a picture for the display is made in one piece")
    frame = photo.width * photo.height * _CODE_BYTES[photo.encoding]
    _band_rows(photo.width, options, limit)
    _refuse(limit, FLOOR_BYTES + _DECODING * frame, "one frame is decoded at a time")
    return lambda frame: spooled(frame, folder)


def write_merged(
    plan: MergePlan, path: Path, half: bool, limit: int | None, bracket: Bracket, preview: bool, band_pixels: int = BAND_PIXELS
) -> tuple[MergeReport, RadianceMap | None]:
    """Merge and write `bracket`. Returns the report and, for a preview, the radiance, reduced if it does not fit in memory."""
    width, height = plan.report.size
    small = None
    if limit is not None and _whole_bytes(bracket, plan.options) > limit:
        rows = _band_rows(width, plan.options, limit)
        small = Reduced(width, height, (limit - FLOOR_BYTES) // 8) if preview else None
    else:
        rows = height if preview else CHUNK_ROWS * max(1, band_pixels // (CHUNK_ROWS * width))
    tallies = []
    with writing_radiance(path, height, half) as write, ThreadPoolExecutor(1) as writer:
        written: Future[None] | None = None
        for top in range(0, height, rows):  # one band is merged while the previous one is written
            merged = plan.rows(top, min(top + rows, height))
            if written:
                written.result()
            written = writer.submit(write, merged.radiance)
            tallies.append(merged.tally)
            if small:
                small.add(merged.radiance)
        if written:
            written.result()
    return plan.report_with(tallies), small.radiance if small else merged.radiance if preview else None


class Reduced:
    """A reduced radiance map that fits in `limit` bytes. Pixels are averages of square blocks. Rows are added from the top."""

    def __init__(self, width: int, height: int, limit: int):
        fitting = (n for n in (1, 2, 4, 8) if (width // n) * (height // n) * 13 <= limit)
        self._n = next(fitting, CHUNK_ROWS)
        pixels = np.empty((max(1, height // self._n), max(1, width // self._n), 3), np.float32)
        self.radiance = RadianceMap(pixels, validity=np.zeros(pixels.shape[:2], np.uint8))
        self._row = 0

    def add(self, rows: RadianceMap) -> None:
        """Add the next rows. Each call but the last adds a multiple of `CHUNK_ROWS` rows."""
        n, (height, width, _) = self._n, self.radiance.pixels.shape
        count = min(rows.pixels.shape[0] // n, height - self._row)
        here, there = slice(self._row, self._row + count), (slice(0, count * n), slice(0, width * n))
        self.radiance.pixels[here] = rows.pixels[there].reshape(count, n, width, n, 3).mean(axis=(1, 3))
        if rows.validity is not None and self.radiance.validity is not None:
            blocks = rows.validity[there].reshape(count, n, width, n)
            self.radiance.validity[here] = np.bitwise_or.reduce(np.bitwise_or.reduce(blocks, axis=3), axis=1)
        self._row += count


def _whole_bytes(bracket: Bracket, options: MergeOptions) -> int:
    photo = bracket.photos[0]
    pixels = photo.width * photo.height
    frames = len(bracket.photos) * pixels * _CODE_BYTES[photo.encoding]
    decoding = _DECODING * pixels * _CODE_BYTES[photo.encoding]
    return FLOOR_BYTES + frames + max(decoding, pixels * _pixel_bytes(options))


def _pixel_bytes(options: MergeOptions) -> int:
    """Bytes of a pixel of the result: radiance, validity, variance."""
    return 12 + 1 + (12 if options.variance else 0)


def _band_rows(width: int, options: MergeOptions, limit: int) -> int:
    """Rows of a band. Raises InputError if the smallest band does not fit."""
    row = _SUMS * width * _pixel_bytes(options)
    _refuse(limit, FLOOR_BYTES + CHUNK_ROWS * row, f"{CHUNK_ROWS} rows are merged at a time")
    return max(1, (limit - FLOOR_BYTES) * 3 // 4 // row // CHUNK_ROWS) * CHUNK_ROWS


def _refuse(limit: int, needed: int, why: str) -> None:
    if needed > limit:
        least = f"{-(-needed // 2**20)}M"
        raise InputError(f"a memory limit of {limit / 2**20:.0f}M cannot be met: {why}; give {least} or more with --max-memory")
