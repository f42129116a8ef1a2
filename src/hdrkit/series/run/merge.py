"""Merges brackets to files in a folder. A run may end at any moment; the next run continues."""

from __future__ import annotations

from collections.abc import Generator, Iterable, Iterator
from contextlib import closing, suppress
from dataclasses import dataclass
from itertools import chain
from pathlib import Path

from hdrkit.files.text import show
from hdrkit.inputs.options import By
from hdrkit.jobs.batch import merge_each
from hdrkit.jobs.job import MergeJob, MergeOutcome
from hdrkit.series.run.ledger import HIDDEN, NAME, Row, content_key, row_of
from hdrkit.series.run.records import FolderError, one_folder, opened
from hdrkit.series.run.superseded import remove_superseded
from hdrkit.types import BracketFailure


@dataclass(frozen=True)
class MergedBracket:
    """A bracket, named with its folders, its row, and its outcome in this run; None if it was done before.

    If this run cannot work in the folder of the result, for example because another run holds it, the row gives the reason and is
    not in the record.
    """

    bracket: str
    row: Row
    outcome: MergeOutcome | None = None


def merge_series(
    jobs: Iterable[MergeJob], out: Path, workers: int = 1, overwrite: bool = False, scheduler: str | None = None
) -> Generator[MergedBracket, None, None]:
    """Do the jobs whose results are not in `out` yet (with `overwrite` all jobs). Yields each bracket when its outcome is known.

    There may be any number of jobs: a job is taken from `jobs` while others run, and no job is kept after it ends. A record in
    the folder of each result holds its row: `series.csv` for brackets by time, else a hidden file. Without jobs, `out` is not
    touched. Raises LostError if the scheduler is lost, InUseError if another run holds `out`, OutputError if the disk is full.
    """
    left = iter(jobs)
    if (first := next(left, None)) is None:
        return
    with opened(out, NAME if first.bracket.kind == By.TIME else HIDDEN) as records:
        begun: dict[int, tuple[MergeJob, str]] = {}

        def to_do() -> Iterator[MergeJob | MergedBracket]:
            for number, job in enumerate(chain([first], left)):
                key = content_key(job)
                try:
                    row = records.begin(job, key, overwrite)
                except FolderError as error:
                    row = _not_recorded(job, error)
                if row is None:
                    begun[number] = job, key
                yield MergedBracket(show(job.bracket.name), row) if row else job

        with closing(merge_each(to_do(), workers, scheduler)) as outcomes:
            for number, ended in outcomes:
                if isinstance(ended, MergedBracket):
                    yield ended
                    continue
                job, key = begun.pop(number)
                ledger, row = records.end(job), row_of(job, ended, key)
                if ended.output:
                    with suppress(FolderError), one_folder(job.output.parent):  # a folder that cannot be used is left alone
                        remove_superseded(job, records)
                try:
                    with one_folder(job.output.parent):
                        ledger.add(row)
                except FolderError as error:
                    row = _not_recorded(job, error)
                yield MergedBracket(show(job.bracket.name), row, ended)


def _not_recorded(job: MergeJob, error: FolderError) -> Row:
    return row_of(job, MergeOutcome(job.bracket.name, error=BracketFailure(job.bracket.name, str(error), names_file=True)), "")
