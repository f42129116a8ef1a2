"""Photographs -> takes in sequence -> series. A take begins as one shot; a series is takes of one view in a row."""

from __future__ import annotations

import re
from collections import defaultdict
from collections.abc import Iterable, Iterator, Sequence
from datetime import UTC
from itertools import pairwise
from pathlib import Path

from hdrkit.formats.suffixes import FileKind, kind_of
from hdrkit.types import Photo, Take

LONG_PAUSE_S = 1800.0  # a new series begins after it


def in_sequence(photos: Iterable[Photo]) -> list[Photo]:
    """Photographs camera by camera, sorted by time, by shutter count and by name, with numbers in names as numbers."""
    return sorted(photos, key=_order)


def _order(photo: Photo) -> tuple[str, str, bool, float, int, list[tuple[str, int]], str]:
    taken = taken_s(photo)
    count = photo.shutter_count or 0
    return photo.camera, photo.serial, taken is not None, taken or 0.0, count, _numbered(photo.path), str(photo.path)


def _numbered(path: Path) -> list[tuple[str, int]]:
    """A path cut into text and the whole number that follows it, so that b_2 comes before b_10."""
    return [(text.casefold(), int(number or -1)) for text, number in re.findall(r"([^0-9]*)([0-9]*)", str(path))]


def taken_s(photo: Photo) -> float | None:
    """When a photograph was taken, in seconds since 1970; None if unknown. A time without a zone counts as UTC."""
    at = photo.taken_at
    return None if at is None else at.replace(tzinfo=at.tzinfo or UTC).timestamp()


def same_shot(a: Path, b: Path) -> bool:
    """Whether two files are one shot: they are in one folder and their names differ only in suffix and capitals."""
    return _shot(a) == _shot(b)


def _shot(path: Path) -> tuple[Path, str]:
    return path.parent, path.stem.casefold()


def pair_up(photos: Iterable[Photo]) -> list[Take]:
    """A take for each shot, in sequence. Pictures come before RAW files; the other files are companions of the first one."""
    shots: dict[tuple[Path, str], list[Photo]] = defaultdict(list)
    for photo in photos:
        shots[_shot(photo.path)].append(photo)
    files = [sorted(together, key=_stands_for_the_shot) for together in shots.values()]
    return sorted((Take((first,), companions=tuple(others)) for first, *others in files), key=lambda take: _order(take.shown))


def _stands_for_the_shot(photo: Photo) -> tuple[bool, bool, str]:
    """The order of the files of a shot: pictures before RAW files, and files with a time before those without."""
    suffix = photo.path.suffix.lower()
    return kind_of(suffix) is FileKind.RAW, photo.taken_at is None, suffix


def runs(takes: Sequence[Take]) -> Iterator[list[Take]]:
    """Takes in sequence, divided where metadata alone show that a series ends."""
    run = list(takes[:1])
    for before, take in pairwise(takes):
        if not same_circumstances(before.shown, take.shown):
            yield run
            run = []
        run.append(take)
    if run:
        yield run


def same_circumstances(a: Photo, b: Photo) -> bool:
    """Whether metadata allow two neighbours in one series: the same camera, lens and size, and no long pause."""
    if (a.camera, a.serial, a.lens, a.width, a.height) != (b.camera, b.serial, b.lens, b.width, b.height):
        return False
    before, after = taken_s(a), taken_s(b)
    if before is None or after is None:
        return before is after
    return abs(after - before) <= LONG_PAUSE_S


def series(takes: Sequence[Take], differences: Sequence[float], threshold: float) -> list[list[Take]]:
    """Takes in sequence, divided where the difference of two neighbours is above the threshold."""
    groups: list[list[Take]] = [[take] for take in takes[:1]]
    for (_, take), apart in zip(pairwise(takes), differences, strict=True):
        if apart <= threshold:
            groups[-1].append(take)
        else:
            groups.append([take])
    return groups
