"""The record of a folder of results: a row for each bracket, written as soon as its outcome is known. A later run reads it.

`series.csv` is the record of brackets by time, which people read; that of other brackets is hidden.

A bracket is done if its row has the key of its present inputs, and if its files exist. The key is in the row: people can read
the record, it moves with the results, and a bracket whose row is deleted is merged again. Each folder of results has its own
record, so that a year of day folders does not give one file of half a million rows. Rows name brackets relative to their folder,
so that a run may start at any folder above. Reading a record needs no lock. A run that works in a folder holds its lock until
it works in other folders; only while it holds the lock does it remove the unfinished files of a killed run. Each row is added
with one write. An incomplete row, which only a crash can leave, is removed when a run holds the folder again.
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
from hdrkit.inputs.options import By
from hdrkit.inputs.timestamps import timestamp_in_name
from hdrkit.jobs.job import MergeJob, MergeOutcome
from hdrkit.series.run.made import Made

NAME = "series.csv"
HIDDEN = ".hdrkit-brackets.csv"  # of brackets by folder and by list

version = cache(importlib.metadata.version)  # uncached, it reads a file at each call


@dataclass(frozen=True)
class Row:
    """A row of the record. `bracket` and `output` are names in the folder of the record; `timestamp` is ISO 8601.

    `frames` is the number of merged frames. `saturated` and `black` are percentages of the picture that no frame measured.
    `alignment` summarises the alignment, `seconds` is the working time, `note` says what is unusual, `error` what failed or was
    left out. `key` identifies the inputs of the result.
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
        """The cells of the row, in the order of the columns."""
        return tuple(asdict(self).values())


_HEADER = [field.name for field in fields(Row)]


def content_key(job: MergeJob) -> str:
    """A digest of what decides the pixels of a result: frames (name, size, time of change, exposure), curve, options, version.

    Empty if a frame does not exist. The file name of the curve and the memory limit change no pixel, so they do not count.
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
        digest.update(f"{curve.camera} {curve.absolute} {curve.deviation}".encode(errors="surrogateescape"))
    return digest.hexdigest()[:32]


def row_of(job: MergeJob, outcome: MergeOutcome, key: str) -> Row:
    """The row of a bracket after its job has ended."""
    report, taken = outcome.report, timestamp_in_name(job.output)
    pixels = report.size[0] * report.size[1] if report else 1
    unusual = [str(job.bracket.remark)] if job.bracket.remark else []
    errors = [failure.reason for failure in (outcome.error, *outcome.failures) if failure]
    if report and not report.trusted:
        errors.append("the result is not trusted")
    return Row(
        bracket=row_name(job),
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


def row_name(job: MergeJob) -> str:
    """The name of the bracket of a job in the record of its folder.

    It has the folders of the bracket if a template of the user puts the result into another one, where names may meet again.
    """
    above = Path(job.bracket.name).parent.parts
    placed = bool(above) and job.bracket.kind != By.TIME and job.output.parent.parts[-len(above) :] != above
    return show(job.bracket.name) if placed else _name(job.bracket.name)


def _name(bracket: str) -> str:
    """The name of a bracket in its folder."""
    return show(Path(bracket).name)


def _one_line(parts: list[str]) -> str:
    return "; ".join(show(part) for part in parts)


class Ledger:
    """The record of one folder of results. `ours` means that this run already holds the lock of the folder."""

    def __init__(self, folder: Path, ours: bool = False, name: str = NAME) -> None:
        self._folder, self._path, self._ours = folder, folder / name, ours
        self._held: ExitStack | None = None
        self._rows = _read(self._path)
        if unfinished(folder) or self._path.is_file() and read_bytes(self._path) != self._data():
            with suppress(OutputError):  # another run is writing, or the folder is read-only
                self.hold()

    def finished(self, job: MergeJob, key: str) -> Row | None:
        """The row of a bracket that is done: its key is the same, and its files exist. None if the bracket must be merged."""
        row = self._rows.get(row_name(job))
        if row is None or not key or row.key != key or row.output != show(job.output.name):
            return None
        enough = int(row.frames or 0) >= job.inputs.min_frames
        return row if enough and all(path.is_file() for path in job.results) else None

    def row(self, job: MergeJob) -> Row | None:
        """The row of the bracket of a job."""
        return self._rows.get(row_name(job))

    def owner(self, job: MergeJob) -> Row | None:
        """The row of another bracket whose result is at the destination of this job."""
        name, mine = show(job.output.name), row_name(job)
        return next((row for row in self._rows.values() if row.output == name and row.bracket != mine), None)

    def results(self) -> Iterator[Made]:
        """The results that exist, made with any options."""
        for name, row in self._rows.items():
            if row.output:
                with suppress(OSError, ValueError):
                    yield Made(name, int(row.frames), (self._folder / row.output).stat().st_mtime)

    def has(self, bracket: str, output: Path) -> bool:
        """Whether the record has a row of this bracket with this file as its result."""
        row = self._rows.get(_name(bracket))
        return row is not None and row.output == show(output.name)

    def hold(self) -> None:
        """Lock the folder against other runs until the record is closed, and remove the unfinished files of a killed run.

        Raises InUseError if another run holds the folder, OutputError if the folder cannot be written to.
        """
        if self._held is not None:
            return
        with writing(self._folder):
            self._folder.mkdir(parents=True, exist_ok=True)
        with ExitStack() as held:
            if not self._ours:
                held.enter_context(alone_in(self._folder))
            remove_unfinished(self._folder)
            self._rows = _read(self._path)  # includes what other runs wrote meanwhile
            write_bytes(self._path, self._data())  # even if unchanged: a folder that cannot be written to fails now
            self._held = held.pop_all()

    def add(self, row: Row) -> None:
        """Add a row. The folder must be held. Raises OutputError if the row cannot be written; the record then stays as it was.

        If a bracket was merged before and fails now, its row keeps the earlier result, without a key, beside the error. A row of
        another bracket whose result is replaced loses it.
        """
        before = self._rows.get(row.bracket)
        if not row.output and before and before.output and (self._folder / before.output).is_file():
            row = replace(before, note=row.note, error=row.error, key="")
        hidden = self._path.name == HIDDEN  # results by time are named by their bracket, and may be many
        others = [one for one in self._rows.values() if _same_file(one, row)] if hidden and row.output else []
        replaced = [replace(one, output="", key="") for one in others]
        with writing(self._path), self._path.open("ab", buffering=0) as file:
            end = file.seek(0, os.SEEK_END)
            data = to_csv([*([] if end else [_HEADER]), *(one.cells for one in (*replaced, row))])
            if file.write(data) < len(data):
                file.truncate(end)
                raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))
        self._rows |= {one.bracket: one for one in (*replaced, row)}

    def remove(self, bracket: str) -> None:
        """Remove a row. The folder must be held."""
        del self._rows[_name(bracket)]
        self._write()

    def close(self) -> None:
        """Sort the rows by time, one for each bracket, remove unfinished files of killed workers, and release the folder."""
        if self._held is not None:
            with self._held, suppress(OutputError):  # the rows are written; the next run sorts them
                remove_unfinished(self._folder)
                self._write()
        self._held = None

    def forget(self) -> None:
        """Release the folder, and leave the record as it is."""
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


def _same_file(one: Row, other: Row) -> bool:
    """Whether two brackets have one file as their result."""
    return one.output == other.output and one.bracket != other.bracket


def remove_unfinished(folder: Path) -> None:
    """Remove the unfinished files of a killed run from a folder that is held."""
    for left in unfinished(folder):
        with suppress(OSError):
            left.unlink()


def _read(path: Path) -> dict[str, Row]:
    if not path.is_file():
        return {}
    whole, _, _ = read_bytes(path).rpartition(b"\n")  # drops an incomplete last line, left by a crash
    lines = list(csv.reader(io.StringIO(whole.decode("utf-8", "surrogateescape"), newline="")))
    if lines and lines[0] != _HEADER:
        raise OutputError(
            f"{show(path)}: it is no record of this version of hdrkit; move the file away, or choose another folder"
        )
    rows = [Row(line[0] if path.name == HIDDEN else _name(line[0]), *line[1:]) for line in lines[1:] if len(line) == len(_HEADER)]
    return {row.bracket: row for row in rows}
