"""Timings of the steps of a pipeline, for its report."""

from __future__ import annotations

import time
from collections.abc import Iterator
from contextlib import contextmanager


@contextmanager
def timed(seconds: dict[str, float], step: str) -> Iterator[None]:
    """Store the wall time of the block in `seconds`, under the name of the step."""
    start = time.perf_counter()
    yield
    seconds[step] = time.perf_counter() - start
