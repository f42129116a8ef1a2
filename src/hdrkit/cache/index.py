"""The user's cache folder keeps what was computed from photographs, so that a second run computes only what is new.

An SQLite index holds what is known of files, of contents (each named by the digest of its file) and of pairs of contents. Rows
of arrays lie in segments beside it. The cache never stops a run: rows that it cannot keep stay in memory until the run ends,
damaged data counts as unknown, and `Cache.notes` says what happened.
"""

from __future__ import annotations

import hashlib
import os
import shutil
import sqlite3
import tempfile
import time
from collections.abc import Iterator, Sequence
from contextlib import ExitStack, contextmanager, suppress
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from hdrkit.cache.photo_text import photo_from_text, photo_text, text_format
from hdrkit.cache.rows import SUFFIX, RowLocation, Rows
from hdrkit.files.text import show
from hdrkit.types import Photo

MOST_BYTES = 8_000_000_000  # about a hundred thousand photographs
_SHARE_OF_DISK = 0.1  # of what would be free without the cache
_LAYOUT = "v1"  # of the tables; it changes when they change
_PATIENCE_S = 10.0  # while another process writes
SAVE_EVERY_S = 1.0  # what a killed run loses at most
_UNSETTLED_NS = 2_000_000_000  # a file this young may change again without showing it
_ABANDONED_S = 86_400.0  # a segment this old that the index does not list was left by a process that ended

_TABLES = """
PRAGMA auto_vacuum = FULL;
BEGIN IMMEDIATE;
CREATE TABLE IF NOT EXISTS files (path BLOB PRIMARY KEY, status TEXT, format TEXT, digest BLOB, photo TEXT) WITHOUT ROWID;
CREATE TABLE IF NOT EXISTS rows (version TEXT, digest BLOB, segment TEXT, slot INTEGER, checksum INTEGER,
    PRIMARY KEY (version, digest)) WITHOUT ROWID;
CREATE TABLE IF NOT EXISTS segments (name TEXT PRIMARY KEY, used REAL) WITHOUT ROWID;
CREATE TABLE IF NOT EXISTS evidence (version TEXT, pair BLOB, figures BLOB, PRIMARY KEY (version, pair)) WITHOUT ROWID;
COMMIT;
"""


def cache_folder() -> Path:
    """$HDRKIT_CACHE, else `hdrkit` in $XDG_CACHE_HOME or in ~/.cache."""
    if named := os.environ.get("HDRKIT_CACHE"):
        return Path(named)
    return Path(os.environ.get("XDG_CACHE_HOME") or Path("~/.cache").expanduser()) / "hdrkit"


@contextmanager
def open_cache(enabled: bool = True, most_bytes: int = MOST_BYTES, save_every_s: float = SAVE_EVERY_S) -> Iterator[Cache]:
    """The user's cache during the block. If it is not `enabled` or cannot be opened, it is a temporary one.

    At the end the least recently used rows are dropped until the cache takes at most `most_bytes`, and at most a tenth of the
    disk space that would be free without it. A run that is killed loses at most the last `save_every_s` seconds.
    """
    notes: list[str] = []
    folder = cache_folder() / _LAYOUT
    with ExitStack() as stack:
        index = _open_index(folder, notes) if enabled else None
        if index is None:
            folder_name = None
            with suppress(OSError):
                folder_name = stack.enter_context(tempfile.TemporaryDirectory(prefix="hdrkit-"))
            cache = Cache(Path(folder_name) if folder_name else None, None, notes, save_every_s)
        else:
            cache = Cache(folder, index, notes, save_every_s)
            stack.callback(cache.close, most_bytes)
        yield cache


def _open_index(folder: Path, notes: list[str]) -> sqlite3.Connection | None:
    """The index in a folder, built anew if it is damaged; None, with a note, if it cannot be opened."""
    path = folder / "index.sqlite"
    try:
        folder.mkdir(parents=True, exist_ok=True)
        try:
            return _connected(path)
        except sqlite3.OperationalError:
            raise
        except sqlite3.DatabaseError as error:
            notes.append(f"{show(path)}: the index of the cache was damaged ({error}) and is built anew")
            path.unlink()
            path.with_name(f"{path.name}-journal").unlink(missing_ok=True)
            return _connected(path)
    except (OSError, sqlite3.Error) as error:
        notes.append(f"{show(folder)}: nothing can be cached here ({error}); HDRKIT_CACHE names another folder")
        return None


def _connected(path: Path) -> sqlite3.Connection:
    index = sqlite3.connect(path, timeout=_PATIENCE_S, isolation_level=None)
    try:
        if not index.execute("SELECT 1 FROM sqlite_master WHERE name = 'evidence'").fetchall():
            index.executescript(_TABLES)
        [(verdict,)] = index.execute("PRAGMA quick_check(1)").fetchall()
        if verdict != "ok":
            raise sqlite3.DatabaseError(verdict)
    except sqlite3.Error:
        index.close()
        raise
    return index


class Cache:
    """What is known of photographs. `notes` has one line for each thing that could not be kept or was damaged."""

    def __init__(
        self, folder: Path | None, index: sqlite3.Connection | None, notes: list[str], save_every_s: float = SAVE_EVERY_S
    ) -> None:
        self.notes = notes
        self._folder, self._index = folder, index
        self._asked: dict[Path, str] = {}
        self._rows: list[Rows] = []
        self._unsaved: list[tuple[str, tuple[Any, ...]]] = []
        self._save_every_s, self._saved_at = save_every_s, time.monotonic()

    def photo(self, path: Path) -> tuple[Photo, bytes] | None:
        """The metadata and the digest of a file that has not changed since `keep_photo`."""
        if (status := _status(path)) is None:
            return None
        self._asked[path] = status
        found = self._ask(
            "SELECT photo, digest FROM files WHERE path = ? AND status = ? AND format = ?",
            (os.fsencode(path.absolute()), status, text_format()),
        )
        return (replace(photo_from_text(found[0][0]), path=path), found[0][1]) if found else None

    def keep_photo(self, photo: Photo, digest: bytes) -> None:
        """Keep the metadata and the digest of a file that `photo` was asked for before."""
        if status := self._asked.get(photo.path):
            key = os.fsencode(photo.path.absolute())
            self._queue(
                "INSERT OR REPLACE INTO files VALUES (?, ?, ?, ?, ?)", (key, status, text_format(), digest, photo_text(photo))
            )

    def rows(self, version: str, record: np.dtype[Any]) -> Rows:
        """The rows that were computed by `version` with this dtype, by digest."""
        version = hashlib.blake2b(f"{version} {record.descr}".encode(), digest_size=8).hexdigest()
        found = self._ask("SELECT digest, segment, slot, checksum FROM rows WHERE version = ?", (version,))
        locations = {digest: RowLocation(*location) for digest, *location in found}

        def saved(digest: bytes, location: RowLocation) -> None:
            self._queue("INSERT OR REPLACE INTO rows VALUES (?, ?, ?, ?, ?)", (version, digest, *location))
            self._queue("INSERT OR REPLACE INTO segments VALUES (?, ?)", (location.segment, time.time()))

        self._rows.append(Rows(record, self._folder, locations, saved, self._cannot_save))
        return self._rows[-1]

    def evidence(
        self, version: str, pairs: Sequence[tuple[bytes, bytes]], columns: int
    ) -> tuple[NDArray[np.float32], NDArray[np.bool_]]:
        """The figures (P, columns) that `version` found for pairs of digests, and which pairs are known. The others hold NaN."""
        figures = np.full((len(pairs), columns), np.nan, np.float32)
        known = np.zeros(len(pairs), bool)
        for k, (a, b) in enumerate(pairs):
            found = self._ask("SELECT figures FROM evidence WHERE version = ? AND pair = ?", (version, a + b))
            if found and len(found[0][0]) == figures.itemsize * columns:
                figures[k], known[k] = np.frombuffer(found[0][0], np.float32), True
        return figures, known

    def keep_evidence(self, version: str, pairs: Sequence[tuple[bytes, bytes]], figures: NDArray[np.float32]) -> None:
        """Keep figures (P, columns) of pairs. The order within a pair matters."""
        for (a, b), row in zip(pairs, np.asarray(figures, np.float32), strict=True):
            self._queue("INSERT OR REPLACE INTO evidence VALUES (?, ?, ?)", (version, a + b, row.tobytes()))

    def close(self, most_bytes: int) -> None:
        """Save what is not saved yet, and drop the least recently used rows until `most_bytes` are left."""
        for name in set().union(*(rows.used for rows in self._rows)):
            self._queue("UPDATE segments SET used = ? WHERE name = ?", (time.time(), name))
        self._save()
        if self._index is not None:
            with suppress(OSError):
                self._shrink(most_bytes)
        if self._index is not None:
            self._index.close()

    def _ask(self, question: str, values: tuple[Any, ...] = ()) -> list[tuple[Any, ...]]:
        if self._index is None:
            return []
        try:
            return self._index.execute(question, values).fetchall()
        except sqlite3.Error as error:
            self._cannot_save(error)
            return []

    def _queue(self, statement: str, values: tuple[Any, ...]) -> None:
        if self._index is not None:
            self._unsaved.append((statement, values))
            if time.monotonic() - self._saved_at > self._save_every_s:
                self._save()

    def _save(self) -> None:
        """Write the unsaved statements in one transaction."""
        unsaved, self._unsaved = self._unsaved, []
        if self._index is not None:
            try:
                self._index.execute("BEGIN IMMEDIATE")
                for statement, values in unsaved:
                    self._index.execute(statement, values)
                self._index.execute("COMMIT")
            except sqlite3.Error as error:
                self._cannot_save(error)
        self._saved_at = time.monotonic()

    def _cannot_save(self, error: Exception) -> None:
        if self._index is not None:
            self.notes.append(f"{show(self._folder or '')}: the cache failed ({error}); the run went on without it")
            self._index.close()
            self._index = None

    def _shrink(self, most_bytes: int) -> None:
        """Drop segments that nothing refers to, then the least recently used ones, with all that is known of their contents."""
        assert self._folder is not None
        recent = [name for (name,) in self._ask("SELECT name FROM segments ORDER BY used")]
        sizes = {path.name: path.stat() for path in self._folder.iterdir()}
        for name, status in sizes.items():
            if name.endswith(SUFFIX) and name not in recent and time.time() - status.st_mtime > _ABANDONED_S:
                (self._folder / name).unlink()
        total = sum(status.st_size for status in sizes.values())
        most_bytes = min(most_bytes, int(_SHARE_OF_DISK * (shutil.disk_usage(self._folder).free + total)))
        dropped = []
        for name in recent:
            if total > most_bytes:
                total -= sizes[name].st_size if name in sizes else 0
                dropped.append(name)
        if dropped:
            for name in dropped:
                self._queue("DELETE FROM rows WHERE segment = ?", (name,))
                self._queue("DELETE FROM segments WHERE name = ?", (name,))
            self._queue("DELETE FROM files WHERE digest NOT IN (SELECT digest FROM rows)", ())
            self._queue("DELETE FROM evidence WHERE substr(pair, 1, 16) NOT IN (SELECT digest FROM rows)", ())
            self._save()
            for name in dropped:
                (self._folder / name).unlink(missing_ok=True)


def _status(path: Path) -> str | None:
    """A text that changes with the content of a file; None if the file is too young to be sure, or is not there."""
    try:
        status = path.stat()
    except OSError:
        return None
    if time.time_ns() - max(status.st_mtime_ns, status.st_ctime_ns) < _UNSETTLED_NS:
        return None
    return f"{status.st_size} {status.st_mtime_ns} {status.st_ctime_ns} {status.st_ino}"
