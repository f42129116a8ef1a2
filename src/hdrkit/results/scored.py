"""Scores of photographs -> a folder with photo_scores.csv and categorical_matrices.json; and the undo of results and ratings."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path

from hdrkit.errors import InputError
from hdrkit.files.json_text import to_json
from hdrkit.files.manifest import SCORE, read_manifest_of
from hdrkit.files.result_tree import ResultTree, replacing
from hdrkit.files.tables import to_csv
from hdrkit.files.text import show
from hdrkit.files.transport import real
from hdrkit.results.group_layout import relative_to
from hdrkit.results.rated import undo_ratings
from hdrkit.sidecars.journal import JOURNAL, UndoneRatings
from hdrkit.types import Category, PhotoScore, ScoringResult

SCORES = "scores"  # the folder of scores in a folder of faces
TABLE, MATRICES = "photo_scores.csv", "categorical_matrices.json"
COLUMNS = (
    *("photo_path", "main", "important", "others", "total", "final_score", "results_string"),
    *("stars", "reason", "shot"),
)
_MEASURES = ("eyes", "smile", "focus")
_DIGITS = 4


def folder_of_scores(faces: Path) -> Path:
    """Where the scores of a folder of faces, or of its table, lie if nothing else is said."""
    return (faces if faces.is_dir() else faces.parent) / SCORES


@contextmanager
def scores_into(folder: Path) -> Iterator[ResultTree]:
    """A folder of results for `write_scores`, which no other run can open during this block.

    Raises OutputError before anything is done if another run is writing, another command wrote there, the file system refuses, or
    a file there is not ours.
    """
    with replacing(folder, SCORE, ()) as tree:
        for name in (TABLE, MATRICES):
            tree.claim(name)
        yield tree


def write_scores(result: ScoringResult, tree: ResultTree) -> None:
    """Write the scores, best first, and what was measured of each labelled person. Paths are relative to the folder."""
    at = tree.folder.resolve()
    tree.add_bytes(TABLE, to_csv([COLUMNS, *(_row(score, at) for score in result.scores)]))
    matrices = {relative_to(at, real(score.path)): _matrix(score) for score in result.scores}
    tree.add_bytes(MATRICES, to_json({"measures": _MEASURES, "options": result.options, "photographs": matrices}).encode())


def undo_scores(photographs: Iterable[Path], folder: Path, dry_run: bool = False) -> UndoneRatings:
    """Take back the ratings beside photographs, and then remove the scores in `folder`; with `dry_run` nothing is changed.

    Raises InputError if there are neither ratings nor scores, and OutputError as `undo_ratings` does.
    """
    folders = sorted({real(path).parent for path in photographs})
    rated = [at for at in folders if (at / JOURNAL).is_file()]
    if not rated and read_manifest_of(folder, SCORE) is None:
        raise InputError(f"{show(folder)}: no scores of hdrkit score, and no ratings beside the photographs; nothing to undo")
    return undo_ratings(rated, folder, SCORE, dry_run)


def _row(score: PhotoScore, at: Path) -> Sequence[str]:
    counts = [score.count(category) for category in Category]
    cells = [*counts, score.total, score.final_score, score.results, score.stars]
    texts = ["" if cell is None else str(cell) for cell in cells]
    return [relative_to(at, real(score.path)), *texts, show(score.reason), relative_to(at, real(score.shot))]


def _matrix(score: PhotoScore) -> dict[str, list[list[float | None]]]:
    """Rows of eyes, smile and focus for the persons of each category; null is unknown."""

    def rounded(value: float | None) -> float | None:
        return None if value is None else round(value, _DIGITS)

    return {str(category): [list(map(rounded, one)) for one in score.faces.get(category, ())] for category in Category}
