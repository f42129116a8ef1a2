"""How a stage reports its progress."""

from __future__ import annotations

from collections.abc import Callable
from typing import TypeAlias

Progress: TypeAlias = Callable[[str, int, int], None]
"""Called with the name of the step, the number of items that are done, and the number of all items."""


def silent(*_: object) -> None:
    """Progress that nobody follows."""
