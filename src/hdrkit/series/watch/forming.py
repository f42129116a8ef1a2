"""New photographs of a folder -> complete brackets, by the same rules as in every other run."""

from __future__ import annotations

import os
import time
from collections.abc import Sequence
from dataclasses import replace
from datetime import datetime, timedelta
from pathlib import Path

from hdrkit.errors import InputError
from hdrkit.files.text import show
from hdrkit.inputs.find import find_brackets
from hdrkit.inputs.options import InputOptions
from hdrkit.inputs.photo_memory import PhotoMemory
from hdrkit.inputs.timestamps import photograph_taken_at
from hdrkit.series.run.made import made_from
from hdrkit.series.run.records import Records
from hdrkit.series.watch.arrivals import Arrivals
from hdrkit.series.watch.options import Pace, WatchOptions
from hdrkit.types import Bracket, Failure

_NEIGHBOURS = timedelta(minutes=30)  # frames within this time decide to which bracket a new frame belongs


class Forming:
    """Forms brackets that can be merged now from the photographs that arrived below `source`."""

    def __init__(
        self,
        source: Path,
        out: Path,
        arrivals: Arrivals,
        inputs: InputOptions,
        options: WatchOptions,
        pace: Pace,
        memory: PhotoMemory,
    ) -> None:
        self._source, self._out, self._arrivals, self._inputs, self._options = source, out, arrivals, inputs, options
        self._at_once, self._memory = pace.at_once, memory
        self._formed: dict[Path, tuple[list[Path], float]] = {}  # incomplete photographs, and when they are due

    @property
    def needs_all(self) -> bool:
        """Whether brackets may continue in other folders. Then all folders are looked at before the first bracket is formed."""
        return self._inputs.span_s is None

    def complete(self, folder: Path) -> tuple[list[Bracket], tuple[Failure, ...], tuple[str, ...]]:
        """The complete brackets with new photographs; failures of new photographs; a line for each that belongs to no bracket.

        A bracket is complete if it has its number of frames. It is also complete if its span of time since the first new
        photograph is over and no photograph arrived during the time to wait. Its photographs are then marked as done.
        """
        new = self._arrivals.new.get(folder, {})
        newest = sorted(new, key=lambda path: new[path].stamp, reverse=True)
        settled = self._arrivals.settled(newest[: self._at_once])
        now = time.monotonic()
        before, due = self._formed.get(folder, ([], 0.0))
        if not settled or settled == before and now < due:
            return [], (), ()
        stamps = [new[path].stamp for path in settled]
        folders = sorted([folder, *self._beside(folder)])
        near = _photographs(folders, min(stamps) - _NEIGHBOURS, max(stamps) + _NEIGHBOURS)
        there = {*settled, *self._arrivals.settled(path for path in near if path.parent != folder and self._is_new(path))}
        brackets, failures = self._formed_of(folder, [path for path in near if path in there or not self._is_new(path)])
        complete, due = [], float("inf")
        for bracket in brackets:
            mine = [photo.path for photo in bracket.photos if self._is_new(photo.path)]
            if all(path.parent != folder for path in mine):
                continue
            over = self._over(mine)
            if len(newest) > self._at_once and newest[self._at_once - 1] in mine and len(brackets) > 1:
                due = now  # the rest of this bracket is among the older photographs
            elif now >= over or self._options.frames is not None and len(bracket.photos) >= self._options.frames:
                complete.append(bracket)
                self._arrivals.handled(mine)
            else:
                due = min(due, over)
        placed = {photo.path for bracket in brackets for photo in bracket.photos}
        unread = [path for path in settled if path in new and path not in placed]
        self._arrivals.handled(unread)
        self._formed[folder] = [path for path in settled if path in new], due
        if not brackets:
            return complete, failures, ()
        about_new = tuple(failure for failure in failures if failure.path in unread)
        failed = {failure.path for failure in about_new}
        strays = tuple(f"{show(path)}: left out, it states no exposure" for path in unread if path not in failed)
        return complete, about_new, strays

    def _is_new(self, path: Path) -> bool:
        return path in self._arrivals.new.get(path.parent, {})

    def _over(self, paths: Sequence[Path]) -> float:
        since = [self._arrivals.new[path.parent][path].since for path in paths]
        return max(max(since) + self._options.wait_s, min(since) + (self._inputs.span_s or 0.0))

    def _beside(self, folder: Path) -> list[Path]:
        """The folders in which brackets of a folder may begin or continue."""
        return self._arrivals.beside(folder, _NEIGHBOURS) if self.needs_all else []

    def _formed_of(self, folder: Path, paths: Sequence[Path]) -> tuple[list[Bracket], tuple[Failure, ...]]:
        """The brackets of these photographs, named relative to `source`, and the failures of those that cannot be read."""
        try:
            found = find_brackets(paths, self._inputs, self._memory)
        except InputError as error:
            return [], (Failure(folder, str(error)),)
        return [replace(bracket, name=str(self._below(bracket) / bracket.name)) for bracket in found.brackets], found.failures

    def _below(self, bracket: Bracket) -> Path:
        """The folder of the first photograph of a bracket, and of its result."""
        first = min(bracket.photos, key=lambda photo: photograph_taken_at(photo.path) or datetime.max)
        return first.path.parent.relative_to(self._source)

    def pass_over_made(self, folder: Path, records: Records) -> None:
        """Mark the photographs that earlier runs have merged as done, in a folder that is looked at for the first time.

        Only names and times are compared: a result that is newer than its photographs and has as many frames. No file is read, so
        a restart is quick. New options or a new version do not cause finished brackets to be merged again.
        """
        new = self._arrivals.new.get(folder, {})
        if not new:
            return
        stamps = [arrival.stamp for arrival in new.values()]
        beside = self._beside(folder)
        paths = [*new, *_photographs(beside, min(stamps) - _NEIGHBOURS, max(stamps) + _NEIGHBOURS)]
        outs = [self._out / each.relative_to(self._source) for each in (folder, *beside)]
        made = [result for out in outs if out.is_dir() for result in records.made(out)]
        for frames, result in made_from(paths, made, self._inputs.span_s):
            mine = [path for path in frames if self._is_new(path)]
            if all(self._arrivals.new[path.parent][path].changed < result.time for path in mine):
                self._arrivals.handled(mine)


def _photographs(folders: Sequence[Path], first: datetime, last: datetime) -> list[Path]:
    """The photographs in these folders that were taken between two times."""
    return [
        path
        for folder in folders
        for path in sorted(folder.iterdir(), key=os.fsencode)
        if (stamp := photograph_taken_at(path)) is not None and first <= stamp <= last
    ]
