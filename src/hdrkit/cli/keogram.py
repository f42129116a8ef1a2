"""`hdrkit keogram`: a day of a series as one picture."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from hdrkit.cli import options as shared
from hdrkit.tonemapping.operators import Operator
from hdrkit.tonemapping.render import RenderOptions

EXAMPLES = "Examples:  hdrkit keogram merged/2024/06/14 -o day.png   |   hdrkit keogram frames/ --exposure 800 -o day.png"


def keogram(
    source: Annotated[Path, typer.Argument(metavar="FOLDER", help="Merged radiance, or pictures, of one camera.")],
    output: Annotated[Path, typer.Option("-o", "--output", help="The picture, .png.")],
    angle: Annotated[
        float,
        typer.Option("--angle", help="The line that is taken, in degrees clockwise from upright; what it points to is on top."),
    ] = 0.0,
    tonemap: shared.Tonemap = "reinhard",
    display_range: shared.OneRange = "auto",
    exposure: shared.OneExposure = None,
    json: shared.Json = False,
) -> None:
    """Set the line through the middle of every picture side by side, along the hours, all at one exposure.

    Times without a picture stay gray. Names carry the time as YYYYmmddHHMMSS.
    """
    from hdrkit.cli.console import print_json, say, trouble
    from hdrkit.io.artifacts import counted
    from hdrkit.io.files import write_bytes
    from hdrkit.plotting import as_png
    from hdrkit.series.keogram import keogram as run
    from hdrkit.series.keogram import plot_keogram
    from hdrkit.series.timeline import timeline

    if output.suffix.lower() != ".png":
        raise typer.BadParameter(f"{output.name!r} is no .png", param_hint="-o")
    operator = shared.choice(Operator, tonemap, "--tonemap")
    renderer = shared.checked(RenderOptions, operator=operator, range_ln=shared.given_range(display_range))
    series = timeline(source, exposure)
    result = run(series, renderer, angle)
    write_bytes(output, as_png(plot_keogram(result)))
    missing = int(result.missing.sum())
    if json:
        facts = {"start": series.start, "step_s": series.step.total_seconds(), "times": len(series.pictures), "missing": missing}
        print_json({"output": output, **facts, "range_ln": result.render.range_ln, "unreadable": result.failures})
    else:
        say(f"{counted(len(series.pictures), 'time')} from {series.start}, every {series.step}; {missing} without a picture")
        say(f"wrote {output}")
    for line in result.failures:
        trouble(line)
    if result.failures:
        raise typer.Exit(1)
