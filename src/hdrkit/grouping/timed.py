"""Timestamped photographs -> brackets: by spans of time, or by the pauses that the camera makes between brackets."""

from __future__ import annotations

import math
import os
import re
from collections import Counter, defaultdict
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime
from itertools import pairwise
from pathlib import Path
from statistics import median_low

from hdrkit.errors import InputError
from hdrkit.grouping.timestamps import before_timestamp, floored, instant, timestamp_in_name, written
from hdrkit.io.artifacts import counted
from hdrkit.io.files import show
from hdrkit.types import ExposureSource, Photo

_DISTINCT = 1.5  # how many times longer a pause is than any wait within a bracket, a second added to both


@dataclass(frozen=True)
class TimedGroup:
    """Photographs of one bracket, the folder (absolute or as given) and the name that it gets, and what is unusual about it."""

    folder: Path
    name: str
    photos: tuple[Photo, ...]
    remark: str = ""


@dataclass(frozen=True)
class _Shot:
    photo: Photo
    stamp: datetime

    @property
    def exposure(self) -> float | None:
        return self.photo.exposure.relative if self.photo.exposure else None

    @property
    def open_s(self) -> float:
        """How long the shutter was open, as far as it is known in seconds: numbers in names may be in any unit."""
        exposure = self.photo.exposure
        return exposure.time_s if exposure and exposure.source is not ExposureSource.FILENAME else 0.0


def timed_groups(photos: Sequence[Photo], span_s: float | None) -> list[TimedGroup]:
    """Every photo with a timestamp in exactly one group, each camera of a folder by itself, in the order of their first photos.

    What falls into the same `span_s` seconds, rounded down, belongs together; with None, what no pause divides (see
    `_by_pauses`). A group whose exposures all come equally often, and more than once, is as many brackets: a clock was set
    back, or the span is longer than a bracket. The first has the name of the span, others that of their own first photo.
    Raises InputError where no name has a timestamp, and for pauses where no exposure is known.
    """
    found = []
    for folder, camera, shots in _cameras(photos):
        named: list[tuple[str, Sequence[_Shot]]] = []
        for run in _by_pauses(shots) if span_s is None else _by_spans(shots, span_s):
            for number, members in enumerate(_rounds(run)):
                first = members[0].stamp
                start = first if span_s is None or number else floored(first, span_s)
                named.append((f"{camera}{written(start)}", members))
        usual = _usual(len(members) for _, members in named)
        for name, members in named:
            remark = "" if len(members) == usual else f"{counted(len(members), 'frame')} where {usual} are usual"
            found.append(TimedGroup(folder, name, tuple(shot.photo for shot in members), remark))
    order = {photo.path: number for number, photo in enumerate(photos)}
    return sorted(found, key=lambda group: min(order[photo.path] for photo in group.photos))


def _cameras(photos: Sequence[Photo]) -> Iterator[tuple[Path, str, list[_Shot]]]:
    """Folder, name and shots in order of each camera; the name is what tells it from others in that folder.

    A camera is told by what names hold before the timestamp, where that recurs, by metadata, and by the kind and size of its
    pictures.
    """
    before = Counter((photo.path.parent, photo.encoding, before_timestamp(photo.path)) for photo in photos)
    found: dict[tuple[Path, str, bool], dict[tuple[str, str, str, str], list[_Shot]]] = defaultdict(lambda: defaultdict(list))
    for photo in photos:
        if (stamp := timestamp_in_name(photo.path)) is None:
            continue
        prefix = before_timestamp(photo.path)
        prefix = prefix if before[photo.path.parent, photo.encoding, prefix] > 1 else ""
        kind = photo.camera, photo.serial, photo.encoding.value, f"{photo.width}x{photo.height}"
        found[photo.path.parent, prefix, stamp.tzinfo is None][kind].append(_Shot(photo, stamp))
    if not found:
        raise InputError(
            f"{show(photos[0].path)}: no timestamp YYYYmmddHHMMSS in the name; group by folder instead (--by folder)"
        )
    for (folder, prefix, _), cameras in found.items():
        telling = [len(set(values)) > 1 for values in zip(*cameras, strict=True)]
        for kind, shots in cameras.items():
            words = [word for word, tells in zip(kind, telling, strict=True) if tells and word]
            label = "".join(re.sub(r"\W+", "-", word) + "_" for word in words)
            yield folder, prefix + label, sorted(shots, key=_order)


def _order(shot: _Shot) -> tuple[datetime, float, bytes]:
    return instant(shot.stamp), shot.exposure or 0.0, os.fsencode(shot.photo.path)


def _by_spans(shots: Sequence[_Shot], span_s: float) -> Iterator[list[_Shot]]:
    spans = defaultdict(list)
    for shot in shots:
        spans[instant(floored(shot.stamp, span_s))].append(shot)
    yield from spans.values()


def _by_pauses(shots: Sequence[_Shot]) -> list[list[_Shot]]:
    """Shots cut at the pauses between brackets, which the series itself shows.

    There are about as many brackets as the exposures come again (the median over exposures, so that missing and repeated frames
    do not count for much). Waits between shots, less the time that the shutter was open, are ordered by length, and cut where,
    near that number, two neighbours differ most. Where nothing differs the camera makes no pauses, and a bracket ends before
    an exposure that it has had.
    """
    counts = Counter(shot.exposure for shot in shots if shot.exposure is not None)
    if not counts:
        raise InputError(
            f"{show(shots[0].photo.path)}: no exposure time in EXIF or file name, which --round gap goes by; "
            "give a span (--round 30s)"
        )
    waits = [
        max(0.0, (instant(later.stamp) - instant(sooner.stamp)).total_seconds() - max(sooner.open_s, later.open_s))
        for sooner, later in pairwise(shots)
    ]
    limit = _shortest_pause(waits, median_low(counts.values()) - 1)
    runs, had = [[shots[0]]], {shots[0].exposure}
    for wait, (sooner, shot) in zip(waits, pairwise(shots), strict=True):
        again = shot.exposure in had and shot.exposure not in (None, sooner.exposure)
        if wait > limit if limit is not None else again:
            runs.append([])
            had = set()
        runs[-1].append(shot)
        had.add(shot.exposure)
    return runs


def _shortest_pause(waits: Sequence[float], pauses: int) -> float | None:
    """A wait above which, near the expected number of pauses, all are much longer than those below; None where there is none."""
    if pauses < 1:
        return max(waits, default=0.0)
    longest_first = sorted(waits, reverse=True)
    fewest, most = math.ceil(0.7 * pauses), min(math.floor(1.4 * pauses) + 1, len(waits) - 1)
    steps = [((longest_first[k - 1] + 1) / (longest_first[k] + 1), k) for k in range(fewest, most + 1)]
    ratio, cut = max(steps, default=(0.0, 0))
    return math.sqrt((longest_first[cut - 1] + 1) * (longest_first[cut] + 1)) - 1 if ratio >= _DISTINCT else None


def _rounds(shots: Sequence[_Shot]) -> list[Sequence[_Shot]]:
    """The shots as so many brackets as every exposure comes; as they are where some come more often than others."""
    turns: dict[float | None, int] = Counter()
    rounds: dict[int, list[_Shot]] = defaultdict(list)
    for shot in shots:
        rounds[turns[shot.exposure]].append(shot)
        turns[shot.exposure] += 1
    whole = len(turns) > 1 and len(set(turns.values())) == 1 and None not in turns
    return list(rounds.values()) if whole else [shots]


def _usual(sizes: Iterator[int]) -> int:
    counts = Counter(sizes)
    return max(counts, key=lambda size: (counts[size], size))
