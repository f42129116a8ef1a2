"""What a benchmark is: a module with `arguments(parser)` and `measure(options) -> Result`; and how its result is kept."""

from __future__ import annotations

import re
import statistics
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path

from matplotlib.figure import Figure

HERE = Path(__file__).parent
RESULTS = HERE / "RESULTS.md"


@dataclass(frozen=True)
class Table:
    """Rows of cells below a header; the first column says what a row is about."""

    header: Sequence[str]
    rows: Sequence[Sequence[object]]

    def markdown(self) -> str:
        lines = [self.header, ["---"] * len(self.header), *self.rows]
        return "\n".join("| " + " | ".join(str(cell) for cell in line) + " |" for line in lines)


@dataclass(frozen=True)
class Result:
    """What a benchmark found: a heading, what was measured against what was asked for, tables, and a picture of them."""

    title: str
    about: str
    tables: Sequence[Table]
    figure: Figure

    def markdown(self, name: str, command: str) -> str:
        tables = "\n\n".join(table.markdown() for table in self.tables)
        picture = f"![{self.title}](plots/{name}.png)"
        return f"## {self.title}\n\n{self.about}\n\nRepeat with `{command}`.\n\n{tables}\n\n{picture}"


def median_seconds(run: Callable[[], object], rounds: int, warm_up: bool = True) -> float:
    """Median wall time of a call; the first call, which may compile and fill caches, is left out unless told otherwise."""
    if warm_up:
        run()
    seconds = []
    for _ in range(rounds):
        start = time.perf_counter()
        run()
        seconds.append(time.perf_counter() - start)
    return statistics.median(seconds)


def record(name: str, command: str, result: Result) -> None:
    """Put the result in the place of the last one of this name in RESULTS.md, and its picture beside it."""
    result.figure.savefig(HERE / "plots" / f"{name}.png", dpi=100, bbox_inches="tight")
    section = f"<!-- {name} -->\n{result.markdown(name, command)}\n<!-- end of {name} -->"
    text = RESULTS.read_text()
    place = re.compile(rf"<!-- {name} -->.*?<!-- end of {name} -->", re.DOTALL)
    text = place.sub(lambda _: section, text) if place.search(text) else f"{text.rstrip()}\n\n{section}\n"
    RESULTS.write_text(text)
