"""`hdrkit rank`: rank each series by sharpness, and write stars into sidecars."""

from __future__ import annotations

import logging
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from hdrkit.cli import options as shared
from hdrkit.cli.flags import takes
from hdrkit.files.text import show
from hdrkit.ranking.options import RankingOptions, SeriesMethod
from hdrkit.sidecars.sidecar import sidecar_path

if TYPE_CHECKING:
    from hdrkit.inputs.options import InputOptions
    from hdrkit.types import RankingResult, Rated

EXAMPLES = (
    "Examples:  hdrkit rank photoshoot/ --dry-run   |   hdrkit rank photoshoot/ -e -m 4   |   hdrkit rank --undo photoshoot/"
)
_FOLDER = "ranking"
_LISTED = 20  # series that are printed; the page has all
_WITH_UNDO = ("output", "dry_run", "json", "verbose")
_logger = logging.getLogger("hdrkit.rank")


@takes
def rank(
    context: typer.Context,
    inputs: Annotated[
        list[Path], typer.Argument(metavar="DIR...", help="Folders of photographs, or photographs.", show_default=False)
    ],
    options: RankingOptions,
    source: shared.Exposures,
    output: Annotated[
        Path | None,
        typer.Option("-o", "--output", help="Folder for ranking.csv and report.html.", show_default="ranking, in DIR"),
    ] = None,
    feature_matching: Annotated[bool, typer.Option("-f", "--feature-matching", help="The same as --method features.")] = False,
    dry_run: shared.DryRun = False,
    undo: Annotated[
        bool,
        typer.Option(
            "--undo",
            help="Undo all runs on the photographs in DIR: take back their ratings, and remove the results.",
            rich_help_panel=shared.RATINGS,
        ),
    ] = False,
    json: shared.Json = False,
    verbose: Annotated[
        bool, typer.Option("-v", "--verbose", help="Print the timings of each step, and the result for each file.")
    ] = False,
) -> None:
    """Find series of similar photographs, rank each by sharpness, and write stars for darktable or Lightroom.

    The sharpest photograph of a series gets --max-rank stars; the others get fewer, down to none. Ratings go into sidecars,
    never into photographs. A rating that a person gave stays. In an exposure bracket, the reference frame gets the stars.
    """
    from hdrkit.cli.console import log

    log("debug" if verbose else "error" if json else "info")
    if undo:
        shared.require_undo_alone(context, inputs, _WITH_UNDO)
        _undo(inputs[0], output or inputs[0] / _FOLDER, dry_run, json)
        return
    if feature_matching:
        options = _by_features(options)
    if output is None:
        if not dry_run and (len(inputs) != 1 or not inputs[0].is_dir()):
            raise typer.BadParameter("give the folder for the results", param_hint="-o")
        output = (inputs[0] if inputs[0].is_dir() else inputs[0].parent) / _FOLDER
    _rank(inputs, output, options, source, dry_run, json)


def _by_features(options: RankingOptions) -> RankingOptions:
    if options.method is SeriesMethod.VIEW:
        raise typer.BadParameter("-f and --method view are two different methods; leave out one of them", param_hint="-f")
    return replace(options, method=SeriesMethod.FEATURES)


def _rank(inputs: list[Path], output: Path, options: RankingOptions, source: InputOptions, dry_run: bool, json: bool) -> None:
    from hdrkit.cli.console import end, ignored, print_json, progress, trouble
    from hdrkit.files.text import counted
    from hdrkit.pipeline.rank import rank_folder
    from hdrkit.pipeline.star_ratings import RATING
    from hdrkit.results.ranked import ReadOnlyError

    settled = ""

    def on_progress(stage: str, done: int, total: int) -> None:
        nonlocal settled
        if stage == RATING and not dry_run:
            count, rest = ("all", "report") if done == total else (f"{done} of", "rest")
            settled = f"{count} {total} ratings are done, and stay"
            settled += f"; run the command again for the {rest}, or take the ratings back with --undo"
        move(stage, done, total)

    try:
        with progress(quiet=json) as move:
            result, rated = rank_folder(inputs, output, options, dry_run, on_progress, source.exposures)
    except ReadOnlyError as error:
        for line in error.lines:
            trouble(line)
        if json:
            print_json({"error": error.lines[0], "failures": error.lines})
        raise typer.Exit(1) from None
    except BaseException:  # also an interrupt: ratings that are written stay
        if settled:
            trouble(settled, "note")
        raise
    bare = sum(one.stars is not None and sidecar_path(one.photo.path, options.sidecar) is None for one in rated)
    for step, seconds in result.report.seconds.items():
        _logger.debug("%s took %.2f s", step, seconds)
    for one in rated:
        _logger.debug("%s: %s", one.photo.path, one.reason)
    if json:
        print_json(
            {"output_dir": output, "dry_run": dry_run, "report": result.report, "photographs": _records(result, rated, dry_run)}
        )
    else:
        _print(result, rated, bare, output, dry_run)
    if bare:
        _logger.info("%s without a sidecar: Lightroom reads only sidecars of proprietary RAW files", counted(bare, "photograph"))
    for note in result.report.notes:
        _logger.info(note)
    ignored(result.report.ignored)
    failures = [*(bad.reason for bad in result.unreadable), *(one.error for one in rated if one.error)]
    end(dict.fromkeys(failures))


def _records(result: RankingResult, rated: tuple[Rated, ...], dry_run: bool) -> list[dict[str, object]]:
    records: list[dict[str, object]] = [
        {
            "path": one.photo.path,
            "group": one.group,
            "rank": one.rank,
            "sharpness": one.sharpness,
            "stars": one.stars,
            "written": one.written and not dry_run,
            "would_be_written": one.written and dry_run,
            "reason": one.reason,
        }
        for one in rated
    ]
    nothing = dict.fromkeys(("group", "rank", "sharpness", "stars"))
    unwritten = {"written": False, "would_be_written": False}
    return records + [{"path": bad.path, **nothing, **unwritten, "reason": bad.reason} for bad in result.unreadable]


def _print(result: RankingResult, rated: tuple[Rated, ...], bare: int, output: Path, dry_run: bool) -> None:
    from hdrkit.cli.console import out, say, table
    from hdrkit.files.text import counted

    groups = [group for group in result.groups if len(group) > 1]
    takes = sum(len(group) for group in result.groups)
    of_takes = f" in {counted(takes, 'take')}, a bracket being one" if takes < len(rated) else ""
    say(f"{counted(len(rated), 'photograph')}{of_takes}: {len(groups)} series, {len(result.groups) - len(groups)} in no series")
    if result.report.threshold is not None:
        origin = "chosen from the data" if result.report.doubtful else "every pair is clear"
        origin = "given" if result.report.options["diff"] is not None else origin
        say(f"neighbours that differ by at most {result.report.threshold:.3f} are one series ({origin})")
    if result.report.excluded:
        say(f"{counted(len(result.report.excluded), 'photograph')} left out: with a sidecar, or with stars in the file")
    lines = table("series", "takes", "sharpest", "stars")
    for group in groups[:_LISTED]:
        stars = " ".join(str(one.stars) for one in group)
        lines.add_row(group[0].group, str(len(group)), show(group[0].take.shown.path.name), stars)
    if groups:
        out.print(lines)
    if len(groups) > _LISTED:
        say(f"and {len(groups) - _LISTED} more series: see {'the output of --json' if dry_run else 'report.html'}")
    written = sum(one.written for one in rated)
    kept = sum(not one.written and not one.error and one.stars is not None for one in rated) - bare
    say(f"{counted(written, 'rating')} {'would be written' if dry_run else 'written'}, {kept} left as they were")
    if not dry_run and rated:
        say(f"wrote {output}: open {output / 'report.html'}")
    elif not dry_run and (output / "report.html").exists():
        say(f"nothing was ranked: {output / 'report.html'} stays as it was")


def _undo(photographs: Path, results: Path, dry_run: bool, json: bool) -> None:
    from hdrkit.cli.undone import print_undone
    from hdrkit.results.ranked import undo_ranking

    print_undone(undo_ranking(photographs, results, dry_run), photographs, dry_run, json)
