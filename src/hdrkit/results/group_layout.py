"""Where each photograph of a grouping goes: names of folders and files, and the rows of groups.csv."""

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
_LONGEST_NAME = 255  # bytes, of common file systems
UNASSIGNED = "unassigned"


@dataclass(frozen=True)
class Place:
    """A photograph and its place: its cluster (None: unassigned) and number there, and file names relative to the folder.

    `source` is where the photograph is, as an absolute path; `target` is None where nothing stands for it in the folder.
    """

    member: Member
    source: Path
    cluster: Cluster | None
    position: int
    name: str
    target: str | None
    thumbnail: str | None


def lay_out(result: GroupingResult, placing: Placing = Placing.LINK) -> tuple[Place, ...]:
    """The places of all photographs, cluster by cluster and then the unassigned ones.

    Where photographs are moved, links to them stay where they are: from another place they would lead nowhere. Raises
    InputError for clusters whose names cannot be those of distinct folders.
    """

    @cache
    def resolved(folder: Path) -> Path:
        return folder.resolve()

    def source(member: Member) -> Path:
        return resolved(member.photo.path.parent) / member.photo.path.name

    def place(member: Member, cluster: Cluster | None, position: int, name: str, target: str) -> Place:
        at = source(member)
        stays = placing is Placing.NONE or (placing is Placing.MOVE and at.is_symlink())
        return Place(member, at, cluster, position, name, None if stays else target, f"thumbnails/{name}.jpg")

    folders: set[str] = {UNASSIGNED, "thumbnails"}
    places: list[Place] = []
    for cluster in result.clusters:
        plain = cluster.name and PurePosixPath(cluster.name).name == cluster.name and not cluster.name.startswith(".")
        if not plain or cluster.name.casefold() in folders:
            raise InputError(f"cluster {cluster.name!r} needs a plain name of its own")
        folders.add(cluster.name.casefold())
        digits = max(2, len(str(len(cluster.members) - 1)))
        for position, member in enumerate(cluster.members):
            number = f"{position:0{digits}d}"
            file_name = _within_limit(member.photo.path.name, prefix=f"{number}_EV{ev_text(member.ev)}_")
            places.append(place(member, cluster, position, f"{cluster.name}_{number}", f"{cluster.name}/{file_name}"))
    taken = {"metadata.json": 1}
    for index, member in enumerate(result.unassigned):
        target = f"{UNASSIGNED}/{_distinct(member.photo.path.name, taken)}"
        places.append(place(member, None, index, f"{UNASSIGNED}_{index}", target))
    return tuple(places)


def by_cluster(places: Iterable[Place]) -> Iterator[tuple[Cluster, tuple[Place, ...]]]:
    """The clusters with the places of their members, in order."""
    placed = ((place.cluster, place) for place in places if place.cluster)
    for _, members in groupby(placed, key=lambda pair: pair[0].name):
        pairs = tuple(members)
        yield pairs[0][0], tuple(place for _, place in pairs)


def ev_text(ev: float | None) -> str:
    """`-3.0`, `0.0`, `+1.5`; `unknown` where nothing tells."""
    if ev is None:
        return "unknown"
    return "0.0" if abs(ev) < 0.05 else f"{ev:+.1f}"


def _within_limit(name: str, prefix: str = "", number: str = "") -> str:
    """The name with a prefix, and a number behind its stem; a long one loses the end of its stem, never what follows it."""
    stem, suffix = PurePosixPath(name).stem, PurePosixPath(name).suffix
    while stem and len(os.fsencode(prefix + stem + number + suffix)) > _LONGEST_NAME:
        stem = stem[:-1]
    return prefix + stem + number + suffix


def _distinct(name: str, taken: dict[str, int]) -> str:
    """The name, with a number where it is taken, on file systems too that do not tell a from A; `taken` counts each name."""
    distinct = name
    while distinct.casefold() in taken:
        taken[name.casefold()] += 1
        distinct = _within_limit(name, number=f"_{taken[name.casefold()]}")
    taken[distinct.casefold()] = 1
    return distinct


def groups_csv(result: GroupingResult, places: Sequence[Place], folder: Path, moved: bool) -> bytes:
    """groups.csv: every file once, with paths relative to `folder`; undecodable bytes of names stay as they are.

    With `moved` the photographs are in their places, otherwise where they were.
    """
    folder = folder.resolve()
    rows: list[Iterable[str]] = [COLUMNS]
    for place in places:
        path = place.target if moved and place.target else relative_to(folder, place.source)
        rows.append(_row(place, path))
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


def _row(place: Place, path: str) -> Iterator[str]:
    photo, cluster = place.member.photo, place.cluster
    exposure = known_exposure(photo)
    yield path
    yield photo.path.name
    yield cluster.view if cluster else place.name
    yield cluster.name if cluster else place.name
    yield str(place.position if cluster else 0)
    yield (cluster.kind if cluster else Kind.UNASSIGNED).value
    yield _number(place.member.ev, 3)
    yield _number(exposure.time_s if exposure else None, 9)
    yield _number(exposure.f_number if exposure else None, 3)
    yield _number(exposure.iso if exposure else None, 1)
    yield photo.taken_at.isoformat() if photo.taken_at else ""
    yield _number(cluster.confidence if cluster else None, 3)
    yield " ".join(sorted(flag.value for flag in place.member.flags))


def known_exposure(photo: Photo) -> Exposure | None:
    """The exposure in seconds; a number in a name is none, for it is in any unit, or counts photographs."""
    return photo.exposure if photo.exposure and photo.exposure.in_seconds else None


def _number(value: float | None, digits: int) -> str:
    """A plain decimal number, without trailing zeros."""
    return "" if value is None else f"{round(value, digits) + 0.0:.{digits}f}".rstrip("0").rstrip(".")


def relative_to(folder: Path, path: Path) -> str:
    """A path as seen from a folder, both resolved, with slashes; absolute where there is no way, on another drive."""
    found = str(path)
    with suppress(ValueError):
        found = os.path.relpath(path, folder)
    found = Path(found).as_posix()
    return f"./{found}" if found[0].isspace() else found  # cells of a list are stripped
