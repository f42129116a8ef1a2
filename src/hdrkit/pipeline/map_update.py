"""New pictures into an old map: what is there keeps its place and the number of its group."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import fields, replace
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from hdrkit.errors import InputError
from hdrkit.files.manifest import MAP, read_manifest_of
from hdrkit.files.text import counted, show
from hdrkit.files.transport import real
from hdrkit.pipeline.known_files import as_written
from hdrkit.results.map_memory import MEMORY, MadeWith, MapMemory, read_memory
from hdrkit.semantics.joining import OldMap
from hdrkit.semantics.mapping import Mapped, map_vectors
from hdrkit.semantics.options import MapOptions

_NEW = -1


def read_old_map(folder: Path, made_with: MadeWith) -> MapMemory | None:
    """The map that lies in a folder, None if there is none. Raises InputError if it is damaged, or made with anything else."""
    memory = read_memory(folder)
    if memory is None:
        if read_manifest_of(folder, MAP) is not None:
            raise InputError(f"{show(folder)}: {MEMORY} is missing, which an update needs; make the map again without --update")
        return None
    flags = {option.name: option.metadata["flag"] for option in fields(MapOptions)}
    before, now = memory.made_with.options, made_with.options
    other = [f"{flags.get(name, name)} {value}" for name, value in before.items() if now.get(name) != value]
    if other or memory.made_with.version != made_with.version:
        what = show(" ".join(other)) or "other models"
        raise InputError(f"{show(folder)}: its map was made with {what}; give the same, or make it again without --update")
    return memory


def with_old_paths(found: Sequence[Path], old: MapMemory) -> tuple[Path, ...]:
    """The paths that were found, and those of the old map that are still files."""
    known = {real(path) for path in found}
    return (*found, *(as_written(path) for path in old.paths if path not in known and path.is_file()))


def updated(
    old: MapMemory,
    folder: Path,
    paths: Sequence[Path],
    digests: Sequence[bytes],
    vectors: NDArray[np.float32],
    options: MapOptions,
) -> Mapped:
    """The map of N pictures with unit vectors (N, D). Pictures of before stay in their places; the others get new ones.

    A picture is one of before if its content is, at the same path first, else at another one. Raises InputError, which names the
    `folder` of the map, without any.
    """
    before = _before(old, paths, digests)
    still = np.flatnonzero(before != _NEW)
    if not len(still):
        raise InputError(
            f"{show(folder)}: none of the {counted(len(old.paths), 'picture')} of its map is there; "
            "give their folder, or make a new map without --update"
        )
    at = before[still]
    mapped = map_vectors(vectors, options, OldMap(still, old.positions[at], old.groups[at], old.following))
    note = (
        f"{counted(len(paths) - len(at), 'picture')} added to the map, {counted(len(old.paths) - len(at), 'picture')} taken out"
    )
    return replace(mapped, notes=(*mapped.notes, note))


def _before(old: MapMemory, paths: Sequence[Path], digests: Sequence[bytes]) -> NDArray[np.int64]:
    """The number of each picture in the old map, `_NEW` for none. No two have the same."""
    numbers = {key: k for k, key in enumerate(zip(old.paths, old.digests, strict=True))}
    found = [numbers.pop((real(path), digest), _NEW) for path, digest in zip(paths, digests, strict=True)]
    elsewhere: dict[bytes, list[int]] = {}
    for (_, digest), k in reversed(numbers.items()):
        elsewhere.setdefault(digest, []).append(k)
    for k, digest in enumerate(digests):
        if found[k] == _NEW and elsewhere.get(digest):
            found[k] = elsewhere[digest].pop()
    return np.array(found, np.int64)
