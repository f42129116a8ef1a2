"""The executors of jobs: processes of this machine, or a Dask cluster. Both have the interface of `concurrent.futures`."""

from __future__ import annotations

import os
import signal
import sys
import time
from collections.abc import Iterator, Sequence
from concurrent.futures import Executor, ProcessPoolExecutor
from contextlib import ExitStack, contextmanager
from multiprocessing import parent_process
from multiprocessing.context import SpawnContext, SpawnProcess
from threading import Lock, Thread
from types import ModuleType
from typing import Any

from hdrkit.jobs.stopping import stoppable

_GRACE_S = 0.3  # time that a job has to remove what it has not finished
_WAIT_S = 1.0  # time for all workers to end before they are killed
_LAST_SECONDS = 2.0  # time that a worker has to end after its parent died


@contextmanager
def executor(workers: int, scheduler: str | None = None) -> Iterator[Executor]:
    """An executor: `workers` processes of this machine, or the workers of a Dask scheduler (tcp://host:8786).

    The executor and its futures raise BrokenExecutor if a process dies or the scheduler is lost. If an error or an interrupt
    ends the block, the processes end at once. Raises InputError if the scheduler cannot be reached, or if Dask is not installed.
    """
    if scheduler is not None:
        from hdrkit.jobs.cluster import connected

        with connected(scheduler) as cluster:
            yield cluster
        return
    threads = max(1, (os.cpu_count() or 1) // workers)
    # Not forked: compiled code and its threads do not survive a fork.
    spawning = _Spawning()
    with ProcessPoolExecutor(workers, spawning, initializer=_settle, initargs=(threads,)) as pool:
        try:
            yield pool
        except BaseException:
            pool.shutdown(wait=False, cancel_futures=True)
            _end(spawning.workers)
            raise


def _end(workers: Sequence[SpawnProcess]) -> None:
    """End processes: they have a moment to remove what they have not finished, and are killed then."""
    for worker in workers:
        worker.terminate()
    last = time.monotonic() + _WAIT_S
    for worker in workers:
        worker.join(max(0.0, last - time.monotonic()))
        worker.kill()


_lasting = ExitStack()  # of a worker process, as long as it lives


class _Worker(SpawnProcess):
    """A process that does not import the main program again, so that scripts need no `if __name__ == "__main__"`."""

    _starting = Lock()

    @staticmethod
    def _Popen(process_obj: Any) -> Any:  # noqa: N802
        with _Worker._starting:
            program = sys.modules["__main__"]
            sys.modules["__main__"] = ModuleType("__main__")  # a main module without a file: there is nothing to import
            try:
                with _without_interrupts():
                    return SpawnProcess._Popen(process_obj)
            finally:
                sys.modules["__main__"] = program


@contextmanager
def _without_interrupts() -> Iterator[None]:
    """A block that Ctrl-C does not reach. A process that starts in it never sees Ctrl-C: its parent does, and ends it."""
    if not hasattr(signal, "pthread_sigmask"):  # Windows
        yield
        return
    before = signal.pthread_sigmask(signal.SIG_BLOCK, {signal.SIGINT})
    try:
        yield
    finally:
        signal.pthread_sigmask(signal.SIG_SETMASK, before)


class _Spawning(SpawnContext):
    """Starts processes, and knows them."""

    def __init__(self) -> None:
        self.workers: list[SpawnProcess] = []

    def Process(self, *arguments: Any, **named: Any) -> SpawnProcess:  # type: ignore[override]  # noqa: N802
        """A new process."""
        self.workers.append(_Worker(*arguments, **named))
        return self.workers[-1]


def _settle(threads: int) -> None:
    """Prepare a worker process: it uses its share of the cores, and ends at SIGTERM or when its parent dies."""
    import cv2

    signal.signal(signal.SIGINT, signal.SIG_IGN)  # the parent receives it, and ends the workers
    _lasting.enter_context(stoppable(grace_s=_GRACE_S, signals=(signal.SIGTERM,)))
    Thread(target=_end_with_parent, daemon=True).start()
    cv2.setNumThreads(threads)


def _end_with_parent() -> None:
    parent = parent_process()
    if parent is not None:
        parent.join()
        os.kill(os.getpid(), signal.SIGTERM)
        time.sleep(_LAST_SECONDS)
        os._exit(1)
