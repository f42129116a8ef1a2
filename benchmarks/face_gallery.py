"""Where the faces of persons could be kept: LanceDB beside SQLite with faiss, at the tasks of the gallery.

Faces are rows of a digest, a number, a vector and a small picture. Needs no data and no models.
"""

from __future__ import annotations

import argparse
import sqlite3
import tempfile
import time
import warnings
from datetime import timedelta
from pathlib import Path
from typing import Protocol

import faiss
import lancedb
import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
from matplotlib.figure import Figure

from benchmarks.harness import Result, Table

DIMS, PICTURE, BATCH = 128, 600, 10_000
Rows = tuple[list[bytes], np.ndarray, np.ndarray, list[bytes]]


class Store(Protocol):
    def add(self, rows: Rows) -> None: ...
    def nearest(self, vectors: np.ndarray) -> None: ...
    def look_up(self, digests: list[bytes]) -> int: ...
    def erase(self, person: int) -> None: ...


def arguments(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("--faces", type=int, nargs="+", default=[100_000, 1_000_000])


def measure(options: argparse.Namespace) -> Result:
    rows, figure = [], Figure(figsize=(7, 3))
    axes = figure.subplots()
    for count in options.faces:
        for name, kind in {"LanceDB": Lance, "SQLite and faiss": Sqlite}.items():
            with tempfile.TemporaryDirectory() as folder:
                seconds = _timed(kind, Path(folder), count)
                size = sum(path.stat().st_size for path in Path(folder).rglob("*") if path.is_file()) / 1e6
            rows.append((f"{name}, {count} faces", *(f"{value:.2f}" for value in seconds.values()), f"{size:.0f}"))
            axes.plot(list(seconds), list(seconds.values()), "o-", label=rows[-1][0])
    axes.set(ylabel="CPU seconds", yscale="log")
    axes.tick_params(axis="x", labelrotation=15)
    axes.legend(fontsize=8)
    figure.tight_layout()
    about = (
        "CPU seconds; to fill includes drawing the faces. Both are fast enough. LanceDB alone takes the address of object "
        "storage in place of a folder, so hdrkit keeps persons there. Erasing means that no byte of the faces stays in a file: "
        "LanceDB writes the table anew."
    )
    return Result("Where persons are kept", about, [Table(("store", *seconds, "megabytes"), rows)], figure)


def _timed(kind: type, folder: Path, count: int) -> dict[str, float]:
    store = kind(folder)
    first, last = (_rows(k, BATCH) for k in (0, count // BATCH - 1))
    tasks = {
        "fill": lambda: [store.add(_rows(k, BATCH)) for k in range(count // BATCH)],
        "ten nearest of 10 faces": lambda: kind(folder).nearest(first[2][:10]),
        "look up 10000": lambda: store.look_up(last[0]),
        "add 10": lambda: store.add(_rows(10**6, 10)),
        "erase a person": lambda: store.erase(int(first[1][0])),
    }
    seconds = {}
    for name, task in tasks.items():
        start = time.process_time()
        task()
        seconds[name] = time.process_time() - start
    return seconds


def _rows(seed: int, count: int) -> Rows:
    rng = np.random.default_rng(seed)
    vectors = rng.normal(size=(count, DIMS)).astype(np.float32)
    vectors /= np.linalg.norm(vectors, axis=1, keepdims=True)
    return (
        [rng.bytes(16) for _ in range(count)],
        rng.integers(0, 5000, count),
        vectors,
        [rng.bytes(PICTURE) for _ in range(count)],
    )


class Lance:
    def __init__(self, folder: Path) -> None:
        self._database = lancedb.connect(folder)
        fields = [
            ("digest", pa.binary(16)),
            ("person", pa.int32()),
            ("vector", pa.list_(pa.float32(), DIMS)),
            ("picture", pa.binary()),
        ]
        self._schema = pa.schema(fields)
        self._table = self._database.create_table("faces", schema=self._schema, exist_ok=True)

    def add(self, rows: Rows) -> None:
        digests, persons, vectors, pictures = rows
        flat = pa.FixedSizeListArray.from_arrays(pa.array(vectors.ravel()), DIMS)
        columns = [pa.array(digests, pa.binary(16)), pa.array(persons.astype(np.int32)), flat, pa.array(pictures, pa.binary())]
        self._table.add(pa.table(columns, schema=self._schema))

    def nearest(self, vectors: np.ndarray) -> None:
        for vector in vectors:
            self._table.search(vector).distance_type("cosine").limit(10).to_arrow()

    def look_up(self, digests: list[bytes]) -> int:
        keys = self._table.search().select(["digest"]).with_row_id(True).to_arrow()
        rows = keys["_rowid"].filter(pc.is_in(keys["digest"], value_set=pa.array(digests, pa.binary(16)))).to_pylist()
        return len(self._table.take_row_ids(rows).to_arrow())

    def erase(self, person: int) -> None:
        self._table.delete(f"person = {person}")
        rows = self._table.search().to_batches(2048)
        self._table = self._database.create_table("faces", data=rows, schema=self._schema, mode="overwrite")
        with warnings.catch_warnings():
            warnings.simplefilter("ignore", UserWarning)
            self._table.optimize(cleanup_older_than=timedelta(0), delete_unverified=True)


class Sqlite:
    def __init__(self, folder: Path) -> None:
        self._database = sqlite3.connect(folder / "faces.sqlite")
        self._database.executescript(
            "PRAGMA secure_delete = ON; CREATE TABLE IF NOT EXISTS faces (digest BLOB, person INT, vector BLOB, picture BLOB);"
            "CREATE INDEX IF NOT EXISTS by_digest ON faces (digest); CREATE INDEX IF NOT EXISTS by_person ON faces (person);"
        )

    def add(self, rows: Rows) -> None:
        digests, persons, vectors, pictures = rows
        with self._database:
            cells = zip(digests, persons.tolist(), (vector.tobytes() for vector in vectors), pictures, strict=True)
            self._database.executemany("INSERT INTO faces VALUES (?, ?, ?, ?)", cells)

    def nearest(self, vectors: np.ndarray) -> None:
        stored = [np.frombuffer(vector, np.float32) for (vector,) in self._database.execute("SELECT vector FROM faces")]
        index = faiss.IndexFlatIP(DIMS)
        index.add(np.stack(stored))
        index.search(vectors, 10)

    def look_up(self, digests: list[bytes]) -> int:
        question = "SELECT * FROM faces WHERE digest = ?"
        return sum(len(self._database.execute(question, (digest,)).fetchall()) for digest in digests)

    def erase(self, person: int) -> None:
        with self._database:
            self._database.execute("DELETE FROM faces WHERE person = ?", (person,))
