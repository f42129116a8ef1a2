"""Ratings beside photographs and the results that go with them, taken back together."""

from __future__ import annotations

from collections.abc import Iterable
from concurrent.futures import ThreadPoolExecutor
from contextlib import nullcontext
from pathlib import Path

from hdrkit.errors import HdrkitError
from hdrkit.files.lock import alone_in
from hdrkit.files.manifest import read_manifest_of
from hdrkit.files.result_tree import clear, plan_undo, undo
from hdrkit.files.text import show
from hdrkit.sidecars.journal import UndoneRatings, opened
from hdrkit.types import Failure


def undo_ratings(rated: Iterable[Path], folder: Path, command: str, dry_run: bool = False) -> UndoneRatings:
    """Take back all ratings in the folders `rated`, and then remove the results of `hdrkit COMMAND` in `folder`.

    The results stay if a rating could not be taken back. With `dry_run` nothing is changed. Raises OutputError if another run is
    writing, or `folder` holds results of another command.
    """
    ours = read_manifest_of(folder, command) is not None
    undone = UndoneRatings()
    with alone_in(folder) if folder.is_dir() and not dry_run else nullcontext(), ThreadPoolExecutor() as pool:
        for at in rated:
            try:
                with opened(at, dry_run, folder) as journal:
                    undone += journal.undo(pool, dry_run)
            except HdrkitError as error:
                undone += UndoneRatings(failures=(Failure(at, str(error)),))
    if ours and undone.failures:
        return undone + UndoneRatings(notes=(f"{show(folder)}: the results stay until all ratings are taken back",))
    if ours:
        plan = plan_undo(folder, command)
        kept = tuple(f"{show(folder / name)}: it was changed since hdrkit wrote it, so it stays" for name in plan.keep)
        undone += UndoneRatings(removed=tuple(folder / name for name in plan.remove), notes=kept)
    if ours and not dry_run:
        undo(folder, command)
    elif not dry_run:
        clear(folder)
    return undone
