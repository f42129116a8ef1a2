"""A grouping -> a folder for people and programs: lists, records, a page, and the photographs in order."""

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
from hdrkit.results.group_layout import UNASSIGNED, Destination, by_cluster, groups_csv, lay_out
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
    """The folder that was written, how photographs were placed, notes on differences from the request, and report.json."""

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

    `placing` says what those folders hold for a photograph: a link to it (a copy and a note on file systems without links), a
    copy, or the photograph itself (links stay where they are, with a note); with NONE there are no folders. `workers` pictures
    are read side by side, by default one for each core. Results of an earlier run in `folder` are replaced. Files of others, and
    files that somebody changed, stay. If they are in the way, or another command wrote its results there, OutputError is raised
    and nothing is written.
    """
    folder = Path(folder)
    destinations = lay_out(result, placing)
    notes = (
        [f"{show(destination.source)}: {remark}" for destination, remark in _staying(destinations)]
        if placing is Placing.MOVE
        else []
    )
    sources = [*(destination.source for destination in destinations), *(real(bad.path) for bad in result.unreadable)]
    with replacing(folder, GROUP, sources) as tree:
        if placing is Placing.LINK and not tree.can_link():
            placing = Placing.COPY
            notes.append("the file system has no symbolic links: the folders hold copies of the photographs")
        thumbnails = read_thumbnails(
            [destination.member.photo for destination in destinations], workers or os.cpu_count() or 1, progress
        )
        destinations = tuple(
            destination if shown else replace(destination, thumbnail=None)
            for destination, shown in zip(destinations, thumbnails, strict=True)
        )
        if placing is not Placing.NONE:
            for done, (destination, thumbnail) in enumerate(zip(destinations, thumbnails, strict=True)):
                _add(tree, destination, placing)
                if destination.thumbnail and thumbnail:
                    tree.add_bytes(destination.thumbnail, thumbnail)
                if progress:
                    progress("placing photographs", done + 1, len(destinations))
        record = report_record(result, destinations, tree.folder, placing, notes)
        _add_records(tree, result, destinations, placing)
        tree.add_bytes("report.json", to_json(record).encode())
        tree.add_bytes("summary.txt", summary_text(result, notes).encode())
        page = report_page(result, destinations, thumbnails, folder, notes)
        tree.add_bytes("report.html", page.encode())
    return Written(folder, placing, tuple(notes), record)


def _staying(destinations: tuple[Destination, ...]) -> Iterator[tuple[Destination, str]]:
    """The links among photographs that are moved, each with a remark on what happens to it."""
    moved = {destination.source for destination in destinations if destination.target is not None}
    for destination in destinations:
        if destination.target is None:
            lost = ", but it is broken now, because its photograph was moved" if destination.source.resolve() in moved else ""
            yield destination, f"it is a link and stays where it is{lost}"


def _add(tree: ResultTree, destination: Destination, placing: Placing) -> None:
    add = {Placing.LINK: tree.add_link, Placing.COPY: tree.add_copy, Placing.MOVE: tree.add_moved}[placing]
    if destination.target is not None:
        add(destination.target, destination.source)


def _add_records(tree: ResultTree, result: GroupingResult, destinations: tuple[Destination, ...], placing: Placing) -> None:
    records = [
        cluster_record(cluster, members, number, placing) for number, (cluster, members) in enumerate(by_cluster(destinations))
    ]
    unassigned = unassigned_record([destination for destination in destinations if destination.cluster is None], placing)
    if placing is not Placing.NONE:
        for record in records:
            tree.add_bytes(f"{record['name']}/metadata.json", to_json(record).encode())
        if result.unassigned:
            tree.add_bytes(f"{UNASSIGNED}/metadata.json", to_json(unassigned).encode())
    everything = {**counts(result), "clusters": records, "unassigned": unassigned, "unreadable": unreadable_records(result)}
    tree.add_bytes("groups.csv", groups_csv(result, destinations, tree.folder, moved=placing is Placing.MOVE))
    tree.add_bytes("metadata.json", to_json(everything).encode())
