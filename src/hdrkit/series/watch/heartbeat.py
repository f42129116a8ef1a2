"""The heartbeat: a small file by which a monitor sees that a watch is alive, and its counters."""

from __future__ import annotations

import os
import time
from dataclasses import asdict, dataclass, field
from datetime import UTC, datetime
from pathlib import Path

from hdrkit.files.atomic import write_bytes
from hdrkit.files.json_text import to_json

EVERY_S = 10.0


@dataclass
class Heartbeat:
    """The counters of a watch since its start, and the file that they are written to.

    `seen` and `pending` count photographs, `merged` and `failed` brackets; `state` is watching, blocked (with the reason in
    `last_error`) or stopped. Times are UTC.
    """

    path: Path
    state: str = "watching"
    seen: int = 0
    pending: int = 0
    merged: int = 0
    failed: int = 0
    last_output: str | None = None
    last_error: str | None = None
    last_error_time: str | None = None
    started: str = field(default_factory=lambda: _now())
    _next: float = 0.0

    def trouble(self, line: str) -> None:
        """Store a line about an error as the last error."""
        self.last_error, self.last_error_time = line, _now()

    def beat(self, at_once: bool = False) -> None:
        """Write the file if it is due. Raises OutputError if it cannot be written."""
        if at_once or time.monotonic() >= self._next:
            self._next = time.monotonic() + EVERY_S
            facts = {name: value for name, value in asdict(self).items() if name not in ("path", "_next")}
            write_bytes(self.path, to_json({"time": _now(), "pid": os.getpid(), **facts}).encode("ascii"))


def _now() -> str:
    return datetime.now(UTC).isoformat(timespec="seconds")
