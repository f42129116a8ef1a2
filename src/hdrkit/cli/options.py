"""Options that commands share and no dataclass has."""

from __future__ import annotations

import os
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from hdrkit.cli.flags import Part
from hdrkit.inputs.options import InputOptions

if TYPE_CHECKING:
    from hdrkit.jobs.request import MergeRequest

CORES = os.cpu_count() or 1

Inputs = Annotated[
    list[Path],
    typer.Argument(
        metavar="INPUT...", help="Photographs, folders of them, or a list of groups (groups.csv).", show_default=False
    ),
]
Exposures = Annotated[InputOptions, Part(only=("exposures",))]
Scheduler = Annotated[
    str | None,
    typer.Option(
        "--scheduler",
        metavar="tcp://HOST:PORT",
        help="Merge on the workers of this Dask scheduler, which see the same folders, not here. Needs the extra named dask.",
        rich_help_panel="Output",
    ),
]
Json = Annotated[bool, typer.Option("--json", help="Print the report as JSON on standard output.")]


def require_undo_alone(context: typer.Context, inputs: Sequence[Path], obeyed: Sequence[str]) -> None:
    """A usage error for options that --undo would not obey, and where it is not given one folder."""
    for option in context.command.params:
        source = context.get_parameter_source(option.name or "")
        if source is not None and source.name == "COMMANDLINE" and option.name not in ("inputs", "undo", *obeyed):
            raise typer.BadParameter(f"{option.opts[0]} has no effect with it; leave one of them out", param_hint="--undo")
    if len(inputs) != 1:
        raise typer.BadParameter(f"give one folder: hdrkit {context.command.name} --undo FOLDER", param_hint="--undo")


def check_request(request: MergeRequest) -> None:
    """Warn of a range that no picture has use for, and read the response curve: one that is broken is told before any work."""
    from hdrkit.cli.console import trouble

    if (request.range_of_all or request.rendering.range_ln) and not request.shows:
        trouble("--range is for pictures for the display; add --preview, or it does nothing", "warning")
    request.curve  # noqa: B018
