"""Photos -> brackets by a rule that the user can name: folders, a list, or timestamps in file names."""

from __future__ import annotations

import os
import re
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import replace
from datetime import datetime, timedelta
from pathlib import Path

from hdrkit.errors import InputError
from hdrkit.exposure import looks_like_counter
from hdrkit.grouping.options import By
from hdrkit.io.files import show
from hdrkit.types import Bracket, Photo

_TIMESTAMP = re.compile(r"\d{14}")
_SPAN = re.compile(r"([0-9]*\.?[0-9]+)\s*(ms|s|sec|min|m|h)?")
_SECONDS = {"ms": 0.001, "s": 1.0, "sec": 1.0, "min": 60.0, "m": 60.0, "h": 3600.0}


def parse_span_s(text: str) -> float:
    """Seconds from `30s`, `1min`, `500ms`. Raises InputError."""
    match = _SPAN.fullmatch(text.strip().lower())
    if match is None or float(match[1]) <= 0:
        raise InputError(f"{text!r} is not a span of time; write for example 30s or 1min")
    return float(match[1]) * _SECONDS[match[2] or "s"]


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
    count: Counter[str] = Counter()
    distinct = []
    for name in names:
        count[name] += 1
        distinct.append(name if count[name] == 1 else f"{name}_{count[name]}")
    return distinct


def _most_telling_rule(photos: Sequence[Photo], round_s: float, groups: Mapping[str, str] | None) -> By:
    if groups is not None:
        return By.GROUPS
    stamps = [timestamp_in_name(photo.path) for photo in photos]
    spans = {(photo.path.parent, _floor(stamp, round_s)) for photo, stamp in zip(photos, stamps, strict=True) if stamp}
    folders = {photo.path.parent for photo in photos}
    return By.TIME if None not in stamps and len(spans) > len(folders) else By.FOLDER


def _floor(taken: datetime, round_s: float) -> datetime:
    return taken - timedelta(seconds=(taken - datetime.min).total_seconds() % round_s)


def _relative(path: Path, root: Path) -> Path:
    return path.relative_to(root) if path.is_relative_to(root) else path


def _folder_name(path: Path, root: Path) -> str:
    relative = _relative(path, root).parent
    return str(relative) if relative != Path() else (root.resolve().name or "bracket")


def _in_order(name: str, photos: Sequence[Photo], by: By) -> Bracket:
    """Shortest exposure first; by name where exposures are unknown or turn out to be picture counters."""
    if looks_like_counter([photo.exposure for photo in photos]):
        photos = [replace(photo, exposure=None) for photo in photos]
    if all(photo.exposure is not None for photo in photos):
        photos = sorted(photos, key=lambda photo: (photo.exposure.relative, os.fsencode(photo.path)))  # type: ignore[union-attr]
    return Bracket(name, tuple(photos), reference=len(photos) // 2, kind=by.value, why=_WHY[by])


_WHY = {By.FOLDER: "in one folder", By.TIME: "timestamps in one span", By.GROUPS: "listed together"}
