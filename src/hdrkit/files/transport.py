"""A photograph copied or moved to a folder of results, and moved back. Nothing is lost on the way."""

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
    """What the folder of a group holds for each photograph."""

    LINK = "link"
    COPY = "copy"
    MOVE = "move"
    NONE = "none"


def real(path: Path | str) -> Path:
    """The absolute path of a file. Links in its folder are resolved; the file itself may be a link."""
    path = Path(path)
    return path.parent.resolve() / path.name


def tidied(path: Path) -> Path:
    """A path without `..`, for messages: relative where the file is under the working folder."""
    if ".." not in path.parts:
        return path
    at, here = real(path), Path.cwd()
    return at.relative_to(here) if at.is_relative_to(here) else at


def copy(source: Path, target: Path) -> None:
    """Copy the content, times and permissions of `source` to `target`, and wait until they are on the disk."""
    with open_bytes(source):  # a source that cannot be read raises InputError here
        pass
    shutil.copyfile(source, target)
    shutil.copystat(source, target)
    _flush(target)


def bring(source: Path, target: Path) -> bool:
    """Rename `source` to `target`. Across file systems copy it and compare the copy, and give True: the source is still there.

    Another file is never replaced. Raises OSError, and OutputError if the copy differs from its source.
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
                raise OutputError(f"{show(source)}: its copy differs from it; it stays where it is; check the disks") from None
            temporary.rename(target)
        finally:
            temporary.unlink(missing_ok=True)
        _flush(target.parent)
        return True


def put_back(source: Path, target: Path) -> None:
    """Bring a moved photograph from `source` back to `target`, where it came from.

    It also finishes an interrupted move: a photograph that is at both paths stays at `target`. Raises OutputError if the
    photograph is lost, or if another file is at `target` now.
    """
    if not os.path.lexists(source):
        if not os.path.lexists(target):
            raise OutputError(f"{show(source)}: it is gone, somebody moved or removed it; there is nothing to put back")
        return
    if not os.path.lexists(target):
        target.parent.mkdir(parents=True, exist_ok=True)
        if not bring(source, target):
            return
    elif real(source) == real(target):  # somebody linked the folders
        return
    elif target.is_symlink() or not target.is_file() or not _same_content(source, target):
        raise OutputError(f"{show(target)}: another file is there now; {show(source)} stays where it is; move it by hand")
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
