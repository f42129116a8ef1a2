"""How long help takes: hdrkit beside an app of the same commands that typer alone makes."""

from __future__ import annotations

import argparse
import sys

from matplotlib.figure import Figure

from benchmarks.harness import Result, Table
from benchmarks.processes import SCRATCH, median_of

BARE = """
from typing import Annotated
import typer
app = typer.Typer(no_args_is_help=True, rich_markup_mode="rich")
@app.callback()
def main() -> None:
    "An app."
def add(name):
    @app.command(name)
    def command(path: Annotated[str, typer.Argument(help="A path.")], out: Annotated[str, typer.Option(help="A.")] = "") -> None:
        "Do something."
for name in "group calibrate merge watch keogram video rank range info".split():
    add(name)
app()
"""


def arguments(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("--rounds", type=int, default=10)


def measure(options: argparse.Namespace) -> Result:
    SCRATCH.mkdir(exist_ok=True)
    bare = SCRATCH / "bare.py"
    bare.write_text(BARE)
    rows: list[list[object]] = []
    bars: dict[str, list[float]] = {"typer alone": [], "hdrkit": []}
    pages = (["--help"], ["merge", "--help"], ["group", "--help"])
    for page in pages:
        commands = {"typer alone": [sys.executable, bare, *page], "hdrkit": [sys.executable, "-m", "hdrkit", *page]}
        seconds = median_of(commands, options.rounds)
        ratio = seconds["hdrkit"] / seconds["typer alone"]
        rows.append([" ".join(page), *(f"{seconds[name]:.3f}" for name in bars), f"{ratio:.2f}"])
        for name, values in bars.items():
            values.append(seconds[name])
    figure = Figure(figsize=(7, 3))
    axes = figure.subplots()
    for k, (name, values) in enumerate(bars.items()):
        axes.bar([i + 0.4 * k for i in range(len(pages))], values, width=0.4, label=name)
    axes.set_xticks([i + 0.2 for i in range(len(pages))], [" ".join(page) for page in pages])
    axes.set_ylabel("seconds")
    axes.legend()
    about = "Median wall time of whole processes. Asked for: at most twice what typer alone takes."
    return Result("Start-up", about, [Table(["page", "typer alone (s)", "hdrkit (s)", "ratio"], rows)], figure)
