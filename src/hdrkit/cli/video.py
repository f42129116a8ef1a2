"""`hdrkit video`: a series as a film."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from hdrkit.cli import options as shared
from hdrkit.tonemapping.operators import Operator
from hdrkit.tonemapping.render import RenderOptions

EXAMPLES = "Examples:  hdrkit video merged/2024/06/14 -o day.mp4   |   hdrkit video merged/ --fps 30 --range -4 6 -o day.mp4"


def video(
    source: Annotated[Path, typer.Argument(metavar="FOLDER", help="Merged radiance, or pictures, of one camera.")],
    output: Annotated[Path, typer.Option("-o", "--output", help="The film, .mp4.")],
    fps: Annotated[float, typer.Option("--fps", min=0.1, max=240, help="Pictures a second.")] = 24.0,
    tonemap: shared.Tonemap = "reinhard",
    display_range: shared.OneRange = "auto",
    exposure: shared.OneExposure = None,
    json: shared.Json = False,
) -> None:
    """Show a series as a film at one exposure, every time the same while long.

    Where a picture is missing, a dark one with the time takes its place. Names carry the time as YYYYmmddHHMMSS.
    Needs the extra named video.
    """
    from hdrkit.cli.console import print_json, progress, say, trouble
    from hdrkit.io.artifacts import counted
    from hdrkit.series.timeline import timeline
    from hdrkit.series.video import write_video

    if output.suffix.lower() != ".mp4":
        raise typer.BadParameter(f"{output.name!r} is no .mp4", param_hint="-o")
    operator = shared.choice(Operator, tonemap, "--tonemap")
    renderer = shared.checked(RenderOptions, operator=operator, range_ln=shared.given_range(display_range))
    series = timeline(source, exposure)
    count = len(series.pictures)
    with progress(quiet=json) as move:
        film = write_video(series, output, renderer, fps, lambda done: move("pictures", done, count))
    missing = count - len(series.found) + len(film.failures)
    if json:
        facts = {"start": series.start, "step_s": series.step.total_seconds(), "times": count, "missing": missing}
        print_json({"output": output, **facts, "fps": fps, "range_ln": film.render.range_ln, "unreadable": film.failures})
    else:
        say(f"{counted(count, 'time')} from {series.start}, every {series.step}; {missing} without a picture")
        say(f"wrote {output}")
    for line in film.failures:
        trouble(line)
    if film.failures:
        raise typer.Exit(1)
