"""Lists of pairs that a person wrote -> the contents that must be in one view, and those that must not."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import numpy as np

from hdrkit.errors import InputError
from hdrkit.files.text import show
from hdrkit.grouping.options import ClusteringOptions
from hdrkit.grouping.views.find import Decided
from hdrkit.inputs.pairs import read_pairs
from hdrkit.pipeline.grouping.ingest import Ingested


def decided_pairs(ingested: Ingested, options: ClusteringOptions) -> tuple[Decided, tuple[str, ...]]:
    """The pairs of contents that the lists name. A cannot-link between files of equal content has no effect; a note says so.

    Raises InputError for a list that names a path that is not one of the photographs.
    """
    notes = []
    must = {pair for _, pair, _ in _contents(ingested, options.must_link)}
    cannot = set()
    for where, (i, j), names in _contents(ingested, options.cannot_link):
        if i != j:
            cannot.add((i, j))
        else:
            notes.append(f"{where}: {names} have equal content and stay in one view")
    return Decided(*(np.array(sorted(pairs), np.int32).reshape(-1, 2) for pairs in (must, cannot))), tuple(notes)


def _contents(ingested: Ingested, listing: Path | None) -> Iterator[tuple[str, tuple[int, int], str]]:
    """For each pair of a list: its file and line, the numbers of the two contents, and the names. Raises InputError."""
    content_of = {photo.path.resolve(): int(k) for photo, k in zip(ingested.photos, ingested.content, strict=True)}
    unreadable = {bad.path.resolve() for bad in ingested.unreadable}
    for line, pair in read_pairs(listing) if listing else ():
        where = f"{show(listing or '')}, line {line}"
        for path in pair:
            if path.resolve() in unreadable:
                raise InputError(f"{where}: {show(path)} cannot be read; remove the line, or copy the file again")
            if path.resolve() not in content_of:
                raise InputError(f"{where}: {show(path)} is not one of the photographs; paths are relative to the list")
        i, j = sorted(content_of[path.resolve()] for path in pair)
        yield where, (i, j), " and ".join(show(path.name) for path in pair)
