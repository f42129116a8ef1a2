"""The record of the ratings in a folder of photographs: written before the first sidecar changes, and by which all is taken back.

It is hidden in the folder itself, beside the sidecars that it is about: it goes where they go, and outlives lists and reports.
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
from hdrkit.sidecars.steps import Entry, Plan, State, Step, carry_out, plan_rating, way_back
from hdrkit.sidecars.xmp import Edit
from hdrkit.types import Failure

JOURNAL = ".hdrkit-ratings.json"
_WRITTEN_HERE = (".xmp", ".json")


@dataclass(frozen=True)
class Undone:
    """The sidecars whose rating was taken back, the files of results that were removed, a line for all that was left for good
    reason, and the sidecars, or folders of them, of which it failed.
    """

    taken_back: tuple[Path, ...] = ()
    removed: tuple[Path, ...] = ()
    notes: tuple[str, ...] = ()
    failures: tuple[Failure, ...] = ()

    def __add__(self, other: Undone) -> Undone:
        return Undone(*(getattr(self, part.name) + getattr(other, part.name) for part in fields(self)))


class Journal:
    """What is known of the sidecars in a folder. Raises InputError for a record that is damaged."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._path = folder / JOURNAL
        self._entries = _read(self._path) if self._path.is_file() else {}

    def plan(self, photo: Path, sidecar: Path, stars: int, overwrite: bool, only_ours: bool = False) -> Plan:
        """How a rating gets into a sidecar, and why not, as `plan_rating` has it."""
        try:
            return plan_rating(self._entries.get(sidecar.name), photo, sidecar, stars, overwrite, only_ours)
        except HdrkitError as error:
            return Plan(None, error=str(error))

    def carry_out(
        self, steps: Mapping[str, Step], pool: Executor, done: Callable[[], object] = lambda: None, forget: Container[str] = ()
    ) -> dict[str, str]:
        """Change sidecars, given by their names, side by side; those that could not be changed, each with the reason.

        The record of what is and what will be is on disk before the first of them changes, and stays until all are done: a run
        that is cut off anywhere leaves none unknown. What is to `forget` is in the record no longer. Raises OutputError where it
        cannot be written.
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
            with suppress(OutputError):  # a full disk: what is there is right too
                self._save(kept | changed)
        return failed

    def undo(self, pool: Executor, dry_run: bool = False) -> Undone:
        """Take all ratings back: byte for byte where nobody changed the sidecar since, otherwise its rating alone.

        A rating that a person has changed since stays. What fails stays in the record, and so does a sidecar that is gone: it may
        come back. With `dry_run` only say what would be.
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
        return Undone(taken_back, notes=lines, failures=failed)

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
    """The journal of a folder that is ours alone in this block, unless only to look, or it is the one that is `held` already.

    What runs that were killed left half written is removed. Raises OutputError where another run is writing, InputError for a
    record that is damaged.
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
    """Whether all states that a sidecar may come to are known."""
    return known is not None and set(entry.states) <= set(known.states)


def _record(entry: Entry) -> dict[str, Any]:
    def of(state: State) -> dict[str, Any]:
        edit = state.edit and {"offset": state.edit.offset, "old": state.edit.old.hex(), "new": state.edit.new.hex()}
        return {"stars": state.stars, "digest": state.digest, "edit": edit}

    return {"before": entry.before, "created": entry.created, "states": [of(state) for state in entry.states]}


def _read(path: Path) -> dict[str, Entry]:
    try:
        records = json.loads(read_bytes(path))["sidecars"]
        entries = {str(name): _entry(record) for name, record in records.items()}
        if not all(Path(name).name == name and entry.states for name, entry in entries.items()):
            raise ValueError("it names a sidecar outside of its folder, or one without a state")
        return entries
    except (ValueError, KeyError, TypeError, AttributeError) as error:
        raise InputError(f"{show(path)}: the record of the ratings is damaged; move it away to go on without undo") from error


def _entry(record: Mapping[str, Any]) -> Entry:
    def state(of: Mapping[str, Any]) -> State:
        edit = of["edit"] and Edit(int(of["edit"]["offset"]), bytes.fromhex(of["edit"]["old"]), bytes.fromhex(of["edit"]["new"]))
        return State(_stars(of["stars"]), str(of["digest"]), edit)

    return Entry(_stars(record["before"]), bool(record["created"]), tuple(map(state, record["states"])))


def _stars(stored: Any) -> int | None:
    return None if stored is None else int(stored)
