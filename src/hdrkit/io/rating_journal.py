"""Ratings for many photographs at once: what would change, the record of it before the first change, and the way back."""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from hdrkit.errors import HdrkitError, InputError
from hdrkit.io.artifacts import to_json
from hdrkit.io.files import read_bytes, show, write_bytes, writing
from hdrkit.io.ratings import digest_of, rating_of, read_sidecar, replace_sidecar
from hdrkit.io.xmp import Edit, new_sidecar, rating_edit

JOURNAL = ".hdrkit-ratings.json"


@dataclass(frozen=True)
class Entry:
    """What happened to a sidecar since it was first rated: `before` and `stars` are the ratings then and now.

    `edit` leads from the bytes then to those that `digest` names. It is None where another program has saved the sidecar
    between two runs: then the rating alone can be taken back.
    """

    before: int | None
    stars: int
    edit: Edit | None
    digest: str
    created: bool = False


@dataclass(frozen=True)
class Plan:
    """What is to become of a sidecar: `entry` is what to write, None where it stays as it is, with the `reason` in words.

    `failed` says that it stays because of an error.
    """

    entry: Entry | None
    reason: str
    failed: bool = False


@dataclass(frozen=True)
class Undone:
    """How many ratings were taken back, and a line for each sidecar that was left."""

    taken_back: int
    notes: tuple[str, ...] = ()
    failures: tuple[str, ...] = ()


class Journal:
    """The record of the ratings that were written from a folder of results; nothing of it is read or written before asked."""

    def __init__(self, folder: Path) -> None:
        self._path = folder / JOURNAL
        self._entries: dict[Path, Entry] = _read(self._path) if self._path.is_file() else {}

    def plan(self, sidecar: Path, stars: int, overwrite: bool) -> Plan:
        """How a rating gets into a sidecar. That of a person stays unless `overwrite`, one of ours is brought up to date."""
        try:
            data = read_sidecar(sidecar)
            if data is None:
                content = new_sidecar(stars)
                return Plan(Entry(None, stars, Edit(0, b"", content), digest_of(content), created=True), "new sidecar")
            found = rating_of(data, sidecar)
            if found == stars:
                return Plan(None, "has this rating already")
            ours = self._entries.get(sidecar)
            if ours is None or found != ours.stars:
                if found and not overwrite:
                    return Plan(None, "rejected by a person" if found < 0 else f"rated {found} by a person")
                edit = rating_edit(data, stars)
                return Plan(Entry(found, stars, edit, digest_of(edit.apply(data))), "existing sidecar")
            if ours.edit is None or digest_of(data) != ours.digest:
                after = rating_edit(data, stars).apply(data)
                return Plan(replace(ours, stars=stars, edit=None, digest=digest_of(after)), "existing sidecar")
            original = ours.edit.reversed().apply(data)
            edit = Edit(0, b"", new_sidecar(stars)) if ours.created else rating_edit(original, stars)
            return Plan(replace(ours, stars=stars, edit=edit, digest=digest_of(edit.apply(original))), "existing sidecar")
        except HdrkitError as error:
            return Plan(None, str(error), failed=True)

    def write(self, entries: Mapping[Path, Entry], workers: int) -> dict[Path, str]:
        """Write what was planned, side by side; the sidecars that could not be written, each with the reason.

        The journal is on disk before the first sidecar changes. Raises OutputError where it cannot be written.
        """
        if not entries:
            return {}
        earlier = self._entries
        self._save(earlier | dict(entries))

        def one(sidecar: Path) -> str:
            try:
                _rate(sidecar, entries[sidecar], earlier.get(sidecar))
            except HdrkitError as error:
                return str(error)
            return ""

        with ThreadPoolExecutor(workers) as pool:
            failed = {sidecar: reason for sidecar, reason in zip(entries, pool.map(one, entries), strict=True) if reason}
        if failed:
            kept = {sidecar: entry for sidecar, entry in self._entries.items() if sidecar not in failed}
            self._save(kept | {sidecar: earlier[sidecar] for sidecar in failed if sidecar in earlier})
        return failed

    def undo(self) -> Undone:
        """Take all ratings back: byte for byte where nobody changed the sidecar since, otherwise its rating alone.

        A rating that a person has changed since stays.
        """
        notes, failures = [], {}
        for sidecar, entry in self._entries.items():
            try:
                if note := _take_back(sidecar, entry):
                    notes.append(f"{show(sidecar)}: {note}")
            except HdrkitError as error:
                failures[sidecar] = str(error)
        taken_back = len(self._entries) - len(notes) - len(failures)
        self._save({sidecar: self._entries[sidecar] for sidecar in failures})
        return Undone(taken_back, tuple(notes), tuple(failures.values()))

    def _save(self, entries: Mapping[Path, Entry]) -> None:
        self._entries = dict(entries)
        with writing(self._path):
            if not entries:
                self._path.unlink(missing_ok=True)
                return
        write_bytes(self._path, to_json([_record(path, entry) for path, entry in entries.items()]).encode())


def _rate(sidecar: Path, entry: Entry, earlier: Entry | None) -> None:
    data = read_sidecar(sidecar)
    original = data
    if data is not None and earlier and earlier.edit and digest_of(data) == earlier.digest:
        original = earlier.edit.reversed().apply(data)
    edit = entry.edit or rating_edit(data or b"", entry.stars)
    after = edit.apply(original or b"")
    if digest_of(after) != entry.digest:
        raise InputError(f"{show(sidecar)}: it was changed meanwhile and is left as it is; run again")
    replace_sidecar(sidecar, data, after)


def _take_back(sidecar: Path, entry: Entry) -> str:
    """Bring a sidecar back to what it was; a note where there is nothing to bring back."""
    data = read_sidecar(sidecar)
    if data is None:
        return "" if entry.created else "it is gone"
    if entry.edit and digest_of(data) == entry.digest:
        if entry.created:
            with writing(sidecar):
                sidecar.unlink()
        else:
            replace_sidecar(sidecar, data, entry.edit.reversed().apply(data))
        return ""
    found = rating_of(data, sidecar)
    if found == entry.before:
        return ""
    if found != entry.stars:
        return f"rated {found} by a person since; it stays"
    replace_sidecar(sidecar, data, rating_edit(data, entry.before or 0).apply(data))
    return ""


def _record(path: Path, entry: Entry) -> dict[str, Any]:
    edit = entry.edit and {"offset": entry.edit.offset, "old": entry.edit.old.hex(), "new": entry.edit.new.hex()}
    names = {"before": entry.before, "stars": entry.stars, "digest": entry.digest, "created": entry.created}
    return {"sidecar": path, **names, "edit": edit}


def _read(path: Path) -> dict[Path, Entry]:
    try:
        return dict(_entries(json.loads(read_bytes(path))))
    except (ValueError, KeyError, TypeError, AttributeError) as error:
        raise InputError(f"{show(path)}: the record of the ratings is damaged; move it away to go on without undo") from error


def _entries(records: Sequence[Mapping[str, Any]]) -> Iterable[tuple[Path, Entry]]:
    for record in records:
        edit = record["edit"]
        if edit is not None:
            edit = Edit(int(edit["offset"]), bytes.fromhex(edit["old"]), bytes.fromhex(edit["new"]))
        before = record["before"] if record["before"] is None else int(record["before"])
        entry = Entry(before, int(record["stars"]), edit, str(record["digest"]), bool(record["created"]))
        yield Path(record["sidecar"]), entry
