"""Timestamps in file names: `YYYYmmddHHMMSS`, without a zone, or with one: `...Z` is UTC, `...+0200_` the offset from it."""

from __future__ import annotations

import re
from datetime import UTC, datetime, timedelta, timezone
from pathlib import Path

from hdrkit.formats.suffixes import PHOTOGRAPHS, suffixes_of

# An offset is one that exists, and an exposure follows it: what else follows a dash may be a counter.
_STAMP = re.compile(r"(\d{14})(?:(Z)(?![A-Za-z0-9])|([+-](?:0\d|1[0-4])(?:00|15|30|45))(?=_))?")
_EPOCH = datetime(1970, 1, 1)
_PHOTOGRAPHS = suffixes_of(*PHOTOGRAPHS)


def timestamp_in_name(path: Path) -> datetime | None:
    """The first timestamp in a file name, aware where it names a zone; None without one, or where no such date exists."""
    match = _STAMP.search(path.name)
    try:
        return _parsed(match[1], match[2] or match[3]) if match else None
    except ValueError:
        return None


def _parsed(digits: str, zone: str | None) -> datetime:
    wall = datetime.fromisoformat(f"{digits[:8]}T{digits[8:]}")  # strptime takes ten times as long
    if zone is None:
        return wall
    if zone == "Z":
        return wall.replace(tzinfo=UTC)
    minutes = int(zone[1:3]) * 60 + int(zone[3:])
    return wall.replace(tzinfo=timezone(timedelta(minutes=-minutes if zone[0] == "-" else minutes)))


def before_timestamp(path: Path) -> str:
    """What a file name holds before its timestamp: often the name of the camera."""
    match = _STAMP.search(path.name)
    return path.name[: match.start()] if match else ""


def written(stamp: datetime) -> str:
    """A timestamp as file names hold it."""
    zone = "" if stamp.tzinfo is None else "Z" if stamp.tzinfo == UTC else f"{stamp:%z}"
    return f"{stamp:%Y%m%d%H%M%S}{zone}"


def floored(stamp: datetime, span_s: float) -> datetime:
    """The timestamp rounded down to a whole number of spans since 1970 (in UTC where it has a zone), as pandas does."""
    span = timedelta(seconds=span_s)
    if stamp.tzinfo is None:
        return _EPOCH + (stamp - _EPOCH) // span * span
    since = stamp.astimezone(UTC) - _EPOCH.replace(tzinfo=UTC)
    return (_EPOCH.replace(tzinfo=UTC) + since // span * span).astimezone(stamp.tzinfo)


def instant(stamp: datetime) -> datetime:
    """The timestamp in UTC without its zone, one without a zone as it is: what sorts within a series."""
    return stamp if stamp.tzinfo is None else stamp.astimezone(UTC).replace(tzinfo=None)


def photograph_taken_at(path: Path) -> datetime | None:
    """When a photograph was taken, by its name; None for what is none, and for results of ours."""
    if path.suffix.lower() not in _PHOTOGRAPHS or path.stem.endswith(("_hdr", "_preview")):
        return None
    stamp = timestamp_in_name(path)
    return instant(stamp) if stamp else None
