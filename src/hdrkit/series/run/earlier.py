"""Results of earlier runs that a new result meets in its folder: its own under other names, and those of other brackets."""

from __future__ import annotations

from collections.abc import Collection, Iterator
from pathlib import Path

from hdrkit.errors import OutputError
from hdrkit.files.text import show
from hdrkit.jobs.job import MergeJob
from hdrkit.jobs.options import PreviewType
from hdrkit.series.run.ledger import Row


def require_free(job: MergeJob, owner: Row | None, key: str, names: Collection[tuple[Path, str]]) -> None:
    """Raise OutputError if the result would replace that of another bracket, which this run does not merge.

    `owner` is the row of the bracket whose result has this name, `names` are the folders and brackets of this run. Nothing is
    lost if the result of that row is made from the same photographs with the same options.
    """
    if owner and (job.output.parent, owner.bracket) not in names and owner.key != key:
        raise OutputError(
            f"{show(job.output)}: it is the result of bracket {owner.bracket!r} of an earlier run; choose another --name or "
            "another folder, or replace it with --overwrite"
        )


def earlier_files(job: MergeJob, before: Row | None) -> Iterator[Path]:
    """The files of an earlier run that stay beside the new result of a bracket: its result of another name, and previews.

    `before` is the row of the bracket before this run.
    """
    if before is None or not before.output:
        return
    stems = dict.fromkeys((Path(before.output).stem, job.output.stem))
    for name in (before.output, *(f"{stem}_preview.{kind}" for stem in stems for kind in PreviewType)):
        path = job.output.with_name(name)
        if path not in job.results and path.is_file():
            yield path
