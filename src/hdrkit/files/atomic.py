"""Reading, and writing of a file whole or not at all, with errors that say what to do."""

from __future__ import annotations

import errno
import os
import re
import secrets
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import BinaryIO

from hdrkit.errors import InputError, OutputError
from hdrkit.files.text import show

_REMEDIES = {
    errno.ENOSPC: "the disk is full; free some space or write elsewhere",
    errno.EDQUOT: "the disk quota is used up; free some space or write elsewhere",
    errno.EROFS: "the file system is read-only; write elsewhere",
    errno.EACCES: "permission is denied; change the permissions or write elsewhere",
    errno.EPERM: "permission is denied; change the permissions or write elsewhere",
    errno.ENOTDIR: "part of its path is a file, not a folder; choose another folder",
    errno.EEXIST: "part of its path is a file, not a folder; choose another folder",
    errno.EISDIR: "it is a folder; give a file name",
    errno.ENAMETOOLONG: "the name is too long; choose a shorter one",
}
_TEMPORARY = re.compile(r"\.hdrkit-[0-9a-f]{16}(\.[^.]*)?")
_open: set[Path] = set()  # temporary files of this process that are being written


@contextmanager
def atomic_write(path: Path | str) -> Iterator[Path]:
    """Yield a temporary path beside `path`; the file there replaces `path` when the block ends without an error.

    The temporary file exists, is hidden, and has the suffix of `path` and the permissions that the umask grants. Parent folders
    are made. If `path` is a link, the file that it points to is replaced. Any error, an interrupt too, removes the temporary
    file and leaves an old `path` as it was. Raises OutputError if the file system refuses.
    """
    with writing(path), _temporary(Path(os.path.realpath(path))) as temporary:
        yield temporary


@contextmanager
def writing(path: Path | str) -> Iterator[None]:
    """A block that writes to `path`: an OSError in it becomes an OutputError that says what to do."""
    try:
        yield
    except OSError as error:
        reason = _REMEDIES.get(error.errno or 0) or f"{error.strerror or error}; write elsewhere"
        raise OutputError(f"{show(path)}: cannot be written: {reason}", error.errno or 0) from error


@contextmanager
def _temporary(target: Path) -> Iterator[Path]:
    target.parent.mkdir(parents=True, exist_ok=True)
    if target.is_dir():
        raise IsADirectoryError(errno.EISDIR, os.strerror(errno.EISDIR))
    if target.exists() and not target.is_file():
        raise OSError(errno.EINVAL, "it is a device or a pipe, not a file")
    temporary = temporary_beside(target)
    _open.add(temporary)
    os.close(os.open(temporary, os.O_CREAT | os.O_EXCL | os.O_WRONLY, 0o666))
    try:
        yield temporary
        with temporary.open("rb+") as written:
            os.fsync(written.fileno())
        temporary.replace(target)
    finally:
        temporary.unlink(missing_ok=True)
        _open.discard(temporary)


def remove_open() -> None:
    """Remove the temporary files that this process is writing, for a process that ends without finishing its blocks."""
    for temporary in tuple(_open):
        temporary.unlink(missing_ok=True)


def temporary_beside(target: Path) -> Path:
    """A new hidden name in the folder of a file, for the data that will become that file.

    The name is our own, because the name of the file may be too long to add to. It has the suffix of the file, because
    libraries choose the format by it.
    """
    return target.with_name(f".hdrkit-{secrets.token_hex(8)}{target.suffix}")


def unfinished(folder: Path) -> list[Path]:
    """The files of `temporary_beside` that a killed run left in a folder. Records of hdrkit are not among them."""
    return [path for path in folder.glob(".hdrkit-*") if _TEMPORARY.fullmatch(path.name)]


def write_bytes(path: Path | str, data: bytes) -> Path:
    """Write `data` to `path` atomically and give the path back. Raises OutputError."""
    with atomic_write(path) as temporary:
        temporary.write_bytes(data)
    return Path(path)


@contextmanager
def open_bytes(path: Path | str) -> Iterator[BinaryIO]:
    """A file open for reading. Raises InputError if it is missing, a folder, or not readable."""
    try:
        with Path(path).open("rb") as file:
            yield file
    except OSError as error:
        raise InputError(f"{show(path)}: cannot be read: {_reading_trouble(error)}", error.errno or 0) from error


def read_bytes(path: Path | str) -> bytes:
    """The content of a file. Raises InputError as `open_bytes` does."""
    with open_bytes(path) as file:
        return file.read()


def _reading_trouble(error: OSError) -> str:
    match error.errno:
        case errno.ENOENT | errno.ENOTDIR:
            return "there is no such file; check the name"
        case errno.EISDIR:
            return "it is a folder; give a file"
        case errno.EACCES | errno.EPERM:
            return "permission is denied; change its permissions"
        case _:
            return f"{error.strerror or error}; check the disk"
