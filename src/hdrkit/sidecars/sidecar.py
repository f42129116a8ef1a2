"""Sidecars, where darktable and Lightroom keep the rating of a photograph: their names, and their content as a whole."""

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
    """`IMG.JPG.xmp`, or for Lightroom `IMG.xmp` of a RAW file; None of another file, whose sidecar Lightroom ignores.

    DNG, JPEG and TIFF hold their metadata themselves there (Adobe, XMP specification part 3).
    """
    photo = Path(photo)
    if sidecar is Sidecar.DARKTABLE:
        return photo.with_name(f"{photo.name}.xmp")
    if kind_of(photo.suffix) is not FileKind.RAW or photo.suffix.lower() in DNG.suffixes:
        return None
    capitals = photo.with_suffix(".XMP")
    return capitals if capitals.exists() and not photo.with_suffix(".xmp").exists() else photo.with_suffix(".xmp")


def read_sidecar(path: Path) -> bytes | None:
    """The bytes of a sidecar, None where there is none. Raises InputError for one that cannot be read."""
    if path.is_symlink() and not path.exists():
        raise InputError(f"{show(path)}: it is a link to {show(path.readlink())}, which is not there; it is left as it is")
    return read_bytes(path) if path.exists() else None


def rating_of(data: bytes, path: Path | None) -> int | None:
    """`rating_in` of the content of a sidecar, with its name in the error."""
    try:
        return rating_in(data)
    except InputError as error:
        raise InputError(f"{show(path or '')}: {error}; it is left as it is") from None


def replace_sidecar(path: Path, before: bytes | None, after: bytes) -> None:
    """Put `after` in the place of the sidecar that holds `before` (None: there is none), at once and with its permissions.

    Raises OutputError where somebody changed it meanwhile, or the file system refuses.
    """
    with atomic_write(path) as temporary:
        temporary.write_bytes(after)
        with suppress(FileNotFoundError):
            shutil.copymode(path, temporary)
        if read_sidecar(path) != before:
            raise OutputError(f"{show(path)}: it was changed meanwhile and is left as it is; run again")


def digest_of(data: bytes | None) -> str:
    """What tells one content of a sidecar from another; empty where there is none."""
    return "" if data is None else hashlib.blake2b(data, digest_size=16).hexdigest()
