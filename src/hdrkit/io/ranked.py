"""A ranking -> a folder: ranking.csv and report.html; and the way back, of ratings too."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from pathlib import Path

from hdrkit.errors import InputError, OutputError
from hdrkit.io.artifacts import to_csv
from hdrkit.io.files import show
from hdrkit.io.group_layout import relative_to
from hdrkit.io.manifest import read_manifest
from hdrkit.io.rank_page import rank_page
from hdrkit.io.rating_journal import JOURNAL, Journal, Undone
from hdrkit.io.result_tree import replacing, undo
from hdrkit.io.transport import real
from hdrkit.types import RankingResult, Rated

TABLE = "ranking.csv"
COLUMNS = ("path", "group", "rank", "sharpness", "stars", "written", "reason")


def write_ranking(
    result: RankingResult,
    rated: Sequence[Rated],
    folder: Path,
    workers: int = 1,
    progress: Callable[[str, int, int], None] | None = None,
) -> None:
    """Write ranking.csv, with a row for each file and paths relative to `folder`, and report.html to `folder`.

    What an earlier run wrote there is replaced, files of others are left alone. Raises OutputError where that cannot be done.
    """
    with replacing(folder, [real(one.photo.path) for one in rated]) as tree:
        tree.add_bytes(TABLE, _table(result, rated, folder))
        tree.add_bytes("report.html", rank_page(result, rated, folder, workers, progress).encode())


def require_own_folder(folder: Path) -> None:
    """Raises OutputError where a folder holds results of another command, which a ranking would replace."""
    if _of_another_command(folder):
        raise OutputError(f"{show(folder)}: results of hdrkit group are there; choose another folder with -o")


def undo_ranking(folder: Path) -> Undone:
    """Take back the ratings that were written from a folder of results, and remove the results.

    Raises InputError where there are neither.
    """
    if not (folder / JOURNAL).is_file() and (read_manifest(folder) is None or _of_another_command(folder)):
        raise InputError(f"{show(folder)}: no results of hdrkit rank there; nothing to undo")
    undone = Journal(folder).undo()
    if not undone.failures and read_manifest(folder) is not None and not _of_another_command(folder):
        undo(folder)
    return undone


def _of_another_command(folder: Path) -> bool:
    manifest = read_manifest(folder)
    return manifest is not None and TABLE not in {name for name, _ in manifest.written}


def _table(result: RankingResult, rated: Sequence[Rated], folder: Path) -> bytes:
    at = folder.resolve()

    def row(path: Path, *told: object) -> list[str]:
        return [relative_to(at, real(path)), *map(str, told)]

    rows = [list(COLUMNS)]
    for one in rated:
        value = "" if one.sharpness is None else f"{one.sharpness:.6g}"
        stars = "" if one.stars is None else one.stars
        written = "yes" if one.written else "no"
        rows.append(row(one.photo.path, one.group, one.rank or "", value, stars, written, show(one.reason)))
    rows += [row(bad.path, "", "", "", "", "no", show(bad.reason)) for bad in result.unreadable]
    rows += [row(excluded, "", "", "", "", "no", "left out: it has a sidecar") for excluded in result.report.excluded]
    return to_csv(rows)
