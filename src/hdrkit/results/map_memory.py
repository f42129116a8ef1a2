"""`embeddings.npz`: what a later run needs to add pictures to a map without moving those that are there."""

from __future__ import annotations

import io
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
from hdrkit.types import MapResult

MEMORY = "embeddings.npz"


@dataclass(frozen=True, eq=False)
class MapMemory:
    """The pictures of a map in order: absolute paths, digests of contents, unit vectors (N, D), positions (N, 3), groups (N,).

    `version` names what made the vectors. Vectors of another version cannot be compared with them.
    """

    paths: tuple[Path, ...]
    digests: tuple[bytes, ...]
    vectors: NDArray[np.float32]
    positions: NDArray[np.float32]
    groups: NDArray[np.int64]
    version: str


def memory_of(result: MapResult, digests: Sequence[bytes], vectors: NDArray[Any], version: str) -> MapMemory:
    """The memory of a result. Digests and vectors are in the order of its pictures; digests have one length."""
    return MapMemory(
        tuple(real(picture.path) for picture in result.pictures),
        tuple(digests),
        np.asarray(vectors, np.float32),
        np.array([picture.position for picture in result.pictures], np.float32).reshape(-1, 3),
        np.array([picture.group for picture in result.pictures], np.int64),
        version,
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
        version=_as_bytes(memory.version.encode()),
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
                stored["vectors"].astype(np.float32),
                stored["positions"],
                stored["groups"],
                stored["version"].tobytes().decode(),
            )
        rows = {len(part) for part in (memory.paths, memory.digests, memory.vectors, memory.positions, memory.groups)}
        if (
            len(rows) != 1
            or memory.vectors.ndim != 2
            or memory.positions.shape[1:] != (3,)
            or not np.isfinite(memory.positions).all()
        ):
            raise ValueError
    except (ValueError, KeyError, EOFError, OSError, zipfile.BadZipFile) as error:
        raise InputError(f"{show(path)}: the memory of the map is damaged; make the map again without --update") from error
    return memory
