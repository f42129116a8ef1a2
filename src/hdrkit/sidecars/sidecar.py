"""Sidecars, in which darktable and Lightroom keep the rating of a photograph: their names, and their content as a whole."""

from __future__ import annotations

import hashlib
import shutil
from contextlib import suppress
from enum import StrEnum
from pathlib import Path

from hdrkit.errors import InputError, OutputError
from hdrkit.files.atomic import atomic_write, read_bytes
from hdrkit.files.text import show
from hdrkit.formats.suffixes import DNG, FileKind, kind_of
from hdrkit.sidecars.xmp import rating_in


class Sidecar(StrEnum):
    """The program whose sidecars are read and written."""

    DARKTABLE = "darktable"
    LIGHTROOM = "lightroom"


def sidecar_path(photo: Path | str, sidecar: Sidecar = Sidecar.DARKTABLE) -> Path | None:
    """`IMG.JPG.xmp`; for Lightroom `IMG.xmp` of a RAW file, and None for other files, whose sidecars Lightroom ignores.

    For Lightroom, DNG, JPEG and TIFF hold their metadata themselves (Adobe, XMP specification part 3).
    """
    photo = Path(photo)
    if sidecar is Sidecar.DARKTABLE:
        return photo.with_name(f"{photo.name}.xmp")
    if kind_of(photo.suffix) is not FileKind.RAW or photo.suffix.lower() in DNG.suffixes:
        return None
    capitals = photo.with_suffix(".XMP")
    return capitals if capitals.exists() and not photo.with_suffix(".xmp").exists() else photo.with_suffix(".xmp")


def read_sidecar(path: Path) -> bytes | None:
    """The bytes of a sidecar, None if it does not exist. Raises InputError if it cannot be read."""
    if path.is_symlink() and not path.exists():
        raise InputError(f"{show(path)}: it is a link to {show(path.readlink())}, which does not exist; it is left as it is")
    return read_bytes(path) if path.exists() else None


def rating_of(data: bytes, path: Path | None) -> int | None:
    """The rating in the content of a sidecar. Raises the InputError of `rating_in` with the name of the file."""
    try:
        return rating_in(data)
    except InputError as error:
        raise InputError(f"{show(path or '')}: {error}; it is left as it is") from None


def replace_sidecar(path: Path, before: bytes | None, after: bytes) -> None:
    """Replace the content `before` of a sidecar (None: it does not exist) by `after`, atomically and with its permissions.

    Raises OutputError if somebody changed it meanwhile, or if the file system refuses.
    """
    with atomic_write(path) as temporary:
        temporary.write_bytes(after)
        with suppress(FileNotFoundError):
            shutil.copymode(path, temporary)
        if read_sidecar(path) != before:
            raise OutputError(f"{show(path)}: it was changed meanwhile and is left as it is; run again")


def digest_of(data: bytes | None) -> str:
    """A text that tells one content of a sidecar from another; empty if the sidecar does not exist."""
    return "" if data is None else hashlib.blake2b(data, digest_size=16).hexdigest()
