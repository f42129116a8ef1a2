"""Timestamped photographs -> the series of each camera, in the order of time."""

from __future__ import annotations

import os
import re
from collections import Counter, defaultdict
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path

from hdrkit.errors import InputError
from hdrkit.files.text import show
from hdrkit.inputs.folders import in_turn, patterns
from hdrkit.inputs.timestamps import before_timestamp, instant, timestamp_in_name
from hdrkit.types import Photo

Kind = tuple[str, str, str, str]


@dataclass(frozen=True)
class Shot:
    """A photograph, its time, and the prefix of the names of results of its camera in its folder."""

    photo: Photo
    stamp: datetime
    label: str = ""

    @property
    def exposure(self) -> float | None:
        """`Exposure.relative` of the photo, None if it states no exposure."""
        return self.photo.exposure.relative if self.photo.exposure else None

    @property
    def open_s(self) -> float:
        """The time in seconds that the shutter was open, 0 if unknown. Numbers in names do not count: their unit is unknown."""
        exposure = self.photo.exposure
        return exposure.time_s if exposure and exposure.in_seconds else 0.0


def series_of(photos: Sequence[Photo], estimated: bool = False) -> Iterator[list[Shot]]:
    """The shots of each camera in order, over all the folders that it filled one after the other.

    A camera is recognized by the text before the timestamp if it recurs, by metadata, and by the kind and size of its pictures.
    Raises InputError if no name has a timestamp.
    """
    cameras: dict[tuple[str, str, bool, Kind], dict[Path, list[Shot]]] = defaultdict(dict)
    alike = patterns(_begun(photos))
    for folder, prefix, naive, kinds in _by_folder(photos, alike):
        by_kind = kinds if estimated else _without_strays(kinds)
        varies = [len(set(values)) > 1 for values in zip(*by_kind, strict=True)]
        for kind, shots in by_kind.items():
            words = [word for word, differs in zip(kind, varies, strict=True) if differs and word]
            label = prefix + "".join(re.sub(r"\W+", "-", word) + "_" for word in words)
            labelled = [Shot(shot.photo, shot.stamp, label) for shot in shots]
            cameras[alike[folder], prefix, naive, kind][folder] = sorted(labelled, key=_order)
    for folders in cameras.values():
        times = {folder: (instant(shots[0].stamp), instant(shots[-1].stamp)) for folder, shots in folders.items()}
        for turn in in_turn(times):
            yield [shot for folder in turn for shot in folders[folder]]


def _begun(photos: Sequence[Photo]) -> dict[Path, datetime]:
    """The time of the first photograph with a timestamp in each folder."""
    begun: dict[Path, datetime] = {}
    for photo in photos:
        if stamp := timestamp_in_name(photo.path):
            folder = photo.path.parent
            begun[folder] = min(begun.get(folder, datetime.max), instant(stamp))
    return begun


def _by_folder(photos: Sequence[Photo], alike: Mapping[Path, str]) -> Iterator[tuple[Path, str, bool, dict[Kind, list[Shot]]]]:
    """The shots of each folder whose names begin alike and have a zone all or none of them, by metadata, kind and size.

    A beginning of names counts only if it recurs in a folder of the series; else it is a counter.
    """
    before = Counter((photo.path.parent, photo.encoding, before_timestamp(photo.path)) for photo in photos)
    recurring = {(alike.get(folder), encoding, prefix) for (folder, encoding, prefix), times in before.items() if times > 1}
    found: dict[tuple[Path, str, bool], dict[Kind, list[Shot]]] = defaultdict(lambda: defaultdict(list))
    for photo in photos:
        if (stamp := timestamp_in_name(photo.path)) is None:
            continue
        folder, prefix = photo.path.parent, before_timestamp(photo.path)
        prefix = prefix if (alike[folder], photo.encoding, prefix) in recurring else ""
        kind = photo.camera, photo.serial, photo.encoding.value, f"{photo.width}x{photo.height}"
        found[folder, prefix, stamp.tzinfo is None][kind].append(Shot(photo, stamp))
    if not found:
        raise InputError(
            f"{show(photos[0].path)}: no timestamp YYYYmmddHHMMSS in the name; group by folder instead (--by folder)"
        )
    for (folder, prefix, naive), kinds in found.items():
        yield folder, prefix, naive, kinds


def _without_strays(kinds: Mapping[Kind, list[Shot]]) -> Mapping[Kind, list[Shot]]:
    """Shots by kind. Kinds in which no shot states an exposure (thumbnails) are joined to the most frequent other kind."""
    cameras = {kind: shots for kind, shots in kinds.items() if any(shot.exposure is not None for shot in shots)}
    if not cameras:
        return kinds
    strays = [shot for kind, shots in kinds.items() if kind not in cameras for shot in shots]
    most = max(cameras, key=lambda kind: len(cameras[kind]))
    return cameras | {most: [*cameras[most], *strays]}


def _order(shot: Shot) -> tuple[datetime, float, bytes]:
    return instant(shot.stamp), shot.exposure or 0.0, os.fsencode(shot.photo.path)
