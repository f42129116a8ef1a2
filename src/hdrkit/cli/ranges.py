"""`hdrkit range`: print the range of ln radiance that a set of brackets can record."""

from __future__ import annotations

import math
from pathlib import Path
from typing import Annotated

import typer

from hdrkit.cli import options as shared
from hdrkit.cli.flags import Part, takes
from hdrkit.inputs.options import InputOptions

EXAMPLES = "Example:  hdrkit range allsky/ --response camera.npz"


@takes
def show_range(
    inputs: shared.Inputs,
    source: Annotated[InputOptions, Part(but=("min_frames", "max_groups", "estimate_exposures"))],
    response: Annotated[Path | None, typer.Option("--response", help="Response curve. RAW files need none.")] = None,
    json: shared.Json = False,
) -> None:
    """Print the range of ln radiance that all these brackets can record, for `hdrkit merge --range MIN MAX`."""
    from hdrkit.cli.console import ignored, out, print_json, trouble
    from hdrkit.formats.curves.files import read_curve
    from hdrkit.inputs.find import find_brackets
    from hdrkit.pipeline.merge import ln_range

    found = find_brackets(inputs, source)
    low, high = ln_range(found.brackets, read_curve(response) if response else None)
    if json:
        in_ev = {"min_ev": low / math.log(2), "max_ev": high / math.log(2)}
        print_json({"min_ln": low, "max_ln": high, **in_ev, "brackets": len(found.brackets), "unreadable": found.failures})
    else:
        out.print(f"{low:.4f} {high:.4f}")
        for line in found.notes:
            trouble(line, "note")
    ignored(found.ignored)
    for failure in found.failures:
        trouble(failure)
    if found.failures:
        raise typer.Exit(1)
