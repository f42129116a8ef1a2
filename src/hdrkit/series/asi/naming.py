"""Timestamps and exposures from file names of a series, `YYYYmmddHHMMSS_<EXPO>.<ext>`, as pandas objects."""

from __future__ import annotations

import re
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pandas as pd

from hdrkit.errors import InputError
from hdrkit.files.text import show
from hdrkit.inputs.discover import discover
from hdrkit.inputs.timestamps import timestamp_in_name

if TYPE_CHECKING:
    from pandas.core.groupby import DataFrameGroupBy

_EXPO_RE = re.compile(r"_([0-9]+)\.[A-Za-z0-9]+$")


def _parse_exposure_from_name(name: str) -> int | None:
    """The exposure at the end of a file name (`*_<EXPO>.<ext>`), a whole number in the unit of the camera; None without one."""
    match = _EXPO_RE.search(name)
    return int(match[1]) if match else None


def _group_files_by_time(directory: str | Path, round_ts_to: str | None = "30s") -> DataFrameGroupBy[Any, Any]:
    """The photographs below a directory, grouped by their timestamps rounded down to `round_ts_to` (None: not rounded).

    The columns are `filepath`, `timestamp` and `timestamp_rounded`, the key of the groups. Files without a timestamp are left
    out. Timestamps with a zone become UTC. Raises InputError if there are no photographs, if only some timestamps have a zone,
    or if `round_ts_to` is no time resolution of pandas.
    """
    paths = discover(directory).paths
    stamped = [(path, stamp) for path in paths if (stamp := timestamp_in_name(path))]
    aware = {stamp.tzinfo is not None for _, stamp in stamped}
    if len(aware) > 1:
        raise InputError(f"{show(directory)}: some timestamps name a time zone and others do not; give them folder by folder")
    frame = pd.DataFrame({"filepath": [path for path, _ in stamped]}, dtype=object)
    frame["timestamp"] = pd.to_datetime([stamp for _, stamp in stamped], utc=aware == {True})
    with _resolution(round_ts_to):
        frame["timestamp_rounded"] = frame["timestamp"] if round_ts_to is None else frame["timestamp"].dt.floor(round_ts_to)
    return frame.groupby("timestamp_rounded")


def span_of(round_ts_to: str | None) -> str:
    """A time resolution of pandas as a value of `InputOptions.round_to`; None becomes one second. Raises InputError."""
    with _resolution(round_ts_to):
        return "1s" if round_ts_to is None else f"{pd.Timedelta(round_ts_to).total_seconds()}s"


@contextmanager
def _resolution(round_ts_to: str | None) -> Iterator[None]:
    try:
        yield
    except ValueError as error:
        raise InputError(f"round_ts_to {round_ts_to!r} is no time resolution; give one such as '30s' or '1min'") from error
