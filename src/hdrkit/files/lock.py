"""One run at a time in a folder of results."""

from __future__ import annotations

import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from hdrkit.errors import OutputError
from hdrkit.files.atomic import writing
from hdrkit.files.text import show


class InUseError(OutputError):
    """Another run of hdrkit is writing to a folder."""


@contextmanager
def alone_in(folder: Path) -> Iterator[None]:
    """A block during which no other run of hdrkit can enter such a block with the same folder. The folder must exist.

    The lock is on the folder itself and ends with the process, so a run that was killed leaves no lock. It has no effect on
    Windows and on file systems without locks. Raises InUseError if another run holds the folder.
    """
    try:
        import fcntl
    except ImportError:  # Windows
        yield
        return
    with writing(folder):
        descriptor = os.open(folder, os.O_RDONLY)
    try:
        try:
            fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            raise InUseError(
                f"{show(folder)}: another run of hdrkit is writing there; wait for it, or choose another folder"
            ) from None
        except OSError:
            pass  # a file system without locks
        yield
    finally:
        os.close(descriptor)
