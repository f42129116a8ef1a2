"""`embeddings.npz`: what a later run needs to add pictures to a map without moving those that are there.

The run reads all but the vectors: those of a picture come from the cache, or are made again. They are there for other programs.
"""

from __future__ import annotations

import io
import json
import os
import zipfile
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from hdrkit.errors import InputError
from hdrkit.files.atomic import read_bytes
from hdrkit.files.text import show
from hdrkit.files.transport import real
from hdrkit.results.group_layout import relative_to
from hdrkit.types import ALONE, MapResult

MEMORY = "embeddings.npz"


@dataclass(frozen=True)
class MadeWith:
    """What a map was made with: `version` names what made the vectors, `options` are those of the run, as plain values.

    Vectors of another version cannot be compared with those of the map.
    """

    version: str
    options: dict[str, Any]


@dataclass(frozen=True, eq=False)
class MapMemory:
    """The pictures of a map in order: absolute paths, digests of contents, unit vectors (N, D), positions (N, 3), groups (N,).

    `following` is the number of the next group: no group of this map had it, nor any that has left the map.
    """

    paths: tuple[Path, ...]
    digests: tuple[bytes, ...]
    vectors: NDArray[np.float32]
    positions: NDArray[np.float32]
    groups: NDArray[np.int64]
    following: int
    made_with: MadeWith


def memory_of(
    result: MapResult, digests: Sequence[bytes], vectors: NDArray[Any], made_with: MadeWith, least: int = 0
) -> MapMemory:
    """The memory of a result. Digests and vectors are in the order of its pictures; digests have one length.

    `least` is the number of the next group before this run.
    """
    groups = np.array([picture.group for picture in result.pictures], np.int64)
    return MapMemory(
        tuple(real(picture.path) for picture in result.pictures),
        tuple(digests),
        np.asarray(vectors, np.float32),
        np.array([picture.position for picture in result.pictures], np.float32).reshape(-1, 3),
        groups,
        max(least, int(groups.max(initial=ALONE)) + 1),
        made_with,
    )


def memory_file(memory: MapMemory, folder: Path) -> bytes:
    """The file, with paths relative to `folder`, where it will lie, and vectors as half floats. No pickled objects."""
    at = folder.resolve()
    file = io.BytesIO()
    np.savez(
        file,
        paths=_as_bytes(b"\0".join(os.fsencode(relative_to(at, path)) for path in memory.paths)),
        digests=_as_bytes(b"".join(memory.digests)).reshape(len(memory.digests), -1 if memory.digests else 0),
        vectors=memory.vectors.astype(np.float16),
        positions=memory.positions,
        groups=memory.groups,
        following=np.int64(memory.following),
        version=_as_bytes(memory.made_with.version.encode()),
        options=_as_bytes(json.dumps(memory.made_with.options).encode()),
    )
    return file.getvalue()


def _as_bytes(data: bytes) -> NDArray[np.uint8]:
    return np.frombuffer(data, np.uint8)


def read_memory(folder: Path) -> MapMemory | None:
    """The memory that lies in a folder, None if there is none. Raises InputError if it is damaged."""
    path = folder / MEMORY
    if not path.is_file():
        return None
    try:
        with np.load(io.BytesIO(read_bytes(path)), allow_pickle=False) as stored:
            names = stored["paths"].tobytes().split(b"\0") if stored["paths"].size else []
            paths = tuple(Path(os.path.normpath(folder.resolve() / os.fsdecode(name))) for name in names)
            memory = MapMemory(
                paths,
                tuple(row.tobytes() for row in stored["digests"]),
                stored["vectors"].astype(np.float32, casting="same_kind"),
                stored["positions"].astype(np.float32, casting="same_kind"),
                stored["groups"].astype(np.int64, casting="safe"),
                int(stored["following"]),
                MadeWith(stored["version"].tobytes().decode(), dict(json.loads(stored["options"].tobytes()))),
            )
    except (ValueError, KeyError, TypeError, EOFError, OSError, zipfile.BadZipFile) as error:
        raise _damaged(path) from error
    if not _is_whole(memory):
        raise _damaged(path)
    return memory


def _is_whole(memory: MapMemory) -> bool:
    """Whether all parts have the shapes and values that a map has."""
    count, vectors, positions, groups = len(memory.paths), memory.vectors, memory.positions, memory.groups
    return (
        len(memory.digests) == len(vectors) == count
        and vectors.ndim == 2
        and positions.shape == (count, 3)
        and groups.shape == (count,)
        and bool(np.isfinite(vectors).all() and np.isfinite(positions).all())
        and bool((groups >= ALONE).all() and (groups < memory.following).all())
    )


def _damaged(path: Path) -> InputError:
    return InputError(f"{show(path)}: the memory of the map is damaged; make the map again without --update")
