"""Photos -> brackets by a rule that the user names: folders, a list, or timestamps in file names."""

from __future__ import annotations

import os
from collections import Counter
from collections.abc import Collection, Mapping, Sequence
from dataclasses import replace
from itertools import count
from pathlib import Path

from hdrkit.errors import InputError
from hdrkit.exposure import looks_like_counter
from hdrkit.inputs.options import By
from hdrkit.inputs.timed import lying_across, timed_groups
from hdrkit.inputs.timestamps import floored, timestamp_in_name
from hdrkit.types import Bracket, Photo, Remark


def form_brackets(
    photos: Sequence[Photo],
    roots: Sequence[Path],
    by: By = By.AUTO,
    round_s: float | None = 30.0,
    groups: Mapping[str, str] | None = None,
    estimated: bool = False,
) -> list[Bracket]:
    """The brackets in the order of their first photos. A photo is in one bracket at most.

    `roots` holds for each photo the folder under which it was found.

    - `folder`: the photos of one folder are one bracket.
    - `time`: photos of one folder and camera are one bracket if their timestamps, rounded down to `round_s` seconds, are equal.
      If `round_s` is None, the pauses of the camera divide the brackets, as in `timed.timed_groups`. Photos without a timestamp
      are left out. So are photos without an exposure beside others with one, unless exposures are `estimated` later.
    - `groups`: the mapping gives the bracket name of each path. Photos that are not in it are left out.
    - `auto`: `groups` if a mapping is given, `time` if all names have timestamps that fall into several spans, else `folder`.

    Raises InputError if the rule finds no brackets.
    """
    if by is By.AUTO:
        by = _most_telling_rule(photos, round_s, groups)
    if by is By.TIME:
        return _timed_brackets(photos, roots, round_s, estimated)
    members: dict[tuple[str, str], list[Photo]] = {}
    for photo, root in zip(photos, roots, strict=True):
        if (key := _key(photo, root, by, groups)) is not None:
            members.setdefault(key, []).append(photo)
    if not members:
        raise InputError("none of the photographs is in the list of groups; its paths are relative to its own folder")
    names = distinct_names([name for _, name in members])
    return [_in_order(name, group, by) for name, group in zip(names, members.values(), strict=True)]


def _timed_brackets(photos: Sequence[Photo], roots: Sequence[Path], round_s: float | None, estimated: bool) -> list[Bracket]:
    found = timed_groups(photos, round_s, estimated)
    root_of = dict(zip((photo.path for photo in photos), roots, strict=True))
    names = distinct_names([str(_relative(group.folder, root_of[group.photos[0].path]) / group.name) for group in found])
    return [_in_order(name, group.photos, By.TIME, group.remark) for name, group in zip(names, found, strict=True)]


def unusual_brackets(brackets: Sequence[Bracket]) -> list[str]:
    """A line for each bracket with more or fewer frames than usual for its camera, or with frames left out."""
    return [f"{bracket.name} ({bracket.remark})" for bracket in brackets if bracket.remark]


def hint_at_pauses(brackets: Sequence[Bracket], round_s: float | None) -> str | None:
    """A note if spans of time split or mix the brackets that the pauses of the camera show, else None."""
    if round_s is None or not brackets or brackets[0].kind != By.TIME:
        return None
    across, count = lying_across([photo for bracket in brackets for photo in bracket.photos], round_s)
    if not across:
        return None
    some = f"the frames of {across} of {count} brackets fall into two spans of {round_s:g} s"
    return f"{some}; --round gap keeps brackets whole; choose another -o"


def spread_brackets(brackets: Sequence[Bracket], most: int) -> list[Bracket]:
    """At most `most` of the brackets, evenly spread. If enough of them have the usual number of frames, only those count."""
    sizes = Counter(len(bracket.photos) for bracket in brackets)
    usual = max(sizes, key=lambda size: (sizes[size], size))
    complete = [bracket for bracket in brackets if len(bracket.photos) == usual]
    among = complete if len(complete) >= most else list(brackets)
    count = min(most, len(among))
    return [among[(2 * k + 1) * len(among) // (2 * count)] for k in range(count)]


def _key(photo: Photo, root: Path, by: By, groups: Mapping[str, str] | None) -> tuple[str, str] | None:
    """The folder and the name that the photos of one bracket share; None for a photo that is in no bracket."""
    if by is By.GROUPS:
        if groups is None:
            raise InputError("brackets by groups need the list: --groups FILE.csv with the columns path and bracket")
        name = groups.get(os.path.realpath(photo.path))
        return None if name is None else ("", name)
    return str(photo.path.parent), _folder_name(photo.path, root)


def distinct_names(names: Sequence[str], before: Collection[str] = ()) -> list[str]:
    """The names, with a number added to those that occur again or are in `before`: two cards may hold the same folders."""
    taken = {*names, *before}
    used = set(before)
    distinct = []
    for name in names:
        if name in used:
            name = next(numbered for k in count(2) if (numbered := f"{name}_{k}") not in taken)
        taken.add(name)
        used.add(name)
        distinct.append(name)
    return distinct


def _most_telling_rule(photos: Sequence[Photo], round_s: float | None, groups: Mapping[str, str] | None) -> By:
    if groups is not None:
        return By.GROUPS
    stamps = [timestamp_in_name(photo.path) for photo in photos]
    spans = {(photo.path.parent, floored(stamp, round_s or 1.0)) for photo, stamp in zip(photos, stamps, strict=True) if stamp}
    folders = {photo.path.parent for photo in photos}
    return By.TIME if None not in stamps and len(spans) > len(folders) else By.FOLDER


def _relative(path: Path, root: Path) -> Path:
    return path.relative_to(root) if path.is_relative_to(root) else path


def _folder_name(path: Path, root: Path) -> str:
    relative = _relative(path, root).parent
    return str(relative) if relative != Path() else (root.resolve().name or "bracket")


def _in_order(name: str, photos: Sequence[Photo], by: By, remark: Remark | None = None) -> Bracket:
    """The bracket, shortest exposure first, or by name if exposures are unknown.

    Numbers in names are not exposures if they count pictures, or if the camera recorded the exposure of other photos.
    """
    recorded = any(photo.exposure is not None and photo.exposure.from_camera for photo in photos)
    if recorded or looks_like_counter([photo.exposure for photo in photos]):
        photos = [_without_named_exposure(photo) for photo in photos]
    if all(photo.exposure is not None for photo in photos):
        photos = sorted(photos, key=lambda photo: (photo.exposure.relative, os.fsencode(photo.path)))  # type: ignore[union-attr]
    return Bracket(name, tuple(photos), reference=len(photos) // 2, kind=by.value, why=_WHY[by], remark=remark)


def _without_named_exposure(photo: Photo) -> Photo:
    return photo if photo.exposure is None or photo.exposure.in_seconds else replace(photo, exposure=None)


_WHY = {By.FOLDER: "in one folder", By.TIME: "taken together", By.GROUPS: "listed together"}
