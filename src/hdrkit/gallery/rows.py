"""Faces as rows of Arrow tables, and back."""

from __future__ import annotations

import json
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, fields
from pathlib import Path
from typing import Any

import numpy as np

from hdrkit.types import Face, FaceMeasures, SeenFace

MEASURES = tuple(field.name for field in fields(FaceMeasures) if field.name != "unknown")
DIGEST = 16  # bytes
_LANDMARKS = 10  # numbers of five points
Key = tuple[bytes, int]
"""A face: the digest of its photograph, and its place there from 0 for the one at the left."""


@dataclass(frozen=True)
class Content:
    """What was seen in a photograph, by the `digest` (16 bytes) of its file: its faces, and a JPEG of each (or none)."""

    digest: bytes
    faces: tuple[SeenFace, ...]
    crops: tuple[bytes, ...] = ()


def face_schema(dims: int) -> Any:
    """The columns of faces with embeddings of so many dimensions."""
    import pyarrow as pa

    def vector(length: int) -> Any:
        return pa.list_(pa.float32(), length)

    return pa.schema(
        [
            ("digest", pa.binary(DIGEST)),
            ("place", pa.int32()),
            ("embedding", vector(dims)),
            ("area", vector(4)),
            ("landmarks", vector(_LANDMARKS)),
            ("confidence", pa.float32()),
            *((name, pa.float32()) for name in MEASURES),
            ("unknown", pa.string()),
            ("crop", pa.binary()),
        ]
    )


def face_rows(contents: Sequence[Content], dims: int) -> Any:
    """The faces of contents as an Arrow table."""
    import pyarrow as pa

    rows = [
        ((content.digest, place), seen, crop)
        for content in contents
        for place, (seen, crop) in enumerate(zip(content.faces, content.crops or (b"",) * len(content.faces), strict=True))
    ]

    def vectors(values: list[Any], length: int) -> Any:
        flat = np.array(values, np.float32).reshape(-1)
        return pa.FixedSizeListArray.from_arrays(pa.array(flat), length)

    return pa.table(
        [
            pa.array([key[0] for key, _, _ in rows], pa.binary(DIGEST)),
            pa.array([key[1] for key, _, _ in rows], pa.int32()),
            vectors([seen.embedding for _, seen, _ in rows], dims),
            vectors([seen.face.area for _, seen, _ in rows], 4),
            vectors([seen.face.landmarks for _, seen, _ in rows], _LANDMARKS),
            pa.array([seen.face.confidence for _, seen, _ in rows], pa.float32()),
            *(pa.array([getattr(seen.measures, name) for _, seen, _ in rows], pa.float32()) for name in MEASURES),
            pa.array([json.dumps(seen.measures.unknown) for _, seen, _ in rows], pa.string()),
            pa.array([crop for _, _, crop in rows], pa.binary()),
        ],
        schema=face_schema(dims),
    )


def faces_of(table: Any) -> Iterator[tuple[Key, SeenFace]]:
    """The key and the face of each row, without a path and a person."""

    def matrix(name: str) -> Any:
        values = table[name].combine_chunks().flatten().to_numpy(zero_copy_only=False)
        return values.reshape(len(table), -1)

    if not len(table):
        return
    embeddings, areas, landmarks = (matrix(name) for name in ("embedding", "area", "landmarks"))
    measures = zip(*(table[name].to_pylist() for name in MEASURES), strict=True)
    rest = (table[name].to_pylist() for name in ("digest", "place", "confidence", "unknown"))
    for k, (measured, digest, place, confidence, unknown) in enumerate(zip(measures, *rest, strict=True)):
        known = dict(zip(MEASURES, measured, strict=True))
        why = tuple((name, reason) for name, reason in json.loads(unknown))
        face = Face(tuple(areas[k].tolist()), landmarks[k].reshape(5, 2), confidence)
        yield (digest, place), SeenFace(Path(), face, embeddings[k], FaceMeasures(**known, unknown=why))
