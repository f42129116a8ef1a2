"""Timestamps in file names: `YYYYmmddHHMMSS`, without a zone, or with one: `...Z` is UTC, `...+0200_` an offset from it."""

from __future__ import annotations

import re
from datetime import UTC, datetime, timedelta, timezone
from pathlib import Path

from hdrkit.formats.suffixes import PHOTOGRAPHS, suffixes_of

# Only existing offsets before an exposure count: another number after a dash may be a counter.
_STAMP = re.compile(r"(\d{14})(?:(Z)(?![A-Za-z0-9])|([+-](?:0\d|1[0-4])(?:00|15|30|45))(?=_))?")
_EPOCH = datetime(1970, 1, 1)
_PHOTOGRAPHS = suffixes_of(*PHOTOGRAPHS)


def timestamp_in_name(path: Path) -> datetime | None:
    """The first timestamp in a file name, aware if it names a zone; None if there is none, or if the date does not exist."""
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
    """The text before the timestamp in a file name, often the name of the camera."""
    match = _STAMP.search(path.name)
    return path.name[: match.start()] if match else ""


def written(stamp: datetime) -> str:
    """A timestamp in the format of file names."""
    zone = "" if stamp.tzinfo is None else "Z" if stamp.tzinfo == UTC else f"{stamp:%z}"
    return f"{stamp:%Y%m%d%H%M%S}{zone}"


def floored(stamp: datetime, span_s: float) -> datetime:
    """The timestamp rounded down to a whole number of spans since 1970 (in UTC if it has a zone), as pandas does."""
    span = timedelta(seconds=span_s)
    if stamp.tzinfo is None:
        return _EPOCH + (stamp - _EPOCH) // span * span
    since = stamp.astimezone(UTC) - _EPOCH.replace(tzinfo=UTC)
    return (_EPOCH.replace(tzinfo=UTC) + since // span * span).astimezone(stamp.tzinfo)


def instant(stamp: datetime) -> datetime:
    """The timestamp in UTC, without its zone, for sorting within a series. A timestamp without a zone stays as it is."""
    return stamp if stamp.tzinfo is None else stamp.astimezone(UTC).replace(tzinfo=None)


def photograph_taken_at(path: Path) -> datetime | None:
    """The time of a photograph according to its name; None for other files and for results of hdrkit."""
    if path.suffix.lower() not in _PHOTOGRAPHS or path.stem.endswith(("_hdr", "_preview")):
        return None
    stamp = timestamp_in_name(path)
    return instant(stamp) if stamp else None
