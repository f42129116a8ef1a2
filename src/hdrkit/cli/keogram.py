"""`hdrkit keogram`: a day of a series as one picture."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from hdrkit.cli import options as shared
from hdrkit.cli import timelines
from hdrkit.cli.flags import takes

EXAMPLES = "Examples:  hdrkit keogram merged/2024/06/14 -o day.png   |   hdrkit keogram frames/ --exposure 800 -o day.png"


@takes
def keogram(
    source: timelines.Source,
    render: timelines.Rendering,
    output: Annotated[Path, typer.Option("-o", "--output", help="The picture, .png.")],
    angle: Annotated[
        float,
        typer.Option("--angle", help="The line that is taken, in degrees clockwise from upright; what it points to is on top."),
    ] = 0.0,
    exposure: timelines.OneExposure = None,
    camera: timelines.Camera = None,
    json: shared.Json = False,
) -> None:
    """Set the line through the middle of every picture side by side, along the hours, all at one exposure.

    Times without a picture stay gray. Names carry the time as YYYYmmddHHMMSS. Of one picture as .exr and .hdr the .exr is shown.
    """
    from hdrkit.files.atomic import write_bytes
    from hdrkit.files.manifest import refuse_replacing
    from hdrkit.results.response_plot import as_png
    from hdrkit.series.show.keogram import keogram as run
    from hdrkit.series.show.keogram import plot_keogram
    from hdrkit.series.show.timeline import timeline

    if output.suffix.lower() != ".png":
        raise typer.BadParameter(f"{output.name!r} is no .png", param_hint="-o")
    refuse_replacing([output])
    series = timeline(source, exposure, camera)
    with timelines.quiet_decoders():
        result = run(series, render, angle)
    write_bytes(output, as_png(plot_keogram(result)))
    timelines.tell(output, series, int(result.missing.sum()), result.render, result.failures, json)
