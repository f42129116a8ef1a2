"""Removes results of a bracket by pauses under its earlier name. Its name changes if an earlier frame arrives late."""

from __future__ import annotations

import os
from contextlib import suppress
from dataclasses import replace
from datetime import datetime
from pathlib import Path

from hdrkit.files.atomic import writing
from hdrkit.files.lock import InUseError
from hdrkit.inputs.options import By
from hdrkit.inputs.timestamps import before_timestamp, instant, photograph_taken_at, timestamp_in_name, written
from hdrkit.jobs.job import MergeJob
from hdrkit.series.run.records import Records


def remove_superseded(job: MergeJob, records: Records) -> None:
    """Remove recorded results of a newly merged bracket that are named by a frame other than its first.

    Call it before the bracket is recorded, so that a killed run repeats it. It leaves results that may come from other
    photographs of the same second, and folders in which other runs work. Raises OutputError if a file cannot be removed.
    """
    if job.bracket.kind != By.TIME or job.inputs.span_s is not None:
        return
    label = before_timestamp(Path(f"{Path(job.bracket.name).name}_"))
    mine = [photo.path for photo in job.bracket.photos]
    stamped = sorted(((stamp, path) for path in mine if (stamp := timestamp_in_name(path))), key=_order)
    first, first_path = stamped[0]
    for stamp, path in stamped:
        name = f"{label}{written(stamp)}"
        below = os.path.relpath(path.parent, first_path.parent)
        folder = job.output.parent if below == os.curdir else Path(os.path.normpath(job.output.parent / below))
        before = replace(job, output=folder / f"{name}_hdr{job.output.suffix}")
        if stamp == first or not folder.is_dir() or not records.of(folder).has(name, before.output):
            continue
        if all(other in mine for other in path.parent.iterdir() if photograph_taken_at(other) == instant(stamp)):
            with suppress(InUseError):
                _remove(before, records)


def _order(named: tuple[datetime, Path]) -> tuple[datetime, Path]:
    return instant(named[0]), named[1]


def _remove(job: MergeJob, records: Records) -> None:
    ledger = records.of(job.output.parent)
    ledger.hold()
    for path in job.results:
        with writing(path):
            path.unlink(missing_ok=True)
    ledger.remove(job.output.stem.removesuffix("_hdr"))
