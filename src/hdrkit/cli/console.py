"""What commands print: reports on standard output; progress, errors, warnings and notes on standard error."""

from __future__ import annotations

import logging
import math
import sys
from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any

import typer
from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeRemainingColumn
from rich.table import Table

from hdrkit.exposure import format_time
from hdrkit.files.text import show

if TYPE_CHECKING:
    from hdrkit.types import ExposureEstimate

out = Console(highlight=False, soft_wrap=True, markup=False, emoji=False)
err = Console(stderr=True, highlight=False, soft_wrap=True, markup=False, emoji=False)


def say(line: str, style: str | None = None) -> None:
    """Print one line of a report. Characters that cannot be printed become escapes."""
    out.print(show(line), style=style)


def trouble(message: object, kind: str = "error") -> None:
    """Print one line about something that went wrong (`error`) or may be wrong (`warning`), or a `note`."""
    err.print(f"{kind}:", style="bold red" if kind == "error" else "bold yellow", end=" ")
    err.print(show(str(message)))


class _Lines(logging.Handler):
    """Prints log records as commands print errors, warnings and notes."""

    def emit(self, record: logging.LogRecord) -> None:
        """Print a record."""
        trouble(record.getMessage(), "note" if record.levelno == logging.INFO else record.levelname.lower())


def log(level: str) -> None:
    """Print the log records of `hdrkit` from this level on: debug, info, warning or error."""
    logger = logging.getLogger("hdrkit")
    logger.setLevel(level.upper())
    logger.propagate = False
    logger.handlers = [_Lines()]


def end(failures: Iterable[object]) -> None:
    """Print each failure. Exit with code 1 if there are any."""
    failures = list(failures)
    for failure in failures:
        trouble(failure)
    if failures:
        raise typer.Exit(1)


def ignored(count: int) -> None:
    """Print how many files were ignored because they are not photographs."""
    if count:
        err.print(f"{count} other file{'s' if count > 1 else ''} ignored")


def estimates(found: Sequence[ExposureEstimate]) -> Iterator[str]:
    """One line for each exposure that was estimated: as a shutter time, or in EV where no time is known in seconds."""
    for one in found:
        name = Path(one.frame).name
        if one.uncertainty_ev is None:
            time = f", {format_time(one.time_s)}," if one.time_s else ""
            yield f"{name}: the pixels do not show the exposure; the stated one{time} is used"
            continue
        within = f"within {one.uncertainty_ev:.3f} EV"
        if one.stated is None:
            shown = format_time(one.time_s) if one.time_s else f"{math.log2(one.estimated):+.2f} EV"
            yield f"{name}: no exposure is stated; the pixels show {shown}, {within}"
            continue
        off = f"{math.log2(one.estimated / one.stated):+.3f} EV"
        if one.time_s:
            stated = format_time(one.time_s * one.stated / one.estimated)
            yield f"{name}: {stated} is stated, the pixels show {format_time(one.time_s)} ({off}, {within})"
        else:
            yield f"{name}: the pixels show {off} from the stated exposure, {within}"


def print_json(value: Any) -> None:
    """Print a report as JSON, for scripts."""
    from hdrkit.files.json_text import to_json

    sys.stdout.write(to_json(value))


def table(*headings: str) -> Table:
    """An empty table with these headings."""
    result = Table(box=None, header_style="bold", pad_edge=False)
    for heading in headings:
        result.add_column(heading, overflow="fold")
    return result


@contextmanager
def progress(quiet: bool) -> Iterator[Callable[[str, int, int | None], None]]:
    """A progress bar on standard error, if that is a terminal. Yields the callback (stage, done, total or None) that moves it.

    Lines that are printed in the block appear above the bar, and go to standard output and standard error as ever.
    """
    columns = (TextColumn("{task.description}"), BarColumn(), MofNCompleteColumn(), TimeRemainingColumn())
    shown: dict[str, Any] = {"console": err, "transient": True, "redirect_stdout": out.is_terminal}
    with Progress(*columns, **shown, disable=quiet or not err.is_terminal) as bar:
        tasks: dict[str, Any] = {}

        def move(stage: str, done: int, total: int | None) -> None:
            if stage not in tasks:
                tasks[stage] = bar.add_task(stage, total=total)
            bar.update(tasks[stage], completed=done, total=total)

        yield move
