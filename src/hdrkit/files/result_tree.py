"""A folder of results that takes the place of its predecessor whole, and touches no file that is not its own.

What was written, and from where photographs were moved, is in a hidden manifest. By it the next run knows what it may
replace, a search for photographs what to pass over, and `undo` what to take back.
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
    """What `undo` would do: places of moved photographs with where each came from, files to remove, changed files to leave."""

    put_back: dict[str, str]
    remove: tuple[str, ...]
    keep: tuple[str, ...]


@dataclass(frozen=True)
class Undone:
    """What `undo` did: photographs put back, files removed, files left because somebody changed them since.

    `failures` are the photographs that could not be put back.
    """

    put_back: int
    removed: int
    kept: tuple[str, ...]
    failures: tuple[Failure, ...]


class ResultTree:
    """The files of a run while they are made, in a hidden folder inside the one that they are for.

    `before` is what an earlier run of the same command left there. Names are relative to that folder, photographs are given by
    their absolute paths (`real`).
    """

    def __init__(self, folder: Path, stage: Path, before: Manifest) -> None:
        self.folder = folder
        self._resolved = folder.resolve()
        self._stage = stage
        self._before = before
        self._staged: list[str] = []
        self._moves: dict[str, Path] = {}

    def is_empty(self) -> bool:
        """Whether nothing was put into it."""
        return not (self._staged or self._moves)

    def add_bytes(self, name: str, data: bytes) -> None:
        """A file of our own at `name`, relative to the folder."""
        self._place(name).write_bytes(data)

    def add_copy(self, name: str, source: Path) -> None:
        """A copy of a photograph."""
        copy(source, self._place(name))

    def can_link(self) -> bool:
        """Whether the file system has symbolic links, and lets us make them."""
        probe = self._stage / ".link"
        try:
            probe.symlink_to(self._stage)
            probe.unlink()
        except (OSError, NotImplementedError):
            return False
        return True

    def add_link(self, name: str, source: Path) -> None:
        """A symbolic link to a photograph, relative where it can be."""
        target = str(source)
        with suppress(ValueError):  # on another drive
            target = os.path.relpath(source, (self._resolved / name).parent)
        self._place(name).symlink_to(target)

    def add_moved(self, name: str, source: Path) -> None:
        """A photograph itself, no link, which leaves its place when the tree takes its own."""
        if not os.access(source.parent, os.W_OK):
            raise OutputError(f"{show(source)}: its folder is read-only, it cannot be moved away; copy or link instead")
        self.claim(name)
        self._moves[name] = source

    def _place(self, name: str) -> Path:
        self.claim(name)
        staged = self._stage / name
        staged.parent.mkdir(parents=True, exist_ok=True)
        self._staged.append(name)
        return staged

    def claim(self, name: str) -> None:
        """Raises OutputError for a place where something is that we did not write, or that somebody changed since."""
        target = self.folder / name
        foreign = target if os.path.lexists(target) and not self._before.owns(self.folder, name) else None
        changed = name in self._before.names
        for parent in list(PurePosixPath(name).parents)[:-1]:
            place = self.folder / parent
            if place.is_symlink() or (place.exists() and not place.is_dir()):
                foreign, changed = place, False
        if foreign is not None:
            why = "it was changed since hdrkit wrote it" if changed else "hdrkit did not write it and leaves it alone"
            raise OutputError(f"{show(foreign)}: {why}; move it away, or choose another folder")

    def commit(self) -> None:
        """Move the photographs, put the new files into their places, then remove those of the run before.

        The manifest names old and new files before the first of them is touched, so that a run cut off leaves none unknown.
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
            write_manifest(self._stage, self._manifest(new, moved))  # while there may be want of space
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
        """Put photographs back; one that cannot be is remembered, so that `undo` can try again."""
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
    """What an earlier run of `hdrkit COMMAND` wrote to a folder.

    Raises OutputError where another command wrote there, or photographs were moved there: they are nowhere else.
    """
    before = read_manifest_of(folder, command) or Manifest(command)
    if before.moved:
        raise OutputError(f"{show(folder)}: photographs were moved there; put them back first: hdrkit group --undo FOLDER")
    return before


@contextmanager
def replacing(folder: Path, command: str, sources: Iterable[Path]) -> Iterator[ResultTree]:
    """A tree to fill; when the block ends well it takes the place of what an earlier run of `hdrkit COMMAND` wrote to `folder`.

    On any error, and where the tree is empty, nothing of it is left and the earlier results are whole. `sources` are the absolute
    paths of the photographs. Raises OutputError where the file system refuses, where another run is writing, where one of the
    photographs is a file that an earlier run wrote, where photographs were moved to `folder`, and where another command wrote
    its results there.
    """
    missing = [place for place in (folder, *folder.parents) if not place.exists()]
    with writing(folder):
        folder.mkdir(parents=True, exist_ok=True)
        with alone_in(folder):
            try:
                before = require_replaceable(folder, command)
                _require_none_of_ours(folder, before, sources)
                _remove_left_behind(folder)
                with _stage(folder) as stage:
                    tree = ResultTree(folder, stage, before)
                    yield tree
                    if not tree.is_empty():
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
        stage.mkdir()
        yield stage
    finally:
        shutil.rmtree(stage, ignore_errors=True)


def plan_undo(folder: Path, command: str) -> UndoPlan:
    """What `undo` would do with a folder; nothing is written. Raises as `undo` does."""
    manifest = _required_manifest(folder, command)
    ours = tuple(name for name in sorted(manifest.names) if manifest.owns(folder, name))
    return UndoPlan(manifest.moved, ours, manifest.changed(folder))


def undo(folder: Path, command: str) -> Undone:
    """Put photographs that were moved to `folder` back to where they came from, and remove what `hdrkit COMMAND` wrote there.

    Files of others, and files that somebody changed, stay, and so does the folder where there are any. Raises InputError
    where hdrkit wrote nothing, OutputError where another command did, and where another run is writing.
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
    return Undone(len(manifest.moved) - len(failures), removed, kept, tuple(failures.values()))


def clear(folder: Path) -> None:
    """Remove what runs that were cut off left in a folder without results, and the folder where that was all."""
    if any(folder.glob(".hdrkit-stage-*")):
        with writing(folder), alone_in(folder):
            _remove_left_behind(folder)
        _remove_empty([folder])


def _required_manifest(folder: Path, command: str) -> Manifest:
    manifest = read_manifest_of(folder, command)
    if manifest is None:
        raise InputError(f"{show(folder)}: no results of hdrkit there; nothing to undo")
    return manifest


def _rename(source: Path, target: Path) -> None:
    target.parent.mkdir(parents=True, exist_ok=True)
    source.replace(target)


def _remove(folder: Path, manifest: Manifest) -> int:
    """Remove files that are ours, then the folders that are empty for it; the number of files that were there."""
    ours = [name for name in manifest.names if manifest.owns(folder, name)]
    for name in ours:
        (folder / name).unlink()
    _remove_empty({(folder / name).parent for name in manifest.names} - {folder})
    return len(ours)


def _remove_left_behind(folder: Path, moved: Iterable[str] = ()) -> None:
    """What runs that were cut off left: hidden folders, and copies half done of photographs that were moved."""
    for stage in folder.glob(".hdrkit-stage-*"):
        shutil.rmtree(stage, ignore_errors=True)
    for parent in {(folder / name).parent for name in moved} - {folder}:
        for half in unfinished(parent):
            half.unlink()


def _remove_empty(folders: Iterable[Path]) -> None:
    for folder in sorted(folders, reverse=True):
        with suppress(OSError):
            folder.rmdir()
