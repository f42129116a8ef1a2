"""`hdrkit video`: make a film of a series."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from hdrkit.cli import options as shared
from hdrkit.cli import timelines
from hdrkit.cli.flags import takes

EXAMPLES = "Examples:  hdrkit video merged/2024/06/14 -o day.mp4   |   hdrkit video merged/ --fps 30 --range -4 6 -o day.mp4"


@takes
def video(
    source: timelines.Source,
    render: timelines.Rendering,
    output: Annotated[Path, typer.Option("-o", "--output", help="File for the film, .mp4.")],
    fps: Annotated[float, typer.Option("--fps", min=0.1, max=240, help="Pictures per second.")] = 24.0,
    exposure: timelines.OneExposure = None,
    camera: timelines.Camera = None,
    json: shared.Json = False,
) -> None:
    r"""Make a film of a series at one exposure. Each frame is shown for the same time.

    A missing picture becomes a dark frame with its time. File names carry the time as YYYYmmddHHMMSS. If a picture is
    there as .exr and as .hdr, the .exr is shown. This command needs: pip install 'hdrkit\[video]'
    """
    from hdrkit.cli.console import progress
    from hdrkit.files.manifest import refuse_replacing
    from hdrkit.series.show.timeline import timeline
    from hdrkit.series.show.video import write_video

    if output.suffix.lower() != ".mp4":
        raise typer.BadParameter(f"{output.name!r} is not an .mp4 file", param_hint="-o")
    refuse_replacing([output])
    series = timeline(source, exposure, camera)
    count = len(series.pictures)
    with timelines.quiet_decoders(), progress(quiet=json) as move:
        film = write_video(series, output, render, fps, lambda done: move("pictures", done, count))
    missing = count - len(series.found) + len(film.failures)
    timelines.print_result(output, series, missing, film.render, film.failures, json, fps=fps)
