"""`hdrkit models`: list the models that hdrkit can use, and fetch them."""

from __future__ import annotations

from enum import StrEnum
from typing import TYPE_CHECKING, Annotated, Any

import typer

from hdrkit.cli import options as shared
from hdrkit.cli.options import complete_models

if TYPE_CHECKING:
    from hdrkit.models.entries import ModelEntry

EXAMPLES = "Examples:  hdrkit models   |   hdrkit models fetch face-detector face-embedding   |   hdrkit models fetch yunet"


class Action(StrEnum):
    """What `hdrkit models` does."""

    LIST = "list"
    FETCH = "fetch"


def models(
    action: Annotated[
        Action, typer.Argument(metavar="[list|fetch]", help="List the models, or fetch those that are named.", show_default=False)
    ] = Action.LIST,
    names: Annotated[
        list[str] | None,
        typer.Argument(
            metavar="[ROLE|NAME]...",
            help="Names of models, or roles: a role means its default.",
            autocompletion=complete_models,
            show_default=False,
        ),
    ] = None,
    json: shared.Json = False,
) -> None:
    """List the models that hdrkit can use, with licence, size and state, and fetch those that you name.

    Nothing is ever downloaded unasked. Models lie in the folder that HDRKIT_MODELS names, else in your data folder.
    """
    from hdrkit.errors import InputError
    from hdrkit.models.catalog import CATALOG, entries_for

    if action is Action.FETCH and not names:
        raise typer.BadParameter("name what to fetch: hdrkit models fetch ROLE|NAME", param_hint="[ROLE|NAME]...")
    try:
        chosen = entries_for(names or [])
    except InputError as error:
        if action is Action.FETCH and len(names or []) > 1:
            raise InputError(f"nothing was fetched: {error}") from None
        raise
    if action is Action.FETCH:
        _fetch(chosen, json)
    else:
        _list([entry for entry in CATALOG if not chosen or entry in chosen], json)


def _list(entries: list[ModelEntry], json: bool) -> None:
    from hdrkit.cli.console import print_json, say
    from hdrkit.models.entries import megabytes
    from hdrkit.models.store import ModelState, models_folder

    facts = [_facts(entry) for entry in entries]
    if json:
        print_json({"folder": models_folder(), "models": facts})
        return
    names, licences = (max(len(word) for word in words) for words in zip(*((e.name, e.terms) for e in entries), strict=True))
    role = None
    for entry, fact in zip(entries, facts, strict=True):
        if entry.role is not role:
            say(role := entry.role, style="bold")
        default = "default" if fact["default"] else ""
        download = "" if fact["state"] == ModelState.READY else f"{megabytes(entry.source.bytes)} to download"
        what = f"{fact['state']:<11}  {megabytes(entry.bytes):>8}  {download:<20}  {entry.terms:<{licences}}  {entry.source}"
        say(f"  {entry.name:<{names}}  {default:<7}  {what}")
    say(f"folder: {models_folder()}")


def _facts(entry: ModelEntry) -> dict[str, Any]:
    from hdrkit.models.catalog import is_default
    from hdrkit.models.store import path_of, state_of

    return {
        "role": entry.role,
        "name": entry.name,
        "default": is_default(entry),
        "state": state_of(entry),
        "licence": entry.licence,
        "commercial": entry.commercial,
        "bytes": entry.bytes,
        "download_bytes": entry.source.bytes,
        "source": str(entry.source),
        "files": [{"path": path_of(entry, file), "sha256": file.sha256, "bytes": file.bytes} for file in entry.files],
    }


def _fetch(entries: list[ModelEntry], json: bool) -> None:
    from hdrkit.cli.console import err, print_json, say, trouble
    from hdrkit.errors import HdrkitError
    from hdrkit.models.entries import megabytes
    from hdrkit.models.fetch import fetch

    failures = []
    for entry in entries:
        with err.status(f"fetching {entry.name}, {megabytes(entry.source.bytes)}"):
            try:
                paths = fetch(entry)
            except HdrkitError as error:
                failures.append(str(error))
                continue
        if not json:
            say(f"{entry.name} ({entry.role}): {paths[0]}, {entry.terms}")
    if json:
        print_json({"models": [_facts(entry) for entry in entries], "failures": failures})
    for failure in failures:
        trouble(failure)
    if failures:
        raise typer.Exit(1)
