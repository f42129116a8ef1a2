"""`hdrkit merge`: merge brackets to radiance."""

from __future__ import annotations

from itertools import count
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from hdrkit.cli import options as shared
from hdrkit.cli.flags import Part, takes
from hdrkit.inputs.options import By
from hdrkit.jobs.request import MergeRequest

if TYPE_CHECKING:
    from hdrkit.inputs.find import FoundBrackets
    from hdrkit.jobs.job import MergeOutcome

EXAMPLES = (
    "Examples:  hdrkit merge room/ -o room.exr --preview   |   hdrkit merge card/ -o out/ --response response.npz   |   "
    "hdrkit merge handheld/*.jpg --estimator mertens -o fused.jpg"
)
_MERGING = "merging brackets"


@takes
def merge(
    inputs: shared.Inputs,
    request: Annotated[MergeRequest, Part(but=("max_groups",))],
    jobs: Annotated[
        int,
        typer.Option(
            "--jobs",
            "-j",
            min=1,
            help="Number of brackets that are merged at the same time.",
            rich_help_panel="Output",
            show_default="all cores",
        ),
    ] = shared.CORES,
    scheduler: shared.Scheduler = None,
    overwrite: Annotated[
        bool,
        typer.Option(
            "--overwrite", help="Merge all brackets of a timestamped series again, also finished ones.", rich_help_panel="Output"
        ),
    ] = False,
    json: shared.Json = False,
) -> None:
    """Align exposure brackets and merge them into scene-referred radiance.

    One bracket becomes one file. Several brackets become files in a folder, with the subfolders of the input. Pixels that
    are clipped in every frame get their lower bound, pixels that are black in every frame their upper bound; the report
    counts both. Brackets by time become files YYYYmmddHHMMSS_hdr and lines in series.csv. A second run merges only the
    brackets that are new, changed or failed.
    """
    from hdrkit.cli.merge_series import merge_brackets_of
    from hdrkit.inputs.find import Series, find_brackets, find_series
    from hdrkit.jobs.outputs import named_format

    shared.check_request(request)
    into_folder = not named_format(request.output)
    series = find_series(inputs, request.inputs) if into_folder else None
    if series is None:
        found = find_brackets(inputs, request.inputs)
        if into_folder and all(bracket.kind == By.TIME for bracket in found.brackets):
            series = Series.of(found)
    if series is None:
        well = _merge_brackets(found, request, jobs, scheduler, json)
    else:
        well = merge_brackets_of(series, request, jobs, scheduler, overwrite, json)
    if not well:
        raise typer.Exit(1)


def _merge_brackets(found: FoundBrackets, request: MergeRequest, workers: int, scheduler: str | None, json: bool) -> bool:
    """Merge brackets that are no series. Returns whether nothing failed or was left out."""
    from hdrkit.cli.console import ignored, print_json, progress, trouble
    from hdrkit.jobs.batch import merge_all

    jobs = request.with_range(found.brackets).jobs(found.brackets)
    with progress(quiet=json) as move:
        ended = count(1)
        move(_MERGING, 0, len(jobs))
        outcomes = merge_all(jobs, workers, lambda _: move(_MERGING, next(ended), len(jobs)), scheduler)
    if json:
        print_json({"ignored_files": found.ignored, "unreadable": found.failures, "notes": found.notes, "brackets": outcomes})
    else:
        _print_outcomes(outcomes)
        for line in found.notes:
            trouble(line, "note")
    ignored(found.ignored)
    failed = [failure for o in outcomes for failure in (*o.failures, o.error) if failure]
    for failure in (*found.failures, *failed):
        trouble(failure)
    return not (found.failures or failed)


def _print_outcomes(outcomes: list[MergeOutcome]) -> None:
    """Print two lines for each bracket: what was done, and which files were written."""
    from hdrkit.cli.console import estimates, say, trouble

    for outcome in outcomes:
        if (report := outcome.report) is None:
            continue
        frames = [f for f in (report.alignment.frames if report.alignment else ()) if f.method != "reference"]
        pixels = report.size[0] * report.size[1]
        facts = [f"{len(report.frames)} frames", f"alignment {report.alignment.summary if report.alignment else ''}"]
        if report.exposures:
            facts += [f"saturated {100 * report.saturated / pixels:.2f} %", f"black {100 * report.black / pixels:.2f} %"]
            facts.append(f"response {report.response}")
        if report.noise:
            facts.append(f"noise {report.noise.source}")
        if report.ghosts:
            facts.append(f"ghosts {100 * report.ghosts.share:.2f} %, shown as in {Path(report.ghosts.reference).name}")
        say(f"{outcome.bracket}: {', '.join(facts)}")
        say("  wrote " + " and ".join(str(path) for path in (outcome.output, outcome.preview) if path))
        for frame in frames:
            if frame.note:
                trouble(f"{frame.name}: {frame.note}", "note")
        for line in estimates(report.estimated):
            trouble(f"{outcome.bracket}: {line}", "note")
        for line in report.warnings:
            trouble(f"{outcome.bracket}: {line}", "warning")
