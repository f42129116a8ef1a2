"""`hdrkit merge`: brackets to radiance."""

from __future__ import annotations

from itertools import count
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from hdrkit.batch import MergeJob, MergeOutcome, file_suffix, merge_all
from hdrkit.cli import options as shared
from hdrkit.cli.orders import CORES, OUTPUT, Jobs, Orders, Scheduler, taking_orders
from hdrkit.grouping.options import By
from hdrkit.io.artifacts import counted

if TYPE_CHECKING:
    from hdrkit.series.running import Merged

EXAMPLES = (
    "Examples:  hdrkit merge room/ -o room.exr --preview   |   hdrkit merge card/ -o out/ --response response.npz   |   "
    "hdrkit merge handheld/*.jpg --estimator mertens -o fused.jpg"
)
_MERGING = "merging brackets"


@taking_orders()
def merge(
    inputs: shared.Inputs,
    wanted: Orders,
    jobs: Jobs = CORES,
    scheduler: Scheduler = None,
    overwrite: Annotated[
        bool,
        typer.Option(
            "--overwrite", help="Do all brackets of a timestamped series again, also those done before.", rich_help_panel=OUTPUT
        ),
    ] = False,
    json: shared.Json = False,
) -> None:
    """Align exposure brackets and merge them into scene-referred radiance.

    One bracket becomes one file, many become a folder, with nested folders kept. Pixels clipped in every frame take the
    least that they can be, pixels black in every frame the most; both are counted. Brackets by time become
    YYYYmmddHHMMSS_hdr files and a line each in series.csv; run again, it does what is new, changed or failed.
    """
    from hdrkit.cli.console import ignored, print_json, trouble
    from hdrkit.inputs import find_brackets

    found = find_brackets(inputs, wanted.inputs)
    jobs_to_do = wanted.with_range(found.brackets).jobs(found.brackets)
    series = not file_suffix(wanted.output) and all(bracket.kind == By.TIME for bracket in found.brackets)
    reports: list[Merged] | list[MergeOutcome]
    if series:
        reports, lines = _merge_series(jobs_to_do, wanted.output, jobs, scheduler, overwrite, json)
    else:
        reports, lines = _merge_brackets(jobs_to_do, jobs, scheduler, json)
    if json:
        print_json({"ignored_files": found.ignored, "unreadable": found.failures, "notes": found.notes, "brackets": reports})
    else:
        for line in found.notes:
            trouble(line, "note")
    ignored(found.ignored)
    for line in (*found.failures, *lines):
        trouble(line)
    if found.failures or lines:
        raise typer.Exit(1)


def _merge_brackets(
    jobs: list[MergeJob], workers: int, scheduler: str | None, json: bool
) -> tuple[list[MergeOutcome], list[str]]:
    """Merge brackets that have nothing to do with each other; gives the outcomes and a line for everything that failed."""
    from hdrkit.cli.console import progress

    with progress(quiet=json) as move:
        ended = count(1)
        move(_MERGING, 0, len(jobs))
        outcomes = merge_all(jobs, workers, lambda _: move(_MERGING, next(ended), len(jobs)), scheduler)
    if not json:
        _print_outcomes(outcomes)
    return outcomes, [line for o in outcomes for line in (*o.failures, *([o.error] if o.error else []))]


def _merge_series(
    jobs: list[MergeJob], out: Path, workers: int, scheduler: str | None, overwrite: bool, json: bool
) -> tuple[list[Merged], list[str]]:
    """Merge brackets of a series that are not there yet; reports are kept for JSON alone, as a series may be long."""
    from hdrkit.cli.console import progress, say, trouble
    from hdrkit.series.ledger import NAME
    from hdrkit.series.running import merge_series

    reports: list[Merged] = []
    lines, notes = [], []
    merged_now = failed = 0
    with progress(quiet=json) as move:
        move(_MERGING, 0, len(jobs))
        for ended, merged in enumerate(merge_series(jobs, out, workers, overwrite, scheduler), 1):
            row = merged.row
            merged_now += bool(merged.outcome and row.output)
            failed += not row.output
            lines += [f"{row.bracket}: {row.error}"] if row.error else []
            notes += [f"{row.bracket}: {row.note}"] if row.note else []
            reports += [merged] if json else []
            move(_MERGING, ended, len(jobs))
    if not json:
        before = len(jobs) - merged_now - failed
        say(f"{counted(len(jobs), 'bracket')}: {merged_now} merged, {before} done before, {failed} failed")
        say(f"  wrote {out}, with a line for each in {NAME} beside it")
        if notes:
            trouble(f"{counted(len(notes), 'bracket')} with notes in {NAME}, the first {notes[0]}", "note")
    return reports, lines


def _print_outcomes(outcomes: list[MergeOutcome]) -> None:
    """Two lines a bracket: what was done, and where it went."""
    from hdrkit.cli.console import estimates, say, trouble

    for outcome in outcomes:
        if (report := outcome.report) is None:
            continue
        frames = [f for f in (report.alignment.frames if report.alignment else ()) if f.method != "reference"]
        residuals = [frame.residual_px for frame in frames if frame.residual_px is not None]
        aligned = ", ".join(sorted({"still" if frame.method == "identity" else frame.method for frame in frames}))
        pixels = report.size[0] * report.size[1]
        facts = [f"{len(report.frames)} frames", f"alignment {aligned}"]
        if residuals:
            facts.append(f"{max(residuals):.2f} px left")
        if report.exposures:
            facts += [f"saturated {100 * report.saturated / pixels:.2f} %", f"black {100 * report.black / pixels:.2f} %"]
            facts.append(f"response {report.response}")
        if report.noise:
            facts.append(f"noise {report.noise.source}")
        if report.ghosts:
            facts.append(f"ghosts {100 * report.ghosts.share:.2f} %, as in {Path(report.ghosts.reference).name}")
        say(f"{outcome.bracket}: {', '.join(facts)}")
        say("  wrote " + " and ".join(str(path) for path in (outcome.output, outcome.preview) if path))
        for frame in frames:
            if frame.note:
                trouble(f"{frame.name}: {frame.note}", "note")
        for line in estimates(report.estimated):
            trouble(f"{outcome.bracket}: {line}", "note")
        for line in report.warnings:
            trouble(f"{outcome.bracket}: {line}", "warning")
