"""`series.csv`: what became of each bracket of a series, written as it becomes known, and what a later run need not do again.

A bracket is done where its row carries the key of what it would be made from now, and its files are there. The key stands in
the row itself: the record is one file that people read too, moves with the results, and a row deleted is a bracket to do again.
Each folder of results has its own, so that a year of day folders is no file of half a million rows, and knows its brackets by
what they are called in there, so that it does not matter which folder above was given to a run. Reading a record needs no lock;
a run that works in a folder holds it until it turns to others, and then alone removes what a killed run has left half done.
Every row is added with one write; half a row, which only a crash can leave, is cut off when the folder is held again.
"""

from __future__ import annotations

import csv
import errno
import hashlib
import importlib.metadata
import io
import json
import os
from collections.abc import Iterator
from contextlib import ExitStack, suppress
from dataclasses import asdict, dataclass, fields, replace
from functools import cache
from pathlib import Path

from hdrkit.errors import OutputError
from hdrkit.files.atomic import read_bytes, unfinished, write_bytes, writing
from hdrkit.files.json_text import plain
from hdrkit.files.lock import alone_in
from hdrkit.files.tables import to_csv
from hdrkit.files.text import show
from hdrkit.inputs.timestamps import timestamp_in_name
from hdrkit.jobs.job import MergeJob, MergeOutcome
from hdrkit.series.run.made import Made

NAME = "series.csv"

version = cache(importlib.metadata.version)  # which reads a file each time


@dataclass(frozen=True)
class Row:
    """A bracket: its name and the file written, both in the folder of the record, its time (ISO 8601) and what is to know of it.

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
    """What decides the pixels of a result: the frames (name, size, time of change, exposure), curve, options and version.

    Empty where a frame is not there. The name of the curve's file and the limit of memory change no pixel and do not count.
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
    return digest.hexdigest()[:32]


def row_of(job: MergeJob, outcome: MergeOutcome, key: str) -> Row:
    """What the record says of a bracket that has been worked on."""
    report, taken = outcome.report, timestamp_in_name(job.output)
    pixels = report.size[0] * report.size[1] if report else 1
    unusual = [str(job.bracket.remark)] if job.bracket.remark else []
    errors = [failure.reason for failure in (outcome.error, *outcome.failures) if failure]
    return Row(
        bracket=_name(job.bracket.name),
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


def _name(bracket: str) -> str:
    """What a bracket is called in its folder."""
    return show(Path(bracket).name)


def _one_line(parts: list[str]) -> str:
    return "; ".join(show(part) for part in parts)


class Ledger:
    """The record of one folder of results; with `ours` other runs are kept out of it already."""

    def __init__(self, folder: Path, ours: bool = False) -> None:
        self._folder, self._path, self._ours = folder, folder / NAME, ours
        self._held: ExitStack | None = None
        self._rows = _read(self._path)
        if unfinished(folder) or self._path.is_file() and read_bytes(self._path) != self._data():
            with suppress(OutputError):  # a run that is writing, or a folder that nobody may write to
                self.hold()

    def finished(self, job: MergeJob, key: str) -> Row | None:
        """The row of a bracket that needs no work: made from the same with the same, and still there."""
        row = self._rows.get(_name(job.bracket.name))
        if row is None or not key or row.key != key or row.output != show(job.output.name):
            return None
        enough = int(row.frames or 0) >= job.inputs.min_frames
        return row if enough and all(path.is_file() for path in job.results) else None

    def results(self) -> Iterator[Made]:
        """The results that are there, whatever they were made with."""
        for name, row in self._rows.items():
            if row.output:
                with suppress(OSError, ValueError):
                    yield Made(name, int(row.frames), (self._folder / row.output).stat().st_mtime)

    def has(self, bracket: str, output: Path) -> bool:
        """Whether a bracket is recorded as having this file for its result."""
        row = self._rows.get(_name(bracket))
        return row is not None and row.output == show(output.name)

    def hold(self) -> None:
        """Keep other runs from writing to the folder until the record is closed; what a killed one left half done is removed.

        Raises InUseError where another run holds the folder, OutputError where it cannot be written to.
        """
        if self._held is not None:
            return
        with writing(self._folder):
            self._folder.mkdir(parents=True, exist_ok=True)
        with ExitStack() as held:
            if not self._ours:
                held.enter_context(alone_in(self._folder))
            remove_unfinished(self._folder)
            self._rows = _read(self._path)  # with what others wrote meanwhile
            write_bytes(self._path, self._data())  # changed or not: a folder that takes no files shows it now
            self._held = held.pop_all()

    def add(self, row: Row) -> None:
        """Keep a row; the folder is held. Raises OutputError where it cannot be written, which leaves the record as it was.

        Of a bracket that was merged before and failed now the result stays recorded, without a key, beside the error.
        """
        before = self._rows.get(row.bracket)
        if not row.output and before and before.output and (self._folder / before.output).is_file():
            row = replace(before, note=row.note, error=row.error, key="")
        with writing(self._path), self._path.open("ab", buffering=0) as file:
            end = file.seek(0, os.SEEK_END)
            data = to_csv([*([] if end else [_HEADER]), row.cells])
            if file.write(data) < len(data):
                file.truncate(end)
                raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))
        self._rows[row.bracket] = row

    def remove(self, bracket: str) -> None:
        """Take a row out; the folder is held."""
        del self._rows[_name(bracket)]
        self._write()

    def close(self) -> None:
        """Put the rows in the order of time, one for each bracket, remove what killed workers left, and let others write."""
        if self._held is not None:
            with self._held, suppress(OutputError):  # the rows are there, and the next run puts them in order
                remove_unfinished(self._folder)
                self._write()
        self._held = None

    def forget(self) -> None:
        """Let others write, and leave the record as it is."""
        if self._held is not None:
            self._held.close()
        self._held = None

    def _data(self) -> bytes:
        ordered = sorted(self._rows.values(), key=lambda row: (row.timestamp, row.bracket))
        return to_csv([_HEADER, *(row.cells for row in ordered)])

    def _write(self) -> None:
        data = self._data()
        if not self._path.is_file() or read_bytes(self._path) != data:
            write_bytes(self._path, data)


def remove_unfinished(folder: Path) -> None:
    """Remove what a killed run has left half done in a folder that is held."""
    for left in unfinished(folder):
        with suppress(OSError):
            left.unlink()


def _read(path: Path) -> dict[str, Row]:
    if not path.is_file():
        return {}
    whole, _, _ = read_bytes(path).rpartition(b"\n")  # without a last line that a crash has cut
    lines = list(csv.reader(io.StringIO(whole.decode("utf-8", "surrogateescape"), newline="")))
    if lines and lines[0] != _HEADER:
        raise OutputError(f"{show(path)}: it is no record of this version of hdrkit; move it away, or choose another folder")
    rows = [Row(_name(line[0]), *line[1:]) for line in lines[1:] if len(line) == len(_HEADER)]
    return {row.bracket: row for row in rows}
