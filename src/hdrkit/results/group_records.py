"""The records of a grouping in metadata.json and report.json, and the text of summary.txt."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from hdrkit.files.text import counted, show
from hdrkit.files.transport import Placing, real
from hdrkit.results.group_layout import Destination, known_exposure
from hdrkit.types import Cluster, Flag, GroupingResult, Kind

SURE = 0.8  # a group less confident than this needs a look
_TELLING = frozenset([Flag.ACCIDENTAL, Flag.BY_METADATA, Flag.INCOMPLETE])


def needs_a_look(cluster: Cluster) -> bool:
    """Whether a person should look at a group: it is not sure, or a frame may be missing or may not belong to it."""
    return cluster.confidence < SURE or any(_TELLING.intersection(member.flags) for member in cluster.members)


def doubtful(result: GroupingResult) -> list[Cluster]:
    """The groups that need a look, the least sure first, and after them single photographs."""
    look = (cluster for cluster in result.clusters if needs_a_look(cluster))
    return sorted(look, key=lambda cluster: (len(cluster.members) == 1, cluster.confidence))


def cluster_record(cluster: Cluster, destinations: Sequence[Destination], number: int, placing: Placing) -> dict[str, Any]:
    """The record of one cluster for its metadata.json. `destinations` are those of its members, in order."""
    return {
        "cluster_id": number,
        "name": cluster.name,
        "view": cluster.view,
        "kind": cluster.kind,
        "confidence": cluster.confidence,
        "hdr_score": cluster.metrics.get("hdr_score"),
        "needs_a_look": needs_a_look(cluster),
        "reasons": cluster.reasons,
        "metrics": cluster.metrics,
        "image_count": len(destinations),
        "reference": destinations[cluster.reference].name,
        "images": [_image(destination, placing) for destination in destinations],
    }


def unassigned_record(destinations: Sequence[Destination], placing: Placing) -> dict[str, Any]:
    """The record of the photographs in no group, for unassigned/metadata.json."""
    return {"image_count": len(destinations), "images": [_image(destination, placing) for destination in destinations]}


def _image(destination: Destination, placing: Placing) -> dict[str, Any]:
    photo, flags = destination.member.photo, destination.member.flags
    kept = placing is not Placing.NONE
    return {
        "id": destination.name,
        "source_path": destination.source,
        "target_path": destination.target,
        "thumbnail_path": destination.thumbnail if kept else None,
        "exposure_value": destination.member.ev,
        "is_duplicate": Flag.DUPLICATE in flags,
        "is_accidental": Flag.ACCIDENTAL in flags,
        "sequence_position": destination.position if destination.cluster else None,
        "flags": flags,
        "reason": destination.member.reason,
        "camera": photo.camera,
        "taken_at": photo.taken_at,
        "exposure": known_exposure(photo),
    }


def unreadable_records(result: GroupingResult) -> list[dict[str, Any]]:
    """The files that could not be read, each with its path and the reason."""
    return [{"path": bad.path, "reason": bad.reason} for bad in result.unreadable]


def counts(result: GroupingResult) -> dict[str, int]:
    """The numbers of images and clusters, by kind."""
    kinds = Counter(cluster.kind for cluster in result.clusters)
    in_clusters = sum(len(cluster.members) for cluster in result.clusters)
    return {
        "total_images": in_clusters + len(result.unassigned) + len(result.unreadable),
        "total_clusters": len(result.clusters),
        "valid_clusters": kinds[Kind.BRACKET],
        "views": len({cluster.view for cluster in result.clusters}),
        "images_in_clusters": in_clusters,
        "unassigned_images": len(result.unassigned),
        "unreadable_images": len(result.unreadable),
        "needs_a_look": len(doubtful(result)),
    }


def report_record(
    result: GroupingResult, destinations: Sequence[Destination], folder: Path, placing: Placing, notes: Sequence[str]
) -> dict[str, Any]:
    """The record for report.json: what was found, what was done with it, the time of each step, and notes."""
    found = counts(result)
    brackets = [cluster for cluster in result.clusters if cluster.kind is Kind.BRACKET]
    exported = sum(destination.target is not None and destination.cluster is not None for destination in destinations)
    return {
        "timestamp": datetime.now(UTC).isoformat(timespec="seconds"),
        "output_directory": real(folder),
        "files": placing,
        "clusters": {
            "total": found["total_clusters"],
            "exported": found["total_clusters"] if placing is not Placing.NONE else 0,
            "by_kind": {kind: sum(cluster.kind is kind for cluster in result.clusters) for kind in _clustered_kinds()},
            "needs_a_look": [cluster.name for cluster in doubtful(result)],
        },
        "images": {
            "total_processed": found["total_images"],
            "in_valid_clusters": sum(len(cluster.members) for cluster in brackets),
            "exported": exported,
            "unassigned": found["unassigned_images"],
            "skipped": found["unreadable_images"],
            "ignored_files": result.report.ignored,
        },
        "unassigned": [{"path": member.photo.path, "reason": member.reason} for member in result.unassigned],
        "unreadable": unreadable_records(result),
        "notes": [*result.report.notes, *notes],
        "options": result.report.options,
        "pipeline_stats": {f"{step}_time": round(seconds, 3) for step, seconds in result.report.seconds.items()},
    }


def _clustered_kinds() -> list[Kind]:
    return [kind for kind in Kind if kind not in (Kind.UNASSIGNED, Kind.UNREADABLE)]


def headline(result: GroupingResult) -> str:
    """One line: the numbers of photographs, groups, views, and of unassigned and unreadable files."""
    found = counts(result)
    groups = f"{counted(found['total_clusters'], 'group')} of {counted(found['views'], 'view')}"
    parts = [f"{counted(found['total_images'], 'photograph')}: {groups}"]
    parts.append(f"{found['unassigned_images']} unassigned")
    if found["unreadable_images"]:
        parts.append(f"{found['unreadable_images']} unreadable")
    return ", ".join(parts)


def summary_text(result: GroupingResult, notes: Sequence[str]) -> str:
    """The text of summary.txt, for a person to read first."""
    lines = [headline(result), ""]
    for kind in _clustered_kinds():
        if members := [len(cluster.members) for cluster in result.clusters if cluster.kind is kind]:
            lines.append(f"{kind.value:<14}{counted(len(members), 'group')}, {counted(sum(members), 'photograph')}")
    lines += _section(
        "Groups that need a look, least sure first",
        [f"{cluster.name}  confidence {cluster.confidence:.2f}  {why(cluster)}" for cluster in doubtful(result)],
    )
    unassigned = [f"{member.photo.path}: {member.reason or 'the reason is not known'}" for member in result.unassigned]
    lines += _section("Unassigned", unassigned)
    lines += _section("Unreadable", [unreadable.reason for unreadable in result.unreadable])
    lines += _section("Notes", [*result.report.notes, *notes])
    return "\n".join(lines) + "\n"


def why(cluster: Cluster) -> str:
    """The reasons for a cluster's confidence and the flags of its members, in words."""
    flags = Counter(flag.value for member in cluster.members for flag in member.flags)
    flagged = [f"{count} {flag.replace('_', ' ')}" for flag, count in sorted(flags.items())]
    return "; ".join([*cluster.reasons, *([", ".join(flagged)] if flagged else [])])


def _section(title: str, lines: Sequence[str]) -> list[str]:
    return ["", f"{title} ({len(lines)}):", *(f"  {show(line)}" for line in lines)] if lines else []
