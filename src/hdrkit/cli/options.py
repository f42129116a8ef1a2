"""Options that several commands share and that belong to no dataclass."""

from __future__ import annotations

import os
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from hdrkit.cli.flags import Part
from hdrkit.inputs.options import InputOptions

if TYPE_CHECKING:
    from hdrkit.jobs.request import MergeRequest
    from hdrkit.models.roles import Role

CORES = os.cpu_count() or 1
RATINGS = "Ratings"

Inputs = Annotated[
    list[Path],
    typer.Argument(
        metavar="INPUT...", help="Photographs, folders of photographs, or a list of groups (groups.csv).", show_default=False
    ),
]
Exposures = Annotated[InputOptions, Part(only=("exposures",))]


def _checked_address(address: str | None) -> str | None:
    from hdrkit.errors import InputError
    from hdrkit.jobs.cluster import check_address

    if address is not None:
        try:
            check_address(address)
        except InputError as error:
            raise typer.BadParameter(str(error)) from None
    return address


Scheduler = Annotated[
    str | None,
    typer.Option(
        "--scheduler",
        metavar="tcp://HOST:PORT",
        help="Work on the workers of this Dask scheduler instead of here. The workers must see the same folders. "
        "This needs: pip install 'hdrkit\\[dask]'",
        callback=_checked_address,
        rich_help_panel="Output",
    ),
]


def complete_models(incomplete: str) -> list[str]:
    """The roles and names of models that begin with these letters, for the completion of the shell."""
    from hdrkit.models.catalog import CATALOG

    words = dict.fromkeys([*(entry.role.value for entry in CATALOG), *(entry.name for entry in CATALOG)])
    return [word for word in words if word.startswith(incomplete)]


def _complete_given(incomplete: str) -> list[str]:
    from hdrkit.models.catalog import CATALOG

    return [word for entry in CATALOG if (word := f"{entry.role}={entry.name}").startswith(incomplete)]


Models = Annotated[
    list[str] | None,
    typer.Option(
        "--model",
        metavar="ROLE=PATH|NAME",
        help="Model for a role instead of its default: a file, or a name of `hdrkit models`. Repeatable.",
        autocompletion=_complete_given,
        rich_help_panel="Models",
    ),
]


def given_models(texts: Sequence[str] | None, check: Callable[[Mapping[Role, str]], None]) -> dict[Role, str]:
    """The models that --model gives. Raises BadParameter, also if `check` raises InputError."""
    from hdrkit.errors import InputError
    from hdrkit.models.store import parse_models

    try:
        given = parse_models(texts or ())
        check(given)
    except InputError as error:
        raise typer.BadParameter(str(error), param_hint="--model") from None
    return given


DryRun = Annotated[
    bool, typer.Option("--dry-run", help="Write nothing. Print what would be done, also by --undo.", rich_help_panel=RATINGS)
]
Json = Annotated[bool, typer.Option("--json", help="Print the report as JSON on standard output.")]


def ignored_options(context: typer.Context, obeyed: Sequence[str]) -> list[str]:
    """The flags on the command line that are not among the parameters `obeyed`."""
    return [
        option.opts[0]
        for option in context.command.params
        if (source := context.get_parameter_source(option.name or "")) is not None
        and source.name == "COMMANDLINE"
        and option.name not in obeyed
    ]


def require_undo_alone(context: typer.Context, inputs: Sequence[Path], obeyed: Sequence[str]) -> None:
    """Raise BadParameter if an option is given that --undo ignores, or if INPUT is not one folder."""
    for flag in ignored_options(context, ("inputs", "undo", *obeyed)):
        raise typer.BadParameter(f"{flag} has no effect with --undo; leave out one of them", param_hint="--undo")
    if len(inputs) != 1:
        raise typer.BadParameter(f"give one folder: hdrkit {context.command.name} --undo FOLDER", param_hint="--undo")


def check_request(request: MergeRequest) -> None:
    """Warn if no picture uses the range. Read the response curve, so that a broken one is reported before any work."""
    from hdrkit.cli.console import trouble

    if (request.range_of_all or request.rendering.range_ln) and not request.shows:
        trouble("--range applies to pictures for the display, and none is written; add --preview", "warning")
    request.curve  # noqa: B018
