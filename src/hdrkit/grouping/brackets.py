"""Photos -> brackets by a rule that the user can name: folders, a list, or timestamps in file names."""

from __future__ import annotations

import os
import re
from collections.abc import Mapping, Sequence
from dataclasses import replace
from datetime import datetime, timedelta
from itertools import count
from pathlib import Path

from hdrkit.errors import InputError
from hdrkit.exposure import looks_like_counter
from hdrkit.grouping.options import By
from hdrkit.io.files import show
from hdrkit.types import Bracket, ExposureSource, Photo

_TIMESTAMP = re.compile(r"\d{14}")


def timestamp_in_name(path: Path) -> datetime | None:
    """The YYYYmmddHHMMSS in a file name, without a zone; None where there is none or no such date exists."""
    match = _TIMESTAMP.search(path.name)
    try:
        return datetime.strptime(match[0], "%Y%m%d%H%M%S") if match else None
    except ValueError:
        return None


def form_brackets(
    photos: Sequence[Photo],
    roots: Sequence[Path],
    by: By = By.AUTO,
    round_s: float = 30.0,
    groups: Mapping[str, str] | None = None,
) -> list[Bracket]:
    """Every photo in exactly one bracket, the brackets in the order in which their first photo was found.

    `roots` holds the input each photo was found under. `folder`: photos of one folder belong together. `time`: photos
    whose timestamps fall into the same `round_s` seconds (rounded down) and the same folder. `groups`: as the mapping
    from path to bracket name says; photos that it leaves out are left out. `auto`: groups where a mapping is given,
    time where every name carries a timestamp and they fall into several spans, folder otherwise.
    Raises InputError where the rule has nothing to go by.
    """
    if by is By.AUTO:
        by = _most_telling_rule(photos, round_s, groups)
    members: dict[tuple[str, str], list[Photo]] = {}
    for photo, root in zip(photos, roots, strict=True):
        if (key := _key(photo, root, by, round_s, groups)) is not None:
            members.setdefault(key, []).append(photo)
    if not members:
        raise InputError("none of the photographs is in the list of groups; its paths are relative to its own folder")
    names = _distinct([name for _, name in members])
    return [_in_order(name, group, by) for name, group in zip(names, members.values(), strict=True)]


def _key(photo: Photo, root: Path, by: By, round_s: float, groups: Mapping[str, str] | None) -> tuple[str, str] | None:
    """What photos of one bracket have in common: a place and a name; None for a photo that belongs nowhere."""
    if by is By.GROUPS:
        if groups is None:
            raise InputError("brackets by groups need the list: --groups FILE.csv with the columns path and bracket")
        name = groups.get(os.path.realpath(photo.path))
        return None if name is None else ("", name)
    if by is By.TIME:
        taken = timestamp_in_name(photo.path)
        if taken is None:
            raise InputError(
                f"{show(photo.path)}: no timestamp YYYYmmddHHMMSS in the name; group by folder instead (--by folder)"
            )
        return str(photo.path.parent), str(_relative(photo.path, root).parent / f"{_floor(taken, round_s):%Y%m%d%H%M%S}")
    return str(photo.path.parent), _folder_name(photo.path, root)


def _distinct(names: Sequence[str]) -> list[str]:
    """Names with a number added to those that occur again: two cards may hold the same folders."""
    taken: set[str] = set(names)
    seen: set[str] = set()
    distinct = []
    for name in names:
        if name in seen:
            name = next(numbered for k in count(2) if (numbered := f"{name}_{k}") not in taken)
        taken.add(name)
        seen.add(name)
        distinct.append(name)
    return distinct


def _most_telling_rule(photos: Sequence[Photo], round_s: float, groups: Mapping[str, str] | None) -> By:
    if groups is not None:
        return By.GROUPS
    stamps = [timestamp_in_name(photo.path) for photo in photos]
    spans = {(photo.path.parent, _floor(stamp, round_s)) for photo, stamp in zip(photos, stamps, strict=True) if stamp}
    folders = {photo.path.parent for photo in photos}
    return By.TIME if None not in stamps and len(spans) > len(folders) else By.FOLDER


def _floor(taken: datetime, round_s: float) -> datetime:
    past = taken - datetime.min
    return datetime.min + past // timedelta(seconds=round_s) * timedelta(seconds=round_s)


def _relative(path: Path, root: Path) -> Path:
    return path.relative_to(root) if path.is_relative_to(root) else path


def _folder_name(path: Path, root: Path) -> str:
    relative = _relative(path, root).parent
    return str(relative) if relative != Path() else (root.resolve().name or "bracket")


def _in_order(name: str, photos: Sequence[Photo], by: By) -> Bracket:
    """Shortest exposure first; by name where exposures are unknown.

    Numbers in names are none where they turn out to be picture counters, or other photos know their time in seconds.
    """
    sources = {photo.exposure.source for photo in photos if photo.exposure is not None}
    if looks_like_counter([photo.exposure for photo in photos]) or sources & {ExposureSource.EXIF, ExposureSource.RAW}:
        photos = [_without_named_exposure(photo) for photo in photos]
    if all(photo.exposure is not None for photo in photos):
        photos = sorted(photos, key=lambda photo: (photo.exposure.relative, os.fsencode(photo.path)))  # type: ignore[union-attr]
    return Bracket(name, tuple(photos), reference=len(photos) // 2, kind=by.value, why=_WHY[by])


def _without_named_exposure(photo: Photo) -> Photo:
    named = photo.exposure is not None and photo.exposure.source is ExposureSource.FILENAME
    return replace(photo, exposure=None) if named else photo


_WHY = {By.FOLDER: "in one folder", By.TIME: "timestamps in one span", By.GROUPS: "listed together"}
