"""Exposures in EV that the user states for the frames of each bracket, in the order of the command line or of their names."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path

from hdrkit.errors import NothingUsableError
from hdrkit.files.text import natural, show
from hdrkit.types import Bracket, Exposure, ExposureSource, Failure, Photo


@dataclass(frozen=True)
class StatedEV:
    """The exposures `ev`, and the photographs `given` one by one on the command line, which keep that order."""

    ev: tuple[float, ...]
    given: Sequence[Path]

    def applied(
        self, brackets: Sequence[Bracket], unread: Sequence[Failure]
    ) -> tuple[list[Bracket], tuple[Failure, ...], list[str]]:
        """The brackets with exposures 2^ev, the shortest first; a failure for each with another number of frames; and notes.

        Photographs of folders and lists are in the order of their names, 5 before 10. A note for each bracket says which frame
        has which EV. `unread` are the files that could not be read: a failure begins with the one that its bracket lacks.
        """
        exposed, failures, notes = [], [], []
        for bracket in brackets:
            photos = self._in_order(bracket)
            if len(photos) != len(self.ev):
                failures.append(Failure(photos[0].path, self._misfit(bracket, unread)))
                continue
            by_light = sorted(zip(self.ev, photos, strict=True), key=lambda pair: pair[0])
            frames = tuple(replace(photo, exposure=Exposure(2.0**one, source=ExposureSource.EV)) for one, photo in by_light)
            exposed.append(replace(bracket, photos=frames, reference=len(frames) // 2))
            told = ", ".join(
                f"{show(photo.path.name)} {f'{one:+g}' if one else 0}" for one, photo in zip(self.ev, photos, strict=True)
            )
            notes.append(f"{bracket.name}: --ev states {told} EV")
        return exposed, tuple(failures), notes

    def _in_order(self, bracket: Bracket) -> list[Photo]:
        place = {path: number for number, path in enumerate(self.given)}
        if all(photo.path in place for photo in bracket.photos):
            return sorted(bracket.photos, key=lambda photo: place[photo.path])
        return sorted(bracket.photos, key=lambda photo: natural(photo.path))

    def _misfit(self, bracket: Bracket, unread: Sequence[Failure]) -> str:
        folders = {photo.path.parent for photo in bracket.photos}
        missing = next((f"{failure.reason}; without it " for failure in unread if failure.path.parent in folders), "")
        return (
            f"{missing}bracket {bracket.name!r} has {len(bracket.photos)} photographs, and --ev gives {len(self.ev)} exposures; "
            "give one for each photograph, or use --exposures FILE.csv"
        )


def require_exposed(exposed: Sequence[Bracket], failures: Sequence[Failure]) -> None:
    """Raise NothingUsableError with the first failure if no bracket has its exposures."""
    if failures and not exposed:
        raise NothingUsableError(str(failures[0]), failures)
