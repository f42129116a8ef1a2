"""The executors of jobs: processes of this machine, or a Dask cluster. Both have the interface of `concurrent.futures`."""

from __future__ import annotations

import os
import signal
import sys
import time
from collections.abc import Iterator
from concurrent.futures import Executor, ProcessPoolExecutor
from contextlib import contextmanager
from multiprocessing import parent_process
from multiprocessing.context import SpawnContext, SpawnProcess
from threading import Lock, Thread
from types import ModuleType
from typing import Any

_LAST_SECONDS = 2.0  # time that a worker has to end after its parent died


@contextmanager
def executor(workers: int, scheduler: str | None = None) -> Iterator[Executor]:
    """An executor: `workers` processes of this machine, or the workers of a Dask scheduler (tcp://host:8786).

    The executor and its futures raise BrokenExecutor if a process dies or the scheduler is lost. Raises InputError if the
    scheduler cannot be reached, or if Dask is not installed.
    """
    if scheduler is not None:
        from hdrkit.jobs.cluster import connected

        with connected(scheduler) as cluster:
            yield cluster
        return
    threads = max(1, (os.cpu_count() or 1) // workers)
    # Not forked: compiled code and its threads do not survive a fork.
    with ProcessPoolExecutor(workers, _Spawning(), initializer=_settle, initargs=(threads,)) as pool:
        yield pool


class _Worker(SpawnProcess):
    """A process that does not import the main program again, so that scripts need no `if __name__ == "__main__"`."""

    _starting = Lock()

    @staticmethod
    def _Popen(process_obj: Any) -> Any:  # noqa: N802
        with _Worker._starting:
            program = sys.modules["__main__"]
            sys.modules["__main__"] = ModuleType("__main__")  # a main module without a file: there is nothing to import
            try:
                return SpawnProcess._Popen(process_obj)
            finally:
                sys.modules["__main__"] = program


class _Spawning(SpawnContext):
    Process = _Worker


def _settle(threads: int) -> None:
    """Prepare a worker process: it uses its share of the cores, and ends at SIGTERM or when its parent dies."""
    import cv2

    signal.signal(signal.SIGINT, signal.SIG_IGN)  # the parent receives it, and ends the workers
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
