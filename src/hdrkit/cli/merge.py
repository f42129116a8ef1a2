"""`hdrkit merge`: merge brackets to radiance."""

from __future__ import annotations

from typing import Annotated

import typer

from hdrkit.cli import options as shared
from hdrkit.cli.flags import Part, takes
from hdrkit.inputs.options import By
from hdrkit.jobs.request import MergeRequest

EXAMPLES = (
    "Examples:  hdrkit merge room/ -o room.exr --preview   |   hdrkit merge card/ -o out/ --response response.npz   |   "
    "hdrkit merge handheld/*.jpg --estimator mertens -o fused.jpg"
)


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
            "--overwrite", help="Merge all brackets into the folder again, also finished ones.", rich_help_panel="Output"
        ),
    ] = False,
    json: shared.Json = False,
) -> None:
    """Align exposure brackets and merge them into scene-referred radiance.

    One bracket becomes one file. Several brackets become files in a folder, with the subfolders of the input. Pixels that
    are clipped in every frame get their lower bound, pixels that are black in every frame their upper bound; the report
    counts both. Brackets by time become files YYYYmmddHHMMSS_hdr and lines in series.csv. A second run into a folder merges
    only the brackets that are new, changed or failed.
    """
    from hdrkit.cli.merge_brackets import merge_found
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
        well = merge_found(found, request, jobs, scheduler, overwrite, json)
    else:
        well = merge_brackets_of(series, request, jobs, scheduler, overwrite, json)
    if not well:
        raise typer.Exit(1)
