"""Star ratings beside photographs: in the sidecar that darktable or Lightroom reads, never in the photograph itself."""

from __future__ import annotations

import hashlib
import shutil
from contextlib import suppress
from enum import StrEnum
from pathlib import Path

from hdrkit.errors import InputError, OutputError
from hdrkit.files.atomic import atomic_write, read_bytes
from hdrkit.files.text import show
from hdrkit.formats.suffixes import RAW_SUFFIXES
from hdrkit.sidecars.xmp import MOST_STARS, REJECTED, new_sidecar, rating_edit, rating_in


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
    if photo.suffix.lower() not in RAW_SUFFIXES - {".dng"}:
        return None
    capitals = photo.with_suffix(".XMP")
    return capitals if capitals.exists() and not photo.with_suffix(".xmp").exists() else photo.with_suffix(".xmp")


def read_rating(photo: Path | str, sidecar: Sidecar = Sidecar.DARKTABLE) -> int | None:
    """The rating in the sidecar of a photograph: 0..5 stars, -1 for rejected, None without one.

    Raises InputError for a sidecar that cannot be read, or is no well-formed XMP.
    """
    path = sidecar_path(photo, sidecar)
    data = None if path is None else read_sidecar(path)
    return None if data is None else rating_of(data, path)


def write_rating(photo: Path | str, stars: int, sidecar: Sidecar = Sidecar.DARKTABLE, overwrite: bool = False) -> bool:
    """Put a rating of 0..5 stars, or -1 for rejected, into the sidecar of a photograph; whether it is there now.

    A new sidecar holds the rating alone; in an existing one no other byte changes. Stars (or a rejection) that are there
    already, or inside the photograph, stay unless `overwrite`. Raises InputError where there is no photograph, for a sidecar that
    is no well-formed XMP (it is left as it is), and for a photograph whose sidecar the program would not read; OutputError where
    the file system refuses.
    """
    from hdrkit.sidecars.embedded import embedded_rating  # which loads Pillow

    require_rating(stars)
    photo = Path(photo)
    if not photo.is_file():
        raise InputError(f"{show(photo)}: there is no such photograph; check the name")
    path = sidecar_path(photo, sidecar)
    if path is None:
        raise InputError(f"{show(photo)}: Lightroom reads sidecars of RAW files alone; use those of darktable")
    data = read_sidecar(path)
    before = None if data is None else rating_of(data, path)
    if data is not None and before == stars:
        return True
    if (before or embedded_rating(photo)) and not overwrite:
        return False
    replace_sidecar(path, data, with_rating(data, stars))
    return True


def require_rating(stars: int) -> None:
    """Raises InputError for a number that is no rating."""
    if stars not in range(REJECTED, MOST_STARS + 1):
        raise InputError(f"a rating is -1 (rejected) or 0 to {MOST_STARS} stars, not {stars!r}")


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


def with_rating(data: bytes | None, stars: int) -> bytes:
    """The content of a sidecar with another rating; a new one where there is none. Raises InputError as `rating_in`."""
    return new_sidecar(stars) if data is None else rating_edit(data, stars).apply(data)


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
