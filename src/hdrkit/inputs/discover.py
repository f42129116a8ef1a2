"""Paths -> photo files. Folders are walked in a stable order. Other files are counted and left alone."""

from __future__ import annotations

import os
import re
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

from hdrkit.errors import InputError, NothingUsableError, OutputError
from hdrkit.files.manifest import GROUP, read_manifest, refuse_replacing
from hdrkit.files.text import counted, listed, show
from hdrkit.formats.suffixes import PHOTOGRAPHS, FileKind, formats_of, suffixes_of
from hdrkit.inputs.lists import read_groups
from hdrkit.types import Failure

_SIDECAR = ".xmp"  # it belongs to a photograph and is not counted
_SERIES_RESULT = re.compile(r"\d{14}.*_hdr(?:_preview)?$")


@dataclass(frozen=True)
class Discovery:
    """Photo files in a stable order, the given path that led to each, and the number of other files without sidecars."""

    paths: tuple[Path, ...]
    roots: tuple[Path, ...]
    ignored: int


@dataclass(frozen=True)
class Folder:
    """The names of the photographs in one folder in a stable order, the given path above it, and the number of other files.

    Sidecars (.xmp) are not counted.
    """

    path: Path
    root: Path
    names: tuple[str, ...]
    ignored: int

    @property
    def paths(self) -> list[Path]:
        """The paths of the photographs."""
        return [self.path / name for name in self.names]


def discover(paths: Path | str | Iterable[Path | str]) -> Discovery:
    """The photo files that paths name. A file counts as it is, a folder is walked recursively without hidden names.

    Links are followed, but each real folder is entered once, so that a loop ends. The order is that of the paths, and by name
    inside a folder. A file reached twice counts once. Results of hdrkit among photographs are left out of a folder: radiance, its
    previews, pictures of a series, plots of response curves, and the files of `hdrkit group`. A list of groups (.csv) that is
    the only path stands for the photographs in it. Raises InputError for a path that does not exist, and if nothing is found.
    """
    given = [Path(paths)] if isinstance(paths, (str, Path)) else [Path(path) for path in paths]
    if listing := sole_list(given):
        listed = tuple(Path(path) for path in read_groups(listing).paths)
        return Discovery(listed, (listing.parent,) * len(listed), 0)
    found: dict[tuple[str, str], tuple[Path, Path]] = {}  # by real folder and name
    ignored = 0
    for root in given:
        if root.is_dir():
            for folder in discover_folders([root]):
                ignored += folder.ignored
                real = os.path.realpath(folder.path)
                for name, path in zip(folder.names, folder.paths, strict=True):
                    found.setdefault((real, name), (path, root))
        elif root.exists():
            found.setdefault((os.path.realpath(root.parent), root.name), (root, root.parent))
        else:
            raise InputError(f"{show(root)}: no such file or folder")
    if not found:
        raise nothing_found(given, ignored)
    files, roots = zip(*found.values(), strict=True)
    return Discovery(files, roots, ignored)


def discover_folders(paths: Iterable[Path]) -> Iterator[Folder]:
    """The folders that `discover` walks, one at a time as they are asked for, each real folder once.

    Nothing is kept in memory, and an empty folder is no error. Raises InputError for a folder that cannot be read.
    """
    entered: set[tuple[int, int]] = set()
    for root in paths:
        folders, chosen = _walk(root, entered), _photographs
        if not any(_photographs(names) for _, names in _walk(root, set(entered))):
            # Radiance beside photographs is a result. Without photographs it is what to merge, except what a merge wrote.
            folders, chosen = iter(list(folders)), _radiance
        for path, names in folders:
            sidecars = sum(name.lower().endswith(_SIDECAR) for name in names)
            yield Folder(path, root, found := tuple(chosen(names)), len(names) - len(found) - sidecars)


def nothing_found(paths: Iterable[Path], ignored: int) -> InputError:
    """The error for paths without photographs, with the number of files that were ignored, if any."""
    names = ", ".join(show(path) for path in paths) or "no input"
    others = f" ({counted(ignored, 'other file')} ignored)" if ignored else ""
    return InputError(f"{names}: no pictures found{others}; hdrkit reads {_known_formats()}")


class NoneReadableError(NothingUsableError):
    """None of the files that were found can be read."""


def none_readable(count: int, failures: Sequence[Failure]) -> NoneReadableError:
    """The error if none of so many files can be read. It gives the reason of the first, and holds the other failures."""
    first = failures[0].reason
    return NoneReadableError((f"none of {count} files is readable; the first: " if count > 1 else "") + first, failures)


def sole_list(paths: Sequence[Path]) -> Path | None:
    """The list of groups that is the only path: a .csv, or the one in a folder that `hdrkit group` wrote; else None."""
    if len(paths) != 1:
        return None
    (given,) = paths
    if given.suffix.lower() == ".csv" and given.is_file():
        return given
    manifest = read_manifest(given)  # a folder that photographs were moved to is a folder of photographs
    listed = manifest and manifest.command == GROUP and not manifest.moved and (given / "groups.csv").is_file()
    return given / "groups.csv" if listed else None  # with the changes that a person may have made


def refuse_overwriting(outputs: Iterable[Path], photos: Iterable[Path]) -> None:
    """Raise OutputError if a result would replace a photograph that it is made from, or a file of `hdrkit group` or `rank`."""
    outputs = list(outputs)
    refuse_replacing(outputs)
    there = {os.path.realpath(output): output for output in outputs if output.exists()}
    for photo in photos if there else ():
        if (output := there.get(os.path.realpath(photo))) is not None:
            raise OutputError(f"{show(output)}: it is one of the photographs, which are never written to; choose another name")


def _photographs(names: Sequence[str]) -> list[str]:
    """The photographs among the files of one folder, without radiance, and without the previews and plots of results."""
    split = [_split(name) for name in names]
    photographs, floats, tables = suffixes_of(*PHOTOGRAPHS), suffixes_of(FileKind.RADIANCE), suffixes_of(FileKind.CURVE)
    radiance = {stem for stem, suffix in split if suffix in floats}
    curves = {stem for stem, suffix in split if suffix in tables}
    return [
        name
        for name, (stem, suffix) in zip(names, split, strict=True)
        if suffix in photographs
        and not (stem.endswith("_preview") and stem.removesuffix("_preview") in radiance)
        and not (name.endswith(".png") and stem in curves)
        and not (name == "response_curve.jpg" and curves)
        and not _SERIES_RESULT.search(stem)
    ]


def _radiance(names: Sequence[str]) -> list[str]:
    floats = suffixes_of(FileKind.RADIANCE)
    return [name for name in names if _split(name)[1] in floats]


def _split(name: str) -> tuple[str, str]:
    """The stem and the suffix, in small letters, of a file name. `Path` takes ten times as long, and there may be millions."""
    stem, _, suffix = name.rpartition(".")
    return (stem, f".{suffix.lower()}") if stem else (name, "")


def _walk(folder: Path, entered: set[tuple[int, int]]) -> Iterator[tuple[Path, list[str]]]:
    """A folder with the names of its files, then the folders below it in the same way."""
    try:
        status = folder.stat()
        if (status.st_dev, status.st_ino) in entered:
            return
        entered.add((status.st_dev, status.st_ino))
        with os.scandir(folder) as found:
            entries = {entry.name: _is_folder(entry) for entry in found if not entry.name.startswith(".")}
    except OSError as error:
        raise InputError(f"{show(folder)}: cannot be read ({error.strerror})") from error
    ordered = sorted(entries, key=os.fsencode)
    manifest = read_manifest(folder)

    def foreign(path: Path, names: list[str]) -> list[str]:
        if manifest is None:
            return names
        below = path.relative_to(folder)
        return [name for name in names if not manifest.owns(folder, (below / name).as_posix())]

    yield folder, foreign(folder, [name for name in ordered if not entries[name]])
    for name in ordered:
        if entries[name]:
            yield from ((path, foreign(path, names)) for path, names in _walk(folder / name, entered))


def _is_folder(entry: os.DirEntry[str]) -> bool:
    try:
        return entry.is_dir()
    except OSError:  # a link to itself
        return False


def _known_formats() -> str:
    return listed([row.name for row in formats_of(*PHOTOGRAPHS, FileKind.RADIANCE)], "and")
