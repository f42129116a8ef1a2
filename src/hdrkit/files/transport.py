"""A photograph brought to a place: as a link, as a copy, or itself; nothing is lost on the way."""

from __future__ import annotations

import errno
import filecmp
import os
import shutil
from enum import StrEnum
from pathlib import Path

from hdrkit.errors import OutputError
from hdrkit.files.atomic import open_bytes, temporary_beside
from hdrkit.files.text import show


class Placing(StrEnum):
    """What stands in the folder of a group for each photograph."""

    LINK = "link"
    COPY = "copy"
    MOVE = "move"
    NONE = "none"


def real(path: Path | str) -> Path:
    """The absolute path of a file, links resolved in its folder but not in its own name."""
    path = Path(path)
    return path.parent.resolve() / path.name


def copy(source: Path, target: Path) -> None:
    """Write the content, times and permissions of `source` to `target`, onto the disk and not only on the way there."""
    with open_bytes(source):  # what cannot be read is told as that
        pass
    shutil.copyfile(source, target)
    shutil.copystat(source, target)
    _flush(target)


def bring(source: Path, target: Path) -> bool:
    """Rename `source` to `target`, or across file systems copy and compare it: then True, the source is left to be removed.

    Never onto another file. Raises OSError, and OutputError where the copy differs from its source.
    """
    if os.path.lexists(target):
        raise FileExistsError(errno.EEXIST, os.strerror(errno.EEXIST), str(target))
    try:
        source.rename(target)
        return False
    except OSError as error:
        if error.errno != errno.EXDEV:
            raise
        temporary = temporary_beside(target)
        try:
            copy(source, temporary)
            if not _same_content(source, temporary):
                raise OutputError(f"{show(source)}: its copy differs from it; it stays where it is, check the disks") from None
            temporary.rename(target)
        finally:
            temporary.unlink(missing_ok=True)
        _flush(target.parent)
        return True


def put_back(source: Path, target: Path) -> None:
    """Bring a moved photograph from `source` back to `target`, where it came from.

    Finishes what an interrupted move left: a photograph that is at both places stays at `target`. Raises OutputError where it
    is lost, or another file took its place.
    """
    if not os.path.lexists(source):
        if not os.path.lexists(target):
            raise OutputError(f"{show(source)}: it is gone, moved on by somebody; there is nothing to put back")
        return
    if not os.path.lexists(target):
        target.parent.mkdir(parents=True, exist_ok=True)
        if not bring(source, target):
            return
    elif real(source) == real(target):  # somebody linked the folders
        return
    elif target.is_symlink() or not target.is_file() or not _same_content(source, target):
        raise OutputError(f"{show(target)}: another file is there now; {show(source)} stays, move it by hand")
    source.unlink()


def _same_content(a: Path, b: Path) -> bool:
    filecmp.clear_cache()
    return filecmp.cmp(a, b, shallow=False)


def _flush(path: Path) -> None:
    """Wait until a file, or the names in a folder, are on the disk."""
    if os.name != "posix" and path.is_dir():
        return
    descriptor = os.open(path, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)
