"""What `keogram` and `video` share: options, and the printed result."""

from __future__ import annotations

import os
import sys
from collections.abc import Iterator, Sequence
from contextlib import contextmanager, redirect_stderr, redirect_stdout
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from hdrkit.cli.flags import Part
from hdrkit.tonemapping.options import Operator, RenderOptions

if TYPE_CHECKING:
    from hdrkit.series.show.timeline import Timeline
    from hdrkit.types import Failure

Source = Annotated[Path, typer.Argument(metavar="FOLDER", help="Folder of merged radiance, or of pictures.")]
_SHOWN: dict[str, dict[str, Any]] = {
    "operator": {"panel": None},
    "range_ln": {
        "panel": None,
        "metavar": "MIN MAX|auto",
        "shown": "auto",
        "help": "the range of ln radiance that is shown; auto takes it from pictures of the whole series",
    },
}
Rendering = Annotated[RenderOptions, Part(only=("operator", "range_ln"), metadata=_SHOWN)]
Comparing = Annotated[RenderOptions, Part(only=("operator", "range_ln"), metadata=_SHOWN, usual={"operator": Operator.REINHARD})]
OneExposure = Annotated[
    float | None,
    typer.Option("--exposure", metavar="EXPO", help="The exposure to show, if the files are frames named YYYYmmddHHMMSS_<EXPO>."),
]
Camera = Annotated[
    str | None,
    typer.Option(
        "--camera",
        metavar="NAME",
        help="The camera to show, if the folder holds pictures NAME_YYYYmmddHHMMSS of several cameras.",
    ),
]


def print_result(
    output: Path, series: Timeline, missing: int, render: RenderOptions, failures: Sequence[Failure], json: bool, **more: Any
) -> None:
    """Print what was written. Exits with code 1 if a picture could not be used."""
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
    """Discard what libraries that decode pictures write to standard output and standard error themselves."""
    real, ours = os.dup(2), sys.stderr
    with Path(os.devnull).open("w") as nowhere, os.fdopen(real, "w", buffering=1, errors=ours.errors) as stderr:
        os.dup2(nowhere.fileno(), 2)
        try:
            with redirect_stdout(nowhere), redirect_stderr(stderr if ours is sys.__stderr__ else ours):
                yield
        finally:
            os.dup2(real, 2)
