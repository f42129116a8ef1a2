"""Merges many brackets at the same time. Each bracket is merged on its own; the failure of one does not stop the others."""

from __future__ import annotations

from collections.abc import Callable, Generator, Iterable, Iterator, Sequence
from concurrent.futures import BrokenExecutor, Executor, Future, ThreadPoolExecutor, wait
from concurrent.futures.process import BrokenProcessPool
from contextlib import AbstractContextManager, ExitStack, closing
from dataclasses import replace
from functools import partial
from queue import SimpleQueue
from types import TracebackType
from typing import Self, TypeVar

from hdrkit.errors import HdrkitError
from hdrkit.jobs.job import Loaded, MergeJob, MergeOutcome, load_job, run_job
from hdrkit.jobs.workers import executor
from hdrkit.types import BracketFailure

AHEAD = 500  # most jobs that an executor holds

Known = TypeVar("Known")


class LostError(HdrkitError):
    """The scheduler that the jobs were sent to is lost."""


def merge_all(
    jobs: Sequence[MergeJob],
    workers: int,
    on_done: Callable[[MergeOutcome], None] | None = None,
    scheduler: str | None = None,
) -> list[MergeOutcome]:
    """Do the jobs in `workers` processes (1: in this process), or on the workers of `scheduler`. Returns the outcomes in order.

    In this process the photographs of the next job are read while one job is merged, unless `max_memory` limits it.
    An error of any kind becomes the outcome of its job. `on_done` is called when a job ends.
    """
    outcomes: dict[int, MergeOutcome] = {}
    try:
        with closing(merge_each(jobs, min(workers, len(jobs)), scheduler)) as ended:
            for index, outcome in ended:
                outcomes[index] = outcome
                if on_done is not None:
                    on_done(outcome)
    except LostError as error:
        for index, job in enumerate(jobs):
            outcomes.setdefault(index, MergeOutcome(job.bracket.name, error=BracketFailure(job.bracket.name, str(error))))
    return [outcomes[index] for index in range(len(jobs))]


def merge_each(
    jobs: Iterable[MergeJob | Known], workers: int, scheduler: str | None = None, ahead: int = AHEAD
) -> Generator[tuple[int, MergeOutcome | Known], None, None]:
    """Like `merge_all`, for any number of jobs. Yields each outcome, with the number of its job, as soon as it is known.

    A job is taken from `jobs` only when it can start. An executor holds at most `ahead` jobs, and no outcome is kept. An item
    that is not a MergeJob is yielded as it is. If the scheduler is lost, yields all outcomes that are known, then raises
    LostError.
    """
    if scheduler is None and workers <= 1:
        yield from _in_turn(jobs)
        return
    with _Elsewhere(partial(executor, workers, scheduler), workers, ahead) as elsewhere:
        for index, job in enumerate(jobs):
            if isinstance(job, MergeJob):
                elsewhere.begin(index, placed(job, workers, scheduler))
            else:
                yield index, job
            while elsewhere.full or elsewhere.any_ended:
                yield from elsewhere.ended()
        while elsewhere.begun:
            yield from elsewhere.ended()


def _in_turn(jobs: Iterable[MergeJob | Known]) -> Iterator[tuple[int, MergeOutcome | Known]]:
    """Do one job after the other. The photographs of the next job are read while one job is merged."""
    reader = ThreadPoolExecutor(1)
    ahead: tuple[int, MergeJob, Future[Loaded] | None] | None = None
    try:
        for index, job in enumerate(jobs):
            if not isinstance(job, MergeJob):
                yield index, job
                continue
            loading = reader.submit(load_job, job) if job.out.max_memory is None else None
            if ahead:
                yield _merged_ahead(*ahead)
            ahead = index, job, loading
        if ahead:
            yield _merged_ahead(*ahead)
    finally:
        reader.shutdown(wait=False, cancel_futures=True)  # after an interrupt, nothing waits for what is being read


def _merged_ahead(index: int, job: MergeJob, loading: Future[Loaded] | None) -> tuple[int, MergeOutcome]:
    return index, run_job(job, loading.result if loading else None)


def placed(job: MergeJob, workers: int, scheduler: str | None) -> MergeJob:
    """The job as a worker gets it: with its share of the memory limit, or, for a scheduler, with absolute paths."""
    if scheduler is None:
        limit = job.out.max_memory
        return job if limit is None else replace(job, out=replace(job.out, max_memory=limit // workers))
    photos = tuple(replace(photo, path=photo.path.absolute()) for photo in job.bracket.photos)
    return replace(job, bracket=replace(job.bracket, photos=photos), output=job.output.absolute())


class _Elsewhere:
    """Jobs in an executor. If a process of this machine dies, the executor is opened again.

    The jobs that were running at that time run again, one at a time, so that a job that kills its process harms no other job.
    """

    def __init__(self, opened: Callable[[], AbstractContextManager[Executor]], workers: int, ahead: int) -> None:
        self._opened, self._workers, self._ahead = opened, workers, ahead
        self._open = ExitStack()
        self._pool = self._open.enter_context(opened())
        self._ended: SimpleQueue[Future[MergeOutcome]] = SimpleQueue()
        self.begun: dict[Future[MergeOutcome], tuple[int, MergeJob]] = {}

    def __enter__(self) -> Self:
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None) -> None:
        for future in self.begun:  # after an interrupt: jobs that have not started do not start
            future.cancel()
        self._open.__exit__(kind, error, trace)  # and those that run end at once

    @property
    def full(self) -> bool:
        """Whether the executor holds as many jobs as it may."""
        return len(self.begun) >= self._ahead

    @property
    def any_ended(self) -> bool:
        """Whether a job has ended."""
        return not self._ended.empty()

    def begin(self, index: int, job: MergeJob) -> None:
        """Start a job."""
        future = submit(self._pool, job)
        self.begun[future] = index, job
        future.add_done_callback(self._ended.put)

    def ended(self) -> Iterator[tuple[int, MergeOutcome]]:
        """Wait for a job to end, and yield its outcome. If a process died, also yield the outcomes of all jobs that ended or ran.

        If the scheduler is lost, yields the outcomes of all jobs that ended, then raises LostError.
        """
        future = self._ended.get()
        if _lost(future):
            yield from self._outcomes_after_loss()
        else:
            index, job = self.begun.pop(future)
            yield index, outcome_of(future, job.bracket.name)

    def _outcomes_after_loss(self) -> Iterator[tuple[int, MergeOutcome]]:
        wait(self.begun)
        gone = next((f.exception() for f in self.begun if _lost(f) and not isinstance(f.exception(), BrokenProcessPool)), None)
        lost = [begun for future, begun in self.begun.items() if _lost(future)]
        known = [(index, outcome_of(f, job.bracket.name)) for f, (index, job) in self.begun.items() if not _lost(f)]
        self.begun, self._ended = {}, SimpleQueue()
        yield from known
        if gone:
            raise LostError(str(gone))
        yield from self._done_again(lost)

    def _done_again(self, lost: Sequence[tuple[int, MergeJob]]) -> Iterator[tuple[int, MergeOutcome]]:
        for index, job in lost[: self._workers]:  # only the first ones were running: one for each process
            self._reopen()
            yield index, outcome_of(submit(self._pool, job), job.bracket.name)
        self._reopen()
        for index, job in lost[self._workers :]:
            self.begin(index, job)

    def _reopen(self) -> None:
        self._open.close()
        self._pool = self._open.enter_context(self._opened())


def _lost(future: Future[MergeOutcome]) -> bool:
    """Whether a job ended because its process died or its scheduler was lost."""
    return not future.cancelled() and isinstance(future.exception(), BrokenExecutor)


def submit(pool: Executor, job: MergeJob) -> Future[MergeOutcome]:
    """Submit a job to an executor. If the executor is broken, the future carries that error."""
    try:
        return pool.submit(run_job, job)
    except BrokenExecutor as error:
        future: Future[MergeOutcome] = Future()
        future.set_exception(error)
        return future


def outcome_of(future: Future[MergeOutcome], name: str) -> MergeOutcome:
    """The outcome of a job that has ended. The death of its worker is an outcome too."""
    try:
        return future.result()
    except Exception as error:
        killed = "a worker process was killed, perhaps because memory ran out; try fewer --jobs"
        why = killed if isinstance(error, BrokenProcessPool) else str(error) or type(error).__name__
        return MergeOutcome(name, error=BracketFailure(name, why))
