"""A Dask cluster with the interface of `concurrent.futures`. Once its scheduler is lost, the executor stays broken."""

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
from urllib.parse import urlsplit

from hdrkit.errors import InputError
from hdrkit.files.packages import load_package
from hdrkit.files.text import show

_RETRIES = 3  # how often Dask repeats a job whose worker died
CONNECT_S = 3.0  # time limit for the connection; a watch waits so long
_PROTOCOLS = ("tcp", "tls", "inproc")
_LOOK_S = 0.5  # between two checks that the scheduler is there


@contextmanager
def connected(address: str, connect_s: float = CONNECT_S) -> Iterator[Executor]:
    """The workers of the scheduler at an address (tcp://host:8786), as an executor.

    Raises InputError if it is no address, if no scheduler answers within `connect_s` seconds, or if Dask is not installed.
    """
    check_address(address)  # a client of Dask that cannot begin prints a stack when it ends
    distributed = load_package("distributed", "a Dask scheduler", "hdrkit[dask]")
    with _silence("distributed", "distributed.client", "tornado.application"), _loop() as loop:
        try:
            client = distributed.Client(address, timeout=connect_s, set_as_default=False, loop=loop)
        except (OSError, ValueError) as error:
            raise InputError(
                f"{show(address)}: no Dask scheduler answers there ({error}); start one, or leave out --scheduler"
            ) from error
        with client, _Cluster(client, address) as cluster:
            yield cluster


def check_address(address: str) -> None:
    """Raise InputError unless a scheduler can have this address: tcp://HOST:PORT, tls://HOST:PORT, HOST:PORT or inproc://NAME."""
    protocol, _, place = address.rpartition("://")
    try:
        parts = urlsplit(f"//{place}")
        whole = bool(parts.hostname and (parts.port or protocol == "inproc"))
    except ValueError:
        whole = False
    if not whole or (protocol or "tcp") not in _PROTOCOLS:
        raise InputError(f"{show(address)}: a Dask scheduler has no such address; give tcp://HOST:PORT")


@contextmanager
def _loop() -> Iterator[Any]:
    """An event loop in a thread. Both end with the block.

    The loop of Dask itself does not end if the connection fails, and a watch may try to connect for years.
    """
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
    """A block without the messages of some loggers. They print stacks for errors that an exception reports in one line."""
    levels = {logger: logger.level for logger in map(logging.getLogger, names)}
    for logger in levels:
        logger.setLevel(logging.CRITICAL)
    try:
        yield
    finally:
        for logger, level in levels.items():
            logger.setLevel(level)


class _Cluster(Executor):
    """The executor of a Dask client. Its futures end even if the scheduler is lost.

    A scheduler that restarts has forgotten its jobs, and the futures of Dask whose results were on their way never end.
    """

    def __init__(self, client: Any, address: str) -> None:
        self._client, self._connection = client, client.scheduler_comm
        self._pool: Executor = client.get_executor(pure=False, retries=_RETRIES)
        self._loss = f"{show(address)}: the Dask scheduler was lost; start it, then run this command again, which continues"
        self._open: set[Future[Any]] = set()
        Thread(target=self._end_with_scheduler, daemon=True).start()

    def submit(self, fn: Callable[..., Any], /, *args: Any, **kwargs: Any) -> Future[Any]:
        """Submit a function, as in any executor. Raises BrokenExecutor if the scheduler is lost."""
        future = Future[Any]()
        try:
            task = self._pool.submit(fn, *args, **kwargs)
        except Exception as error:
            if self._is_lost():
                raise BrokenExecutor(self._loss) from error
            raise

        def finish(task: Future[Any]) -> None:
            with suppress(InvalidStateError):  # the future has already ended
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
        """End all futures that have not ended with an error."""
        for future in list(self._open):
            with suppress(InvalidStateError):
                future.set_exception(BrokenExecutor(self._loss))

    def _is_lost(self) -> bool:
        return self._client.status != "running" or self._client.scheduler_comm is not self._connection

    def _end_with_scheduler(self) -> None:
        while not self._is_lost():
            time.sleep(_LOOK_S)
        self.shutdown()
