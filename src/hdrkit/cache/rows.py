"""Rows of arrays by digest, in segment files. Segments are appended to, mapped into memory, and dropped whole.

Each process writes segments of its own, so processes need no lock. A mapped segment stays readable after another process has
dropped it. A row counts only if its checksum agrees.
"""

from __future__ import annotations

import secrets
import threading
import zlib
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import ArrayLike, NDArray

SUFFIX = ".rows"
SEGMENT_BYTES = 256_000_000


class RowLocation(NamedTuple):
    """Where a row lies: the file name of its segment, its number in there, and the CRC-32 of its bytes."""

    segment: str
    slot: int
    checksum: int


class Rows:
    """Rows of one structured dtype, one row for each digest.

    `locations` lists the rows that lie in `folder` already. `saved` is called for each row that is added to the folder, `failed`
    when the folder cannot be written to. After that, and without a folder, new rows stay in memory.
    """

    def __init__(
        self,
        record: np.dtype[Any],
        folder: Path | None,
        locations: Mapping[bytes, RowLocation],
        saved: Callable[[bytes, RowLocation], None],
        failed: Callable[[OSError], None],
    ) -> None:
        self._record, self._folder, self._locations = record, folder, locations
        self._saved, self._failed = saved, failed
        self._found: dict[bytes, int] = {}  # rows known to be intact: number of the segment << 32 | number in it
        self._segments: list[NDArray[np.void]] = []
        self._numbers: dict[str, int] = {}  # of segments by file name
        self._writing = ""
        self._lock = threading.Lock()

    @property
    def used(self) -> set[str]:
        """The file names of the segments that were read or written."""
        return set(self._numbers)

    def __contains__(self, digest: object) -> bool:
        """Whether there is an intact row of this digest. Any thread may ask."""
        with self._lock:
            return digest in self._found or (isinstance(digest, bytes) and self._find(digest))

    def locate(self, digests: Sequence[bytes]) -> NDArray[np.int64]:
        """Where the rows of these digests lie, for `take`. Raises KeyError for a digest without a row."""
        missing = [digest for digest in digests if digest not in self]
        if missing:
            raise KeyError(missing[0].hex())
        return np.array([self._found[digest] for digest in digests], np.int64)

    def shape(self, field: str) -> tuple[int, ...]:
        """The shape of one field of one row."""
        return self._record[field].shape

    def take(self, field: str, located: NDArray[np.int64]) -> NDArray[Any]:
        """A copy of one field of rows (n, ...)."""
        kind, shape = self._record[field].base, self._record[field].shape
        taken = np.empty((len(located), *shape), kind)
        numbers, slots = located >> 32, located & 0xFFFFFFFF
        for number in np.unique(numbers):
            here = numbers == number
            taken[here] = self._segments[number][field][slots[here]]
        return taken

    def add(self, digests: Sequence[bytes], fields: Mapping[str, ArrayLike]) -> None:
        """Add a row for each digest: each field of the dtype as an array (n, ...)."""
        records = np.empty(len(digests), self._record)
        for name in self._record.names or ():
            records[name] = fields[name]
        with self._lock:
            number, first = self._append(records)
            for slot, digest in enumerate(digests, first):
                self._found[digest] = number << 32 | slot
        if self._folder is not None:
            for slot, digest in enumerate(digests):
                self._saved(digest, RowLocation(self._writing, first + slot, zlib.crc32(records[slot].tobytes())))

    def _find(self, digest: bytes) -> bool:
        """Look a row up in the folder and compare its checksum."""
        location = self._locations.get(digest)
        if location is None or self._folder is None:
            return False
        if location.segment not in self._numbers and not self._map(location.segment):
            return False
        number = self._numbers[location.segment]
        segment = self._segments[number]
        if location.slot >= len(segment) or zlib.crc32(segment[location.slot].tobytes()) != location.checksum:
            return False
        self._found[digest] = number << 32 | location.slot
        return True

    def _map(self, name: str) -> bool:
        """Map a segment with the rows that it has now. Gives whether it could be mapped."""
        assert self._folder is not None
        path = self._folder / name
        try:
            count = path.stat().st_size // self._record.itemsize
            segment = np.memmap(path, self._record, "r", shape=(count,))
        except (OSError, ValueError):  # it was dropped, or is empty
            return False
        if name in self._numbers:
            self._segments[self._numbers[name]] = segment
        else:
            self._numbers[name] = len(self._segments)
            self._segments.append(segment)
        return True

    def _append(self, records: NDArray[np.void]) -> tuple[int, int]:
        """Write records to a segment. Gives the number of the segment and that of the first record in it."""
        if self._folder is not None:
            try:
                return self._write(self._folder, records)
            except OSError as error:
                self._folder = None
                self._failed(error)
        self._segments.append(records)
        return len(self._segments) - 1, 0

    def _write(self, folder: Path, records: NDArray[np.void]) -> tuple[int, int]:
        first = len(self._segments[self._numbers[self._writing]]) if self._writing else 0
        if not self._writing or (first + len(records)) * self._record.itemsize > SEGMENT_BYTES:
            self._writing, first = f"{secrets.token_hex(8)}{SUFFIX}", 0
        with (folder / self._writing).open("ab") as file:
            file.write(records.tobytes())
        if not self._map(self._writing):
            raise OSError(f"{self._writing} vanished")
        return self._numbers[self._writing], first
