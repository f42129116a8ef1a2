"""report.html: one page to look through the groups. It holds everything it shows and needs no network."""

from __future__ import annotations

import math
from collections.abc import Iterable, Sequence
from pathlib import Path

from hdrkit.exposure import engraved
from hdrkit.files.text import counted, show
from hdrkit.formats.thumbnails import SIDE, shrunk
from hdrkit.results.group_layout import Destination, by_cluster, ev_text, known_exposure, relative_to
from hdrkit.results.group_records import SURE, counts, needs_a_look
from hdrkit.results.page import as_html, embedded, filled, link_to
from hdrkit.types import Cluster, Failure, Flag, GroupingResult, Kind

_FULL_SIZE = 850  # photographs with thumbnails at full size; more photographs share the same number of pixels
_SMALLEST = 64
_DOUBTFUL = 0.5


def report_page(
    result: GroupingResult,
    destinations: Sequence[Destination],
    thumbnails: Sequence[bytes | None],
    folder: Path,
    notes: Sequence[str] = (),
) -> str:
    """The page: filters, contact sheets of the groups with the least sure first, then single, unassigned and unreadable files.

    `thumbnails` holds a JPEG for each destination. The page holds them, and links to the photographs relative to `folder`.
    """
    folder = folder.resolve()
    side = round(min(SIDE, max(_SMALLEST, SIDE * math.sqrt(_FULL_SIZE / max(len(destinations), 1)))))
    figures = {
        destination.name: _figure(
            destination, thumbnail if thumbnail is None or side == SIDE else shrunk(thumbnail, side), folder
        )
        for destination, thumbnail in zip(destinations, thumbnails, strict=True)
    }
    clusters = [(cluster, [figures[one.name] for one in members]) for cluster, members in by_cluster(destinations)]
    clusters.sort(key=lambda found: found[0].confidence)
    loose = [_loose(destination, figures[destination.name]) for destination in destinations if destination.cluster is None]
    kinds = {cluster.kind for cluster, _ in clusters} | ({Kind.UNASSIGNED} if loose else set())
    kinds |= {Kind.UNREADABLE} if result.unreadable else set()
    flags = {flag for destination in destinations for flag in destination.member.flags}
    all_notes = [*result.report.notes, *notes]
    filling = {
        "title": f"Groups of {counted(counts(result)['total_images'], 'photograph')}",
        "counts": _counts(result),
        "kinds": _choices(kinds),
        "flags": _choices(flags),
        "groups": "\n".join(_group(cluster, its) for cluster, its in clusters if len(its) > 1),
        "singles": "\n".join(_single(cluster, its[0]) for cluster, its in clusters if len(its) == 1),
        "unassigned": "\n".join(loose),
        "unreadable": "\n".join(_bad(unreadable) for unreadable in result.unreadable),
        "notes": "".join(f"<li>{as_html(note)}</li>" for note in all_notes),
        "notes_hidden": "" if all_notes else " hidden",
        "footer": "Written by hdrkit. A coloured border marks the reference frame, on which the others are aligned.",
    }
    return filled("group_page.html", filling)


def _counts(result: GroupingResult) -> str:
    found = counts(result)
    shown = {
        "photographs": found["total_images"],
        "views": found["views"],
        "groups": found["total_clusters"],
        "exposure brackets": found["valid_clusters"],
        "groups that need a look": found["needs_a_look"],
        "unassigned": found["unassigned_images"],
        "unreadable": found["unreadable_images"],
    }
    return "".join(f"<li><b>{number}</b> <span>{words}</span></li>" for words, number in shown.items())


def _choices(values: Iterable[Kind] | Iterable[Flag]) -> str:
    return "".join(f'<option value="{value}">{_words(value)}</option>' for value in sorted(map(str, values)))


def _group(cluster: Cluster, figures: Sequence[str]) -> str:
    grade = "sure" if cluster.confidence >= SURE else "unsure" if cluster.confidence >= _DOUBTFUL else "doubtful"
    flags = sorted({flag for member in cluster.members for flag in member.flags})
    known = [member.ev for member in cluster.members if member.ev is not None]
    span = f", {_signed(min(known))} to {_signed(max(known))} EV" if len(known) > 1 else ""
    return (
        f'<article class="item group" tabindex="-1" id="{as_html(cluster.name)}"{_data_of(cluster)}>'
        f'<header><h3>{as_html(cluster.name)}</h3><span class="tag">{_words(cluster.kind)}</span>'
        f'<span class="quiet">{counted(len(figures), "frame")}{span}, {as_html(cluster.view)}</span>'
        + "".join(f'<span class="tag flag">{_words(flag)}</span>' for flag in flags)
        + f'<span class="confidence {grade}" style="--value:{cluster.confidence:.3f}">'
        f"confidence {cluster.confidence:.2f}<i></i></span>"
        f'</header><ul class="why">{"".join(f"<li>{as_html(reason)}</li>" for reason in cluster.reasons)}</ul>'
        f'<div class="sheet">{"".join(figures)}</div></article>'
    )


def _single(cluster: Cluster, figure: str) -> str:
    return f'<div class="item" tabindex="-1" id="{as_html(cluster.name)}"{_data_of(cluster)}>{figure}</div>'


def _data_of(cluster: Cluster) -> str:
    """The attributes of a group that the filters read."""
    flags = sorted({flag for member in cluster.members for flag in member.flags})
    spoken = [cluster.name, cluster.view, cluster.kind, *cluster.reasons]
    spoken += [text for member in cluster.members for text in (show(member.photo.path), member.photo.camera, member.reason)]
    return _data(spoken, cluster.kind, flags, cluster.confidence, needs_a_look(cluster))


def _loose(destination: Destination, figure: str) -> str:
    photo = destination.member.photo
    spoken = [show(photo.path), photo.camera, destination.member.reason, Kind.UNASSIGNED]
    return f'<div class="item" tabindex="-1"{_data(spoken, Kind.UNASSIGNED, destination.member.flags, 0.0, True)}>{figure}</div>'


def _bad(unreadable: Failure) -> str:
    data = _data([show(unreadable.path), unreadable.reason], Kind.UNREADABLE, (Flag.UNREADABLE,), 0.0, True)
    return f'<p class="item bad" tabindex="-1"{data}>{as_html(unreadable.reason)}</p>'


def _data(spoken: Iterable[str], kind: Kind, flags: Iterable[Flag], confidence: float, look: bool) -> str:
    """The attributes that the filters of the page read."""
    text = " ".join([*dict.fromkeys(spoken), *(_words(flag) for flag in flags)]).lower()
    return (
        f' data-text="{as_html(text)}" data-kind="{kind}" data-flags="{" ".join(flags)}"'
        f' data-confidence="{confidence:.4f}" data-look="{int(look)}"'
    )


def _figure(destination: Destination, thumbnail: bytes | None, folder: Path) -> str:
    member, photo = destination.member, destination.member.photo
    reference = (
        destination.cluster is not None
        and len(destination.cluster.members) > 1
        and destination.cluster.reference == destination.position
    )
    ev = f"{_signed(member.ev)} EV" if member.ev is not None else "EV unknown"
    target = destination.target or relative_to(folder, destination.source)
    picture = '<span class="none">no picture</span>'
    if thumbnail is not None:
        scale = SIDE / max(photo.width, photo.height, SIDE)
        size = f'width="{max(1, round(scale * photo.width))}" height="{max(1, round(scale * photo.height))}"'
        picture = f'<img loading="lazy" decoding="async" {size} alt="" src="{embedded(thumbnail)}">'
    exposure = known_exposure(photo)
    lines = [f'<span class="quiet">{engraved(exposure)}</span>'] if exposure else []
    lines.append(f'<span class="quiet">{as_html(show(photo.path.name))}</span>')
    lines += [f'<span class="flag">{_words(flag)}</span> ' for flag in member.flags]
    lines += [f'<span class="quiet">{as_html(member.reason)}</span>'] if member.reason else []
    return (
        f"<figure{' class=reference' if reference else ''}>"
        f'<a href="{link_to(target)}" title="{as_html(show(photo.path))}"'
        f' aria-label="{as_html(show(photo.path.name))}">{picture}</a>'
        f"<figcaption><b>{ev}</b>{' reference' if reference else ''}{''.join(lines)}</figcaption></figure>"
    )


def _signed(ev: float) -> str:
    return ev_text(ev).replace("-", "\N{MINUS SIGN}")


def _words(value: str) -> str:
    return value.replace("_", " ")
