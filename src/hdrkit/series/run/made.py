"""Finds the photographs from which existing results were merged. It compares names only and reads no file."""

from __future__ import annotations

from bisect import bisect_left
from collections import Counter, defaultdict
from collections.abc import Iterator, Sequence
from datetime import datetime
from itertools import pairwise
from pathlib import Path
from typing import NamedTuple

from hdrkit.inputs.timestamps import before_timestamp, floored, instant, timestamp_in_name


class Made(NamedTuple):
    """An existing result: the name of its bracket, the number of merged frames, the time of writing (seconds since 1970)."""

    bracket: str
    frames: int
    time: float


def made_from(photographs: Sequence[Path], results: Sequence[Made], span_s: float | None) -> Iterator[tuple[list[Path], Made]]:
    """Groups of photographs that are surely merged, each with the oldest of their results.

    With spans: all photographs of a span, if its results have at least as many frames. With pauses: from the photograph that
    names a result, as many photographs as the result has frames, up to the next result; only if names distinguish the cameras.
    """
    times = Counter(before_timestamp(path) for path in photographs)
    beginnings = [before for before, count in times.items() if before and count > 1]
    taken = defaultdict(list)
    for path in photographs:
        if stamp := timestamp_in_name(path):
            before = before_timestamp(path)
            taken[before if before in beginnings else "", stamp.tzinfo is None].append((stamp, path))
    made = defaultdict(list)
    for result in results:
        name = Path(f"{result.bracket}_")  # the underscore distinguishes an offset from a counter
        if stamp := timestamp_in_name(name):
            label = before_timestamp(name)
            before = max((before for before in beginnings if label.startswith(before)), key=len, default="")
            made[before, stamp.tzinfo is None].append((stamp, label, result))
    for camera, its in made.items():
        if span_s is not None:
            yield from _by_spans(taken[camera], [(stamp, result) for stamp, _, result in its], span_s)
        elif len({label for _, label, _ in its}) == 1:
            yield from _by_pauses(taken[camera], [(stamp, result) for stamp, _, result in its])


def _by_spans(
    taken: Sequence[tuple[datetime, Path]], made: Sequence[tuple[datetime, Made]], span_s: float
) -> Iterator[tuple[list[Path], Made]]:
    spans, found = defaultdict(list), defaultdict(list)
    for stamp, path in taken:
        spans[instant(floored(stamp, span_s))].append(path)
    for stamp, result in made:
        found[instant(floored(stamp, span_s))].append(result)
    for span, paths in spans.items():
        results = found[span]
        if results and sum(result.frames for result in results) >= len(paths):
            yield paths, min(results, key=lambda result: result.time)


def _by_pauses(
    taken: Sequence[tuple[datetime, Path]], made: Sequence[tuple[datetime, Made]]
) -> Iterator[tuple[list[Path], Made]]:
    in_order = sorted((instant(stamp), path) for stamp, path in taken)
    stamps = [stamp for stamp, _ in in_order]
    begun = sorted((instant(stamp), result) for stamp, result in made)
    ends = [bisect_left(stamps, stamp) for stamp, _ in begun] + [len(stamps)]
    for (_, result), (start, end) in zip(begun, pairwise(ends), strict=True):
        yield [path for _, path in in_order[start : min(end, start + result.frames)]], result
