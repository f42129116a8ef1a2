"""`hdrkit faces`: who is in each photograph."""

from __future__ import annotations

from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from hdrkit.cli import options as shared
from hdrkit.cli.flags import takes
from hdrkit.faces.options import PersonOptions

if TYPE_CHECKING:
    from hdrkit.models.roles import Role
    from hdrkit.types import PeopleResult

EXAMPLES = "Examples:  hdrkit faces photographs/ -o people   |   hdrkit faces --forget 3   |   hdrkit faces --forget all"
_LISTED = 20  # persons that are printed; the page has all
_STORE = "Persons that last"


@takes
def faces(
    context: typer.Context,
    options: PersonOptions,
    inputs: Annotated[
        list[Path] | None,
        typer.Argument(metavar="INPUT...", help="Photographs, or folders of photographs.", show_default=False),
    ] = None,
    output: Annotated[
        Path | None,
        typer.Option("-o", "--output", help="Folder for face_data.csv, output_clusters and people.html.", show_default=False),
    ] = None,
    models: shared.Models = None,
    labels: Annotated[
        Path | None,
        typer.Option(
            "--labels", metavar="FILE", help="What you say of persons, as JSON.", show_default="cluster_labels.json in the output"
        ),
    ] = None,
    gallery: Annotated[
        str | None,
        typer.Option(
            "--gallery",
            metavar="FOLDER|URL",
            help="Where faces and persons are kept between runs: a folder, or object storage such as s3://bucket/people.",
            show_default="HDRKIT_GALLERY, else in your data folder",
            rich_help_panel=_STORE,
        ),
    ] = None,
    forget: Annotated[
        str | None,
        typer.Option(
            "--forget",
            metavar="PERSON|all",
            help="Remove a person, by number or name, or everything: from the gallery and from all results that were written.",
            rich_help_panel=_STORE,
        ),
    ] = None,
    jobs: Annotated[
        int, typer.Option("--jobs", "-j", min=1, help="Photographs that are read side by side.", show_default="all cores")
    ] = shared.CORES,
    scheduler: shared.Scheduler = None,
    json: shared.Json = False,
) -> None:
    """Find the faces in photographs, and join them into persons. Persons of earlier runs are recognised, and keep their numbers.

    Write who matters into cluster_labels.json, such as {"0": "main"} or {"0": {"name": "Ann", "category": "main"}}, and run
    hdrkit score. Faces are personal data: they stay on this machine, in the gallery and in the results, until --forget.
    """
    from hdrkit.models.roles import Role
    from hdrkit.pipeline.face_reader import check_face_roles

    given = shared.given_models(models, check_face_roles)
    if forget is not None:
        _forget(context, forget, gallery, given.get(Role.FACE_EMBEDDING), json)
        return
    if not inputs:
        raise typer.BadParameter("give photographs, or folders of photographs", param_hint="INPUT...")
    if output is None:
        raise typer.BadParameter("give the folder for the results", param_hint="-o")
    _faces(inputs, output, options, (given, gallery, labels), (jobs, scheduler), json)


def _faces(
    inputs: list[Path],
    output: Path,
    options: PersonOptions,
    sources: tuple[dict[Role, str], str | None, Path | None],
    where: tuple[int, str | None],
    json: bool,
) -> None:
    from hdrkit.cli.console import end, ignored, log, print_json, progress
    from hdrkit.cli.stopped import say_when_stopped
    from hdrkit.jobs.workers import executor
    from hdrkit.pipeline.faces import FaceSources, find_people

    log("error" if json else "info")
    jobs, scheduler = where
    pool = partial(executor, jobs, scheduler) if jobs > 1 or scheduler else None
    say_when_stopped(lambda: "faces that were read are kept; run the same command again to go on")
    with progress(quiet=json) as move:
        result = find_people(inputs, output, options, FaceSources(*sources), move, pool)
    if json:
        print_json(_record(result, output))
    else:
        _print(result, output)
    ignored(result.report.ignored)
    end(result.failures)


def _record(result: PeopleResult, output: Path) -> dict[str, object]:
    persons = [
        {
            "number": person.number,
            "name": person.label.name if person.label else "",
            "category": person.label.category if person.label else None,
            "faces": len(person.faces),
            "clearest": person.clearest.path,
        }
        for person in result.persons
    ]
    failures = [{"path": bad.path, "reason": bad.reason} for bad in result.failures]
    return {
        "output_dir": output,
        "report": result.report,
        "photographs": len(result.photos),
        "persons": persons,
        "unknown": len(result.unknown),
        "failures": failures,
    }


def _print(result: PeopleResult, output: Path) -> None:
    from hdrkit.cli.console import out, say, table, trouble
    from hdrkit.files.text import counted, show

    faces = sum(len(photo.faces) for photo in result.photos)
    known = len(result.photos) - len(result.failures) - result.report.read
    say(f"{counted(len(result.photos), 'photograph')}: {counted(faces, 'face')}, {counted(len(result.persons), 'person')}")
    if known:
        say(f"{counted(known, 'photograph')} known from earlier runs, or other files of the same shot")
    if result.unknown:
        say(f"{counted(len(result.unknown), 'face')} unknown: see the end of people.html for the reasons")
    lines = table("person", "label", "faces", "clearest in")
    by_size = sorted(result.persons, key=lambda person: (-len(person.faces), person.number))
    for person in by_size[:_LISTED]:
        label = f"{person.label.name} {person.label.category}".strip() if person.label else ""
        lines.add_row(str(person.number), show(label), str(len(person.faces)), show(person.clearest.path.name))
    if by_size:
        out.print(lines)
    if len(by_size) > _LISTED:
        say(f"and {counted(len(by_size) - _LISTED, 'more person')}: see people.html")
    for note in result.report.notes:
        trouble(note, "note")
    say(f"wrote {output}: open {output / 'people.html'}")


def _forget(context: typer.Context, person: str, gallery: str | None, network: str | None, json: bool) -> None:
    from hdrkit.cli.console import end, print_json, say, trouble
    from hdrkit.files.text import counted
    from hdrkit.pipeline.forget import forget

    if not person.strip():
        raise typer.BadParameter("give a person, by number or name, or all", param_hint="--forget")
    for flag in shared.ignored_options(context, ("forget", "gallery", "models", "json")):
        raise typer.BadParameter(f"{flag} has no effect with --forget; leave it out", param_hint="--forget")
    done = forget(person, gallery, network)
    if json:
        print_json({"faces": done.faces, "folders": done.folders, "failures": done.failures, "notes": done.notes})
    else:
        say(f"{counted(done.faces, 'face')} removed from the gallery, and from {counted(len(done.folders), 'folder')} of results")
        for line in done.notes:
            trouble(line, "note")
    end(done.failures)
