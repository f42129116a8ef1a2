"""A ranking -> a folder with ranking.csv and report.html; and the undo of both results and ratings."""

from __future__ import annotations

import os
from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path

from hdrkit.errors import InputError, OutputError
from hdrkit.files.manifest import RANK, read_manifest_of
from hdrkit.files.result_tree import ResultTree, replacing
from hdrkit.files.tables import to_csv
from hdrkit.files.text import show
from hdrkit.files.transport import real
from hdrkit.inputs.discover import discover_folders, sole_list
from hdrkit.inputs.lists import read_groups
from hdrkit.results.group_layout import relative_to
from hdrkit.results.rank_page import page_name, rank_pages
from hdrkit.results.rated import undo_ratings
from hdrkit.sidecars.journal import JOURNAL, UndoneRatings
from hdrkit.sidecars.sidecar import Sidecar, sidecar_path
from hdrkit.types import Progress, RankingResult, Rated

TABLE = "ranking.csv"
COLUMNS = ("path", "group", "rank", "sharpness", "stars", "written", "reason")


@contextmanager
def ranking_into(folder: Path) -> Iterator[ResultTree]:
    """A folder of results for `write_ranking`, which no other run can open during this block.

    When the block ends without an error, the results replace those of an earlier run. Raises OutputError before anything is done
    if another run is writing, another command wrote there, the file system refuses, or a file there is not ours.
    """
    with replacing(folder, RANK, ()) as tree:
        for name in (TABLE, page_name(1)):
            tree.claim(name)
        yield tree


def write_ranking(
    result: RankingResult,
    rated: Sequence[Rated],
    tree: ResultTree,
    workers: int = 1,
    progress: Progress | None = None,
) -> None:
    """Write ranking.csv, with a row for each file and paths relative to the folder of the tree, and the pages of report.html.

    If nothing was ranked, nothing is written, and the results of an earlier run stay.
    """
    if not rated:
        return
    tree.add_bytes(TABLE, _table(result, rated, tree.folder))
    for number, page in enumerate(rank_pages(result, rated, tree.folder, workers, progress), 1):
        tree.add_bytes(page_name(number), page.encode())


class ReadOnlyError(OutputError):
    """Sidecars cannot be written to folders of photographs. `lines` has one line for each folder."""

    def __init__(self, folders: Iterable[Path]) -> None:
        self.lines = tuple(
            f"{show(folder)}: it is read-only, so sidecars cannot be written; change its permissions, or leave it out"
            for folder in folders
        )
        super().__init__("\n".join(self.lines))


def require_writable_folders(photographs: Iterable[Path], sidecar: Sidecar) -> None:
    """Raise ReadOnlyError if sidecars of these photographs cannot be written to their folders."""
    sidecars = (sidecar_path(real(path), sidecar) for path in photographs)
    folders = dict.fromkeys(beside.parent for beside in sidecars if beside is not None)
    if refusing := [folder for folder in folders if not os.access(folder, os.W_OK | os.X_OK)]:
        raise ReadOnlyError(refusing)


def undo_ranking(photographs: Path, folder: Path, dry_run: bool = False) -> UndoneRatings:
    """Take back the ratings of the photographs in a folder, or a list of groups, and then remove the results in `folder`.

    The results stay if a rating could not be taken back. With `dry_run` nothing is changed. Raises InputError if there are
    neither ratings nor results, and OutputError if another run is writing, or `folder` holds results of another command.
    """
    if not photographs.is_dir() and sole_list([photographs]) is None:
        raise InputError(f"{show(photographs)}: it is not a folder; give --undo the folder of the photographs")
    rated = _rated_folders(photographs)
    if not rated and read_manifest_of(folder, RANK) is None:
        raise InputError(f"{show(photographs)}: it holds no ratings of hdrkit rank; give the folder of the photographs")
    return undo_ratings(rated, folder, RANK, dry_run)


def _rated_folders(photographs: Path) -> list[Path]:
    """The folders with a record of ratings, below a folder, or of the photographs in a list."""
    listing = sole_list([photographs])
    listed = {Path(path).parent for path in read_groups(listing).paths} if listing else set()
    folders = sorted(listed) if listing else [below.path for below in discover_folders([photographs])]
    return [folder for folder in folders if (folder / JOURNAL).is_file()]


def _table(result: RankingResult, rated: Sequence[Rated], folder: Path) -> bytes:
    at = folder.resolve()

    def row(path: Path, *cells: object) -> list[str]:
        return [relative_to(at, real(path)), *map(str, cells)]

    rows = [list(COLUMNS)]
    for one in rated:
        value = "" if one.sharpness is None else f"{one.sharpness:.6g}"
        stars = "" if one.stars is None else one.stars
        written = "yes" if one.written else "no"
        rows.append(row(one.photo.path, one.group, one.rank or "", value, stars, written, show(one.reason)))
    rows += [row(bad.path, "", "", "", "", "no", show(bad.reason)) for bad in result.unreadable]
    left_out = ("", "", "", "", "no", "left out: it has a sidecar, or stars inside")
    rows += [row(excluded, *left_out) for excluded in result.report.excluded]
    return to_csv(rows)
