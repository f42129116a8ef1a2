"""The watch: it looks for new photographs, merges complete brackets, reports them, and starts again after a failure.

As in any other run, only the results and their `series.csv` say what is done. The watch keeps nothing else than the
photographs that are not yet merged. After a full disk or a lost mount it forgets these too, and looks through the folders as
if it had just started.
"""

from __future__ import annotations

import time
from collections import Counter
from collections.abc import Callable, Sequence
from concurrent.futures import Executor, Future, wait
from contextlib import AbstractContextManager, ExitStack, suppress
from pathlib import Path
from typing import Any, NamedTuple

from hdrkit.errors import HdrkitError, InputError, OutputError
from hdrkit.files.text import counted, show
from hdrkit.inputs.options import InputOptions
from hdrkit.inputs.photo_memory import PhotoMemory
from hdrkit.jobs.batch import outcome_of, submit
from hdrkit.jobs.job import MergeJob, MergeOutcome
from hdrkit.series.run.ledger import content_key, row_of
from hdrkit.series.run.records import FolderError, Records, one_folder, opened
from hdrkit.series.run.superseded import remove_superseded
from hdrkit.series.watch.arrivals import Arrivals
from hdrkit.series.watch.forming import Forming
from hdrkit.series.watch.heartbeat import Heartbeat
from hdrkit.series.watch.mounts import MountedFolder
from hdrkit.series.watch.notices import Notices
from hdrkit.series.watch.options import Clock, Pace, WatchOptions
from hdrkit.types import Bracket

_LOOKING_S = 2.0  # time that one round spends on looking through folders
_AHEAD = 32  # most brackets that wait for a worker
_LOST = 3  # how often a bracket may lose its worker
_LONGEST_PAUSE_S = 60.0  # longest pause after a failure of the disk
_CLOCK_S = 5.0  # jump of the system clock after which times of change cannot be compared
_ENDING_S = 60.0  # time that running merges have at the end


class _RunningJob(NamedTuple):
    job: MergeJob
    key: str


class _Pause(NamedTuple):
    until: float
    seconds: float


class Watch:
    """Merges what arrives below `source` into `out` until it is stopped.

    `jobs_of` makes the jobs of brackets, and `pool` opens the executor that does them. `notify` takes each message with its kind:
    merged, note, warning or error. The counters are in `heartbeat`. Raises InputError if `source` is not a folder.
    """

    def __init__(
        self,
        source: Path,
        out: Path,
        jobs_of: Callable[[Sequence[Bracket]], list[MergeJob]],
        pool: Callable[[], AbstractContextManager[Executor]],
        heartbeat: Heartbeat,
        inputs: InputOptions | None = None,
        options: WatchOptions | None = None,
        notify: Callable[[str, str], None] = lambda _line, _kind: None,
        pace: Pace | None = None,
        clock: Clock | None = None,
    ) -> None:
        if not source.is_dir():
            raise InputError(f"{show(source)}: no such folder; create it, or mount the disk, before you watch it")
        inputs, options = inputs or InputOptions(), options or WatchOptions()
        self._source, self._out = MountedFolder(source), MountedFolder(out)
        self._jobs_of, self._pool, self._notify = jobs_of, pool, notify
        self._heartbeat, self._poll_s = heartbeat, options.poll_s
        self._pace, self._clock = pace or Pace(), clock or Clock()
        memory = PhotoMemory()
        self._arrivals = Arrivals(source, out, options.wait_s, self._pace, self._clock, memory)
        self._forming = Forming(source, out, self._arrivals, inputs, options, self._pace, memory)
        self._notices = Notices(source, out)
        self._listening_fault = ""
        self._folders: dict[Path, None] = {}  # folders to look at
        self._waiting: dict[Path, MergeJob] = {}  # by output
        self._running: dict[Future[MergeOutcome], _RunningJob] = {}
        self._done: dict[Path, str] = {}  # keys of the last brackets that were merged or failed, by output
        self._lost: Counter[Path] = Counter()
        self._postponed: dict[Path, _Pause] = {}  # folders of results in which the watch cannot work
        self._next_poll = self._blocked_until = self._pause_s = 0.0
        self._set_s = self._clock_set()

    def run(self, stopped: Callable[[], bool]) -> None:
        """Watch until `stopped()` is true. Merges that are running then have a minute to end; what is not finished is left out.

        Raises OutputError if another run works in `out`, InputError if no executor can be opened at the start.
        """
        with opened(self._out.path) as records, ExitStack() as executor:
            pool: Executor | None = executor.enter_context(self._pool())
            try:
                while not stopped():
                    pool = self._round(records, pool, executor)
                    self._beat()
                    self._notices.wait(self._pace.round_s)
                    time.sleep(self._pace.round_s / 10)  # files that arrive together are looked at together
            finally:
                self._notices.stop()
                for future in self._running:
                    future.cancel()
                wait(self._running, _ENDING_S)
                self._collect(records)
                for run in self._running.values():
                    records.end(run.job)
                if not self._out.there():
                    records.forget()
                self._count()
                self._heartbeat.state = "stopped"
                self._beat(at_once=True)

    def _round(self, records: Records, pool: Executor | None, executor: ExitStack) -> Executor | None:
        if self._collect(records):
            executor.close()  # this ends the submitted jobs
            self._collect(records)
            pool = None
        gone = [folder for folder in (self._source, self._out) if not folder.there()]
        if gone:
            self._block(
                records, f"{show(gone[0].path)}: the folder is gone; the watch goes on when it is back", self._pace.round_s
            )
        if time.monotonic() < self._blocked_until:
            return pool
        try:
            pool = pool or executor.enter_context(self._pool())
            self._try_postponed(records)
            self._look(records)
            self._form()
            self._submit(records, pool)
        except (HdrkitError, OSError) as error:
            self._retry_later(records, str(error))
        else:
            if not self._folders and self._all_postponed:  # no work is left that could fail again
                self._pause_s = 0.0
            if self._heartbeat.state == "blocked" and not self._pause_s:
                self._heartbeat.state = "watching"
                self._notify("the watch goes on", "note")
        return pool

    def _look(self, records: Records) -> None:
        """Find new photographs: at once in the folders that the system reports, and in all folders every `poll_s` seconds."""
        if abs(self._clock_set() - self._set_s) > _CLOCK_S:
            self._set_s = self._clock_set()
            self._arrivals.forget()
            self._next_poll = 0.0
        self._folders = dict.fromkeys(sorted(self._notices.take(), reverse=True)) | self._folders
        now = time.monotonic()
        if now >= self._next_poll:
            self._next_poll = now + self._poll_s
            self._listen()
            self._folders |= dict.fromkeys(self._arrivals.changed())
        while self._folders and time.monotonic() < now + _LOOKING_S:
            folder = next(iter(self._folders))
            del self._folders[folder]
            known = self._arrivals.knows(folder)
            unnamed = self._arrivals.without_time(folder)
            self._heartbeat.seen += self._arrivals.look(folder)
            if not unnamed and (lost := self._arrivals.without_time(folder)):
                self._notify(
                    f"{show(folder)}: {counted(lost, 'photograph')} without a timestamp YYYYmmddHHMMSS in the name, not merged",
                    "note",
                )
            self._folders |= dict.fromkeys(self._arrivals.unseen_below(folder))
            if not known:
                self._forming.pass_over_made(folder, records)

    def _clock_set(self) -> float:
        """The difference between the clock of the system and the monotonic clock, in seconds."""
        return self._clock.now_s() - time.monotonic()

    def _listen(self) -> None:
        fault = self._notices.start()
        if fault and fault != self._listening_fault:
            self._notify(fault, "note")
        self._listening_fault = fault

    def _try_postponed(self, records: Records) -> None:
        """Continue in the folders of results whose pause is over, if the watch can work there now."""
        for out in [out for out, pause in self._postponed.items() if time.monotonic() >= pause.until]:
            try:
                records.hold(out)
            except FolderError as error:
                self._postpone(error)
                continue
            del self._postponed[out]
            self._notify(f"{show(out)}: the watch goes on there", "note")
            self._waiting = {output: job for output, job in self._waiting.items() if output.parent != out}
            folder = self._source.path / out.relative_to(self._out.path)
            self._arrivals.forget(folder)  # the results there are known only now
            self._folders[folder] = None

    def _postpone(self, error: FolderError) -> None:
        """Leave a folder of results for a pause, twice as long each time. Work in other folders continues."""
        before = self._postponed.get(error.folder)
        seconds = _longer(before.seconds if before else 0.0)
        self._postponed[error.folder] = _Pause(time.monotonic() + seconds, seconds)
        self._heartbeat.trouble(str(error))
        if before is None:
            self._notify(str(error), "error")

    def _is_postponed(self, folder: Path) -> bool:
        """Whether the results of a folder of photographs cannot be written."""
        return self._out.path / folder.relative_to(self._source.path) in self._postponed

    @property
    def _ready(self) -> list[Path]:
        """The outputs of jobs that only wait for a worker."""
        return [output for output in self._waiting if output.parent not in self._postponed]

    @property
    def _all_postponed(self) -> bool:
        """Whether all remaining work is in folders of results that are postponed."""
        new = [folder for folder, photographs in self._arrivals.new.items() if photographs]
        return not (self._running or self._ready) and all(map(self._is_postponed, new))

    def _form(self) -> None:
        """Add complete brackets to the jobs that wait for a worker."""
        if self._folders and self._forming.needs_all:
            return
        for folder in sorted(self._arrivals.new, reverse=True):  # the newest folder first: today comes before older days
            if len(self._ready) >= _AHEAD:
                return
            if self._is_postponed(folder):
                continue
            brackets, failures, strays = self._forming.complete(folder)
            for line in strays:
                self._notify(line, "note")
            for failure in failures:
                self._fail(failure.reason)
            for job in self._jobs_of(brackets) if brackets else ():
                self._waiting[job.output] = job

    def _submit(self, records: Records, pool: Executor) -> None:
        busy = {run.job.output for run in self._running.values()}
        for output in self._ready:
            if len(self._running) >= (1 if self._pause_s else _AHEAD):
                return
            if output in busy or output.parent in self._postponed:
                continue
            job = self._waiting[output]
            key = content_key(job)
            try:
                if not key:
                    self._arrivals.forget(job.bracket.photos[0].path.parent)
                    self._next_poll = 0.0
                elif self._done.get(output) != key and records.begin(job, key) is None:
                    self._running[submit(pool, job)] = _RunningJob(job, key)
            except FolderError as error:
                self._postpone(error)
            else:
                del self._waiting[output]

    def _collect(self, records: Records) -> bool:
        """Record the jobs that have ended. Returns whether the executor must be opened again."""
        broken = False
        for future in [future for future in self._running if future.done()]:
            run = self._running.pop(future)
            output, ledger = run.job.output, records.end(run.job)
            outcome = outcome_of(future, run.job.bracket.name)
            if future.cancelled() or future.exception() is not None:
                broken = True
                self._lost[output] += 1
                self._bound(self._lost)
                if self._lost[output] <= _LOST:
                    self._waiting.setdefault(output, run.job)
                    self._heartbeat.trouble(str(outcome.error))
                    continue
            elif not self._out.there() or outcome.error and (outcome.unwritable or not content_key(run.job)):
                self._retry_later(records, str(outcome.error or f"{show(output)}: the folder is gone"))
                continue
            try:
                if outcome.output:
                    with suppress(FolderError), one_folder(output.parent):  # a folder that cannot be used is left alone
                        remove_superseded(run.job, records)
                ledger.add(row_of(run.job, outcome, run.key))
            except OutputError as error:
                self._retry_later(records, str(error))
                continue
            self._pause_s = 0.0
            self._note(run, outcome)
        return broken

    def _note(self, run: _RunningJob, outcome: MergeOutcome) -> None:
        output = run.job.output
        self._lost.pop(output, None)
        self._done[output] = run.key
        self._bound(self._done)
        if outcome.error:
            self._fail(str(outcome.error))
        else:
            self._heartbeat.merged += 1
            self._heartbeat.last_output = str(output)
            frames = len(outcome.report.frames) if outcome.report else 0
            self._notify(f"{run.job.bracket.name}: {frames} frames merged in {outcome.seconds:.1f} s", "merged")
            for failure in outcome.failures:
                self._heartbeat.trouble(failure.reason)
                self._notify(failure.reason, "warning")

    def _bound(self, remembered: dict[Path, Any]) -> None:
        """Forget the oldest entries above the limit."""
        while len(remembered) > self._pace.remembered:
            del remembered[next(iter(remembered))]

    @property
    def remembered(self) -> int:
        """The number of finished brackets that the watch remembers."""
        return len(self._done)

    def _fail(self, line: str) -> None:
        self._heartbeat.failed += 1
        self._heartbeat.trouble(line)
        self._notify(line, "error")

    def _retry_later(self, records: Records, line: str) -> None:
        """Try again after a pause. The pause doubles each time until a bracket is merged."""
        if time.monotonic() >= self._blocked_until:
            self._pause_s = _longer(self._pause_s)
        self._block(records, line, self._pause_s)

    def _block(self, records: Records, line: str, pause_s: float) -> None:
        """Pause, and forget everything, as at the start."""
        self._blocked_until = time.monotonic() + pause_s
        if self._heartbeat.state != "blocked":
            self._notify(line, "error")
        self._heartbeat.state = "blocked"
        self._heartbeat.pending = max(self._heartbeat.pending, self._pending())
        self._heartbeat.trouble(line)
        self._notices.stop()
        self._arrivals.forget()
        self._waiting.clear()
        self._folders.clear()
        self._done.clear()
        records.forget()
        self._next_poll = 0.0

    def _pending(self) -> int:
        waiting = [*self._waiting.values(), *(run.job for run in self._running.values())]
        return sum(map(len, self._arrivals.new.values())) + sum(len(job.bracket.photos) for job in waiting)

    def _count(self) -> None:
        """Update the number of pending photographs. While the watch is blocked, the last known number stays."""
        if self._heartbeat.state == "watching":
            self._heartbeat.pending = self._pending()

    def _beat(self, at_once: bool = False) -> None:
        self._count()
        if all(f.there() or not self._heartbeat.path.is_relative_to(f.path) for f in (self._source, self._out)):
            with suppress(OutputError):  # a full disk is reported when results are written
                self._heartbeat.beat(at_once)


def _longer(pause_s: float) -> float:
    """The pause after one that was too short, in seconds."""
    return min(max(1.0, 2 * pause_s), _LONGEST_PAUSE_S)
