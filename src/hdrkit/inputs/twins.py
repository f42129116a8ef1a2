"""RAW and JPEG files of one press of the shutter: a bracket is merged from one file of each pair."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Sequence
from dataclasses import replace
from functools import cache
from pathlib import Path

from hdrkit.files.text import counted
from hdrkit.types import Bracket, Encoding, Photo


def without_twins(brackets: Sequence[Bracket], why_not: Callable[[Photo], str | None]) -> tuple[tuple[Bracket, ...], list[str]]:
    """The brackets with one file of each pair, and notes that say which. Only brackets whose frames are all pairs change.

    A pair is a RAW file and a picture beside it with the same name but for the suffix. The RAW files are taken if the first one
    of the camera can be decoded: `why_not` gives the reason if it cannot.
    """
    reason_of: Callable[[Photo], str | None] = cache(why_not)
    first: dict[str, Photo] = {}
    taken: dict[tuple[bool, str], int] = defaultdict(int)
    kept = []
    for bracket in brackets:
        if pairs := _pairs(bracket):
            raw = first.setdefault(bracket.photos[0].camera, pairs[0][0])
            reason = reason_of(raw)
            photos = tuple(other if reason else one for one, other in pairs)
            taken[reason is None, reason or ""] += len(photos)
            bracket = replace(bracket, photos=photos, reference=len(photos) // 2)  # noqa: PLW2901
        kept.append(bracket)
    return tuple(kept), [_note(*which, count) for which, count in taken.items()]


def _note(raw: bool, reason: str, count: int) -> str:
    pairs = counted(count, "RAW and JPEG pair")
    return f"took the RAW file of {pairs}" if raw else f"took the JPEG file of {pairs}, because {reason}"


def _pairs(bracket: Bracket) -> list[tuple[Photo, Photo]]:
    """The pairs in the order of their RAW files; empty if a frame has no partner."""
    raws = [photo for photo in bracket.photos if photo.encoding is Encoding.RAW]
    others = {_shot(photo.path): photo for photo in bracket.photos if photo.encoding is not Encoding.RAW}
    matched = [(photo, others[_shot(photo.path)]) for photo in raws if _shot(photo.path) in others]
    return matched if 2 * len(matched) == len(bracket.photos) else []


def _shot(path: Path) -> tuple[Path, str]:
    return path.parent, path.stem.casefold()
