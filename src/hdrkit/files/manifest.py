"""The hidden record of what a run wrote to a folder, by which it is told from the files of others.

A file that somebody changed since is no longer ours.
"""

from __future__ import annotations

import hashlib
import json
import os
from collections.abc import Container, Iterable
from dataclasses import dataclass, field
from functools import cache, cached_property
from pathlib import Path, PurePosixPath

from hdrkit.errors import InputError, OutputError
from hdrkit.files.atomic import read_bytes, write_bytes
from hdrkit.files.json_text import to_json
from hdrkit.files.text import show

MANIFEST = ".hdrkit-manifest.json"
GROUP, RANK = "group", "rank"  # the commands that write a folder with a manifest
_TEXTS = (".csv", ".html", ".json", ".txt")


@dataclass(frozen=True)
class Manifest:
    """What a run of `hdrkit COMMAND` left in a folder.

    `written` holds the names of files of ours, relative to the folder, each with what tells it from another file of that
    name (`mark`). `moved` maps the places of moved photographs to where they came from.
    """

    command: str
    written: frozenset[tuple[str, str]] = frozenset()
    moved: dict[str, str] = field(default_factory=dict)

    @cached_property
    def names(self) -> frozenset[str]:
        """The names of the files that were written, whatever is there now; a moved photograph is none of them."""
        return frozenset(name for name, _ in self.written if name not in self.moved)

    def owns(self, folder: Path, name: str) -> bool:
        """Whether the file at `name` is the one that was written there."""
        if name not in self.names or (folder / name).parent.is_symlink():
            return False
        return (name, mark(folder / name)) in self.written

    def changed(self, folder: Path) -> tuple[str, ...]:
        """The names at which there is another file now than the one that was written."""
        return tuple(name for name in sorted(self.names) if os.path.lexists(folder / name) and not self.owns(folder, name))


def read_manifest(folder: Path) -> Manifest | None:
    """The manifest of a folder, None where it has none. Raises InputError for one that is damaged."""
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
    """The command that wrote an older manifest, which does not name it: one of `hdrkit rank` always names a ranking.csv."""
    return RANK if "ranking.csv" in names else GROUP


def read_manifest_of(folder: Path, command: str) -> Manifest | None:
    """The manifest of a folder, as `read_manifest` does. Raises OutputError where another command wrote it."""
    manifest = read_manifest(folder)
    if manifest is not None and manifest.command != command:
        other = f"hdrkit {manifest.command}"
        raise OutputError(f"{show(folder)}: {other} wrote results there; choose another folder, or remove them: {other} --undo")
    return manifest


def refuse_replacing(paths: Iterable[Path]) -> None:
    """Raises OutputError for a file that is there and named in the manifest of a folder that it is in, or of one above."""

    @cache
    def manifests(folder: Path) -> list[tuple[Manifest, Path]]:
        """Those of a folder and of all above, each with the way down from there."""
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
    """What tells a file from another of its name, empty where there is none.

    It is the digest of a list or a page, which people edit, where a link leads, and of a picture the size in bytes and the
    second in which it was changed: to read all pictures would take long.
    """
    try:
        if path.is_symlink():
            return f"-> {path.readlink()}"
        if path.suffix in _TEXTS:
            with path.open("rb") as file:
                return hashlib.file_digest(file, "sha256").hexdigest()
        status = path.stat()
        return f"{status.st_size} {int(status.st_mtime)}"
    except OSError:
        return ""
