"""Brackets of a series to files, so that a run that was ended, in whatever way, goes on where it was."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

from hdrkit.batch import MergeJob, MergeOutcome, merge_each
from hdrkit.series.ledger import Row, content_key, opened, row_of


@dataclass(frozen=True)
class Merged:
    """The row of a bracket, and what became of it in this run; None where it was done before."""

    row: Row
    outcome: MergeOutcome | None = None


def merge_series(
    jobs: Sequence[MergeJob], out: Path, workers: int = 1, overwrite: bool = False, scheduler: str | None = None
) -> Iterator[Merged]:
    """Do those jobs whose results are not in `out` yet (with `overwrite` all), and tell of each as it is known.

    First come the ones that need no work, then the others as they end. `series.csv` in the folder of each result holds its row.
    """
    with opened(out) as records:
        waiting: list[tuple[MergeJob, str]] = []
        for job in jobs:
            key = content_key(job)
            row = None if overwrite else records.of(job.output.parent).finished(job, key)
            if row is None:
                waiting.append((job, key))
            else:
                yield Merged(row)
        for number, outcome in merge_each([job for job, _ in waiting], workers, scheduler):
            job, key = waiting[number]
            row = row_of(job, outcome, key)
            records.of(job.output.parent).add(row)
            yield Merged(row, outcome)
