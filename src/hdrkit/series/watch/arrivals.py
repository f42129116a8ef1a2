"""Finds the photographs of a folder tree that are new, and those that are complete.

A photograph is new if its inode changed after the last look at its folder. The photographs that are done therefore need no
memory. Only folders whose own time of change is new are listed again.
"""

from __future__ import annotations

import os
import time
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from pathlib import Path

from hdrkit.errors import HdrkitError
from hdrkit.formats.complete import is_surely_complete
from hdrkit.formats.metadata import read_content, read_header
from hdrkit.formats.pixels import read_frame
from hdrkit.formats.suffixes import PHOTOGRAPHS, FileKind, kind_of, suffixes_of
from hdrkit.inputs.folders import in_turn, patterns
from hdrkit.inputs.photo_memory import PhotoMemory
from hdrkit.inputs.timestamps import photograph_taken_at, timestamp_in_name
from hdrkit.series.watch.options import Clock, Pace

_PHOTOGRAPHS = suffixes_of(*PHOTOGRAPHS)
_TICK_S = 2.0  # two changes within this time may have the same time stamp


@dataclass
class Arrival:
    """A new photograph. `stamp` is the time in its name, `signature` its size and time of change, `changed` that of its inode.

    `since` is the monotonic time since which the signature is the same. `whole` means that the file is complete.
    """

    stamp: datetime
    signature: tuple[int, int]
    changed: float
    since: float
    whole: bool = False


@dataclass
class _Folder:
    changed_ns: int | None = None
    newest_ns: int = 0
    photographs: int = 0  # number at the last look
    taken: tuple[datetime, datetime] | None = None  # times of the first and the last photograph
    below: tuple[Path, ...] = ()
    without_time: int = 0  # photographs whose names have no timestamp
    handled: dict[str, tuple[int, int]] = field(default_factory=dict)  # signatures of files within a tick of the newest


class Arrivals:
    """The new photographs below `root`, without those below `out`. The headers of complete ones go into `memory`."""

    def __init__(self, root: Path, out: Path, wait_s: float, pace: Pace, clock: Clock, memory: PhotoMemory) -> None:
        self._root, self._out, self._wait_s = root, out.resolve(), wait_s
        self._pace, self._clock, self._memory = pace, clock, memory
        self._folders: dict[Path, _Folder] = {}
        self._counted: dict[Path, int] = {}  # photographs in forgotten folders, which are counted already
        self.new: dict[Path, dict[Path, Arrival]] = {}  # by folder

    def forget(self, folder: Path | None = None) -> None:
        """Treat all photographs in a folder, or in all folders, as new again. They are not counted again."""
        for path in [folder] if folder else list(self._folders):
            if known := self._folders.pop(path, None):
                self._counted[path] = max(known.photographs, self._counted.get(path, 0))
            self.new.pop(path, None)

    def knows(self, folder: Path) -> bool:
        """Whether a folder has been looked at."""
        return folder in self._folders

    def unseen_below(self, folder: Path) -> list[Path]:
        """The subfolders that have not been looked at, the last one first, because it probably holds today's photographs."""
        known = self._folders.get(folder)
        return [below for below in reversed(known.below) if below not in self._folders] if known else []

    def without_time(self, folder: Path) -> int:
        """How many photographs of a folder have no timestamp in their names. They are not merged."""
        return self._folders[folder].without_time if folder in self._folders else 0

    def beside(self, folder: Path, reach: timedelta) -> list[Path]:
        """The folders with the previous and the next photographs of the same series, if these are within `reach` in time."""
        here = self._folders.get(folder)
        if here is None or here.taken is None:
            return []
        first, last = here.taken[0] - reach, here.taken[1] + reach
        near = {
            other: known.taken
            for other, known in self._folders.items()
            if known.taken and known.taken[0] <= last and first <= known.taken[1]
        }
        alike = patterns({other: taken[0] for other, taken in near.items()})
        mine = {other: taken for other, taken in near.items() if alike[other] == alike[folder]}
        (turn,) = (turn for turn in in_turn(mine) if folder in turn)
        at = turn.index(folder)
        return [*turn[max(0, at - 1) : at], *turn[at + 1 : at + 2]]

    def changed(self) -> Iterator[Path]:
        """The folders that are new, or that changed after the last look."""
        if self._root not in self._folders:
            yield self._root
        for folder, known in list(self._folders.items()):
            try:
                if known.changed_ns != folder.stat().st_mtime_ns:
                    yield folder
            except OSError:  # the folder was removed, with the new photographs in it
                self.forget(folder)

    def look(self, folder: Path) -> int:
        """Find the new photographs in a folder. Returns how many arrived since the last look."""
        known = self._folders.setdefault(folder, _Folder())
        new = self.new.setdefault(folder, {})
        before = len(new)
        newest, photographs, without_time, below = known.newest_ns, 0, 0, list[Path]()
        first, last = datetime.max, datetime.min
        try:
            changed_ns = folder.stat().st_mtime_ns
            with os.scandir(folder) as entries:
                for entry in entries:
                    if entry.name.startswith("."):
                        continue
                    path = folder / entry.name
                    if entry.is_dir(follow_symlinks=False):
                        if path.resolve() != self._out:
                            below.append(path)
                    elif (stamp := photograph_taken_at(path)) is not None:
                        photographs += 1
                        first, last = min(first, stamp), max(last, stamp)
                        if path in new:
                            continue
                        status = entry.stat()
                        inode_ns = self._clock.changed_ns(status)
                        newest = max(newest, inode_ns)
                        signature = status.st_size, status.st_mtime_ns
                        if _is_new(inode_ns, known) and known.handled.get(entry.name) != signature:
                            since = time.monotonic() - max(0.0, self._clock.now_s() - inode_ns / 1e9)
                            new[path] = Arrival(stamp, signature, inode_ns / 1e9, since)
                    else:
                        without_time += path.suffix.lower() in _PHOTOGRAPHS and timestamp_in_name(path) is None
        except OSError:
            self.forget(folder)
            return 0
        if newest > known.newest_ns + _TICK_S * 1e9:
            known.handled.clear()
        known.changed_ns = changed_ns if self._clock.now_s() - changed_ns / 1e9 > _TICK_S else None
        known.newest_ns, known.photographs, known.below = newest, photographs, tuple(sorted(below))
        known.taken, known.without_time = (first, last) if photographs else None, without_time
        return max(0, len(new) - before - self._counted.pop(folder, 0))

    def settled(self, paths: Iterable[Path]) -> list[Path]:
        """The new photographs among `paths` that are complete. One that cannot be decoded counts as complete after the wait."""
        now, ready = time.monotonic(), []
        for path in paths:
            new = self.new[path.parent]
            arrival = new[path]
            try:
                status = path.stat()
            except OSError:
                del new[path]
                continue
            signature = status.st_size, status.st_mtime_ns
            if signature != arrival.signature:
                new[path] = Arrival(arrival.stamp, signature, self._clock.changed_ns(status) / 1e9, now)
            elif (
                arrival.whole
                or now - arrival.since >= self._pace.settled_s
                and (now - arrival.since >= max(self._pace.old_s, self._wait_s) or self._is_complete(path, status))
            ):
                arrival.whole = True
                ready.append(path)
        return ready

    def _is_complete(self, path: Path, status: os.stat_result) -> bool:
        """Whether the structure of a file shows that it is complete, or else its pixels decode."""
        try:
            data = None if kind_of(path.suffix) is FileKind.RAW else read_content(path)  # of RAW the header alone is read
            header = read_header(path, data=data)
            if data is not None and not is_surely_complete(data):
                read_frame(header, data=data)
        except HdrkitError:
            return False
        self._memory.keep(header, status)
        return True

    def handled(self, paths: Iterable[Path]) -> None:
        """Mark photographs as done. They become new again if they change."""
        for path in paths:
            arrival = self.new.get(path.parent, {}).pop(path, None)
            known = self._folders.get(path.parent)
            if arrival and known and _is_new(arrival.changed * 1e9, known):
                known.handled[path.name] = arrival.signature


def _is_new(changed_ns: float, folder: _Folder) -> bool:
    return changed_ns > folder.newest_ns - _TICK_S * 1e9
