"""What can be chosen about watching a folder."""

from __future__ import annotations

import os
import time
from collections.abc import Callable
from dataclasses import dataclass, field

from hdrkit.errors import InputError


@dataclass(frozen=True)
class Pace:
    """How a watch takes its time, and how much it takes up and remembers.

    A file that has not changed for `settled_s` seconds may be complete, and after `old_s` it is taken as it is. Looks at what
    waits are `round_s` seconds apart. `at_once` photographs of a folder are formed to brackets at a time, the newest first, and
    the last `remembered` brackets are known that are done, or lost.
    """

    settled_s: float = 2.0
    old_s: float = 60.0
    round_s: float = 0.5
    at_once: int = 200
    remembered: int = 1000


@dataclass(frozen=True)
class Clock:
    """The clock of the system, which somebody may set, and what it has left in the status of a file.

    `now_s` gives seconds since 1970, `changed_ns` the time of change of an inode in nanoseconds since then.
    """

    now_s: Callable[[], float] = time.time
    changed_ns: Callable[[os.stat_result], int] = lambda status: status.st_ctime_ns


@dataclass(frozen=True)
class WatchOptions:
    """When a bracket is merged. Raises InputError for numbers that make no sense."""

    frames: int | None = field(
        default=None,
        metadata={
            "flag": "--frames",
            "panel": "Watching",
            "help": "exposures of a complete bracket, which is merged as soon as they are there",
        },
    )
    wait_s: float = field(
        default=10.0,
        metadata={
            "flag": "--wait",
            "panel": "Watching",
            "help": "seconds without a new frame after which a bracket is merged as it is, once its span of time is over",
        },
    )
    poll_s: float = field(
        default=30.0,
        metadata={
            "flag": "--poll",
            "panel": "Watching",
            "help": "seconds between looks through all folders; the system tells of new files sooner where it can",
        },
    )

    def __post_init__(self) -> None:
        if self.frames is not None and self.frames < 2:
            raise InputError(f"a bracket has two frames or more, not {self.frames}")
        if not (self.wait_s >= 0 and self.poll_s > 0):
            raise InputError(f"waits of {self.wait_s} and {self.poll_s} seconds make no sense; the second one is above 0")
