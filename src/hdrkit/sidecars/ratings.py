"""Star ratings beside photographs: read and written one at a time."""

from __future__ import annotations

from pathlib import Path

from hdrkit.errors import InputError
from hdrkit.files.text import show
from hdrkit.sidecars.sidecar import Sidecar, rating_of, read_sidecar, sidecar_path
from hdrkit.sidecars.steps import carry_out, plan_rating
from hdrkit.sidecars.xmp import MOST_STARS, REJECTED


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
    if stars not in range(REJECTED, MOST_STARS + 1):
        raise InputError(f"a rating is -1 (rejected) or 0 to {MOST_STARS} stars, not {stars!r}")
    photo = Path(photo)
    if not photo.is_file():
        raise InputError(f"{show(photo)}: there is no such photograph; check the name")
    path = sidecar_path(photo, sidecar)
    if path is None:
        raise InputError(f"{show(photo)}: Lightroom reads sidecars of RAW files alone; use those of darktable")
    step = plan_rating(None, photo, path, stars, overwrite).step
    if step is None:
        return read_rating(photo, sidecar) == stars
    carry_out(path, step)
    return True
