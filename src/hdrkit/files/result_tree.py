"""A folder of results that replaces the results of an earlier run as a whole. It never touches a file of anybody else.

A hidden manifest lists the files that were written and the origins of moved photographs. It tells the next run which files it
may replace, a search for photographs which files to skip, and `undo` what to take back.
"""

from __future__ import annotations

import os
import secrets
import shutil
from collections.abc import Iterable, Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path, PurePosixPath

from hdrkit.errors import HdrkitError, InputError, OutputError
from hdrkit.files.atomic import unfinished, writing
from hdrkit.files.lock import alone_in
from hdrkit.files.manifest import MANIFEST, Manifest, mark, read_manifest_of, write_manifest
from hdrkit.files.text import show
from hdrkit.files.transport import bring, copy, put_back, real
from hdrkit.types import Failure


@dataclass(frozen=True)
class UndoPlan:
    """The plan of `undo`: moved photographs, each with its origin, files to remove, and changed files to keep."""

    put_back: dict[str, str]
    remove: tuple[str, ...]
    keep: tuple[str, ...]


@dataclass(frozen=True)
class UndoneTree:
    """What `undo` did: photographs put back, files removed, and files kept because somebody changed them later.

    `failures` are the photographs that could not be put back.
    """

    put_back: int
    removed: int
    kept: tuple[str, ...]
    failures: tuple[Failure, ...]


class ResultTree:
    """The new files of a run. They are made in a hidden folder inside their destination.

    `before` is the manifest of the earlier run of the same command. Names are relative to the destination. Photographs are given
    by their absolute paths (`real`).
    """

    def __init__(self, folder: Path, stage: Path, before: Manifest) -> None:
        self.folder = folder
        self._resolved = folder.resolve()
        self._stage = stage
        self._before = before
        self._staged: list[str] = []
        self._moves: dict[str, Path] = {}

    def is_empty(self) -> bool:
        """Whether no file was added."""
        return not (self._staged or self._moves)

    def add_bytes(self, name: str, data: bytes) -> None:
        """Add a file of our own at `name`, relative to the folder."""
        with writing(self.folder):
            self._staged_path(name).write_bytes(data)

    def add_copy(self, name: str, source: Path) -> None:
        """Add a copy of a photograph."""
        with writing(self.folder):
            copy(source, self._staged_path(name))

    def can_link(self) -> bool:
        """Whether the file system has symbolic links and lets us make them."""
        probe = self._stage / ".link"
        try:
            probe.symlink_to(self._stage)
            probe.unlink()
        except (OSError, NotImplementedError):
            return False
        return True

    def add_link(self, name: str, source: Path) -> None:
        """Add a symbolic link to a photograph, relative if possible."""
        target = str(source)
        with suppress(ValueError):  # on another drive
            target = os.path.relpath(source, (self._resolved / name).parent)
        with writing(self.folder):
            self._staged_path(name).symlink_to(target)

    def add_moved(self, name: str, source: Path) -> None:
        """Add the photograph itself. It is moved when the tree is committed."""
        if not os.access(source.parent, os.W_OK):
            raise OutputError(f"{show(source)}: its folder is read-only, so it cannot be moved away; copy or link instead")
        self.claim(name)
        self._moves[name] = source

    def _staged_path(self, name: str) -> Path:
        self.claim(name)
        staged = self._stage / name
        staged.parent.mkdir(parents=True, exist_ok=True)
        self._staged.append(name)
        return staged

    def claim(self, name: str) -> None:
        """Raise OutputError if `name` cannot be one, a file there is not ours, or somebody changed it since we wrote it."""
        target = self.folder / name
        with writing(target):
            foreign = target if _is_there(target) and not self._before.owns(self.folder, name) else None
        changed = name in self._before.names
        for parent in list(PurePosixPath(name).parents)[:-1]:
            above = self.folder / parent
            if above.is_symlink() or (above.exists() and not above.is_dir()):
                foreign, changed = above, False
        if foreign is not None:
            why = "it was changed since hdrkit wrote it" if changed else "hdrkit did not write it and leaves it alone"
            raise OutputError(f"{show(foreign)}: {why}; move it away, or choose another folder")

    def commit(self) -> None:
        """Move the photographs, put the new files at their destinations, then remove the files of the run before.

        The manifest lists old and new files before the first of them changes, so a run that is cut off leaves no unknown file.
        """
        new = frozenset((name, mark(self._stage / name)) for name in self._staged)
        moved = {name: str(source) for name, source in self._moves.items()}
        parents = {(self.folder / name).parent for name in (*self._staged, *self._moves)}
        made = [parent for parent in parents if not parent.exists()]
        copied: list[Path] = []
        begun: list[str] = []
        try:
            for parent in made:
                parent.mkdir(parents=True, exist_ok=True)
            write_manifest(self._stage, self._manifest(new, moved))  # now, because the disk may be full
            write_manifest(self.folder, self._manifest(self._before.written | new, moved))
            for name, source in self._moves.items():
                if os.path.lexists(self.folder / name):  # ours, from the run before
                    _rename(self.folder / name, self._aside(name))
                begun.append(name)
                if bring(source, self.folder / name):
                    copied.append(source)
        except BaseException:
            self._roll_back(begun)
            _remove_empty(made)
            raise
        for name in self._staged:
            (self._stage / name).replace(self.folder / name)
        for source in copied:
            source.unlink()
        _remove(self.folder, self._manifest(self._before.written - new, moved))
        (self._stage / MANIFEST).replace(self.folder / MANIFEST)

    def _manifest(self, written: frozenset[tuple[str, str]], moved: dict[str, str]) -> Manifest:
        return Manifest(self._before.command, written, moved)

    def _aside(self, name: str) -> Path:
        return self._stage / ".before" / name

    def _roll_back(self, begun: Iterable[str]) -> None:
        """Put photographs back. The manifest keeps those that cannot be put back, so that `undo` can try again."""
        left = {}
        for name in begun:
            try:
                put_back(self.folder / name, self._moves[name])
            except (HdrkitError, OSError):
                left[name] = str(self._moves[name])
        for name in self._moves:
            if os.path.lexists(self._aside(name)) and not os.path.lexists(self.folder / name):
                _rename(self._aside(name), self.folder / name)
        if left or self._before.written:
            write_manifest(self.folder, self._manifest(self._before.written, left))
        else:
            (self.folder / MANIFEST).unlink(missing_ok=True)


def require_replaceable(folder: Path, command: str) -> Manifest:
    """The manifest of what an earlier run of `hdrkit COMMAND` wrote to a folder; it is empty if there was none.

    Raises OutputError if another command wrote there, or if photographs were moved there: no other copy of them exists.
    """
    before = read_manifest_of(folder, command) or Manifest(command)
    if before.moved:
        raise OutputError(f"{show(folder)}: photographs were moved there; put them back first: hdrkit group --undo FOLDER")
    return before


@contextmanager
def replacing(folder: Path, command: str, sources: Iterable[Path]) -> Iterator[ResultTree]:
    """A tree to fill. When the block ends without an error, it replaces what `hdrkit COMMAND` wrote to `folder` before.

    After an error, or if the tree is empty, nothing of it remains and the earlier results are whole. `sources` are the absolute
    paths of the photographs. Raises OutputError if the file system refuses, if another run is writing, if one of the photographs
    is a file that an earlier run wrote, if photographs were moved to `folder`, or if another command wrote its results there.
    An OSError of the block that did not come from the tree stays what it is.
    """
    with writing(folder):
        missing = [above for above in (folder, *folder.parents) if not above.exists()]
        folder.mkdir(parents=True, exist_ok=True)
    with alone_in(folder):
        try:
            with writing(folder):
                before = require_replaceable(folder, command)
                _require_none_of_ours(folder, before, sources)
                _remove_left_behind(folder)
            with _stage(folder) as stage:
                tree = ResultTree(folder, stage, before)
                yield tree
                if not tree.is_empty():
                    with writing(folder):
                        tree.commit()
        finally:
            _remove_empty(missing)


def _require_none_of_ours(folder: Path, before: Manifest, sources: Iterable[Path]) -> None:
    ours = {str(real(folder / name)) for name in before.names if before.owns(folder, name)}
    for source in sources:
        if str(source) in ours:
            raise OutputError(f"{show(source)}: an earlier run wrote it; give the photographs that it was made from")


@contextmanager
def _stage(folder: Path) -> Iterator[Path]:
    stage = folder / f".hdrkit-stage-{secrets.token_hex(8)}"
    try:
        with writing(folder):
            stage.mkdir()
        yield stage
    finally:
        shutil.rmtree(stage, ignore_errors=True)


def plan_undo(folder: Path, command: str) -> UndoPlan:
    """What `undo` would do with a folder. Nothing is written. Raises the errors of `undo`."""
    manifest = _required_manifest(folder, command)
    ours = tuple(name for name in sorted(manifest.names) if manifest.owns(folder, name))
    return UndoPlan(manifest.moved, ours, manifest.changed(folder))


def undo(folder: Path, command: str) -> UndoneTree:
    """Put moved photographs back to where they came from, and remove the files that `hdrkit COMMAND` wrote to `folder`.

    Files of others, and files that somebody changed, stay. The folder stays if it holds any. Raises InputError if hdrkit wrote
    nothing there, and OutputError if another command wrote there or another run is writing.
    """
    _required_manifest(folder, command)
    with writing(folder), alone_in(folder):
        manifest = _required_manifest(folder, command)
        kept = manifest.changed(folder)
        failures: dict[str, Failure] = {}
        for name, origin in manifest.moved.items():
            try:
                with writing(origin):
                    put_back(folder / name, Path(origin))
            except OutputError as error:
                failures[name] = Failure(folder / name, str(error))
        _remove_left_behind(folder, manifest.moved)
        removed = _remove(folder, manifest)
        _remove_empty({(folder / name).parent for name in manifest.moved})
        if failures:
            write_manifest(folder, Manifest(command, moved={name: manifest.moved[name] for name in failures}))
        else:
            (folder / MANIFEST).unlink()
            _remove_empty([folder])
    return UndoneTree(len(manifest.moved) - len(failures), removed, kept, tuple(failures.values()))


def clear(folder: Path) -> None:
    """Remove the leftovers of runs that were cut off from a folder without results, and the folder if it is empty then."""
    if any(folder.glob(".hdrkit-stage-*")):
        with writing(folder), alone_in(folder):
            _remove_left_behind(folder)
        _remove_empty([folder])


def _required_manifest(folder: Path, command: str) -> Manifest:
    manifest = read_manifest_of(folder, command)
    if manifest is None:
        raise InputError(f"{show(folder)}: it holds no results of hdrkit; there is nothing to undo")
    return manifest


def _is_there(path: Path) -> bool:
    """Whether a path names anything, be it a broken link. Raises OSError for a name that no file can have."""
    try:
        path.lstat()
    except (FileNotFoundError, NotADirectoryError):
        return False
    return True


def _rename(source: Path, target: Path) -> None:
    target.parent.mkdir(parents=True, exist_ok=True)
    source.replace(target)


def _remove(folder: Path, manifest: Manifest) -> int:
    """Remove our files, then the folders that are empty afterwards. Gives the number of files removed."""
    ours = [name for name in manifest.names if manifest.owns(folder, name)]
    for name in ours:
        (folder / name).unlink()
    _remove_empty({(folder / name).parent for name in manifest.names} - {folder})
    return len(ours)


def _remove_left_behind(folder: Path, moved: Iterable[str] = ()) -> None:
    """Remove the leftovers of runs that were cut off: hidden folders, and unfinished copies of photographs that were moved."""
    for stage in folder.glob(".hdrkit-stage-*"):
        shutil.rmtree(stage, ignore_errors=True)
    for parent in {(folder / name).parent for name in moved} - {folder}:
        for half in unfinished(parent):
            half.unlink()


def _remove_empty(folders: Iterable[Path]) -> None:
    for folder in sorted(folders, reverse=True):
        with suppress(OSError):
            folder.rmdir()
