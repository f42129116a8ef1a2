"""The records of all folders of results that a run works in, each held while it does."""

from __future__ import annotations

import os
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from hdrkit.io.files import writing
from hdrkit.io.lock import alone_in
from hdrkit.jobs import MergeJob
from hdrkit.series.ledger import Ledger, Row, remove_unfinished

_OPEN = 8  # records in memory of folders that nothing is done in


class Records:
    """The records of the folders of results in `out`, which is held already.

    Open are those that are worked in, and of the others the last few in use: a year does not add up.
    """

    def __init__(self, out: Path) -> None:
        self._out = out
        self._open: dict[Path, Ledger] = {}
        self._working: Counter[Path] = Counter()

    def of(self, folder: Path) -> Ledger:
        """The record of a folder of results. Raises OutputError for a `series.csv` that is none of ours."""
        known = self._open.pop(folder, None)
        ledger = self._open[folder] = known or Ledger(folder, self._is_out(folder))
        idle = [folder for folder in self._open if not self._working[folder]]
        for other in idle[:-_OPEN]:
            self._open.pop(other).close()
        return ledger

    def begin(self, job: MergeJob, key: str, again: bool = False) -> Row | None:
        """The row of a bracket that needs no work (with `again` each does); else None, and its folder is held until `end`.

        Raises InUseError where another run holds the folder, OutputError where it cannot be written to.
        """
        ledger = self.of(job.output.parent)
        row = None if again else ledger.finished(job, key)
        if row is None:
            ledger.hold()
            row = None if again else ledger.finished(job, key)  # by another run meanwhile
        if row is None:
            self._working[job.output.parent] += 1
        return row

    def end(self, job: MergeJob) -> Ledger:
        """The record, held still, of a bracket that is not worked on any more."""
        folder = job.output.parent
        self._working -= Counter([folder])
        self._open[folder] = self._open.pop(folder)  # now the last in use
        return self._open[folder]

    def forget(self) -> None:
        """Read them again before they are used, but for those that are worked in: what was written last may not be whole."""
        for folder in [folder for folder in self._open if not self._working[folder]]:
            self._open.pop(folder).forget()

    def close(self) -> None:
        """Close those that are open."""
        while self._open:
            self._open.popitem()[1].close()

    def _is_out(self, folder: Path) -> bool:
        return os.path.realpath(folder) == os.path.realpath(self._out)


@contextmanager
def opened(out: Path) -> Iterator[Records]:
    """The records of `out` and the folders in it, for one run at a time. Raises InUseError where another run has `out`."""
    with writing(out):
        out.mkdir(parents=True, exist_ok=True)
    with alone_in(out):
        remove_unfinished(out)
        records = Records(out)
        try:
            yield records
        finally:
            records.close()
