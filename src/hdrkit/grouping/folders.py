"""Folders that hold one series by turns, such as one for each day: which follows which."""

from __future__ import annotations

import re
from collections.abc import Mapping
from datetime import datetime
from pathlib import Path


def pattern(folder: Path) -> str:
    """The path without its numbers, in which alone the folders of one series differ: days, hours, cards."""
    return re.sub(r"\d+", "#", str(folder))


def likeness(folder: Path, other: Path) -> int:
    """How many parts of two paths agree: the day before in `14/east` goes on in `15/east`, not in `15/west`."""
    return sum(one == two for one, two in zip(folder.parts, other.parts, strict=False))


def in_turn(times: Mapping[Path, tuple[datetime, datetime]]) -> list[list[Path]]:
    """Folders put together that one camera filled one after the other, by the first and the last time in each.

    Folders whose times overlap are those of different cameras. Where several could go on in one folder it is the likest one
    that does, of those the one that ended last.
    """
    turns: list[list[Path]] = []
    for folder in sorted(times, key=lambda folder: (times[folder], folder)):
        ended = [turn for turn in turns if times[turn[-1]][1] < times[folder][0]]
        if ended:
            max(ended, key=lambda turn: (likeness(turn[-1], folder), times[turn[-1]][1])).append(folder)
        else:
            turns.append([folder])
    return turns
