"""The destination of each photograph of a grouping: names of folders and files, and the rows of groups.csv."""

from __future__ import annotations

import os
from collections.abc import Iterable, Iterator, Sequence
from contextlib import suppress
from dataclasses import dataclass
from functools import cache
from itertools import groupby
from pathlib import Path, PurePosixPath

from hdrkit.errors import InputError
from hdrkit.files.tables import to_csv
from hdrkit.files.transport import Placing, real
from hdrkit.types import Cluster, Exposure, GroupingResult, Kind, Member, Photo

COLUMNS = (
    "path",
    "filename",
    "view",
    "bracket",
    "position",
    "kind",
    "ev",
    "exposure_time_s",
    "f_number",
    "iso",
    "taken_at",
    "confidence",
    "flags",
)
_LONGEST_NAME = 255  # bytes, on common file systems
UNASSIGNED = "unassigned"


@dataclass(frozen=True)
class Destination:
    """A photograph and where it goes: its cluster (None: unassigned), its position there, and file names in the folder.

    `source` is the absolute path of the photograph. `target` is None if the folder holds nothing for it.
    """

    member: Member
    source: Path
    cluster: Cluster | None
    position: int
    name: str
    target: str | None
    thumbnail: str | None


def lay_out(result: GroupingResult, placing: Placing = Placing.LINK) -> tuple[Destination, ...]:
    """The destinations of all photographs, cluster by cluster and then the unassigned ones.

    If photographs are moved, links among them stay where they are, because they would be broken elsewhere. Raises InputError
    if the names of clusters cannot be the names of different folders.
    """

    @cache
    def resolved(folder: Path) -> Path:
        return folder.resolve()

    def source(member: Member) -> Path:
        return resolved(member.photo.path.parent) / member.photo.path.name

    def destination(member: Member, cluster: Cluster | None, position: int, name: str, target: str) -> Destination:
        at = source(member)
        stays = placing is Placing.NONE or (placing is Placing.MOVE and at.is_symlink())
        return Destination(member, at, cluster, position, name, None if stays else target, f"thumbnails/{name}.jpg")

    folders: set[str] = {UNASSIGNED, "thumbnails"}
    destinations: list[Destination] = []
    for cluster in result.clusters:
        plain = cluster.name and PurePosixPath(cluster.name).name == cluster.name and not cluster.name.startswith(".")
        if not plain or cluster.name.casefold() in folders:
            raise InputError(f"cluster {cluster.name!r} needs a plain name that no other cluster has")
        folders.add(cluster.name.casefold())
        digits = max(2, len(str(len(cluster.members) - 1)))
        for position, member in enumerate(cluster.members):
            number = f"{position:0{digits}d}"
            file_name = _within_limit(member.photo.path.name, prefix=f"{number}_EV{ev_text(member.ev)}_")
            destinations.append(destination(member, cluster, position, f"{cluster.name}_{number}", f"{cluster.name}/{file_name}"))
    taken = {"metadata.json": 1}
    for index, member in enumerate(result.unassigned):
        target = f"{UNASSIGNED}/{_distinct(member.photo.path.name, taken)}"
        destinations.append(destination(member, None, index, f"{UNASSIGNED}_{index}", target))
    return tuple(destinations)


def by_cluster(destinations: Iterable[Destination]) -> Iterator[tuple[Cluster, tuple[Destination, ...]]]:
    """The clusters with the destinations of their members, in order."""
    placed = ((destination.cluster, destination) for destination in destinations if destination.cluster)
    for _, members in groupby(placed, key=lambda pair: pair[0].name):
        pairs = tuple(members)
        yield pairs[0][0], tuple(destination for _, destination in pairs)


def ev_text(ev: float | None) -> str:
    """`-3.0`, `0.0`, `+1.5`; `unknown` for None."""
    if ev is None:
        return "unknown"
    return "0.0" if abs(ev) < 0.05 else f"{ev:+.1f}"


def _within_limit(name: str, prefix: str = "", number: str = "") -> str:
    """The name with a prefix, and a number after its stem. If it is too long, only the end of the stem is cut off."""
    stem, suffix = PurePosixPath(name).stem, PurePosixPath(name).suffix
    while stem and len(os.fsencode(prefix + stem + number + suffix)) > _LONGEST_NAME:
        stem = stem[:-1]
    return prefix + stem + number + suffix


def _distinct(name: str, taken: dict[str, int]) -> str:
    """The name, with a number if it is in use. Capitals do not count, as on some file systems. `taken` counts each name."""
    distinct = name
    while distinct.casefold() in taken:
        taken[name.casefold()] += 1
        distinct = _within_limit(name, number=f"_{taken[name.casefold()]}")
    taken[distinct.casefold()] = 1
    return distinct


def groups_csv(result: GroupingResult, destinations: Sequence[Destination], folder: Path, moved: bool) -> bytes:
    """groups.csv: every file once, with paths relative to `folder`. Undecodable bytes of names stay as they are.

    With `moved` the photographs are at their destinations, otherwise where they were.
    """
    folder = folder.resolve()
    rows: list[Iterable[str]] = [COLUMNS]
    for destination in destinations:
        path = destination.target if moved and destination.target else relative_to(folder, destination.source)
        rows.append(_row(destination, path))
    for number, unreadable in enumerate(result.unreadable):
        name = f"{Kind.UNREADABLE.value}_{number}"
        cells = {
            "path": relative_to(folder, real(unreadable.path)),
            "filename": unreadable.path.name,
            "view": name,
            "bracket": name,
        }
        cells |= {"position": "0", "kind": Kind.UNREADABLE.value, "flags": Kind.UNREADABLE.value}
        rows.append([cells.get(column, "") for column in COLUMNS])
    return to_csv(rows)


def _row(destination: Destination, path: str) -> Iterator[str]:
    photo, cluster = destination.member.photo, destination.cluster
    exposure = known_exposure(photo)
    yield path
    yield photo.path.name
    yield cluster.view if cluster else destination.name
    yield cluster.name if cluster else destination.name
    yield str(destination.position if cluster else 0)
    yield (cluster.kind if cluster else Kind.UNASSIGNED).value
    yield _number(destination.member.ev, 3)
    yield _number(exposure.time_s if exposure else None, 9)
    yield _number(exposure.f_number if exposure else None, 3)
    yield _number(exposure.iso if exposure else None, 1)
    yield photo.taken_at.isoformat() if photo.taken_at else ""
    yield _number(cluster.confidence if cluster else None, 3)
    yield " ".join(sorted(flag.value for flag in destination.member.flags))


def known_exposure(photo: Photo) -> Exposure | None:
    """The exposure of a photograph if it is in seconds. Numbers in names do not count: their unit is unknown."""
    return photo.exposure if photo.exposure and photo.exposure.in_seconds else None


def _number(value: float | None, digits: int) -> str:
    """A plain decimal number, without trailing zeros."""
    return "" if value is None else f"{round(value, digits) + 0.0:.{digits}f}".rstrip("0").rstrip(".")


def relative_to(folder: Path, path: Path) -> str:
    """A path relative to a folder, with slashes, absolute if it is on another drive. Both must be resolved."""
    found = str(path)
    with suppress(ValueError):
        found = os.path.relpath(path, folder)
    found = Path(found).as_posix()
    return f"./{found}" if found[0].isspace() else found  # cells of a list are stripped
