"""Brackets of a series to files, so that a run that was ended, in whatever way, goes on where it was."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path

from hdrkit.batch import merge_each
from hdrkit.io.files import show
from hdrkit.io.lock import InUseError
from hdrkit.jobs import MergeJob, MergeOutcome
from hdrkit.series.ledger import Row, content_key, row_of
from hdrkit.series.records import opened
from hdrkit.series.superseded import remove_superseded


@dataclass(frozen=True)
class Merged:
    """A bracket, named with its folders, its row, and what became of it in this run; None where it was done before.

    Where another run holds the folder of its result, the row says so, and is not in the record.
    """

    bracket: str
    row: Row
    outcome: MergeOutcome | None = None


def merge_series(
    jobs: Iterable[MergeJob], out: Path, workers: int = 1, overwrite: bool = False, scheduler: str | None = None
) -> Iterator[Merged]:
    """Do those jobs whose results are not in `out` yet (with `overwrite` all), and tell of each as it is known.

    Jobs are asked for while others are done, and none is kept when it ended, so that there may be any number. `series.csv` in the
    folder of each result holds its row.
    """
    with opened(out) as records:
        begun: dict[int, tuple[MergeJob, str]] = {}

        def to_do() -> Iterator[MergeJob | Merged]:
            for number, job in enumerate(jobs):
                key = content_key(job)
                try:
                    row = records.begin(job, key, overwrite)
                except InUseError as error:
                    row = row_of(job, MergeOutcome(job.bracket.name, error=str(error)), "")
                if row is None:
                    begun[number] = job, key
                yield Merged(show(job.bracket.name), row) if row else job

        for number, ended in merge_each(to_do(), workers, scheduler):
            if isinstance(ended, Merged):
                yield ended
                continue
            job, key = begun.pop(number)
            row = row_of(job, ended, key)
            if ended.output:
                remove_superseded(job, records)
            records.end(job).add(row)
            yield Merged(show(job.bracket.name), row, ended)
