"""`hdrkit range`: the range of ln radiance that a set can hold."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from hdrkit.cli import options as shared

EXAMPLES = "Example:  hdrkit range allsky/ --response camera.npz"


def show_range(
    inputs: shared.Inputs,
    response: Annotated[Path | None, typer.Option("--response", help="Response curve; RAW needs none.")] = None,
    by: shared.By = "auto",
    round_to: shared.Round = "30s",
    exposure_unit: shared.Unit = None,
    groups: shared.Groups = None,
    exposures: shared.Exposures = None,
    literal: shared.Literal = False,
    max_pixels: shared.MaxPixels = shared.MAX_PIXELS,
    json: shared.Json = False,
) -> None:
    """Tell the range of ln radiance that all these brackets can record, for `hdrkit merge --range MIN MAX`."""
    from hdrkit.cli.console import ignored, out, print_json, trouble
    from hdrkit.formats.curves.files import read_curve
    from hdrkit.inputs.find import find_brackets
    from hdrkit.pipeline.merge import ln_range

    source = shared.input_options(by, round_to, groups, exposures, literal, max_pixels, exposure_unit)
    if source.estimate_exposures:
        raise typer.BadParameter("a range reads no pixels to estimate from; give FILE.csv", param_hint="--exposures")
    found = find_brackets(inputs, source)
    low, high = ln_range(found.brackets, read_curve(response) if response else None)
    if json:
        print_json({"min_ln": low, "max_ln": high, "brackets": len(found.brackets), "unreadable": found.failures})
    else:
        out.print(f"{low:.4f} {high:.4f}")
        for line in found.notes:
            trouble(line, "note")
    ignored(found.ignored)
    for failure in found.failures:
        trouble(failure)
    if found.failures:
        raise typer.Exit(1)
