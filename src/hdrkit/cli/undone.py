"""What --undo prints of ratings that were taken back."""

from __future__ import annotations

from pathlib import Path

import typer

from hdrkit.cli.console import print_json, say, trouble
from hdrkit.files.text import counted
from hdrkit.sidecars.journal import UndoneRatings


def print_undone(undone: UndoneRatings, where: Path, dry_run: bool, json: bool) -> None:
    """Print what was taken back, or would be. Raises typer.Exit if something failed."""
    if json:
        print_json({"dry_run": dry_run, "undone": undone})
    else:
        would_be = "would be " if dry_run else ""
        say(f"{where}: {counted(len(undone.taken_back), 'rating')} {would_be}taken back")
        for path in undone.taken_back if dry_run else ():
            say(f"  {path}")
        for path in undone.removed if dry_run else ():
            say(f"  {path}  removed")
        for note in undone.notes:
            say(note)
    for line in undone.failures:
        trouble(line)
    if undone.failures:
        raise typer.Exit(1)
