"""`series.csv`: what became of each bracket of a series, written as it becomes known, and what a later run need not do again.

A bracket is done where its row carries the key of what it would be made from now, and its files are there. The key stands in
the row itself: the record is one file that people read too, moves with the results, and a row deleted is a bracket to do again.
Each folder of results has its own, so that a year of day folders is no file of half a million rows.
Every row is added with one write; half a row, which only a crash can leave, is cut off when the file is opened again.
"""

from __future__ import annotations

import csv
import hashlib
import io
import json
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import asdict, dataclass, fields
from importlib.metadata import version
from pathlib import Path
from typing import NamedTuple

from hdrkit.batch import MergeJob, MergeOutcome
from hdrkit.errors import OutputError
from hdrkit.grouping.timestamps import timestamp_in_name
from hdrkit.io.artifacts import plain, to_csv
from hdrkit.io.files import read_bytes, show, write_bytes, writing
from hdrkit.io.lock import alone_in

NAME = "series.csv"
_OPEN = 8  # records in memory


@dataclass(frozen=True)
class Row:
    """A bracket: its name, its time (ISO 8601), the file written (in the folder of the record) and what is to know of it.

    `frames` were merged. `saturated` and `black` are shares of the picture in percent that no frame measured. `alignment`
    is how the frames were brought together, `seconds` how long it took, `note` what is odd, `error` what failed or was left out.
    """

    bracket: str
    timestamp: str
    output: str
    frames: str
    saturated: str
    black: str
    alignment: str
    seconds: str
    note: str
    error: str
    key: str

    @property
    def cells(self) -> tuple[str, ...]:
        """The row as the file holds it."""
        return tuple(asdict(self).values())


_HEADER = [field.name for field in fields(Row)]


def content_key(job: MergeJob) -> str:
    """What decides the bytes of a result: the frames (name, size, time of change, exposure), curve, options and version.

    Empty where a frame is not there. The limit of memory, which changes no pixel, does not count.
    """
    try:
        status = [photo.path.stat() for photo in job.bracket.photos]
    except OSError:
        return ""
    frames = [
        (photo.path.name, found.st_size, found.st_mtime_ns, photo.exposure)
        for photo, found in zip(job.bracket.photos, status, strict=True)
    ]
    out = {name: value for name, value in asdict(job.out).items() if name != "max_memory"}
    decides = [version("hdrkit"), frames, job.merge, job.alignment, out, job.inputs.estimate_exposures]
    digest = hashlib.sha256(json.dumps(plain(decides)).encode("ascii"))
    if job.response is not None:
        curve = job.response
        digest.update(curve.ln_exposure.tobytes() + (b"" if curve.sigma is None else curve.sigma.tobytes()))
        digest.update(f"{curve.camera} {curve.absolute}".encode(errors="surrogateescape"))
    digest.update(job.response_name.encode(errors="surrogateescape"))
    return digest.hexdigest()[:32]


def row_of(job: MergeJob, outcome: MergeOutcome, key: str) -> Row:
    """What the record says of a bracket that has been worked on."""
    report, taken = outcome.report, timestamp_in_name(job.output)
    pixels = report.size[0] * report.size[1] if report else 1
    unusual = [job.bracket.why] if ": " in job.bracket.why else []
    errors = [*([outcome.error] if outcome.error else []), *outcome.failures]
    return Row(
        bracket=show(job.bracket.name),
        timestamp=taken.isoformat() if taken else "",
        output=show(outcome.output.name) if outcome.output else "",
        frames=str(len(report.frames)) if report else "",
        saturated=f"{100 * report.saturated / pixels:.4f}" if report else "",
        black=f"{100 * report.black / pixels:.4f}" if report else "",
        alignment=report.alignment.summary if report and report.alignment else "",
        seconds=f"{outcome.seconds:.2f}",
        note=_one_line([*unusual, *(report.warnings if report else ())]),
        error=_one_line(errors),
        key=key if outcome.output else "",
    )


def _one_line(parts: list[str]) -> str:
    return "; ".join(show(part) for part in parts)


class Made(NamedTuple):
    """A result that is there: the frames that were merged, and when it was written (seconds since 1970)."""

    frames: int
    time: float


class Ledger:
    """The record of one folder of results."""

    def __init__(self, out: Path) -> None:
        self._path = out / NAME
        self._rows = {row.bracket: row for row in _read(self._path)}
        self._write()

    def finished(self, job: MergeJob, key: str) -> Row | None:
        """The row of a bracket that needs no work: made from the same with the same, and still there."""
        row = self._rows.get(show(job.bracket.name))
        if row is None or not key or row.key != key or row.output != show(job.output.name):
            return None
        enough = int(row.frames or 0) >= job.inputs.min_frames
        return row if enough and all(path.is_file() for path in job.results) else None

    def made(self, bracket: str) -> Made | None:
        """What there is of a bracket, whatever it was made with."""
        row = self._rows.get(show(bracket))
        try:
            return Made(int(row.frames), (self._path.parent / row.output).stat().st_mtime) if row and row.key else None
        except (OSError, ValueError):
            return None

    def add(self, row: Row) -> None:
        """Keep a row. Raises OutputError where it cannot be written."""
        self._rows[row.bracket] = row
        with writing(self._path), self._path.open("ab", buffering=0) as file:
            file.write(to_csv([row.cells]))

    def close(self) -> None:
        """Put the rows in the order of time, one for each bracket."""
        self._write()

    def _write(self) -> None:
        ordered = sorted(self._rows.values(), key=lambda row: (row.timestamp, row.bracket))
        data = to_csv([_HEADER, *(row.cells for row in ordered)])
        if not self._path.is_file() or read_bytes(self._path) != data:
            write_bytes(self._path, data)


class Records:
    """The records of all folders of results, of which the last few in use are in memory: a year does not add up."""

    def __init__(self) -> None:
        self._open: dict[Path, Ledger] = {}

    def of(self, folder: Path) -> Ledger:
        """The record of a folder of results. Raises OutputError for a `series.csv` that is none of ours."""
        known = self._open.pop(folder, None)
        ledger = self._open[folder] = known or Ledger(folder)
        if len(self._open) > _OPEN:
            self._open.pop(next(iter(self._open))).close()
        return ledger

    def forget(self) -> None:
        """Read them again before they are used: what was written last may not be whole."""
        self._open.clear()

    def close(self) -> None:
        """Close those that are open."""
        while self._open:
            self._open.popitem()[1].close()


@contextmanager
def opened(out: Path) -> Iterator[Records]:
    """The records of `out` and the folders in it, for one run at a time; what a killed run has left half done is removed.

    Raises OutputError where another run works in the folder.
    """
    with writing(out):
        out.mkdir(parents=True, exist_ok=True)
    with alone_in(out):
        _remove_unfinished(out)
        records = Records()
        try:
            yield records
        finally:
            records.close()


def _remove_unfinished(out: Path) -> None:
    for left in out.rglob(".hdrkit-*"):
        with suppress(OSError):
            left.unlink()


def _read(path: Path) -> list[Row]:
    if not path.is_file():
        return []
    whole, _, _ = read_bytes(path).rpartition(b"\n")  # without a last line that a crash has cut
    lines = list(csv.reader(io.StringIO(whole.decode("utf-8", "surrogateescape"), newline="")))
    if lines and lines[0] != _HEADER:
        raise OutputError(f"{show(path)}: it is no record of this version of hdrkit; move it away, or choose another folder")
    return [Row(*line) for line in lines[1:] if len(line) == len(_HEADER)]
