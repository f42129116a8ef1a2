"""Where jobs run: processes of this machine, or a Dask cluster, behind the one interface of `concurrent.futures`."""

from __future__ import annotations

import os
import signal
import sys
import time
from collections.abc import Iterator
from concurrent.futures import Executor, ProcessPoolExecutor
from contextlib import contextmanager
from multiprocessing import get_context, parent_process
from threading import Thread

from hdrkit.errors import InputError
from hdrkit.io.files import show

_RETRIES = 3  # of a job that Dask lost with its worker
_LAST_SECONDS = 2.0  # of a worker whose parent has gone


@contextmanager
def executor(workers: int, scheduler: str | None = None) -> Iterator[Executor]:
    """What jobs are submitted to: so many processes of this machine, or the workers of a Dask scheduler (tcp://host:8786).

    Raises InputError where the scheduler cannot be reached, or Dask is not installed.
    """
    if scheduler is None:
        threads = max(1, (os.cpu_count() or 1) // workers)
        # Not forked: compiled code and its threads do not survive a fork.
        with ProcessPoolExecutor(workers, get_context("spawn"), initializer=_settle, initargs=(threads,)) as pool:
            yield pool
        return
    try:
        from distributed import Client
    except ImportError as error:
        raise InputError("a scheduler needs Dask, which is not installed; run: pip install 'hdrkit[dask]'") from error
    try:
        client = Client(scheduler, set_as_default=False)
    except (OSError, ValueError) as error:
        raise InputError(f"{show(scheduler)}: no Dask scheduler answers there ({error}); start one, or leave it out") from error
    with client:
        yield client.get_executor(pure=False, retries=_RETRIES)


def _settle(threads: int) -> None:
    """Make a process a worker: it has its share of the cores, and ends when it is told to, or has no parent any more."""
    import cv2

    signal.signal(signal.SIGINT, signal.SIG_IGN)  # the parent hears it, and ends us
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(143))  # so that unfinished files are removed
    Thread(target=_end_with_parent, daemon=True).start()
    cv2.setNumThreads(threads)


def _end_with_parent() -> None:
    parent = parent_process()
    if parent is not None:
        parent.join()
        os.kill(os.getpid(), signal.SIGTERM)
        time.sleep(_LAST_SECONDS)
        os._exit(1)
