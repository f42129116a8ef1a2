"""Paths and counts as text that people read."""

from __future__ import annotations

import os
import re
from collections.abc import Sequence
from pathlib import Path


def show(path: Path | str) -> str:
    """A path as printable text on one line: undecodable bytes and control characters become escapes."""
    text = os.fsencode(path).decode("utf-8", "backslashreplace")
    return "".join(c if c.isprintable() else c.encode("unicode_escape").decode() for c in text)


def counted(number: int, noun: str) -> str:
    """`1 photograph`, `2 photographs`."""
    return f"{number} {noun}{'' if number == 1 else 's'}"


def listed(words: Sequence[str], last: str = "or") -> str:
    """`a, b or c`."""
    return f" {last} ".join([", ".join(words[:-1]), words[-1]] if len(words) > 1 else words)


def natural(path: Path | str) -> tuple[tuple[tuple[str, int], ...], str]:
    """The key of an order in which numbers count as numbers: `shot_5` comes before `shot_10`."""
    parts = re.split(r"([0-9]+)", str(path))
    pairs = zip(parts[::2], [*parts[1::2], "0"], strict=True)
    return tuple((text.casefold(), int(number)) for text, number in pairs), str(path)
