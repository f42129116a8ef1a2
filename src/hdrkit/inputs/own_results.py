"""Pictures for the display that hdrkit itself wrote, among photographs: they are results, not input."""

from __future__ import annotations

from collections.abc import Sequence

from hdrkit.files.text import counted, show
from hdrkit.formats.display_marks import is_own
from hdrkit.types import Photo

_NAMED = 3


def own_results(photos: Sequence[Photo]) -> tuple[set[Photo], str]:
    """The pictures that hdrkit wrote, and a note that they are left out, empty if there are none."""
    own = [photo for photo in photos if is_own(photo.software)]
    if not own:
        return set(), ""
    names = ", ".join(show(photo.path) for photo in own[:_NAMED]) + (", ..." if len(own) > _NAMED else "")
    return set(own), f"left out {counted(len(own), 'picture')} that hdrkit itself made: {names}"


def without_own_results(photos: Sequence[Photo]) -> tuple[list[Photo], str]:
    """The photographs without pictures that hdrkit wrote, and a note. A folder that holds nothing else is taken as it is."""
    own, note = own_results(photos)
    if len(own) in (0, len(photos)):
        return list(photos), ""
    return [photo for photo in photos if photo not in own], note
