"""The records of all folders of results in which a run works. Each folder is held while the run works there."""

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
from hdrkit.series.run.ledger import NAME, Ledger, Row, remove_unfinished
from hdrkit.series.run.made import Made

_OPEN = 8  # records that stay in memory although no job runs in their folder
_OF_DISK = (errno.ENOSPC, errno.EDQUOT, errno.EROFS, errno.EIO, errno.ESTALE, errno.ENOTCONN, errno.ENODEV)


class FolderError(OutputError):
    """The run cannot work in one folder of results. Other folders are not affected."""

    def __init__(self, folder: Path, line: str) -> None:
        super().__init__(line)
        self.folder = folder


@contextmanager
def one_folder(folder: Path) -> Iterator[None]:
    """A block that works in one folder of results. Raises FolderError, or OutputError if the whole disk fails."""
    try:
        with writing(folder):
            yield
    except HdrkitError as error:
        if error.errno in _OF_DISK:
            raise
        raise FolderError(folder, str(error)) from error


class Records:
    """The records of the folders of results in `out`. The run already holds `out`.

    Only the records of folders with running jobs, and a few others, are open. A year of folders needs no more memory.
    """

    def __init__(self, out: Path, name: str = NAME) -> None:
        self._out, self._name = out, name
        self._open: dict[Path, Ledger] = {}
        self._working: Counter[Path] = Counter()

    def of(self, folder: Path) -> Ledger:
        """The record of a folder of results. Raises FolderError for a `series.csv` that hdrkit did not write."""
        with one_folder(folder):
            ledger = self._open.pop(folder, None) or Ledger(folder, self._is_out(folder), self._name)
        self._open[folder] = ledger
        idle = [folder for folder in self._open if not self._working[folder]]
        for other in idle[:-_OPEN]:
            self._open.pop(other).close()
        return ledger

    def begin(self, job: MergeJob, key: str, again: bool = False) -> Row | None:
        """The row of a bracket that is done; else None, and the folder is held until `end`. With `again` no bracket is done.

        Raises FolderError if another run holds the folder, or if it cannot be written to.
        """
        folder = job.output.parent
        ledger = self.of(folder)
        with one_folder(folder):
            row = None if again else ledger.finished(job, key)
            if row is None:
                ledger.hold()
                row = None if again else ledger.finished(job, key)  # another run may have merged it meanwhile
        if row is None:
            self._working[folder] += 1
        return row

    def hold(self, folder: Path) -> None:
        """Hold a folder until other folders are in use. Raises FolderError as `begin` does."""
        ledger = self.of(folder)
        with one_folder(folder):
            ledger.hold()

    def made(self, folder: Path) -> list[Made]:
        """The results in a folder; none if the run cannot work there, which `begin` reports."""
        try:
            ledger = self.of(folder)
        except FolderError:
            return []
        return list(ledger.results())

    def end(self, job: MergeJob) -> Ledger:
        """The record of a bracket whose job has ended. Its folder is still held."""
        folder = job.output.parent
        self._working -= Counter([folder])
        self._open[folder] = self._open.pop(folder)  # moves to the end: used last
        return self._open[folder]

    def forget(self) -> None:
        """Read the records again before they are used, except where jobs run. What was written last may be incomplete."""
        for folder in [folder for folder in self._open if not self._working[folder]]:
            self._open.pop(folder).forget()

    def close(self) -> None:
        """Close all open records."""
        while self._open:
            self._open.popitem()[1].close()

    def _is_out(self, folder: Path) -> bool:
        return os.path.realpath(folder) == os.path.realpath(self._out)


@contextmanager
def opened(out: Path, name: str = NAME) -> Iterator[Records]:
    """The records (files of this `name`) of `out` and the folders in it, for one run at a time.

    Raises InUseError if another run holds `out`.
    """
    with writing(out):
        out.mkdir(parents=True, exist_ok=True)
    with alone_in(out):
        remove_unfinished(out)
        records = Records(out, name)
        try:
            yield records
        finally:
            records.close()
            remove_unfinished(out)
