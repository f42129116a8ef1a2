"""The hidden record of the files that a run wrote to a folder. It tells them from the files of others.

A file that somebody changed later is no longer ours.
"""

from __future__ import annotations

import hashlib
import json
import os
from collections.abc import Container, Iterable, Iterator
from dataclasses import dataclass, field
from functools import cache, cached_property
from pathlib import Path, PurePosixPath

from hdrkit.errors import InputError, OutputError
from hdrkit.files.atomic import read_bytes, write_bytes
from hdrkit.files.json_text import to_json
from hdrkit.files.text import show

MANIFEST = ".hdrkit-manifest.json"
GROUP, RANK, FACES, SCORE, MAP = "group", "rank", "faces", "score", "map"  # the commands that write a folder with a manifest
_UNDO = {
    GROUP: "hdrkit group --undo {folder}",
    RANK: "hdrkit rank --undo PHOTOGRAPHS -o {folder}",
    SCORE: "hdrkit score --undo FACES -o {folder}",
}
_TEXTS = (".csv", ".html", ".json", ".txt")
_ENDS = 1 << 16  # bytes at the beginning and at the end of a picture


@dataclass(frozen=True)
class Manifest:
    """The files that a run of `hdrkit COMMAND` left in a folder.

    `written` holds the names of our files, relative to the folder. Each comes with its `mark`, which tells it from another file
    of the same name. `moved` maps the new name of each moved photograph to the path that it came from.
    """

    command: str
    written: frozenset[tuple[str, str]] = frozenset()
    moved: dict[str, str] = field(default_factory=dict)

    @cached_property
    def names(self) -> frozenset[str]:
        """The names of the files that were written, even if they are gone or changed now, without moved photographs."""
        return frozenset(name for name, _ in self.written if name not in self.moved)

    def owns(self, folder: Path, name: str) -> bool:
        """Whether the file at `name` is the one that was written there."""
        if name not in self.names or (folder / name).parent.is_symlink():
            return False
        return any((name, one) in self.written for one in marks(folder / name))

    def changed(self, folder: Path) -> tuple[str, ...]:
        """The names of files that are no longer as they were written."""
        return tuple(name for name in sorted(self.names) if os.path.lexists(folder / name) and not self.owns(folder, name))


def read_manifest(folder: Path) -> Manifest | None:
    """The manifest of a folder, None if it has none. Raises InputError if the manifest is damaged."""
    path = folder / MANIFEST
    if not path.is_file():
        return None
    try:
        stored = json.loads(read_bytes(path))
        written = frozenset((str(name), str(sign)) for name, sign in stored["written"])
        moved = {str(name): str(origin) for name, origin in stored["moved"].items()}
        command = str(stored["command"]) if "command" in stored else _command_of({name for name, _ in written})
    except (ValueError, KeyError, TypeError, AttributeError) as error:
        raise InputError(f"{show(path)}: the record of what hdrkit wrote is damaged; move the folder away") from error
    for name in (*(name for name, _ in written), *moved):
        if PurePosixPath(name).is_absolute() or ".." in PurePosixPath(name).parts:
            raise InputError(f"{show(path)}: it names {show(name)}, outside of its folder; move the folder away")
    return Manifest(command, written, moved)


def _command_of(names: Container[str]) -> str:
    """The command of an older manifest, which does not name it. A manifest of `hdrkit rank` always lists a ranking.csv."""
    return RANK if "ranking.csv" in names else GROUP


def read_manifest_of(folder: Path, command: str) -> Manifest | None:
    """The manifest of a folder, as `read_manifest` gives it. Raises OutputError if another command wrote it."""
    manifest = read_manifest(folder)
    if manifest is not None and manifest.command != command:
        undo = _UNDO.get(manifest.command, "").format(folder=show(folder))
        remedy = f"choose another folder, or remove them: {undo}" if undo else "choose another folder"
        raise OutputError(f"{show(folder)}: hdrkit {manifest.command} wrote results there; {remedy}")
    return manifest


def refuse_replacing(paths: Iterable[Path]) -> None:
    """Raise OutputError for an existing file that the manifest of its folder, or of a folder above, lists."""

    @cache
    def manifests(folder: Path) -> list[tuple[Manifest, Path]]:
        """The manifests of a folder and of all folders above it, each with the relative path from there down to the folder."""
        at = folder.resolve()
        return [(manifest, at.relative_to(above)) for above in (at, *at.parents) if (manifest := read_manifest(above))]

    for path in paths:
        for manifest, below in manifests(path.parent):
            name = (below / path.name).as_posix()
            if (name in manifest.names or name in manifest.moved) and os.path.lexists(path):
                raise OutputError(f"{show(path)}: hdrkit {manifest.command} wrote it; choose another name, or another folder")


def write_manifest(folder: Path, manifest: Manifest) -> None:
    """Write the record. Raises OutputError."""
    stored = {"command": manifest.command, "written": sorted(manifest.written), "moved": manifest.moved}
    write_bytes(folder / MANIFEST, to_json(stored).encode())


def mark(path: Path) -> str:
    """A text that tells a file from another file of the same name; empty if the file does not exist.

    For a link it is the path that it points to, for a list or a page, which people edit, the digest. For a picture it is the size
    and a digest of its beginning and its end, because reading all pictures would take long. It stays when a folder is copied.
    """
    return next(iter(marks(path)), "")


def marks(path: Path) -> Iterator[str]:
    """The mark of a file, and for a picture the one that earlier versions gave it: the size and the second of the last change."""
    try:
        if path.is_symlink():
            yield f"-> {path.readlink()}"
            return
        with path.open("rb") as file:
            if path.suffix in _TEXTS:
                yield hashlib.file_digest(file, "sha256").hexdigest()
                return
            status = os.fstat(file.fileno())
            digest = hashlib.sha256(file.read(_ENDS))
            file.seek(max(_ENDS, status.st_size - _ENDS))
            digest.update(file.read(_ENDS))
            yield f"{status.st_size} {digest.hexdigest()[:32]}"
            yield f"{status.st_size} {int(status.st_mtime)}"
    except OSError:
        return
