"""Paths in, photo files out: folders are walked in a stable order, what is no photograph is counted and left alone."""

from __future__ import annotations

import os
import re
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

from hdrkit.errors import InputError, OutputError
from hdrkit.io.artifacts import read_groups
from hdrkit.io.files import show
from hdrkit.io.manifest import read_manifest

ENCODED_SUFFIXES = frozenset([".jpg", ".jpeg", ".jpe", ".png", ".tif", ".tiff", ".webp", ".jp2", ".j2k", ".bmp", ".avif"])
RAW_SUFFIXES = frozenset(
    [
        ".3fr",
        ".arw",
        ".cr2",
        ".cr3",
        ".crw",
        ".dcr",
        ".dng",
        ".erf",
        ".fff",
        ".iiq",
        ".k25",
        ".kdc",
        ".mef",
        ".mos",
        ".mrw",
        ".nef",
        ".nrw",
        ".orf",
        ".pef",
        ".raf",
        ".raw",
        ".rw2",
        ".rwl",
        ".sr2",
        ".srf",
        ".srw",
        ".x3f",
    ]
)
_SERIES_RESULT = re.compile(r"\d{14}.*_hdr(?:_preview)?$")
CURVE_SUFFIXES = frozenset([".npz", ".npy", ".m", ".rsp"])
FLOAT_SUFFIXES = frozenset([".exr", ".hdr", ".pic"])


@dataclass(frozen=True)
class Discovery:
    """Photo files in a stable order, each with the input it was found under, and how many other files were passed over."""

    paths: tuple[Path, ...]
    roots: tuple[Path, ...]
    ignored: int


def discover(inputs: Path | str | Iterable[Path | str]) -> Discovery:
    """Photo files among paths: a file is taken as it is named, a folder is walked recursively, hidden names left out.

    Links are followed, each real folder is entered once (so a loop ends). Order: the inputs as given, inside a folder
    by name. A file reached twice counts once. What hdrkit itself may have written among photographs is left out of a
    folder: radiance, its previews, pictures of a series, plots of response curves, and what `hdrkit group` made of other
    photographs. A list of groups (.csv), as the only input, stands for the photographs in it. Raises InputError for a path
    that does not exist, and where nothing is found.
    """
    given = [Path(inputs)] if isinstance(inputs, (str, Path)) else [Path(path) for path in inputs]
    if listing := sole_list(given):
        listed = tuple(Path(path) for path in read_groups(listing).paths)
        return Discovery(listed, (listing.parent,) * len(listed), 0)
    found: dict[Path, tuple[Path, Path]] = {}  # by real folder and name
    ignored = 0
    for root in given:
        if root.is_dir():
            folders = list(_walk(root, set()))
            photographs = [path for files in folders for path in _photographs(files)]
            # Radiance among photographs is a result; by itself it is what there is to merge.
            photographs = photographs or [path for files in folders for path in files if path.suffix.lower() in FLOAT_SUFFIXES]
            ignored += sum(map(len, folders)) - len(photographs)
            for path in photographs:
                found.setdefault(path.parent.resolve() / path.name, (path, root))
        elif root.exists():
            found.setdefault(root.parent.resolve() / root.name, (root, root.parent))
        else:
            raise InputError(f"{show(root)}: no such file or folder")
    if not found:
        names = ", ".join(show(path) for path in given) or "no input"
        raise InputError(f"{names}: no photographs found ({ignored} other files ignored); hdrkit reads {_known_formats()}")
    paths, roots = zip(*found.values(), strict=True)
    return Discovery(paths, roots, ignored)


def sole_list(inputs: Sequence[Path]) -> Path | None:
    """The list of groups that is the only input: a .csv, or the one in a folder that `hdrkit group` wrote; None without one."""
    if len(inputs) != 1:
        return None
    (given,) = inputs
    if given.suffix.lower() == ".csv" and given.is_file():
        return given
    manifest = read_manifest(given)  # where photographs were moved to it, it is a folder of photographs
    listed = manifest and not manifest.moved and "groups.csv" in manifest.names and (given / "groups.csv").is_file()
    return given / "groups.csv" if listed else None  # with what a person may have changed in it


def refuse_overwriting(outputs: Iterable[Path], photos: Iterable[Path]) -> None:
    """Raises OutputError where a result would take the place of a photograph that it is made from."""
    originals = {photo.resolve() for photo in photos}
    for output in outputs:
        if output.resolve() in originals:
            raise OutputError(f"{show(output)}: it is one of the photographs, which are never written to; choose another name")


def _photographs(files: list[Path]) -> list[Path]:
    """The photographs among the files of one folder: no radiance, nor the previews and plots that stand beside results."""
    radiance = {path.stem for path in files if path.suffix.lower() in FLOAT_SUFFIXES}
    curves = {path.stem for path in files if path.suffix.lower() in CURVE_SUFFIXES}
    return [
        path
        for path in files
        if path.suffix.lower() in ENCODED_SUFFIXES | RAW_SUFFIXES
        and not (path.stem.endswith("_preview") and path.stem.removesuffix("_preview") in radiance)
        and not (path.suffix == ".png" and path.stem in curves)
        and not (path.name == "response_curve.jpg" and curves)
        and not _SERIES_RESULT.search(path.stem)
    ]


def _walk(folder: Path, entered: set[tuple[int, int]]) -> Iterator[list[Path]]:
    """The files of a folder, then those of each folder below."""
    try:
        status = folder.stat()
        if (status.st_dev, status.st_ino) in entered:
            return
        entered.add((status.st_dev, status.st_ino))
        entries = sorted((e for e in os.scandir(folder) if not e.name.startswith(".")), key=lambda e: os.fsencode(e.name))
    except OSError as error:
        raise InputError(f"{show(folder)}: cannot be read ({error.strerror})") from error
    folders = [entry for entry in entries if _is_folder(entry)]
    manifest = read_manifest(folder)

    def foreign(path: Path) -> bool:
        return manifest is None or not manifest.owns(folder, path.relative_to(folder).as_posix())

    yield [path for entry in entries if entry not in folders and foreign(path := Path(entry.path))]
    for entry in folders:
        yield from ([path for path in files if foreign(path)] for files in _walk(Path(entry.path), entered))


def _is_folder(entry: os.DirEntry[str]) -> bool:
    try:
        return entry.is_dir()
    except OSError:  # a link to itself
        return False


def _known_formats() -> str:
    return "JPEG, PNG, TIFF, WebP, JPEG 2000, BMP, AVIF, camera RAW, EXR and HDR"
