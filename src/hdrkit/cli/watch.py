"""`hdrkit watch`: merge brackets as they become complete."""

from __future__ import annotations

import signal
import warnings
from dataclasses import replace
from functools import partial
from pathlib import Path
from typing import Annotated, Any

import typer

from hdrkit.cli import options as shared
from hdrkit.cli.flags import Part, takes
from hdrkit.inputs.options import By
from hdrkit.jobs.request import MergeRequest
from hdrkit.series.watch.options import WatchOptions

EXAMPLES = (
    "Examples:  hdrkit watch /data/camera -o /data/merged --response camera.npz --align none --frames 4   |   "
    "hdrkit watch /mnt/camera -o merged/ --poll 5 --heartbeat /run/hdrkit/heartbeat.json"
)


@takes
def watch(
    folder: Annotated[
        Path, typer.Argument(metavar="FOLDER", help="The folder that the camera writes to. Its subfolders are watched too.")
    ],
    request: Annotated[
        MergeRequest,
        Part(
            but=("groups", "max_groups", "ev", "name"),
            fixed={"by": By.TIME},
            metadata={"output": {"help": "folder for the results, with the subfolders of FOLDER"}},
        ),
    ],
    options: WatchOptions,
    heartbeat: Annotated[
        Path | None,
        typer.Option(
            "--heartbeat",
            metavar="FILE",
            help="JSON file with the counters, written every 10 seconds.",
            show_default="heartbeat.json in the output",
            rich_help_panel="Watching",
        ),
    ] = None,
    jobs: Annotated[
        int,
        typer.Option(
            "--jobs", "-j", min=1, help="Number of brackets that are merged at the same time.", rich_help_panel="Output"
        ),
    ] = 1,
    scheduler: shared.Scheduler = None,
) -> None:
    """Watch a folder and merge each timestamped bracket as soon as it is complete, until SIGTERM or Ctrl-C.

    Broken files, full disks and lost mounts do not stop it. It also merges the brackets that arrived before it started. If a
    frame arrives late, its bracket is merged again. The results and series.csv are the same as those of hdrkit merge --by time.
    """
    from hdrkit.cli.console import say, trouble
    from hdrkit.files.manifest import refuse_replacing
    from hdrkit.jobs.batch import placed
    from hdrkit.jobs.card import card_curves, kept_curves
    from hdrkit.jobs.outputs import named_format
    from hdrkit.jobs.workers import executor
    from hdrkit.merging.options import Product
    from hdrkit.series.watch.heartbeat import Heartbeat
    from hdrkit.series.watch.watch import Watch

    # watchdog warns when a folder is created while it starts to listen; the warning has no consequence
    warnings.filterwarnings("ignore", "Callback with id .* already exists", RuntimeWarning)
    if named_format(request.output):
        raise typer.BadParameter(
            f"{request.output}: watch writes many files, and this is one file; give a folder", param_hint="-o"
        )
    if request.shows and request.range_of_all:
        raise typer.BadParameter(
            "auto needs all brackets at once; give MIN MAX, such as the two numbers that hdrkit range prints",
            param_hint="--range",
        )
    source, out = folder.absolute(), request.output.absolute()
    merging = replace(request, output=out)
    shared.check_request(merging)
    fuses = merging.merging.product is Product.FUSION
    curves = card_curves((), merging) if fuses or merging.response is not None else kept_curves(out)
    beating = Heartbeat((heartbeat or out / "heartbeat.json").absolute())
    refuse_replacing([beating.path])

    def print_line(line: str, kind: str) -> None:
        say(line) if kind == "merged" else trouble(line, kind)

    watcher = Watch(
        source,
        out,
        lambda brackets: [placed(job, jobs, scheduler) for job in curves.applied(merging.jobs(brackets))],
        partial(executor, jobs, scheduler),
        beating,
        request.inputs,
        options,
        print_line,
    )
    ended: list[int] = []

    def end(number: int, _frame: Any) -> None:  # a signal handler may safely do no more
        ended.append(number)

    for number in (signal.SIGTERM, signal.SIGINT):
        signal.signal(number, end)
    say(f"watching {source}, merging into {out}")
    watcher.run(lambda: bool(ended))
    say(f"stopped: {beating.merged} merged, {beating.failed} failed, {beating.pending} photographs not yet merged")
