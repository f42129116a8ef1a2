"""Star ratings in sidecars, read and written one at a time."""

from __future__ import annotations

from pathlib import Path

from hdrkit.errors import InputError
from hdrkit.files.text import show
from hdrkit.sidecars.sidecar import Sidecar, rating_of, read_sidecar, sidecar_path
from hdrkit.sidecars.steps import carry_out, plan_rating
from hdrkit.sidecars.xmp import MOST_STARS, REJECTED


def read_rating(photo: Path | str, sidecar: Sidecar = Sidecar.DARKTABLE) -> int | None:
    """The rating in the sidecar of a photograph: 0..5 stars, -1 for rejected, None without one.

    Raises InputError for a sidecar that cannot be read, or is not well-formed XMP.
    """
    path = sidecar_path(photo, sidecar)
    data = None if path is None else read_sidecar(path)
    return None if data is None else rating_of(data, path)


def write_rating(photo: Path | str, stars: int, sidecar: Sidecar = Sidecar.DARKTABLE, overwrite: bool = False) -> bool:
    """Write a rating of 0..5 stars, or -1 for rejected, into the sidecar of a photograph. Gives whether the sidecar has it now.

    A new sidecar holds only the rating. In an existing one no other byte changes. Stars (or a rejection) that are in the sidecar
    or in the photograph already stay unless `overwrite`. Raises InputError if there is no photograph, if the sidecar is not
    well-formed XMP (it is left as it is), or if the program does not read sidecars of this photograph. Raises OutputError if the
    file system refuses.
    """
    if stars not in range(REJECTED, MOST_STARS + 1):
        raise InputError(f"a rating is -1 (rejected) or 0 to {MOST_STARS} stars, not {stars!r}")
    photo = Path(photo)
    if not photo.is_file():
        raise InputError(f"{show(photo)}: there is no such photograph; check the name")
    path = sidecar_path(photo, sidecar)
    if path is None:
        raise InputError(f"{show(photo)}: Lightroom reads sidecars of RAW files only; write those of darktable")
    step = plan_rating(None, photo, path, stars, overwrite).step
    if step is None:
        return read_rating(photo, sidecar) == stars
    carry_out(path, step)
    return True
