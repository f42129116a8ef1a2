"""Merges brackets to files in a folder. A run may end at any moment; the next run continues."""

from __future__ import annotations

from collections.abc import Generator, Iterable, Iterator
from contextlib import closing, suppress
from dataclasses import dataclass
from itertools import chain
from pathlib import Path

from hdrkit.errors import OutputError
from hdrkit.files.text import show
from hdrkit.inputs.options import By
from hdrkit.jobs.batch import merge_each
from hdrkit.jobs.job import MergeJob, MergeOutcome
from hdrkit.series.run.earlier import earlier_files, require_free
from hdrkit.series.run.ledger import HIDDEN, NAME, Row, content_key, row_name, row_of
from hdrkit.series.run.records import FolderError, one_folder, opened
from hdrkit.series.run.superseded import remove_superseded
from hdrkit.types import BracketFailure


@dataclass(frozen=True)
class MergedBracket:
    """A bracket, named with its folders, its row, and its outcome in this run; None if it was done before.

    If this run cannot work in the folder of the result, for example because another run holds it, the row gives the reason and is
    not in the record. `earlier` are files of earlier runs of the bracket that stay beside its new result.
    """

    bracket: str
    row: Row
    outcome: MergeOutcome | None = None
    earlier: tuple[Path, ...] = ()


def merge_series(
    jobs: Iterable[MergeJob], out: Path, workers: int = 1, overwrite: bool = False, scheduler: str | None = None
) -> Generator[MergedBracket, None, None]:
    """Do the jobs whose results are not in `out` yet (with `overwrite` all jobs). Yields each bracket when its outcome is known.

    There may be any number of jobs: a job is taken from `jobs` while others run, and no job is kept after it ends. A record in
    the folder of each result holds its row: `series.csv` for brackets by time, else a hidden file. Without jobs, `out` is not
    touched. No result replaces that of a bracket that is not among the jobs, unless `overwrite` is set.
    Raises LostError if the scheduler is lost, InUseError if another run holds `out`, OutputError if the disk is full.
    """
    left = iter(jobs)
    if (first := next(left, None)) is None:
        return
    names: set[tuple[Path, str]] = set()
    if not (by_time := first.bracket.kind == By.TIME):  # results by time are named by their bracket
        left = iter(rest := list(left))
        names = {(job.output.parent, row_name(job)) for job in (first, *rest)}
    with opened(out, NAME if by_time else HIDDEN) as records:
        begun: dict[int, tuple[MergeJob, str, tuple[Path, ...]]] = {}

        def to_do() -> Iterator[MergeJob | MergedBracket]:
            for number, job in enumerate(chain([first], left)):
                key = content_key(job)
                try:
                    row = records.begin(job, key, overwrite)
                except FolderError as error:
                    row = _not_recorded(job, error)
                if row is None:
                    ledger = records.of(job.output.parent)
                    try:
                        if not (by_time or overwrite):
                            require_free(job, ledger.owner(job), key, names)
                    except OutputError as error:
                        row = _not_recorded(job, error)
                        records.end(job)
                    else:
                        begun[number] = job, key, tuple(earlier_files(job, ledger.row(job)))
                yield MergedBracket(show(job.bracket.name), row) if row else job

        with closing(merge_each(to_do(), workers, scheduler)) as outcomes:
            for number, ended in outcomes:
                if isinstance(ended, MergedBracket):
                    yield ended
                    continue
                job, key, earlier = begun.pop(number)
                ledger, row = records.end(job), row_of(job, ended, key)
                if ended.output:
                    with suppress(FolderError), one_folder(job.output.parent):  # a folder that cannot be used is left alone
                        remove_superseded(job, records)
                try:
                    with one_folder(job.output.parent):
                        ledger.add(row)
                except FolderError as error:
                    row = _not_recorded(job, error)
                yield MergedBracket(show(job.bracket.name), row, ended, earlier if ended.output else ())


def _not_recorded(job: MergeJob, error: OutputError) -> Row:
    return row_of(job, MergeOutcome(job.bracket.name, error=BracketFailure(job.bracket.name, str(error), names_file=True)), "")
