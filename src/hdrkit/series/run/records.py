"""The records of all folders of results that a run works in, each held while it does."""

from __future__ import annotations

import errno
import os
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from hdrkit.errors import HdrkitError, OutputError
from hdrkit.files.atomic import writing
from hdrkit.files.lock import alone_in
from hdrkit.jobs.job import MergeJob
from hdrkit.series.run.ledger import Ledger, Row, remove_unfinished
from hdrkit.series.run.made import Made

_OPEN = 8  # records in memory of folders that nothing is done in
_OF_DISK = (errno.ENOSPC, errno.EDQUOT, errno.EROFS, errno.EIO, errno.ESTALE, errno.ENOTCONN, errno.ENODEV)


class FolderError(OutputError):
    """One folder of results cannot be worked in; others may."""

    def __init__(self, folder: Path, line: str) -> None:
        super().__init__(line)
        self.folder = folder


@contextmanager
def one_folder(folder: Path) -> Iterator[None]:
    """A block that works in one folder of results. Raises FolderError, and OutputError for trouble with the whole disk."""
    try:
        with writing(folder):
            yield
    except HdrkitError as error:
        if error.errno in _OF_DISK:
            raise
        raise FolderError(folder, str(error)) from error


class Records:
    """The records of the folders of results in `out`, which is held already.

    Open are those that are worked in, and of the others the last few in use: a year does not add up.
    """

    def __init__(self, out: Path) -> None:
        self._out = out
        self._open: dict[Path, Ledger] = {}
        self._working: Counter[Path] = Counter()

    def of(self, folder: Path) -> Ledger:
        """The record of a folder of results. Raises FolderError for a `series.csv` that is none of ours."""
        with one_folder(folder):
            ledger = self._open.pop(folder, None) or Ledger(folder, self._is_out(folder))
        self._open[folder] = ledger
        idle = [folder for folder in self._open if not self._working[folder]]
        for other in idle[:-_OPEN]:
            self._open.pop(other).close()
        return ledger

    def begin(self, job: MergeJob, key: str, again: bool = False) -> Row | None:
        """The row of a bracket that needs no work (with `again` each does); else None, and its folder is held until `end`.

        Raises FolderError where another run holds the folder, or it cannot be written to.
        """
        folder = job.output.parent
        ledger = self.of(folder)
        with one_folder(folder):
            row = None if again else ledger.finished(job, key)
            if row is None:
                ledger.hold()
                row = None if again else ledger.finished(job, key)  # by another run meanwhile
        if row is None:
            self._working[folder] += 1
        return row

    def hold(self, folder: Path) -> None:
        """Hold a folder until others are in use. Raises FolderError as `begin` does."""
        ledger = self.of(folder)
        with one_folder(folder):
            ledger.hold()

    def made(self, folder: Path) -> list[Made]:
        """The results in a folder; none where it cannot be worked in, which whoever begins a bracket there is told."""
        try:
            ledger = self.of(folder)
        except FolderError:
            return []
        return list(ledger.results())

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
            remove_unfinished(out)
