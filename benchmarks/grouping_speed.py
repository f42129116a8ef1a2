"""How many photographs a second `hdrkit group` sorts, the whole command but for its start-up, and what a second run costs.

Start-up is the time that the command takes for a card of six photographs, which compiles nothing but loads everything.
"""

from __future__ import annotations

import argparse
import os
import shutil
import sys
import tempfile
from pathlib import Path

from matplotlib.figure import Figure

from benchmarks.groups import collection
from benchmarks.harness import Result, Table
from benchmarks.photographs import bracket_files
from benchmarks.processes import run

LARGE = 40
ASKED = {"1024 px": 100, "24 megapixels": 10}
PUBLISHED = {"1024 px": 13}


def arguments(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("--rounds", type=int, default=3)


def measure(options: argparse.Namespace) -> Result:
    rows, rates = [], {}
    with tempfile.TemporaryDirectory() as scratch:
        cards = {"1024 px": collection("real").folder, "24 megapixels": large_card(Path(scratch))}
        tiny = Path(scratch) / "tiny"
        tiny.mkdir()
        for photo in sorted(cards["1024 px"].iterdir())[:6]:
            shutil.copy(photo, tiny)
        start_up = fastest(tiny, Path(scratch), options.rounds)
        for name, card in cards.items():
            count = len(list(card.iterdir()))
            first = fastest(card, Path(scratch), options.rounds) - start_up
            again = fastest(card, Path(scratch), options.rounds, cached=True) - start_up
            rates[name] = count / first
            speed = [f"{first:.1f}", f"{count / first:.0f}"]
            asked = f">= {ASKED[name]}"
            rows.append([name, count, *speed, asked, PUBLISHED.get(name, "-"), f"{again:.1f}"])
    header = ("photographs", "number", "seconds", "a second", "asked", "published method", "seconds, cached")
    return Result(
        "Speed of grouping",
        f"`hdrkit group --no-files`, all but a start-up of {start_up:.1f} s; the fastest of {options.rounds} runs.",
        [Table(header, rows)],
        draw(rates),
    )


def large_card(folder: Path) -> Path:
    """Photographs of 24 megapixels, each a file of its own."""
    card = folder / "large"
    card.mkdir()
    frames = bracket_files(5, 24, hand_held=True)
    for k in range(LARGE):
        (card / f"{k:03d}.jpg").write_bytes(frames[k % len(frames)].read_bytes() + k.to_bytes(4))  # bytes behind the picture
    return card


def fastest(card: Path, scratch: Path, rounds: int, cached: bool = False) -> float:
    """Wall seconds of the command; with `cached` after a run that fills the cache."""
    os.environ["HDRKIT_CACHE"] = str(scratch / "cache")
    command = [sys.executable, "-m", "hdrkit", "group", str(card), "-o", str(scratch / "out"), "--no-files"]
    if cached:
        run(command)
    return min(run(command if cached else [*command, "--no-cache"])[0] for _ in range(rounds))


def draw(rates: dict[str, float]) -> Figure:
    figure = Figure(figsize=(6, 3), layout="constrained")
    axis = figure.subplots()
    axis.bar(list(rates), list(rates.values()), label="hdrkit")
    axis.scatter(list(ASKED), list(ASKED.values()), marker="_", s=2000, color="black", label="asked")
    axis.set(yscale="log", ylabel="photographs a second")
    axis.legend()
    return figure
