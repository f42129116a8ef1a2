"""The options of watching a folder."""

from __future__ import annotations

import os
import time
from collections.abc import Callable
from dataclasses import dataclass, field

from hdrkit.errors import InputError


@dataclass(frozen=True)
class Pace:
    """The time limits and sizes of a watch.

    A file that has not changed for `settled_s` seconds may be complete; after `old_s` seconds it is used as it is. The watch
    looks at its waiting work every `round_s` seconds. It forms brackets from at most `at_once` photographs of a folder at a time,
    the newest first. It remembers the last `remembered` brackets that are done or lost.
    """

    settled_s: float = 2.0
    old_s: float = 60.0
    round_s: float = 0.5
    at_once: int = 200
    remembered: int = 1000


@dataclass(frozen=True)
class Clock:
    """The clock of the system, which may be set while the watch runs, and the times that it leaves in the status of a file.

    `now_s` gives seconds since 1970. `changed_ns` gives the time of change of an inode, in nanoseconds since 1970.
    """

    now_s: Callable[[], float] = time.time
    changed_ns: Callable[[os.stat_result], int] = lambda status: status.st_ctime_ns


@dataclass(frozen=True)
class WatchOptions:
    """When a bracket is merged. Raises InputError for values out of range."""

    frames: int | None = field(
        default=None,
        metadata={
            "flag": "--frames",
            "panel": "Watching",
            "help": "number of frames in a complete bracket. It is merged when they have all arrived",
        },
    )
    wait_s: float = field(
        default=10.0,
        metadata={
            "flag": "--wait",
            "panel": "Watching",
            "help": "seconds without a new frame after which an incomplete bracket is merged, if its --round span has ended",
        },
    )
    poll_s: float = field(
        default=30.0,
        metadata={
            "flag": "--poll",
            "panel": "Watching",
            "help": "seconds between scans of all folders. Most systems report new files at once",
        },
    )

    def __post_init__(self) -> None:
        if self.frames is not None and self.frames < 2:
            raise InputError(f"a bracket has two frames or more, not {self.frames}")
        if not (self.wait_s >= 0 and self.poll_s > 0):
            raise InputError(f"--wait is 0 seconds or more and --poll above 0 seconds, not {self.wait_s} and {self.poll_s}")
