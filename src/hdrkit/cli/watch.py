"""`hdrkit watch`: brackets merged as they complete."""

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
    folder: Annotated[Path, typer.Argument(metavar="FOLDER", help="The folder that the camera writes to, with all below it.")],
    request: Annotated[MergeRequest, Part(but=("groups", "max_groups"), fixed={"by": By.TIME})],
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
    jobs: Annotated[int, typer.Option("--jobs", "-j", min=1, help="Brackets merged side by side.", rich_help_panel="Output")] = 1,
    scheduler: shared.Scheduler = None,
) -> None:
    """Merge timestamped brackets as they complete, until SIGTERM or Ctrl-C, whatever happens to disks and files meanwhile.

    What came while nobody watched is merged too. A frame that comes late merges its bracket again. The results, and the line of
    each in series.csv, are those of hdrkit merge --by time.
    """
    from hdrkit.cli.console import say, trouble
    from hdrkit.files.manifest import refuse_replacing
    from hdrkit.jobs.batch import placed
    from hdrkit.jobs.outputs import named_format
    from hdrkit.jobs.workers import executor
    from hdrkit.series.watch.heartbeat import Heartbeat
    from hdrkit.series.watch.watch import Watch

    # watchdog warns of a folder that is made while it begins to listen, and means nothing by it
    warnings.filterwarnings("ignore", "Callback with id .* already exists", RuntimeWarning)
    if named_format(request.output):
        raise typer.BadParameter(
            f"{request.output}: brackets without end do not fit into one file; give a folder", param_hint="-o"
        )
    if request.shows and request.range_of_all:
        raise typer.BadParameter(
            "auto needs all brackets at once; give MIN MAX, or what hdrkit range prints", param_hint="--range"
        )
    source, out = folder.absolute(), request.output.absolute()
    merging = replace(request, output=out)
    shared.check_request(merging)
    beating = Heartbeat((heartbeat or out / "heartbeat.json").absolute())
    refuse_replacing([beating.path])

    def tell(line: str, kind: str) -> None:
        say(line) if kind == "merged" else trouble(line, kind)

    watcher = Watch(
        source,
        out,
        lambda brackets: [placed(job, jobs, scheduler) for job in merging.jobs(brackets)],
        partial(executor, jobs, scheduler),
        beating,
        request.inputs,
        options,
        tell,
    )
    ended: list[int] = []

    def end(number: int, _frame: Any) -> None:  # no more than that is safe in a handler
        ended.append(number)

    for number in (signal.SIGTERM, signal.SIGINT):
        signal.signal(number, end)
    say(f"watching {source}, merging into {out}")
    watcher.run(lambda: bool(ended))
    say(f"stopped: {beating.merged} merged, {beating.failed} failed, {beating.pending} photographs wait")
