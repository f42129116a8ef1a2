"""`hdrkit group`: sort photographs into views and brackets."""

from __future__ import annotations

import logging
import shlex
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from hdrkit.cli import options as shared
from hdrkit.cli.flags import takes
from hdrkit.files.text import counted
from hdrkit.files.transport import Placing
from hdrkit.grouping.options import GroupingOptions

if TYPE_CHECKING:
    from hdrkit.inputs.options import InputOptions
    from hdrkit.types import Cluster, GroupingResult

EXAMPLES = (
    "Examples:  hdrkit group card/ -o sorted   |   hdrkit group card/ -o sorted --move   |   hdrkit group --undo sorted   |   "
    "hdrkit merge sorted/groups.csv -o merged/ --preview"
)
_FILES = "Files"
_LEVELS = ("debug", "info", "warning", "error")
_WITH_UNDO = ("dry_run", "json", "log_level")
_NAMED = 10  # groups to check that are printed; the page has all
_logger = logging.getLogger("hdrkit.group")


@takes
def group(
    context: typer.Context,
    inputs: shared.Inputs,
    options: GroupingOptions,
    source: shared.Exposures,
    output: Annotated[
        Path | None,
        typer.Option("-o", "--output", help="Folder for the results. The results of an earlier run there are replaced."),
    ] = None,
    copy: Annotated[
        bool, typer.Option("--copy", help="Copy the photographs. The default is links.", rich_help_panel=_FILES)
    ] = False,
    move: Annotated[
        bool, typer.Option("--move", help="Move the photographs. --undo puts them back.", rich_help_panel=_FILES)
    ] = False,
    no_files: Annotated[
        bool, typer.Option("--no-files", help="Write only the lists and the report.", rich_help_panel=_FILES)
    ] = False,
    dry_run: Annotated[
        bool,
        typer.Option(
            "--dry-run",
            help="Write nothing. Print where each photograph would go, or what --undo would do.",
            rich_help_panel=_FILES,
        ),
    ] = False,
    undo: Annotated[
        bool,
        typer.Option(
            "--undo",
            help="Undo the run that wrote the folder INPUT: put moved photographs back and remove the results.",
            rich_help_panel=_FILES,
        ),
    ] = False,
    json: shared.Json = False,
    log_level: Annotated[
        str | None,
        typer.Option(
            "--log-level",
            metavar="|".join(_LEVELS),
            help="How much to print. debug adds the time of each step and the reasons for each group.",
            show_default="info",
        ),
    ] = None,
) -> None:
    """Find which photographs show the same view, at any exposure, and which of them form exposure brackets.

    OUT gets a folder for each group, with its frames in order of exposure. report.html shows the groups; uncertain groups
    come first. groups.csv lists every file once; `hdrkit merge` and `hdrkit calibrate` take it as input.
    The photographs themselves stay as they are, unless you give --move.
    """
    from hdrkit.cli.console import log

    log_level = log_level and log_level.lower()
    if log_level not in (None, *_LEVELS):
        raise typer.BadParameter(f"{log_level!r} is none of {', '.join(_LEVELS)}", param_hint="--log-level")
    log(log_level or ("error" if json else "info"))
    if undo:
        shared.require_undo_alone(context, inputs, _WITH_UNDO)
        (_print_undo_plan if dry_run else _undo)(inputs[0], json)
    elif output is None:
        raise typer.BadParameter("give the folder for the results", param_hint="-o")
    else:
        _group(inputs, output, _placing(copy, move, no_files), options, source, dry_run, json)


def _placing(copy: bool, move: bool, no_files: bool) -> Placing:
    if copy + move + no_files > 1:
        raise typer.BadParameter("give only one of --copy, --move and --no-files", param_hint="--copy")
    return Placing.COPY if copy else Placing.MOVE if move else Placing.NONE if no_files else Placing.LINK


def _group(
    inputs: list[Path],
    output: Path,
    placing: Placing,
    options: GroupingOptions,
    source: InputOptions,
    dry_run: bool,
    json: bool,
) -> None:
    from hdrkit.cli.console import end, ignored, print_json, progress
    from hdrkit.files.manifest import GROUP
    from hdrkit.files.result_tree import require_replaceable
    from hdrkit.pipeline.group import group_as_configured, group_folder
    from hdrkit.pipeline.hdr_grouping import summary

    with progress(quiet=json) as move:
        if dry_run:
            require_replaceable(output, GROUP)
            result = group_as_configured(inputs, options, move, source.exposures)
            plan = _plan(result, output, placing)
        else:
            result, written = group_folder(inputs, output, options, placing, move, source.exposures)
    _log_details(result)
    if json:
        print_json({"dry_run": True, "output_dir": output, "files": plan} if dry_run else summary(result, written))
    else:
        _print_groups(result)
        if dry_run:
            _print_plan(plan, output, placing)
        else:
            _print_results(result, output)
    for line in (*result.report.notes, *(() if dry_run else written.notes)):
        _logger.info(line)
    ignored(result.report.ignored)
    end(result.unreadable)


def _log_details(result: GroupingResult) -> None:
    for step, seconds in result.report.seconds.items():
        _logger.debug("%s took %.2f s", step, seconds)
    for cluster in result.clusters:
        _logger.debug("%s: %s, %d frames, confidence %.2f: %s", *_described(cluster))


def _described(cluster: Cluster) -> tuple[str, str, int, float, str]:
    from hdrkit.results.group_records import why

    return cluster.name, cluster.kind.value, len(cluster.members), cluster.confidence, why(cluster)


def _print_groups(result: GroupingResult) -> None:
    """Print how many groups of each kind there are, the groups to check, and the photographs that belong to none."""
    from hdrkit.cli.console import out, say, table
    from hdrkit.results.group_records import doubtful, headline, why
    from hdrkit.types import Kind

    say(headline(result))
    kinds = table("kind", "groups", "frames")
    for kind in Kind:
        if sizes := [len(cluster.members) for cluster in result.clusters if cluster.kind is kind]:
            kinds.add_row(kind.value.replace("_", " "), str(len(sizes)), str(sum(sizes)))
    if result.clusters:
        out.print(kinds)
    if doubts := doubtful(result):
        say(f"check {len(doubts)} of them, the least certain first:")
        for cluster in doubts[:_NAMED]:
            say(f"  {cluster.name}  confidence {cluster.confidence:.2f}  {why(cluster)}")
        if len(doubts) > _NAMED:
            say(f"and {len(doubts) - _NAMED} more: see report.html")
    for member in result.unassigned[:_NAMED]:
        say(f"unassigned: {member.photo.path.name}: {member.reason}")
    if len(result.unassigned) > _NAMED:
        say(f"and {len(result.unassigned) - _NAMED} more unassigned: see report.html")


def _print_results(result: GroupingResult, output: Path) -> None:
    from hdrkit.cli.console import say
    from hdrkit.types import Kind

    say(f"wrote {output}: open {output / 'report.html'}")
    if any(cluster.kind is Kind.BRACKET for cluster in result.clusters):
        say(f"next: hdrkit merge {shlex.quote(str(output / 'groups.csv'))} -o merged/ --preview")


def _plan(result: GroupingResult, output: Path, placing: Placing) -> list[dict[str, Any]]:
    from hdrkit.results.group_layout import lay_out

    return [
        {
            "source": destination.member.photo.path,
            "target": destination.target and output / destination.target,
            "group": destination.cluster.name if destination.cluster else destination.name,
        }
        for destination in lay_out(result, placing)
    ]


def _print_plan(plan: list[dict[str, Any]], output: Path, placing: Placing) -> None:
    from hdrkit.cli.console import say

    done = {Placing.LINK: "linked", Placing.COPY: "copied", Placing.MOVE: "moved", Placing.NONE: "listed"}[placing]
    placed = [line for line in plan if line["target"] or placing is Placing.NONE]
    say(f"nothing is written; in {output}, {counted(len(placed), 'photograph')} would be {done}:")
    for line in placed:
        say(f"  {line['target'] or line['group']}  from  {line['source']}")
    for line in plan:
        if line not in placed:
            say(f"  {line['source']} is a link and would stay where it is")


def _print_undo_plan(folder: Path, json: bool) -> None:
    from hdrkit.cli.console import print_json, say
    from hdrkit.files.manifest import GROUP
    from hdrkit.files.result_tree import plan_undo

    plan = plan_undo(folder, GROUP)
    if json:
        print_json({"dry_run": True, "folder": folder, "plan": plan})
        return
    put_back, removed = counted(len(plan.put_back), "photograph"), counted(len(plan.remove), "file")
    say(f"nothing is changed; in {folder}, {put_back} would be put back and {removed} of hdrkit removed:")
    for name, origin in plan.put_back.items():
        say(f"  {folder / name}  back to  {origin}")
    for name in plan.remove:
        say(f"  {folder / name}  removed")
    for name in plan.keep:
        say(f"  {folder / name}  stays: it was changed after hdrkit wrote it")


def _undo(folder: Path, json: bool) -> None:
    from hdrkit.cli.console import end, print_json, say
    from hdrkit.files.manifest import GROUP
    from hdrkit.files.result_tree import undo

    undone = undo(folder, GROUP)
    if json:
        print_json(undone)
    else:
        say(f"{folder}: {counted(undone.put_back, 'photograph')} put back, {counted(undone.removed, 'file')} of hdrkit removed")
    for name in undone.kept:
        _logger.info("%s stays: it was changed after hdrkit wrote it", folder / name)
    end(undone.failures)
