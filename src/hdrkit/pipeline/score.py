"""`hdrkit score` from top to bottom: a folder of faces, and labels -> scores -> sidecars -> a folder of results; no pixels."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from contextlib import nullcontext
from pathlib import Path

from hdrkit.errors import InputError
from hdrkit.faces.options import ScoringOptions
from hdrkit.faces.scoring import score_photos
from hdrkit.files.json_text import plain
from hdrkit.files.text import listed, show
from hdrkit.files.transport import real, tidied
from hdrkit.pipeline.star_ratings import Outcome, Wish, write_stars
from hdrkit.ranking.options import RankingOptions
from hdrkit.ranking.takes import same_shot
from hdrkit.results.face_table import FACE_TABLE, read_face_table
from hdrkit.results.label_file import LABEL_FILE, read_labels
from hdrkit.results.ranked import require_writable_folders
from hdrkit.results.scored import folder_of_scores, scores_into, write_scores
from hdrkit.types import Label, PhotoScore, Progress, ScoringResult, SeenPhoto


def score(faces: Path | str, labels: Path | str | None = None, options: ScoringOptions | None = None) -> ScoringResult:
    """The scores of the photographs in a folder of `hdrkit faces`, best first; nothing is written.

    `labels` is a cluster_labels.json; the one in the folder is used if it is not given. Without one every face counts as other.
    Raises InputError if a file cannot be read, or the labels are those of other faces.
    """
    options, faces = options or ScoringOptions(), Path(faces)
    photos = read_faces(faces)
    known, notes = _labels(faces, None if labels is None else Path(labels), photos)
    return ScoringResult(score_photos(photos, known, options), plain(options), notes)


def score_folder(
    faces: Path | str,
    output: Path | str | None = None,
    labels: Path | str | None = None,
    options: ScoringOptions | None = None,
    ratings: RankingOptions | None = None,
    dry_run: bool = False,
    progress: Progress | None = None,
) -> tuple[ScoringResult, tuple[tuple[PhotoScore, Outcome], ...]]:
    """`score`, and write photo_scores.csv and categorical_matrices.json to the folder `output` (`scores` in the folder of faces).

    With `ratings`, whose options about ratings apply, stars are written into sidecars beside the photographs, and the second
    value says of each photograph what became of them. With `dry_run` nothing is written. Raises InputError as `score` does, and
    OutputError, before anything is done, where `output` cannot be written or folders of photographs take no sidecars.
    """
    result = score(faces, labels, options)
    output = folder_of_scores(Path(faces)) if output is None else Path(output)
    if ratings and not dry_run:
        require_writable_folders([one.path for one in result.scores if one.path.exists()], ratings.sidecar)
    with nullcontext() if dry_run else scores_into(output) as tree:
        rated = _rate(result.scores, ratings, dry_run, progress, output) if ratings else ()
        if tree is not None:
            write_scores(result, tree)
    return result, rated


def read_faces(faces: Path) -> tuple[SeenPhoto, ...]:
    """The photographs in a folder of `hdrkit faces`, or in its face_data.csv. Raises InputError."""
    table = faces / FACE_TABLE if faces.is_dir() else faces
    if not table.is_file():
        folder = table.parent if table.name == FACE_TABLE else faces
        raise InputError(f"{show(table)}: there is no such file; run hdrkit faces PHOTOGRAPHS -o {show(folder)} first")
    photos = read_face_table(table)
    if not photos:
        raise InputError(f"{show(table)}: it lists no photograph; run hdrkit faces again")
    return photos


def _labels(faces: Path, given: Path | None, photos: Sequence[SeenPhoto]) -> tuple[Mapping[int, Label] | None, tuple[str, ...]]:
    """The labels of persons that were found, and notes about the others; None without a file."""
    path = given or (faces if faces.is_dir() else faces.parent) / LABEL_FILE
    if given is None and not path.is_file():
        return None, (f"no {LABEL_FILE}: every face counts as other; write one to say who matters",)
    labels = read_labels(path).persons
    persons = {seen.person for photo in photos for seen in photo.faces}
    missing = [str(number) for number in sorted(labels) if number not in persons]
    if labels and len(missing) == len(labels):
        raise InputError(f"{show(path)}: none of its persons is in {FACE_TABLE}; give the labels of this run")
    known = {number: label for number, label in labels.items() if number in persons}
    if missing:
        found = "person" if len(missing) == 1 else "persons"
        return known, (f"{show(path)}: no {found} {listed(missing)} in {FACE_TABLE}; the other labels are used",)
    return known, () if labels else (f"{show(path)}: it labels nobody, so no face counts",)


def _rate(
    scores: Sequence[PhotoScore], ratings: RankingOptions, dry_run: bool, progress: Progress | None, held: Path
) -> tuple[tuple[PhotoScore, Outcome], ...]:
    """Stars in the sidecars of photographs, with what became of each. Of a bracket, the one that stands for it has them."""
    here = [one for one in scores if real(one.path).exists()]
    wishes = [_wish(one, here) for one in here]
    outcomes = dict(zip((one.path for one in here), write_stars(wishes, ratings, dry_run, progress, held), strict=True))
    gone = "there is no such photograph; check the name"
    return tuple((one, outcomes.get(one.path) or Outcome(False, gone, f"{show(tidied(one.path))}: {gone}")) for one in scores)


def _wish(one: PhotoScore, scores: Sequence[PhotoScore]) -> Wish:
    if one.path != one.shot and not same_shot(one.path, one.shot):
        return Wish(one.path, None, f"of the shot whose stars {show(one.shot.name)} carries")
    files = [other.path for other in scores if other.shot == one.shot and other.path != one.path]
    return Wish(one.path, one.stars, one.reason, tuple(path for path in files if same_shot(path, one.path)))
