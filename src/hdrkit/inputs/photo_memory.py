"""The headers of photographs that were read, so that a program that runs for long reads each once."""

from __future__ import annotations

import os
from pathlib import Path
from threading import Lock

from hdrkit.formats.metadata import read_header, with_exposure
from hdrkit.types import Exposure, Photo

_Signature = tuple[int, int, int]


class PhotoMemory:
    """The headers of the `bound` photographs that were used last, each until its file changes. Threads may share it.

    A file has changed if its size, its time of change or that of its inode is another one. A header takes about 1 KB, so that
    4096 of them take about 4 MB.
    """

    def __init__(self, bound: int = 4096) -> None:
        self._bound, self._lock = bound, Lock()
        self._headers: dict[Path, tuple[_Signature, Photo]] = {}  # the least recently used first

    def __len__(self) -> int:
        return len(self._headers)

    def keep(self, header: Photo, status: os.stat_result) -> None:
        """Remember a header from `read_header`. `status` is that of the file before it was read."""
        with self._lock:
            self._headers.pop(header.path, None)
            self._headers[header.path] = _signature(status), header
            if len(self._headers) > self._bound:
                del self._headers[next(iter(self._headers))]

    def read(
        self, path: Path, *, override: Exposure | None = None, literal: bool = False, max_pixels: int = 500_000_000
    ) -> Photo:
        """As `read_photo`, which reads the file only if its header is not known or the file has changed since."""
        return with_exposure(self._header(path, max_pixels), override, literal)

    def _header(self, path: Path, max_pixels: int) -> Photo:
        try:
            status = path.stat()
        except OSError:
            return read_header(path, max_pixels)  # which says why the file cannot be read
        signature, header = self._headers.get(path, (None, None))
        if header is None or signature != _signature(status) or header.width * header.height > max_pixels:
            header = read_header(path, max_pixels)
        self.keep(header, status)
        return header


def _signature(status: os.stat_result) -> _Signature:
    return status.st_size, status.st_mtime_ns, status.st_ctime_ns
