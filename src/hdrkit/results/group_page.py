"""report.html: one page that holds everything it shows, for looking through the groups with and without a network."""

from __future__ import annotations

import base64
import math
import os
import re
from collections.abc import Iterable, Sequence
from html import escape
from importlib.resources import files
from pathlib import Path
from urllib.parse import quote

from hdrkit.exposure import engraved
from hdrkit.files.text import counted, show
from hdrkit.formats.thumbnails import SIDE, shrunk
from hdrkit.results.group_layout import Place, by_cluster, ev_text, known_exposure, relative_to
from hdrkit.results.group_records import SURE, counts, needs_a_look
from hdrkit.types import Cluster, Failure, Flag, GroupingResult, Kind

_FULL_SIZE = 850  # photographs whose thumbnails are shown at full size; more share the same number of pixels
_SMALLEST = 64
_DOUBTFUL = 0.5


def report_page(
    result: GroupingResult,
    places: Sequence[Place],
    thumbnails: Sequence[bytes | None],
    folder: Path,
    notes: Sequence[str] = (),
) -> str:
    """The page: contact sheets of the groups with the least sure first, filters, what was unassigned and unreadable.

    `thumbnails` holds a JPEG for each place. The thumbnails are in the page; links lead to the photographs, relative to `folder`.
    """
    folder = folder.resolve()
    side = round(min(SIDE, max(_SMALLEST, SIDE * math.sqrt(_FULL_SIZE / max(len(places), 1)))))
    figures = {
        place.name: _figure(place, thumbnail if thumbnail is None or side == SIDE else shrunk(thumbnail, side), folder)
        for place, thumbnail in zip(places, thumbnails, strict=True)
    }
    sheets = [(cluster, _group(cluster, [figures[place.name] for place in members])) for cluster, members in by_cluster(places)]
    loose = [_loose(place, figures[place.name]) for place in places if place.cluster is None]
    kinds = {cluster.kind for cluster, _ in sheets} | ({Kind.UNASSIGNED} if loose else set())
    kinds |= {Kind.UNREADABLE} if result.unreadable else set()
    flags = {flag for place in places for flag in place.member.flags}
    told = [*result.report.notes, *notes]
    filling = {
        "title": f"Groups of {counted(counts(result)['total_images'], 'photograph')}",
        "counts": _counts(result),
        "kinds": _choices(kinds),
        "flags": _choices(flags),
        "groups": "\n".join(sheet for _, sheet in sorted(sheets, key=lambda sheet: sheet[0].confidence)),
        "unassigned": "\n".join(loose),
        "unreadable": "\n".join(_bad(unreadable) for unreadable in result.unreadable),
        "notes": "".join(f"<li>{_text(note)}</li>" for note in told),
        "notes_hidden": "" if told else " hidden",
        "footer": "Written by hdrkit. The frame that the others are aligned to has a frame of its own colour.",
    }
    template = (files("hdrkit.results") / "group_page.html").read_text(encoding="utf-8")
    return re.sub(r"\{\{(\w+)\}\}", lambda match: filling[match[1]], template)


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
    spoken = [cluster.name, cluster.view, cluster.kind, *cluster.reasons]
    spoken += [text for member in cluster.members for text in (show(member.photo.path), member.photo.camera, member.reason)]
    return (
        f'<article class="item group" tabindex="-1" id="{_text(cluster.name)}"'
        f"{_data(spoken, cluster.kind, flags, cluster.confidence, needs_a_look(cluster))}>"
        f'<header><h3>{_text(cluster.name)}</h3><span class="tag">{_words(cluster.kind)}</span>'
        f'<span class="quiet">{counted(len(figures), "frame")}{span}, {_text(cluster.view)}</span>'
        + "".join(f'<span class="tag flag">{_words(flag)}</span>' for flag in flags)
        + f'<span class="confidence {grade}" style="--value:{cluster.confidence:.3f}">'
        f"confidence {cluster.confidence:.2f}<i></i></span>"
        f'</header><ul class="why">{"".join(f"<li>{_text(reason)}</li>" for reason in cluster.reasons)}</ul>'
        f'<div class="sheet">{"".join(figures)}</div></article>'
    )


def _loose(place: Place, figure: str) -> str:
    photo = place.member.photo
    spoken = [show(photo.path), photo.camera, place.member.reason, Kind.UNASSIGNED]
    return f'<div class="item" tabindex="-1"{_data(spoken, Kind.UNASSIGNED, place.member.flags, 0.0, True)}>{figure}</div>'


def _bad(unreadable: Failure) -> str:
    data = _data([show(unreadable.path), unreadable.reason], Kind.UNREADABLE, (Flag.UNREADABLE,), 0.0, True)
    return f'<p class="item bad" tabindex="-1"{data}>{_text(unreadable.reason)}</p>'


def _data(spoken: Iterable[str], kind: Kind, flags: Iterable[Flag], confidence: float, look: bool) -> str:
    """The attributes that the filters of the page read."""
    text = " ".join([*dict.fromkeys(spoken), *(_words(flag) for flag in flags)]).lower()
    return (
        f' data-text="{_text(text)}" data-kind="{kind}" data-flags="{" ".join(flags)}"'
        f' data-confidence="{confidence:.4f}" data-look="{int(look)}"'
    )


def _figure(place: Place, thumbnail: bytes | None, folder: Path) -> str:
    member, photo = place.member, place.member.photo
    reference = place.cluster is not None and len(place.cluster.members) > 1 and place.cluster.reference == place.position
    ev = f"{_signed(member.ev)} EV" if member.ev is not None else "EV unknown"
    target = place.target or relative_to(folder, place.source)
    picture = '<span class="none">no picture</span>'
    if thumbnail is not None:
        scale = SIDE / max(photo.width, photo.height, SIDE)
        size = f'width="{max(1, round(scale * photo.width))}" height="{max(1, round(scale * photo.height))}"'
        data = base64.b64encode(thumbnail).decode()
        picture = f'<img loading="lazy" decoding="async" {size} alt="" src="data:image/jpeg;base64,{data}">'
    exposure = known_exposure(photo)
    lines = [f'<span class="quiet">{engraved(exposure)}</span>'] if exposure else []
    lines.append(f'<span class="quiet">{_text(show(photo.path.name))}</span>')
    lines += [f'<span class="flag">{_words(flag)}</span> ' for flag in member.flags]
    lines += [f'<span class="quiet">{_text(member.reason)}</span>'] if member.reason else []
    return (
        f"<figure{' class=reference' if reference else ''}>"
        f'<a href="{escape(quote(os.fsencode(target)))}" title="{_text(show(photo.path))}"'
        f' aria-label="{_text(show(photo.path.name))}">{picture}</a>'
        f"<figcaption><b>{ev}</b>{' reference' if reference else ''}{''.join(lines)}</figcaption></figure>"
    )


def _signed(ev: float) -> str:
    return ev_text(ev).replace("-", "\N{MINUS SIGN}")


def _words(value: str) -> str:
    return value.replace("_", " ")


def _text(text: str) -> str:
    """Text as HTML, on one line whatever it holds."""
    return escape(show(text))
