"""New photographs of a folder -> brackets that are complete, by the rules of every other run."""

from __future__ import annotations

import os
import time
from collections import defaultdict
from collections.abc import Sequence
from dataclasses import replace
from datetime import timedelta
from pathlib import Path

from hdrkit.errors import InputError
from hdrkit.grouping.options import InputOptions
from hdrkit.grouping.timestamps import floored, timestamp_in_name, written
from hdrkit.inputs import find_brackets
from hdrkit.io.files import show
from hdrkit.series.arrivals import Arrivals, photograph
from hdrkit.series.ledger import Records
from hdrkit.series.options import WatchOptions
from hdrkit.types import Bracket

_NEIGHBOURS = timedelta(minutes=30)  # before and after, whose frames tell which bracket a new one belongs to
_AT_ONCE = 200  # photographs, the newest first


class Forming:
    """What can be merged now, of what has arrived below `source`."""

    def __init__(self, source: Path, out: Path, arrivals: Arrivals, inputs: InputOptions, options: WatchOptions) -> None:
        self._source, self._out, self._arrivals, self._inputs, self._options = source, out, arrivals, inputs, options
        self._formed: dict[Path, tuple[list[Path], float]] = {}  # what was not complete yet, and when it will be

    def complete(self, folder: Path) -> tuple[list[Bracket], tuple[str, ...]]:
        """Brackets with new photographs that wait for nothing more, and a line for each new photograph that cannot be read.

        A bracket is complete where it has its number of frames, or its span of time since the first of the new ones is over and
        nothing came for the time to wait. Those photographs are done with then.
        """
        new = self._arrivals.new.get(folder, {})
        newest = sorted(new, key=lambda path: new[path].stamp, reverse=True)[:_AT_ONCE]
        settled = self._arrivals.settled(newest)
        now = time.monotonic()
        before, due = self._formed.get(folder, ([], 0.0))
        if not settled or settled == before and now < due:
            return [], ()
        brackets, failures = self._around(folder, settled)
        complete, due = [], float("inf")
        for bracket in brackets:
            mine = [photo.path for photo in bracket.photos if photo.path in new]
            if not mine:
                continue
            over = self._over(mine)
            if now >= over or self._options.frames is not None and len(bracket.photos) >= self._options.frames:
                complete.append(bracket)
                self._arrivals.handled(mine)
            else:
                due = min(due, over)
        unread = {path for path in settled if path in new} - {photo.path for bracket in brackets for photo in bracket.photos}
        self._arrivals.handled(unread)
        self._formed[folder] = [path for path in settled if path in new], due
        about_new = (line for line in failures if not brackets or any(line.startswith(show(path)) for path in unread))
        return complete, tuple(about_new)

    def _over(self, paths: Sequence[Path]) -> float:
        since = [self._arrivals.new[path.parent][path].since for path in paths]
        return max(max(since) + self._options.wait_s, min(since) + (self._inputs.span_s or 0.0))

    def _around(self, folder: Path, settled: Sequence[Path]) -> tuple[list[Bracket], tuple[str, ...]]:
        """The brackets of these photographs and their neighbours, named as in the whole tree, and what cannot be read."""
        new = self._arrivals.new[folder]
        stamps = [new[path].stamp for path in settled]
        first, last = min(stamps) - _NEIGHBOURS, max(stamps) + _NEIGHBOURS
        there = set(settled)
        paths = [
            path
            for path in sorted(folder.iterdir(), key=os.fsencode)
            if (stamp := photograph(path)) is not None and first <= stamp <= last and (path in there or path not in new)
        ]
        try:
            found = find_brackets(paths, self._inputs)
        except InputError as error:
            return [], (str(error),)
        below = folder.relative_to(self._source)
        return [replace(bracket, name=str(below / bracket.name)) for bracket in found.brackets], found.failures

    def pass_over_made(self, folder: Path, records: Records) -> None:
        """Be done with those photographs of a folder, looked at for the first time, that older runs have merged.

        These are in a span of time whose result is newer than all of them and has as many frames. Nothing has to be read
        for that: a restart is quick, and options or a version that changed make nothing again that was made.
        """
        span_s = self._inputs.span_s
        new = self._arrivals.new.get(folder, {})
        below = folder.relative_to(self._source)
        if span_s is None or not new or not (self._out / below).is_dir():
            return
        spans: dict[str, list[Path]] = defaultdict(list)
        for path in new:
            stamp = timestamp_in_name(path)
            if stamp:
                spans[written(floored(stamp, span_s))].append(path)
        ledger = records.of(self._out / below)
        for name, paths in spans.items():
            made = ledger.made(str(below / name))
            if made is not None and made.frames == len(paths) and made.time > max(new[path].changed for path in paths):
                self._arrivals.handled(paths)
