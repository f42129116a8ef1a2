"""One function of many items: here, one after the other, or in the workers of an executor."""

from __future__ import annotations

from collections import deque
from collections.abc import Callable, Iterable, Iterator
from concurrent.futures import BrokenExecutor, Executor, Future
from contextlib import AbstractContextManager
from typing import TypeVar

from hdrkit.errors import HdrkitError

_AHEAD = 64  # items that wait for workers
Pool = Callable[[], AbstractContextManager[Executor]]
Item = TypeVar("Item")
Value = TypeVar("Value")


def side_by_side(function: Callable[[Item], Value], items: Iterable[Item], pool: Pool | None) -> Iterator[Value]:
    """The function of each item, in order. `pool` opens the executor; without it the function runs here.

    Raises HdrkitError if a worker ends before its item is done.
    """
    if pool is None:
        yield from map(function, items)
        return
    waiting: deque[Future[Value]] = deque()
    with pool() as workers:
        try:
            for item in items:
                waiting.append(workers.submit(function, item))
                if len(waiting) > _AHEAD:
                    yield waiting.popleft().result()
            while waiting:
                yield waiting.popleft().result()
        except (BrokenExecutor, ConnectionError) as error:
            raise HdrkitError(f"a worker that read files ended ({error}); run the command again, which continues") from error
