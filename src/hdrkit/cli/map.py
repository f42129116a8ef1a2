"""`hdrkit map`: which pictures show the same, and where each lies among the others."""

from __future__ import annotations

from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from hdrkit.cli import options as shared
from hdrkit.cli.flags import takes
from hdrkit.semantics.options import MapOptions, PictureEmbedding

if TYPE_CHECKING:
    from hdrkit.pipeline.map import MapSources
    from hdrkit.types import MapResult

EXAMPLES = "Examples:  hdrkit map pictures/ -o map   |   hdrkit map pictures/ -o map --update"
_LISTED = 20  # groups that are printed; the page has all


@takes
def map_pictures(
    options: MapOptions,
    inputs: Annotated[
        list[Path] | None,
        typer.Argument(metavar="INPUT...", help="Pictures, or folders of pictures.", show_default=False),
    ] = None,
    image_dir: Annotated[
        Path | None, typer.Option("--image_dir", metavar="FOLDER", help="A folder of pictures: another way to give INPUT.")
    ] = None,
    output: Annotated[
        Path | None,
        typer.Option(
            "-o",
            "--output",
            metavar="FOLDER|FILE.json",
            help="Folder for map.html, clustering_result.json and report.json; or the JSON file, with the others beside it.",
            show_default=False,
        ),
    ] = None,
    update: Annotated[
        bool,
        typer.Option(
            "--update",
            help="Add new pictures to the map in the output, and take out those that are gone. The others stay where they are.",
        ),
    ] = False,
    models: shared.Models = None,
    labels: Annotated[
        Path | None,
        typer.Option(
            "--labels",
            metavar="FILE",
            help="Words, one a line, from which groups and pictures get their names. This needs --embedding clip.",
            show_default="the beginning of each file name",
        ),
    ] = None,
    jobs: Annotated[
        int, typer.Option("--jobs", "-j", min=1, help="Pictures that are read side by side.", show_default="all cores")
    ] = shared.CORES,
    scheduler: shared.Scheduler = None,
    json: shared.Json = False,
) -> None:
    """Find which pictures show the same, and see them all in three dimensions, each near those that are like it.

    Open map.html in the folder of results: turn the map, search it, and select pictures. clustering_result.json lists each
    picture with its place and its group, for other programs. What was read is kept: a second run reads only new pictures.
    """
    from hdrkit.pipeline.map import MapSources
    from hdrkit.pipeline.map_networks import check_roles

    given = [*(inputs or []), *([image_dir] if image_dir else [])]
    if not given:
        raise typer.BadParameter("give pictures, or folders of pictures", param_hint="INPUT...")
    if output is None:
        raise typer.BadParameter("give the folder for the results", param_hint="-o")
    if labels is not None and options.embedding is not PictureEmbedding.CLIP:
        raise typer.BadParameter("words need --embedding clip", param_hint="--labels")
    sources = MapSources(shared.given_models(models, partial(check_roles, options=options)), labels)
    _map(given, output, options, sources, update, (jobs, scheduler), json)


def _map(
    inputs: list[Path],
    output: Path,
    options: MapOptions,
    sources: MapSources,
    update: bool,
    where: tuple[int, str | None],
    json: bool,
) -> None:
    from hdrkit.cli.console import end, ignored, log, print_json, progress
    from hdrkit.cli.stopped import say_when_stopped
    from hdrkit.jobs.workers import executor
    from hdrkit.pipeline.map import map_images

    log("error" if json else "info")
    jobs, scheduler = where
    pool = partial(executor, jobs, scheduler) if jobs > 1 or scheduler else None
    say_when_stopped(lambda: "what was read of pictures is kept; run the same command again to go on")
    with progress(quiet=json) as move:
        result = map_images(inputs, output, options, sources, update=update, progress=move, pool=pool)
    if json:
        print_json(_record(result, output))
    else:
        _print(result, output)
    ignored(result.report.ignored)
    end(result.failures)


def _record(result: MapResult, output: Path) -> dict[str, object]:
    groups = [
        {
            "number": group.number,
            "pictures": len(group.members),
            "quality": group.quality,
            "silhouette": group.silhouette,
            "words": group.words,
            "typical": result.pictures[group.members[0]].path,
        }
        for group in result.groups
    ]
    failures = [{"path": bad.path, "reason": bad.reason} for bad in result.failures]
    return {
        "output": output,
        "report": result.report,
        "pictures": len(result.pictures),
        "groups": groups,
        "alone": _alone(result),
        "failures": failures,
    }


def _alone(result: MapResult) -> int:
    return len(result.pictures) - sum(len(group.members) for group in result.groups)


def _print(result: MapResult, output: Path) -> None:
    from hdrkit.cli.console import out, say, table, trouble
    from hdrkit.files.text import counted, show

    alone = _alone(result)
    none = f", {counted(alone, 'picture')} in none" if alone else ""
    say(f"{counted(len(result.pictures), 'picture')}: {counted(len(result.groups), 'group')}{none}")
    if known := len(result.pictures) - result.report.read:
        say(f"{counted(known, 'picture')} known from earlier runs, or the same as another")
    lines = table("group", "pictures", "quality", *(["words"] if any(group.words for group in result.groups) else []), "such as")
    for group in result.groups[:_LISTED]:
        words = [show(group.words)] if any(one.words for one in result.groups) else []
        typical = show(result.pictures[group.members[0]].path.name)
        lines.add_row(str(group.number), str(len(group.members)), group.quality.value, *words, typical)
    if result.groups:
        out.print(lines)
    if len(result.groups) > _LISTED:
        say(f"and {counted(len(result.groups) - _LISTED, 'more group')}: see map.html")
    for note in result.report.notes:
        trouble(note, "note")
    folder = output.parent if output.suffix.lower() == ".json" else output
    say(f"wrote {output}: open {folder / 'map.html'}")
