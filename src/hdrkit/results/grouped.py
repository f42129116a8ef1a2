"""A grouping -> a folder that people and programs can use: lists, records, a page to look at, and the photographs in order."""

from __future__ import annotations

import os
from collections.abc import Iterator
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from hdrkit.files.json_text import to_json
from hdrkit.files.manifest import GROUP
from hdrkit.files.result_tree import ResultTree, replacing
from hdrkit.files.text import show
from hdrkit.files.transport import Placing, real
from hdrkit.formats.thumbnails import read_thumbnails
from hdrkit.results.group_layout import UNASSIGNED, Place, by_cluster, groups_csv, lay_out
from hdrkit.results.group_page import report_page
from hdrkit.results.group_records import (
    cluster_record,
    counts,
    report_record,
    summary_text,
    unassigned_record,
    unreadable_records,
)
from hdrkit.types import GroupingResult, Progress


@dataclass(frozen=True)
class Written:
    """What was written where, a note for everything that was done otherwise than asked for, and the content of report.json."""

    folder: Path
    placing: Placing
    notes: tuple[str, ...]
    record: dict[str, Any]


def write_groups(
    result: GroupingResult,
    folder: Path | str,
    placing: Placing = Placing.LINK,
    progress: Progress | None = None,
    workers: int | None = None,
) -> Written:
    """Write groups.csv, metadata.json, report.json, summary.txt and report.html to `folder`, and a folder for each cluster.

    `placing` says what stands for a photograph in those folders: a link to it (a copy on file systems without links, which a
    note tells), a copy, or the photograph itself (links stay where they are, which notes tell); with NONE there are no
    folders. `workers` pictures are read side by side, one a core by default. What an earlier run wrote to `folder` is replaced,
    files of others, and those that somebody changed, are left alone. Raises OutputError, with nothing written, where that
    cannot be done, or another command wrote its results there.
    """
    folder = Path(folder)
    places = lay_out(result, placing)
    notes = [f"{show(place.source)}: {remark}" for place, remark in _staying(places)] if placing is Placing.MOVE else []
    sources = [*(place.source for place in places), *(real(bad.path) for bad in result.unreadable)]
    with replacing(folder, GROUP, sources) as tree:
        if placing is Placing.LINK and not tree.can_link():
            placing = Placing.COPY
            notes.append("the file system has no symbolic links: the folders hold copies of the photographs")
        thumbnails = read_thumbnails([place.member.photo for place in places], workers or os.cpu_count() or 1, progress)
        places = tuple(
            place if shown else replace(place, thumbnail=None) for place, shown in zip(places, thumbnails, strict=True)
        )
        if placing is not Placing.NONE:
            for done, (place, thumbnail) in enumerate(zip(places, thumbnails, strict=True)):
                _add(tree, place, placing)
                if place.thumbnail and thumbnail:
                    tree.add_bytes(place.thumbnail, thumbnail)
                if progress:
                    progress("placing photographs", done + 1, len(places))
        record = report_record(result, places, tree.folder, placing, notes)
        _add_records(tree, result, places, placing)
        tree.add_bytes("report.json", to_json(record).encode())
        tree.add_bytes("summary.txt", summary_text(result, notes).encode())
        page = report_page(result, places, thumbnails, folder, notes)
        tree.add_bytes("report.html", page.encode())
    return Written(folder, placing, tuple(notes), record)


def _staying(places: tuple[Place, ...]) -> Iterator[tuple[Place, str]]:
    """The links among photographs that are moved, and what becomes of each."""
    moved = {place.source for place in places if place.target is not None}
    for place in places:
        if place.target is None:
            lost = ", and leads nowhere, for its photograph was moved" if place.source.resolve() in moved else ""
            yield place, f"it is a link and stays where it is{lost}"


def _add(tree: ResultTree, place: Place, placing: Placing) -> None:
    add = {Placing.LINK: tree.add_link, Placing.COPY: tree.add_copy, Placing.MOVE: tree.add_moved}[placing]
    if place.target is not None:
        add(place.target, place.source)


def _add_records(tree: ResultTree, result: GroupingResult, places: tuple[Place, ...], placing: Placing) -> None:
    records = [cluster_record(cluster, members, number, placing) for number, (cluster, members) in enumerate(by_cluster(places))]
    unassigned = unassigned_record([place for place in places if place.cluster is None], placing)
    if placing is not Placing.NONE:
        for record in records:
            tree.add_bytes(f"{record['name']}/metadata.json", to_json(record).encode())
        if result.unassigned:
            tree.add_bytes(f"{UNASSIGNED}/metadata.json", to_json(unassigned).encode())
    everything = {**counts(result), "clusters": records, "unassigned": unassigned, "unreadable": unreadable_records(result)}
    tree.add_bytes("groups.csv", groups_csv(result, places, tree.folder, moved=placing is Placing.MOVE))
    tree.add_bytes("metadata.json", to_json(everything).encode())
