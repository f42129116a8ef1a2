"""What commands that show a series over its time have in common: their options, and what they tell."""

from __future__ import annotations

import os
import sys
from collections.abc import Iterator, Sequence
from contextlib import contextmanager, redirect_stderr, redirect_stdout
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from hdrkit.cli.flags import Part
from hdrkit.tonemapping.options import RenderOptions

if TYPE_CHECKING:
    from hdrkit.series.show.timeline import Timeline
    from hdrkit.types import Failure

Source = Annotated[Path, typer.Argument(metavar="FOLDER", help="Merged radiance, or pictures, of one camera.")]
Rendering = Annotated[
    RenderOptions,
    Part(
        told={
            "operator": {"panel": None},
            "range_ln": {
                "panel": None,
                "metavar": "MIN MAX|auto",
                "shown": "auto",
                "help": "the range of ln radiance that is shown; auto: as found in pictures of all times",
            },
        }
    ),
]
OneExposure = Annotated[
    float | None,
    typer.Option("--exposure", metavar="EXPO", help="Of frames YYYYmmddHHMMSS_<EXPO>, the exposure to show."),
]
Camera = Annotated[
    str | None,
    typer.Option("--camera", metavar="NAME", help="Of pictures NAME_YYYYmmddHHMMSS of several cameras, the one to show."),
]


def tell(
    output: Path, series: Timeline, missing: int, render: RenderOptions, failures: Sequence[Failure], json: bool, **more: Any
) -> None:
    """Report what was written; exit code 1 where a picture could not be used."""
    from hdrkit.cli.console import print_json, say, trouble
    from hdrkit.files.text import counted

    count = len(series.pictures)
    if json:
        facts: dict[str, Any] = {"start": series.start, "step_s": series.step.total_seconds(), "times": count, "missing": missing}
        print_json({"output": output, **facts, **more, "range_ln": render.range_ln, "unreadable": failures})
    else:
        say(f"{counted(count, 'time')} from {series.start}, every {series.step}; {missing} without a picture")
        say(f"wrote {output}")
    for line in failures:
        trouble(line)
    if failures:
        raise typer.Exit(1)


@contextmanager
def quiet_decoders() -> Iterator[None]:
    """Keep to ourselves what libraries that decode pictures write to standard output and standard error on their own."""
    real, ours = os.dup(2), sys.stderr
    with Path(os.devnull).open("w") as nowhere, os.fdopen(real, "w", buffering=1, errors=ours.errors) as stderr:
        os.dup2(nowhere.fileno(), 2)
        try:
            with redirect_stdout(nowhere), redirect_stderr(stderr if ours is sys.__stderr__ else ours):
                yield
        finally:
            os.dup2(real, 2)
