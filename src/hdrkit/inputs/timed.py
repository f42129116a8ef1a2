"""Timestamped photographs -> brackets: by spans of time, or by the pauses that the camera makes between brackets."""

from __future__ import annotations

import math
from collections import Counter, defaultdict
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime
from itertools import compress, pairwise
from pathlib import Path
from statistics import median_low

from hdrkit.errors import InputError
from hdrkit.files.text import show
from hdrkit.inputs.shots import Shot, series_of
from hdrkit.inputs.timestamps import floored, instant, written
from hdrkit.types import Photo, Remark

_DISTINCT = 1.5  # a pause is this many times longer than any wait within a bracket, with a second added to both
_PLAIN = 3.0  # the same if exposures hardly recur, so that several brackets are unlikely
_HINT = 0.1  # pauses are the better rule if more than this share of brackets falls into several spans


@dataclass(frozen=True)
class TimedGroup:
    """Photographs of one bracket, its folder (absolute or as given), its name, and what is unusual about it."""

    folder: Path
    name: str
    photos: tuple[Photo, ...]
    remark: Remark | None = None


def timed_groups(photos: Sequence[Photo], span_s: float | None, estimated: bool = False) -> list[TimedGroup]:
    """Groups of photos with a timestamp, each camera on its own, in the order of their first photos.

    The photos of one folder within the same `span_s` seconds, rounded down, are one group. With None, a group is what no
    pause divides (see `_by_pauses`), in any folders. If all exposures of a group occur equally often, and more than once, it is
    that many brackets: a clock was set back, or the span is longer than a bracket. The first has the name of the span, the others
    that of their own first photo. Photos that state no exposure are left out beside others that do, unless exposures are
    `estimated`. Raises InputError if no name has a timestamp, and if no exposure is known where pauses divide.
    """
    found = []
    for shots in series_of(photos, estimated):
        named: list[tuple[str, Sequence[Shot], Sequence[Shot]]] = []
        for run in _by_pauses(shots) if span_s is None else _by_spans(shots, span_s):
            stating, others = (run, []) if estimated else _stating(run)
            for number, members in enumerate(_rounds(stating)):
                first = members[0]
                start = first.stamp if span_s is None or number else floored(first.stamp, span_s)
                named.append((f"{first.label}{written(start)}", members, [] if number else others))
        usual = _usual(len(members) for _, members, _ in named)
        for name, members, left_out in named:
            remark = Remark(len(members), usual, tuple(shot.photo.path for shot in left_out))
            unusual = len(members) != usual or left_out
            found.append(
                TimedGroup(members[0].photo.path.parent, name, tuple(shot.photo for shot in members), remark if unusual else None)
            )
    order = {photo.path: number for number, photo in enumerate(photos)}
    return sorted(found, key=lambda group: min(order[photo.path] for photo in group.photos))


def lying_across(photos: Sequence[Photo], span_s: float) -> tuple[int, int]:
    """How many brackets have frames in several spans of `span_s` seconds or folders, and how many brackets clear pauses show.

    (0, 0) if they are so few that they may be exceptions.
    """
    across = count = 0
    for shots in series_of(photos):
        if any(shot.exposure is not None for shot in shots) and (limit := _limit(shots, _PLAIN)) is not None:
            runs = _cut(shots, limit)
            if len(runs) > 1:
                count += len(runs)
                across += sum(len({_span(shot, span_s) for shot in run}) > 1 for run in runs)
    return (across, count) if across > _HINT * count else (0, 0)


def _by_spans(shots: Sequence[Shot], span_s: float) -> Iterator[list[Shot]]:
    spans = defaultdict(list)
    for shot in shots:
        spans[_span(shot, span_s)].append(shot)
    yield from spans.values()


def _span(shot: Shot, span_s: float) -> tuple[Path, datetime]:
    return shot.photo.path.parent, instant(floored(shot.stamp, span_s))


def _by_pauses(shots: Sequence[Shot]) -> list[list[Shot]]:
    """Shots divided at the pauses between brackets. The series itself shows how long a pause is.

    The number of brackets is about how often an exposure occurs (the median over exposures, so that missing and repeated frames
    hardly count). The waits between shots, less the time that the shutter was open, are sorted by length. Near that number, the
    two neighbours that differ most separate pauses from waits. If they do not differ the camera makes no pauses, and a bracket
    ends before an exposure that it already has.
    """
    if all(shot.exposure is None for shot in shots):
        raise InputError(
            f"{show(shots[0].photo.path)}: no exposure time in EXIF or file name, which --round gap needs; "
            "give a span (--round 30s)"
        )
    return _cut(shots, _limit(shots))


def _cut(shots: Sequence[Shot], limit: float | None) -> list[list[Shot]]:
    runs, had, last = [[shots[0]]], {shots[0].exposure}, shots[0].exposure
    for wait, shot in zip(_waits(shots), shots[1:], strict=True):
        again = shot.exposure in had and shot.exposure not in (None, last)
        if wait > limit if limit is not None else again:
            runs.append([])
            had = set()
        runs[-1].append(shot)
        last = last if shot.exposure is None else shot.exposure
        had.add(shot.exposure)
    return runs


def _waits(shots: Sequence[Shot]) -> list[float]:
    """Seconds between shots, without the time that the shutter was open."""
    return [
        max(0.0, (instant(later.stamp) - instant(sooner.stamp)).total_seconds() - max(sooner.open_s, later.open_s))
        for sooner, later in pairwise(shots)
    ]


def _limit(shots: Sequence[Shot], distinct: float = _DISTINCT) -> float | None:
    """A time in seconds, longer than all waits within brackets and shorter than the pauses; None if there are no pauses."""
    times = Counter(shot.exposure for shot in shots if shot.exposure is not None).values()
    if pauses := median_low(times) - 1:
        fewest, most = math.ceil(0.7 * pauses), math.floor(1.4 * pauses) + 1
    else:  # one bracket, or parts of several
        fewest, most, distinct = 1, max(times) - 1, _PLAIN
    longest_first = sorted(_waits(shots), reverse=True)
    among = range(fewest, min(most, len(longest_first) - 1) + 1)
    ratio, cut = max(((longest_first[k - 1] + 1) / (longest_first[k] + 1), k) for k in among) if among else (0.0, 0)
    if ratio >= distinct:
        return math.sqrt((longest_first[cut - 1] + 1) * (longest_first[cut] + 1)) - 1
    return None if pauses else math.inf


def _stating(shots: Sequence[Shot]) -> tuple[Sequence[Shot], Sequence[Shot]]:
    """The shots that state an exposure, and the others. If none states one, all are in the first list.

    A number in a name does not count if the camera recorded the exposure of other shots.
    """
    exposures = [shot.photo.exposure for shot in shots]
    recorded = any(exposure is not None and exposure.from_camera for exposure in exposures)
    states = [exposure is not None and (exposure.in_seconds or not recorded) for exposure in exposures]
    if not any(states):
        return shots, []
    others = [not one for one in states]
    return list(compress(shots, states)), list(compress(shots, others))


def _rounds(shots: Sequence[Shot]) -> list[Sequence[Shot]]:
    """The shots as several brackets if every exposure occurs that often; else as one."""
    turns: dict[float | None, int] = Counter()
    rounds: dict[int, list[Shot]] = defaultdict(list)
    for shot in shots:
        rounds[turns[shot.exposure]].append(shot)
        turns[shot.exposure] += 1
    whole = len(turns) > 1 and len(set(turns.values())) == 1 and None not in turns
    return list(rounds.values()) if whole else [shots]


def _usual(sizes: Iterator[int]) -> int:
    counts = Counter(sizes)
    return max(counts, key=lambda size: (counts[size], size))
