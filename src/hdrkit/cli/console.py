"""How commands talk: reports on standard output, progress and trouble on standard error."""

from __future__ import annotations

import logging
import math
import sys
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any

from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeRemainingColumn
from rich.table import Table

from hdrkit.files.text import show

if TYPE_CHECKING:
    from hdrkit.types import ExposureEstimate

out = Console(highlight=False, soft_wrap=True, markup=False, emoji=False)
err = Console(stderr=True, highlight=False, soft_wrap=True, markup=False, emoji=False)


def say(line: str, style: str | None = None) -> None:
    """One line of a report, whatever characters the names in it hold."""
    out.print(show(line), style=style)


def trouble(message: object, kind: str = "error") -> None:
    """One line about something that went wrong (`error`) or may be (`warning`)."""
    err.print(f"{kind}:", style="bold red" if kind == "error" else "bold yellow", end=" ")
    err.print(show(str(message)))


class _Lines(logging.Handler):
    """Log records as the lines that commands print on standard error."""

    def emit(self, record: logging.LogRecord) -> None:
        """Print a record."""
        trouble(record.getMessage(), "note" if record.levelno == logging.INFO else record.levelname.lower())


def log(level: str) -> None:
    """Show what is logged below `hdrkit` from this level on: debug, info, warning or error."""
    logger = logging.getLogger("hdrkit")
    logger.setLevel(level.upper())
    logger.propagate = False
    logger.handlers = [_Lines()]


def ignored(count: int) -> None:
    """Say how many files were passed over because they are no photographs."""
    if count:
        err.print(f"{count} other file{'s' if count > 1 else ''} ignored")


def estimates(found: Sequence[ExposureEstimate]) -> Iterator[str]:
    """One line for each exposure that was estimated."""
    for one in found:
        name = Path(one.frame).name
        if one.uncertainty_ev is None:
            yield f"{name}: exposure {one.estimated:.6g} as stated, the pixels do not tell"
        elif one.stated is None:
            yield f"{name}: no exposure stated, {one.estimated:.6g} estimated, to {one.uncertainty_ev:.3f} EV"
        else:
            off = f"{math.log2(one.estimated / one.stated):+.3f} EV, to {one.uncertainty_ev:.3f}"
            yield f"{name}: exposure {one.stated:.6g} stated, {one.estimated:.6g} estimated ({off})"


def print_json(value: Any) -> None:
    """A report for scripts."""
    from hdrkit.files.json_text import to_json

    sys.stdout.write(to_json(value))


def table(*headings: str) -> Table:
    """An empty table with the house's looks."""
    result = Table(box=None, header_style="bold", pad_edge=False)
    for heading in headings:
        result.add_column(heading, overflow="fold")
    return result


@contextmanager
def progress(quiet: bool) -> Iterator[Callable[[str, int, int | None], None]]:
    """A bar on standard error while a terminal is watching; yields the callback that moves it, to a total where it is known."""
    columns = (TextColumn("{task.description}"), BarColumn(), MofNCompleteColumn(), TimeRemainingColumn())
    with Progress(*columns, console=err, transient=True, disable=quiet or not err.is_terminal) as bar:
        tasks: dict[str, Any] = {}

        def move(stage: str, done: int, total: int | None) -> None:
            if stage not in tasks:
                tasks[stage] = bar.add_task(stage, total=total)
            bar.update(tasks[stage], completed=done, total=total)

        yield move
