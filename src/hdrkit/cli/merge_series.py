"""`hdrkit merge` of a series. It finds, merges and reports one bracket after the other, so that a long series fits in memory."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import closing, suppress
from dataclasses import dataclass, field
from itertools import islice
from pathlib import Path
from typing import TYPE_CHECKING

from hdrkit.files.text import counted

if TYPE_CHECKING:
    from hdrkit.inputs.find import Series
    from hdrkit.jobs.card import CardCurves
    from hdrkit.jobs.job import MergeJob
    from hdrkit.jobs.request import MergeRequest
    from hdrkit.series.run.merge import MergedBracket
    from hdrkit.types import Bracket, Failure, Progress

_MERGING = "merging brackets"
_NAMED = 3
_SAMPLED = 40  # brackets among which those are chosen that give the curve of the camera


def merge_brackets_of(
    series: Series, request: MergeRequest, workers: int, scheduler: str | None, overwrite: bool, json: bool
) -> bool:
    """Merge the brackets that have no current result, and print a report. Returns whether nothing failed or was left out."""
    from hdrkit.cli.console import ignored, print_json, progress, say
    from hdrkit.cli.stopped import say_when_stopped
    from hdrkit.jobs.batch import LostError
    from hdrkit.jobs.card import card_curves
    from hdrkit.series.run.merge import merge_series

    with progress(quiet=json) as move:
        curves = card_curves(_first_brackets(series), request, move)
        for line in () if json else curves.lines:
            say(line)
        ranged = request.with_range(_all_brackets(series, move), curves.of if curves.curves else None)
        account = Account(series, ranged, curves, json)
        say_when_stopped(account.so_far)
        move(_MERGING, 0, None)
        try:
            with closing(merge_series(account.jobs(), request.output, workers, overwrite, scheduler)) as each:
                for merged in each:
                    account.take(merged)
                    move(_MERGING, account.ended, account.expected)
        except LostError as error:
            account.report_error(str(error))
    if json:
        report = {"unreadable": account.unreadable, "notes": account.notes, "curves": curves.lines, "brackets": account.reports}
        print_json({"ignored_files": series.ignored} | report)
    else:
        account.print_summary()
    ignored(series.ignored)
    return not account.errors


def _first_brackets(series: Series) -> Iterator[Bracket]:
    """Some brackets from the beginning of a series."""
    from hdrkit.inputs.discover import NoneReadableError

    with suppress(NoneReadableError):  # the failure of each file is reported later
        yield from islice(_all_brackets(series), _SAMPLED)


def _all_brackets(series: Series, move: Progress | None = None) -> Iterator[Bracket]:
    """The brackets of a series, one after the other. None is kept in memory."""
    photographs = 0
    for part in series.parts():
        yield from part.brackets
        photographs += sum(len(bracket.photos) for bracket in part.brackets)
        if move:
            move("looking for the range", photographs, series.photographs)


@dataclass
class Account:
    """The counts of a series so far. Messages of each bracket are printed at once; reports are kept only for JSON."""

    series: Series
    request: MergeRequest
    curves: CardCurves
    json: bool
    unreadable: list[Failure] = field(default_factory=list)
    notes: list[str] = field(default_factory=list)
    reports: list[MergedBracket] = field(default_factory=list)
    errors: int = 0
    ended: int = 0
    _found: int = 0
    _photographs: int = 0
    _merged: int = 0
    _failed: int = 0
    _noted: int = 0
    _first_note: str = ""
    _earlier: int = 0
    _first_earlier: list[Path] = field(default_factory=list)

    def jobs(self) -> Iterator[MergeJob]:
        """A job for each bracket, as soon as the bracket is found."""
        from hdrkit.inputs.discover import NoneReadableError
        from hdrkit.inputs.remarks import UnusualBrackets

        with suppress(NoneReadableError):  # the failure of each file has been printed
            for part in self.series.parts():
                self._found += len(part.brackets)
                self._photographs += sum(len(bracket.photos) for bracket in part.brackets) + len(part.failures)
                self.unreadable += part.failures if self.json else ()
                # The records in series.csv name each unusual bracket.
                self.notes += [note for note in part.notes if not isinstance(note, UnusualBrackets)]
                for failure in part.failures:
                    self.report_error(str(failure))
                yield from self.curves.applied(self.request.jobs(part.brackets))
                del part  # frees the memory before the next part is read

    @property
    def expected(self) -> int:
        """The expected number of brackets in the whole series, from those that were found in a part of the photographs."""
        return self._found * self.series.photographs // max(1, self._photographs)

    def take(self, merged: MergedBracket) -> None:
        """Count a bracket, and print its error if it has one."""
        row = merged.row
        self.ended += 1
        self._merged += bool(merged.outcome and row.output)
        self._failed += not row.output
        if merged.outcome and merged.outcome.report and not merged.outcome.report.trusted:
            self.errors += 1  # the note says why
        if row.error:
            self.report_error(f"{merged.bracket}: {row.error}")
        if row.note:
            self._noted += 1
            self._first_note = self._first_note or f"{merged.bracket}: {row.note}"
        self._earlier += len(merged.earlier)
        self._first_earlier += merged.earlier[: _NAMED - len(self._first_earlier)]
        self.reports += [merged] if self.json else []

    def so_far(self) -> str:
        """What to say when a signal ends the run."""
        done = f"{self.ended - self._failed} of {counted(max(self.ended, self.expected), 'bracket')}"
        return f"{done} are merged, and stay; run the same command again for the rest"

    def print_summary(self) -> None:
        """Print the counts, and the notes."""
        from hdrkit.cli.console import say, trouble
        from hdrkit.cli.merge_brackets import note_earlier
        from hdrkit.series.run.ledger import NAME

        before = self.ended - self._merged - self._failed
        say(f"{counted(self.ended, 'bracket')}: {self._merged} merged, {before} done before, {self._failed} failed")
        if self.ended:
            say(f"  wrote {self.request.output}; {NAME} there has a line for each bracket")
        if self._noted:
            trouble(f"{NAME} has notes on {counted(self._noted, 'bracket')}; the first: {self._first_note}", "note")
        for line in self.notes:
            trouble(line, "note")
        note_earlier(self._first_earlier, self._earlier)

    def report_error(self, line: str) -> None:
        """Print an error, and count it."""
        from hdrkit.cli.console import trouble

        self.errors += 1
        trouble(line)
