"""`hdrkit merge` of all brackets at once, to one file or to files in a folder. Each is reported as soon as it is done."""

from __future__ import annotations

from collections.abc import Generator, Sequence
from contextlib import closing
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import TYPE_CHECKING

from hdrkit.files.text import counted, show

if TYPE_CHECKING:
    from hdrkit.inputs.find import FoundBrackets
    from hdrkit.jobs.job import MergeJob, MergeOutcome
    from hdrkit.jobs.request import MergeRequest
    from hdrkit.series.run.merge import MergedBracket
    from hdrkit.types import MergeReport

_MERGING = "merging brackets"
_NAMED = 3


def merge_found(
    found: FoundBrackets, request: MergeRequest, workers: int, scheduler: str | None, overwrite: bool, json: bool
) -> bool:
    """Merge brackets, in a folder those that have no current result, and print a report. Returns whether nothing failed."""
    from hdrkit.cli.console import ignored, print_json, progress, say, trouble
    from hdrkit.cli.stopped import say_when_stopped
    from hdrkit.jobs.batch import LostError
    from hdrkit.jobs.card import card_curves

    account = Outcomes(len(found.brackets), quiet=json)
    say_when_stopped(account.so_far)
    for failure in found.failures:
        account.report_error(str(failure))
    for note in () if json else found.notes:
        trouble(note, "note")
    with progress(quiet=json) as move:
        request.jobs(found.brackets)  # tells now what cannot be written
        curves = card_curves(found.brackets, request, move)
        for line in () if json else curves.lines:
            say(line)
        jobs = curves.applied(request.with_range(found.brackets, curves.of if curves.curves else None).jobs(found.brackets))
        move(_MERGING, 0, len(jobs))
        try:
            with closing(_outcomes(jobs, request, workers, scheduler, overwrite)) as outcomes:
                for outcome, before in outcomes:
                    account.take(outcome)
                    account.earlier += before
                    move(_MERGING, len(account.known), len(jobs))
        except LostError as error:
            account.report_error(str(error))
    written = {path for job in jobs for path in job.results}
    earlier = [path for path in account.earlier if path not in written]
    if json:
        ordered = account.in_order(jobs)
        report = {"unreadable": found.failures, "notes": found.notes, "curves": curves.lines, "brackets": ordered}
        print_json({"ignored_files": found.ignored} | report | {"earlier_files": earlier})
    else:
        account.print_summary()
        note_earlier(earlier, len(earlier))
    ignored(found.ignored)
    return not account.errors and not account.untrusted


def _outcomes(
    jobs: Sequence[MergeJob], request: MergeRequest, workers: int, scheduler: str | None, overwrite: bool
) -> Generator[tuple[MergeOutcome, tuple[Path, ...]], None, None]:
    """The outcome of each job as soon as it is known, and the files of earlier runs that stay beside its result.

    In a folder, what is there already is not merged again.
    """
    from hdrkit.jobs.batch import merge_each
    from hdrkit.jobs.outputs import named_format
    from hdrkit.series.run.merge import merge_series

    workers = min(workers, len(jobs))
    if named_format(request.output):
        with closing(merge_each(jobs, workers, scheduler)) as each:
            yield from ((outcome, ()) for _, outcome in each)
        return
    job_of = {show(job.bracket.name): job for job in jobs}
    with closing(merge_series(jobs, request.output, workers, overwrite, scheduler)) as each:
        for merged in each:
            yield _outcome(merged, job_of[merged.bracket]), merged.earlier


def _outcome(merged: MergedBracket, job: MergeJob) -> MergeOutcome:
    """The outcome of this run or of an earlier one, with the error of its record."""
    from hdrkit.jobs.job import MergeOutcome
    from hdrkit.types import BracketFailure

    name, row = job.bracket.name, merged.row
    error = BracketFailure(name, row.error, names_file=not row.output) if row.error else None
    if merged.outcome is None:
        if not row.output:
            return MergeOutcome(name, error=error)
        return MergeOutcome(name, job.output, job.preview, error=error, done_before=True)
    return merged.outcome if row.output or merged.outcome.error else replace(merged.outcome, error=error)


@dataclass
class Outcomes:
    """The outcomes so far. Those of a run that is not `quiet` are printed at once."""

    expected: int
    quiet: bool
    known: list[MergeOutcome] = field(default_factory=list)
    earlier: list[Path] = field(default_factory=list)
    errors: int = 0
    untrusted: int = 0

    def take(self, outcome: MergeOutcome) -> None:
        """Add an outcome, and print what was done and what failed."""
        self.known.append(outcome)
        self.untrusted += outcome.report is not None and not outcome.report.trusted
        if outcome.report and not self.quiet:
            _print_report(outcome, outcome.report)
        for failure in (*outcome.failures, outcome.error):
            if failure:
                self.report_error(str(failure))

    def report_error(self, line: str) -> None:
        """Print an error, and count it."""
        from hdrkit.cli.console import trouble

        self.errors += 1
        trouble(line)

    def in_order(self, jobs: Sequence[MergeJob]) -> list[MergeOutcome]:
        """The outcomes in the order of the jobs."""
        of_bracket = {outcome.bracket: outcome for outcome in self.known}
        return [of_bracket[job.bracket.name] for job in jobs if job.bracket.name in of_bracket]

    @property
    def _merged(self) -> int:
        return sum(bool(outcome.output) for outcome in self.known)

    def so_far(self) -> str:
        """What to say when a signal ends the run."""
        if self.expected == 1:
            return "nothing is written; run the same command again"
        done = f"{self._merged} of {counted(self.expected, 'bracket')}"
        return f"{done} are merged, and stay; run the same command again for the rest"

    def print_summary(self) -> None:
        """Print the counts, if there is more to say than the lines of the brackets."""
        from hdrkit.cli.console import say

        before = sum(outcome.done_before for outcome in self.known)
        if self.expected == 1 and not before:
            return
        there = f", {before} of {self.expected} were there already (--overwrite merges them again)" if before else ""
        failed = self.expected - self._merged
        doubt = f", {self.untrusted} not trusted" if self.untrusted else ""
        say(f"{counted(self.expected, 'bracket')}: {self._merged - before} merged{there}{doubt}, {failed} failed")


def note_earlier(first: Sequence[Path], count: int) -> None:
    """Note how many files of earlier runs stay beside new results. `first` are the first of them."""
    from hdrkit.cli.console import trouble

    if count:
        names = ", ".join(show(path) for path in first[:_NAMED]) + (", ..." if count > _NAMED else "")
        stay = "stays beside the new result" if count == 1 else "stay beside the new results"
        trouble(f"{counted(count, 'file')} of earlier runs, with other names or options, {stay}: {names}", "note")


def _print_report(outcome: MergeOutcome, report: MergeReport) -> None:
    """Print two lines, what was done and which files were written, and the notes and warnings."""
    from hdrkit.cli.console import estimates, say, trouble

    frames = [f for f in (report.alignment.frames if report.alignment else ()) if f.method != "reference"]
    pixels = report.size[0] * report.size[1]
    facts = [f"{len(report.frames)} frames", f"alignment {report.alignment.summary if report.alignment else ''}"]
    if report.exposures:
        facts += [f"saturated {100 * report.saturated / pixels:.2f} %", f"black {100 * report.black / pixels:.2f} %"]
        facts.append(f"response {report.response}")
    if report.prediction:
        facts.append(f"frames agree to {report.prediction.error:.1f} codes")
    if report.noise:
        facts.append(f"noise {report.noise.source}")
    if report.ghosts and report.ghosts.share > 0:
        facts.append(f"ghosts {100 * report.ghosts.share:.2f} %, shown as in {Path(report.ghosts.reference).name}")
    say(f"{outcome.bracket}: {', '.join(facts)}")
    say("  wrote " + " and ".join(str(path) for path in (outcome.output, outcome.preview) if path))
    noted: dict[str, list[str]] = {}
    for frame in frames:
        noted.setdefault(frame.note, []).append(frame.name)
    for note, names in noted.items():
        if note:
            whose = names[0] if len(names) == 1 else f"{outcome.bracket}: {', '.join(Path(name).name for name in names)}"
            trouble(f"{whose}: {note}", "note")
    for line in estimates(report.estimated):
        trouble(f"{outcome.bracket}: {line}", "note")
    for line in report.warnings:
        trouble(f"{outcome.bracket}: {line}", "warning")
