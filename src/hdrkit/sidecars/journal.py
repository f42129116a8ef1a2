"""The record of the ratings in a folder of photographs. It is written before the first sidecar changes, and serves to undo them.

It is a hidden file beside the sidecars that it describes. So it moves with them, and lasts longer than lists and reports.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Container, Iterator, Mapping
from concurrent.futures import Executor
from contextlib import contextmanager, nullcontext, suppress
from dataclasses import dataclass, fields, replace
from pathlib import Path
from typing import Any

from hdrkit.errors import HdrkitError, InputError, OutputError
from hdrkit.files.atomic import read_bytes, unfinished, write_bytes, writing
from hdrkit.files.json_text import to_json
from hdrkit.files.lock import alone_in
from hdrkit.files.text import show
from hdrkit.sidecars.steps import Entry, Plan, SidecarState, Step, carry_out, plan_rating, way_back
from hdrkit.sidecars.xmp import Edit
from hdrkit.types import Failure

JOURNAL = ".hdrkit-ratings.json"
_WRITTEN_HERE = (".xmp", ".json")


@dataclass(frozen=True)
class UndoneRatings:
    """What undoing a ranking did: `taken_back` are the sidecars whose rating was taken back, `removed` the removed results.

    `notes` has a line for each file that was left with good reason, `failures` the sidecars and folders that failed.
    """

    taken_back: tuple[Path, ...] = ()
    removed: tuple[Path, ...] = ()
    notes: tuple[str, ...] = ()
    failures: tuple[Failure, ...] = ()

    def __add__(self, other: UndoneRatings) -> UndoneRatings:
        return UndoneRatings(*(getattr(self, part.name) + getattr(other, part.name) for part in fields(self)))


class Journal:
    """The record of the sidecars in a folder. Raises InputError if the record is damaged."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._path = folder / JOURNAL
        self._entries = _read(self._path) if self._path.is_file() else {}

    def plan(self, photo: Path, sidecar: Path, stars: int, overwrite: bool, only_ours: bool = False) -> Plan:
        """The plan of `plan_rating` for a rating of this folder. An unreadable sidecar is an error of the plan."""
        try:
            return plan_rating(self._entries.get(sidecar.name), photo, sidecar, stars, overwrite, only_ours)
        except HdrkitError as error:
            return Plan(None, error=str(error))

    def carry_out(
        self, steps: Mapping[str, Step], pool: Executor, done: Callable[[], object] = lambda: None, forget: Container[str] = ()
    ) -> dict[str, str]:
        """Change sidecars, given by their names, side by side. Gives those that could not be changed, each with the reason.

        The old and the new state of each sidecar are on disk before the first one changes, and stay until all are done: a run
        that is cut off leaves no unknown sidecar. Sidecars in `forget` leave the record. Raises OutputError if the record cannot
        be written.
        """
        earlier = self._entries
        unknown = {name: step.entry for name, step in steps.items() if not _covers(earlier.get(name), step.entry)}
        if unknown:
            self._save(earlier | unknown)

        def one(name: str) -> str:
            try:
                carry_out(self._folder / name, steps[name])
            except HdrkitError as error:
                return str(error)
            done()
            return ""

        failed = {name: reason for name, reason in zip(steps, pool.map(one, steps), strict=True) if reason}
        kept = {name: entry for name, entry in earlier.items() if (name in failed or name not in steps) and name not in forget}
        reached = {name: replace(step.entry, states=step.entry.states[-1:]) for name, step in steps.items() if name not in failed}
        changed = {name: entry for name, entry in reached.items() if not entry.states[0].original}
        if kept | changed != self._entries:
            with suppress(OutputError):  # the disk is full: the record on it is right too
                self._save(kept | changed)
        return failed

    def undo(self, pool: Executor, dry_run: bool = False) -> UndoneRatings:
        """Take all ratings back. A sidecar is restored byte for byte, or only its rating if somebody changed the sidecar since.

        A rating that a person has changed since stays. A sidecar that fails stays in the record. So does one that is gone,
        because it may come back. With `dry_run` nothing is changed.
        """
        steps, left, failures = {}, {}, {}
        for name, entry in self._entries.items():
            try:
                found = way_back(self._folder / name, entry)
            except HdrkitError as error:
                failures[name] = str(error)
                continue
            if isinstance(found, Step):
                steps[name] = found
            else:
                left[name] = found
        if not dry_run:
            settled = [name for name, stays in left.items() if stays.settled]
            failures |= self.carry_out(steps, pool, forget=settled)
        lines = tuple(f"{show(self._folder / name)}: {stays.why}" for name, stays in left.items() if stays.why)
        taken_back = tuple(self._folder / name for name in steps if name not in failures)
        failed = tuple(Failure(self._folder / name, reason) for name, reason in failures.items())
        return UndoneRatings(taken_back, notes=lines, failures=failed)

    def _save(self, entries: Mapping[str, Entry]) -> None:
        if entries:
            records = {name: _record(entry) for name, entry in entries.items()}
            write_bytes(self._path, to_json({"sidecars": records}).encode())
        else:
            with writing(self._path):
                self._path.unlink(missing_ok=True)
        self._entries = dict(entries)


@contextmanager
def opened(folder: Path, dry_run: bool = False, held: Path | None = None) -> Iterator[Journal]:
    """The journal of a folder, which no other run can open during the block. With `dry_run` the folder is not locked.

    The folder `held` is locked already. Half-written files of runs that were killed are removed. Raises OutputError if another
    run is writing there, and InputError if the record is damaged.
    """
    if dry_run:
        yield Journal(folder)
        return
    with nullcontext() if held is not None and held.is_dir() and held.samefile(folder) else alone_in(folder):
        with writing(folder):
            for path in unfinished(folder):
                if path.suffix.lower() in _WRITTEN_HERE:
                    path.unlink(missing_ok=True)
        yield Journal(folder)


def _covers(known: Entry | None, entry: Entry) -> bool:
    """Whether all states that a sidecar may reach are in the record."""
    return known is not None and set(entry.states) <= set(known.states)


def _record(entry: Entry) -> dict[str, Any]:
    def of(state: SidecarState) -> dict[str, Any]:
        edit = state.edit and {"offset": state.edit.offset, "old": state.edit.old.hex(), "new": state.edit.new.hex()}
        return {"stars": state.stars, "digest": state.digest, "edit": edit}

    return {"before": entry.before, "created": entry.created, "states": [of(state) for state in entry.states]}


def _read(path: Path) -> dict[str, Entry]:
    try:
        records = json.loads(read_bytes(path))["sidecars"]
        entries = {str(name): _entry(record) for name, record in records.items()}
        if not all(Path(name).name == name and entry.states for name, entry in entries.items()):
            raise ValueError("it names a sidecar outside of its folder, or a sidecar without a state")
        return entries
    except (ValueError, KeyError, TypeError, AttributeError) as error:
        raise InputError(f"{show(path)}: the record of the ratings is damaged; move it away to go on without undo") from error


def _entry(record: Mapping[str, Any]) -> Entry:
    def state(of: Mapping[str, Any]) -> SidecarState:
        edit = of["edit"] and Edit(int(of["edit"]["offset"]), bytes.fromhex(of["edit"]["old"]), bytes.fromhex(of["edit"]["new"]))
        return SidecarState(_stars(of["stars"]), str(of["digest"]), edit)

    return Entry(_stars(record["before"]), bool(record["created"]), tuple(map(state, record["states"])))


def _stars(stored: Any) -> int | None:
    return None if stored is None else int(stored)
