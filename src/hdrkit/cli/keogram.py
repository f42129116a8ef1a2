"""`hdrkit keogram`: draw a day of a series as one picture."""

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
    render: timelines.Comparing,
    output: Annotated[Path, typer.Option("-o", "--output", help="File for the picture, .png.")],
    angle: Annotated[
        float,
        typer.Option(
            "--angle", help="Direction of the line, in degrees clockwise from upright. The end that it points to is at the top."
        ),
    ] = 0.0,
    exposure: timelines.OneExposure = None,
    camera: timelines.Camera = None,
    json: shared.Json = False,
) -> None:
    """Draw a keogram of a series: one line of pixels from each picture, side by side over time, at one exposure.

    The line goes through the middle of the picture. Times without a picture stay gray. File names carry the time as
    YYYYmmddHHMMSS. If a picture is there as .exr and as .hdr, the .exr is shown.
    """
    from hdrkit.files.atomic import write_bytes
    from hdrkit.files.manifest import refuse_replacing
    from hdrkit.results.response_plot import as_png
    from hdrkit.series.show.keogram import keogram as run
    from hdrkit.series.show.keogram import plot_keogram
    from hdrkit.series.show.timeline import timeline

    if output.suffix.lower() != ".png":
        raise typer.BadParameter(f"{output.name!r} is not a .png file", param_hint="-o")
    refuse_replacing([output])
    series = timeline(source, exposure, camera)
    with timelines.quiet_decoders():
        result = run(series, render, angle)
    write_bytes(output, as_png(plot_keogram(result)))
    timelines.print_result(output, series, int(result.missing.sum()), result.render, result.failures, json)
