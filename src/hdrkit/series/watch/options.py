"""What can be chosen about watching a folder."""

from __future__ import annotations

from dataclasses import dataclass, field

from hdrkit.errors import InputError

SETTLED_S = 2.0  # a file that has not changed for so long may be complete


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
