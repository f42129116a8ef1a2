"""A Dask cluster behind the interface of `concurrent.futures`, which is broken for good once its scheduler is lost."""

from __future__ import annotations

import asyncio
import logging
import time
from collections.abc import Callable, Iterator
from concurrent.futures import BrokenExecutor, Executor, Future, InvalidStateError
from contextlib import contextmanager, suppress
from queue import SimpleQueue
from threading import Thread
from typing import Any

from hdrkit.errors import InputError
from hdrkit.files.packages import load_package
from hdrkit.files.text import show

_RETRIES = 3  # of a job that Dask lost with its worker
CONNECT_S = 3.0  # a watch stands still for so long
_LOOK_S = 0.5  # between looks whether the scheduler is there


@contextmanager
def connected(address: str, connect_s: float = CONNECT_S) -> Iterator[Executor]:
    """The workers of the scheduler at an address (tcp://host:8786).

    Raises InputError where it cannot be reached within `connect_s` seconds, or Dask is not installed.
    """
    distributed = load_package("distributed", "a Dask scheduler", "hdrkit[dask]")
    with _silence("distributed", "distributed.client", "tornado.application"), _loop() as loop:
        try:
            client = distributed.Client(address, timeout=connect_s, set_as_default=False, loop=loop)
        except (OSError, ValueError) as error:
            raise InputError(f"{show(address)}: no Dask scheduler answers there ({error}); start one, or leave it out") from error
        with client, _Cluster(client, address) as cluster:
            yield cluster


@contextmanager
def _loop() -> Iterator[Any]:
    """A loop in a thread, which end with the block: Dask's own goes on where connecting failed, and a watch tries for years."""
    from tornado.ioloop import IOLoop

    running: SimpleQueue[tuple[Any, asyncio.Event]] = SimpleQueue()

    async def run() -> None:
        ended = asyncio.Event()
        running.put((IOLoop.current(), ended))
        await ended.wait()

    thread = Thread(target=asyncio.run, args=(run(),), daemon=True)
    thread.start()
    loop, ended = running.get()
    try:
        yield loop
    finally:
        loop.add_callback(ended.set)
        thread.join()


@contextmanager
def _silence(*names: str) -> Iterator[None]:
    """A block without the messages of some loggers, which tell with stacks what an exception tells in a line."""
    levels = {logger: logger.level for logger in map(logging.getLogger, names)}
    for logger in levels:
        logger.setLevel(logging.CRITICAL)
    try:
        yield
    finally:
        for logger, level in levels.items():
            logger.setLevel(level)


class _Cluster(Executor):
    """The executor of a Dask client, with futures that end whatever becomes of the scheduler.

    A scheduler that comes back knows nothing of what it had, and Dask leaves those futures without an end whose results were on
    their way.
    """

    def __init__(self, client: Any, address: str) -> None:
        self._client, self._connection = client, client.scheduler_comm
        self._pool: Executor = client.get_executor(pure=False, retries=_RETRIES)
        self._loss = f"{show(address)}: the Dask scheduler was lost; start it, and then this again, which goes on where it was"
        self._open: set[Future[Any]] = set()
        Thread(target=self._end_with_scheduler, daemon=True).start()

    def submit(self, fn: Callable[..., Any], /, *args: Any, **kwargs: Any) -> Future[Any]:
        """As any executor. Raises BrokenExecutor where the scheduler was lost."""
        future = Future[Any]()
        try:
            task = self._pool.submit(fn, *args, **kwargs)
        except Exception as error:
            if self._is_lost():
                raise BrokenExecutor(self._loss) from error
            raise

        def finish(task: Future[Any]) -> None:
            with suppress(InvalidStateError):  # it has ended otherwise
                if task.cancelled():
                    future.set_exception(BrokenExecutor(self._loss))
                elif error := task.exception():
                    future.set_exception(error)
                else:
                    future.set_result(task.result())

        def forget(future: Future[Any]) -> None:
            self._open.discard(future)
            if future.cancelled():
                future.set_running_or_notify_cancel()
                task.cancel()

        self._open.add(future)
        future.add_done_callback(forget)
        task.add_done_callback(finish)
        if self._is_lost():
            self.shutdown()
        return future

    def shutdown(self, wait: bool = True, *, cancel_futures: bool = False) -> None:  # noqa: ARG002
        """End the futures that have not ended."""
        for future in list(self._open):
            with suppress(InvalidStateError):
                future.set_exception(BrokenExecutor(self._loss))

    def _is_lost(self) -> bool:
        return self._client.status != "running" or self._client.scheduler_comm is not self._connection

    def _end_with_scheduler(self) -> None:
        while not self._is_lost():
            time.sleep(_LOOK_S)
        self.shutdown()
