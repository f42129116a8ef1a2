"""`hdrkit merge` of a series: brackets found, merged and told of one after the other, however many they are."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import suppress
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from hdrkit.files.text import counted

if TYPE_CHECKING:
    from hdrkit.inputs.find import Series
    from hdrkit.jobs.job import MergeJob
    from hdrkit.jobs.request import MergeRequest
    from hdrkit.series.run.merge import Merged
    from hdrkit.types import Bracket, Failure, Progress

_MERGING = "merging brackets"


def merge_brackets_of(
    series: Series, request: MergeRequest, workers: int, scheduler: str | None, overwrite: bool, json: bool
) -> bool:
    """Merge the brackets that are not there yet, and say so: whether nothing failed or was left out."""
    from hdrkit.cli.console import ignored, print_json, progress
    from hdrkit.jobs.batch import LostError
    from hdrkit.series.run.merge import merge_series

    with progress(quiet=json) as move:
        account = Account(series, request.with_range(_all_brackets(series, move)), json)
        move(_MERGING, 0, None)
        try:
            for merged in merge_series(account.jobs(), request.output, workers, overwrite, scheduler):
                account.take(merged)
                move(_MERGING, account.ended, account.expected)
        except LostError as error:
            account.complain(str(error))
    if json:
        report = {"unreadable": account.unreadable, "notes": account.notes, "brackets": account.reports}
        print_json({"ignored_files": series.ignored} | report)
    else:
        account.tell()
    ignored(series.ignored)
    return not account.errors


def _all_brackets(series: Series, move: Progress) -> Iterator[Bracket]:
    """The brackets of a series, to be looked at without being kept."""
    photographs = 0
    for part in series.parts():
        yield from part.brackets
        photographs += sum(len(bracket.photos) for bracket in part.brackets)
        move("looking for the range", photographs, series.photographs)


@dataclass
class Account:
    """What became of a series so far, in numbers; what is to be said of each bracket is said at once, and kept for JSON alone."""

    series: Series
    request: MergeRequest
    json: bool
    unreadable: list[Failure] = field(default_factory=list)
    notes: list[str] = field(default_factory=list)
    reports: list[Merged] = field(default_factory=list)
    errors: int = 0
    ended: int = 0
    _found: int = 0
    _photographs: int = 0
    _merged: int = 0
    _failed: int = 0
    _noted: int = 0
    _first_note: str = ""

    def jobs(self) -> Iterator[MergeJob]:
        """A job for each bracket, as they are found."""
        from hdrkit.inputs.find import NoneReadableError
        from hdrkit.inputs.remarks import UnusualBrackets

        with suppress(NoneReadableError):  # which has been said of each file
            for part in self.series.parts():
                self._found += len(part.brackets)
                self._photographs += sum(len(bracket.photos) for bracket in part.brackets) + len(part.failures)
                self.unreadable += part.failures if self.json else ()
                # Of unusual brackets the records tell, one by one.
                self.notes += [note for note in part.notes if not isinstance(note, UnusualBrackets)]
                for failure in part.failures:
                    self.complain(str(failure))
                yield from self.request.jobs(part.brackets)
                del part  # before the next one is read

    @property
    def expected(self) -> int:
        """How many brackets there will be in the end, going by those that were found in so many of the photographs."""
        return self._found * self.series.photographs // max(1, self._photographs)

    def take(self, merged: Merged) -> None:
        """Count a bracket in."""
        row = merged.row
        self.ended += 1
        self._merged += bool(merged.outcome and row.output)
        self._failed += not row.output
        if row.error:
            self.complain(f"{merged.bracket}: {row.error}")
        if row.note:
            self._noted += 1
            self._first_note = self._first_note or f"{merged.bracket}: {row.note}"
        self.reports += [merged] if self.json else []

    def tell(self) -> None:
        """Say what became of all."""
        from hdrkit.cli.console import say, trouble
        from hdrkit.series.run.ledger import NAME

        before = self.ended - self._merged - self._failed
        say(f"{counted(self.ended, 'bracket')}: {self._merged} merged, {before} done before, {self._failed} failed")
        if self.ended:
            say(f"  wrote {self.request.output}, with a line for each in {NAME} beside it")
        if self._noted:
            trouble(f"{counted(self._noted, 'bracket')} with notes in {NAME}, the first {self._first_note}", "note")
        for line in self.notes:
            trouble(line, "note")

    def complain(self, line: str) -> None:
        """Say what went wrong, and count it."""
        from hdrkit.cli.console import trouble

        self.errors += 1
        trouble(line)
