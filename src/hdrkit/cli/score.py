"""`hdrkit score`: score photographs by eyes, smile and focus of the persons who matter."""

from __future__ import annotations

import logging
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from hdrkit.cli import options as shared
from hdrkit.cli.flags import Part, takes
from hdrkit.faces.options import ScoringOptions
from hdrkit.files.text import show
from hdrkit.ranking.options import RankingOptions

if TYPE_CHECKING:
    from hdrkit.pipeline.star_ratings import Outcome
    from hdrkit.types import PhotoScore, ScoringResult

EXAMPLES = (
    "Examples:  hdrkit score faces/   |   hdrkit score faces/ --eyes 0.7 --require-all-smiles main   |   "
    "hdrkit score faces/ --write-ratings --dry-run"
)
_LISTED = 20  # photographs that are printed; the CSV has all
_WITH_UNDO = ("faces", "output", "dry_run", "json", "verbose")
_logger = logging.getLogger("hdrkit.score")


@takes
def score(
    context: typer.Context,
    faces: Annotated[Path, typer.Argument(metavar="FACES", help="Folder of hdrkit faces.", show_default=False)],
    options: ScoringOptions,
    ratings: Annotated[RankingOptions, Part(only=("sidecar", "overwrite"))],
    labels: Annotated[
        Path | None,
        typer.Option("--labels", metavar="FILE", help="Labels of persons.", show_default="cluster_labels.json, in FACES"),
    ] = None,
    output: Annotated[
        Path | None,
        typer.Option("-o", "--output", help="Folder for photo_scores.csv.", show_default="scores, in FACES"),
    ] = None,
    write_ratings: Annotated[
        bool,
        typer.Option("--write-ratings", help="Write stars into sidecars beside the photographs.", rich_help_panel=shared.RATINGS),
    ] = False,
    dry_run: shared.DryRun = False,
    undo: Annotated[
        bool,
        typer.Option(
            "--undo",
            help="Take back the ratings beside the photographs, also those of hdrkit rank, and remove the scores.",
            rich_help_panel=shared.RATINGS,
        ),
    ] = False,
    json: shared.Json = False,
    verbose: Annotated[bool, typer.Option("-v", "--verbose", help="Print the reason for each photograph.")] = False,
) -> None:
    """Score photographs by the eyes, the smile and the focus of the persons who matter, best first.

    It reads face_data.csv and cluster_labels.json in a folder of hdrkit faces, and no photographs: new limits cost nothing.
    What cannot be told counts neither for nor against. Ratings are written only with --write-ratings.
    """
    from hdrkit.cli.console import log

    log("debug" if verbose else "error" if json else "info")
    if undo:
        shared.require_undo_alone(context, [faces], _WITH_UNDO)
        _undo(faces, output, dry_run, json)
        return
    _score(faces, output, labels, options, ratings if write_ratings else None, dry_run, json)


def _score(
    faces: Path,
    output: Path | None,
    labels: Path | None,
    options: ScoringOptions,
    ratings: RankingOptions | None,
    dry_run: bool,
    json: bool,
) -> None:
    from hdrkit.cli.console import end, print_json, progress, trouble
    from hdrkit.files.transport import tidied
    from hdrkit.pipeline.score import score_folder
    from hdrkit.results.scored import folder_of_scores

    output = output or folder_of_scores(faces)
    with progress(quiet=json) as move:
        result, rated = score_folder(faces, output, labels, options, ratings, dry_run, move)
    outcomes = {one.path: outcome for one, outcome in rated}
    for one in result.scores:
        _logger.debug("%s: %s", one.path, outcomes[one.path].reason if one.path in outcomes else one.reason)
    if json:
        report = {"output_dir": output, "dry_run": dry_run, "options": result.options, "notes": result.notes}
        print_json({**report, "photographs": [_record(one, outcomes.get(one.path), dry_run) for one in result.scores]})
    else:
        _print(result, outcomes, output, dry_run)
    for note in result.notes:
        trouble(note, "note")
    unread = [f"{show(tidied(one.path))}: {one.reason}" for one in result.scores if one.final_score is None]
    failures = [*unread, *(outcome.error for outcome in outcomes.values() if outcome.error)]
    end(dict.fromkeys(failures))


def _record(one: PhotoScore, outcome: Outcome | None, dry_run: bool) -> dict[str, object]:
    written = outcome is not None and outcome.written
    return {
        "photo_path": one.path,
        "shot": one.shot,
        "final_score": one.final_score,
        "results_string": one.results,
        "faces": one.faces,
        "total": one.total,
        "stars": one.stars,
        "written": written and not dry_run,
        "would_be_written": written and dry_run,
        "reason": one.reason if outcome is None else outcome.reason,
    }


def _print(result: ScoringResult, outcomes: dict[Path, Outcome], output: Path, dry_run: bool) -> None:
    from hdrkit.cli.console import out, say, table
    from hdrkit.files.text import counted

    read = [one for one in result.scores if one.final_score is not None]
    nobody = sum(not any(one.faces.values()) for one in read)
    say(f"{counted(len(read), 'photograph')} scored, {nobody} without a labelled face")
    lines = table("score", "photograph", "results", "reason")
    for one in result.scores[:_LISTED]:
        lines.add_row("" if one.final_score is None else str(one.final_score), show(one.path.name), one.results, show(one.reason))
    out.print(lines)
    if len(result.scores) > _LISTED:
        say(f"and {counted(len(result.scores) - _LISTED, 'photograph')} more: see photo_scores.csv")
    if outcomes:
        written = sum(outcome.written for outcome in outcomes.values())
        say(f"{counted(written, 'rating')} {'would be written' if dry_run else 'written'}, {len(outcomes) - written} left alone")
    if not dry_run:
        say(f"wrote {output}")


def _undo(faces: Path, output: Path | None, dry_run: bool, json: bool) -> None:
    from hdrkit.cli.undone import print_undone
    from hdrkit.pipeline.score import read_faces
    from hdrkit.results.scored import folder_of_scores, undo_scores

    folder = output or folder_of_scores(faces)
    print_undone(undo_scores((photo.path for photo in read_faces(faces)), folder, dry_run), faces, dry_run, json)
