"""The contact sheet of a ranking: the same part of each photograph of a series at full size, side by side.

Series are spread over pages, so that a browser opens each page quickly.
"""

from __future__ import annotations

import math
from collections.abc import Iterator, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import cv2

from hdrkit.errors import InputError
from hdrkit.exposure import engraved
from hdrkit.files.atomic import read_bytes
from hdrkit.files.text import counted, show
from hdrkit.files.transport import real
from hdrkit.formats.half_size import read_crop
from hdrkit.formats.thumbnails import read_thumbnail
from hdrkit.results.group_layout import relative_to
from hdrkit.results.page import as_html, embedded, filled, link_to
from hdrkit.types import Photo, Progress, RankedTake, RankingResult, Rated

CROP = 320  # pixels a side
MOST = 400  # photographs on a page, about 10 MB
_SETTINGS = (cv2.IMWRITE_JPEG_QUALITY, 85, cv2.IMWRITE_JPEG_OPTIMIZE, 1)
Group = Sequence[RankedTake]
Pictures = tuple[bytes | None, bytes | None]  # JPEGs of a detail at full size, and of the whole photograph


def page_name(number: int) -> str:
    """The file of a page, numbered from 1."""
    return "report.html" if number == 1 else f"report_{number}.html"


def rank_pages(
    result: RankingResult, rated: Sequence[Rated], folder: Path, workers: int, progress: Progress | None = None
) -> Iterator[str]:
    """The pages, one at a time. Each holds everything it shows, and links to the photographs relative to `folder`.

    Photographs in no series are listed by name on the last page.
    """
    pages = _spread([group for group in result.groups if len(group) > 1])
    alone = [group[0] for group in result.groups if len(group) == 1]
    ratings = {one.photo: one for one in rated}
    threshold = result.report.threshold
    series = f"{sum(map(len, pages))} series of two or more"
    series += "" if threshold is None else f", separated at a difference of {threshold:.2f}"
    notes = [*result.report.notes, *(bad.reason for bad in result.unreadable)]
    total = sum(len(_shown(group)) for page in pages for group in page)
    done = 0
    for number, page in enumerate(pages, 1):
        last = number == len(pages)
        ranked = [one for group in page for one in _shown(group)]
        further = _further(progress, done, total)
        shown = [one.take.shown for one in ranked]
        pictures = dict(zip(shown, _pictures(ranked, workers, further), strict=True))
        done += len(ranked)
        filling = {
            "title": f"Sharpness of {counted(len(ratings), 'photograph')}",
            "about": f"{series}; {counted(len(alone), 'photograph')} in no series",
            "side": str(CROP),
            "pages": _contents(pages, number),
            "groups": "\n".join(_sheet(group, pictures, ratings, folder) for group in page),
            "alone": _section("In no series", [_line(one, ratings, folder) for one in alone if last]),
            "notes": _section("Notes", [f"<p>{as_html(line)}</p>" for line in notes if last]),
        }
        yield filled("rank_page.html", filling)


def _spread(groups: Sequence[Group]) -> list[list[Group]]:
    """Groups in order, on at least one page, with at most `MOST` photographs on a page."""
    pages: list[list[Group]] = [[]]
    for group in groups:
        if pages[-1] and sum(len(_shown(other)) for other in (*pages[-1], group)) > MOST:
            pages.append([])
        pages[-1].append(group)
    return pages


def _shown(group: Group) -> Group:
    return group[:MOST]


def _further(progress: Progress | None, before: int, total: int) -> Progress | None:
    """Progress on one page as progress on all pages."""
    return None if progress is None else lambda stage, done, _: progress(stage, before + done, total)


def _contents(pages: Sequence[Sequence[Group]], current: int) -> str:
    """Links to all pages, each named by its first and last series; empty if there is only one page."""
    if len(pages) == 1:
        return ""
    names = [" to ".join(dict.fromkeys(as_html(group[0].group) for group in (page[0], page[-1]))) for page in pages]
    links = [
        f"<b>{name}</b>" if number == current else f'<a href="{page_name(number)}">{name}</a>'
        for number, name in enumerate(names, 1)
    ]
    return f"<nav>{' &middot; '.join(links)}</nav>"


def _pictures(ranked: Sequence[RankedTake], workers: int, progress: Progress | None) -> list[Pictures]:
    pictures = []
    with ThreadPoolExecutor(workers) as pool:
        for of_one in pool.map(_pictures_of, ranked):
            pictures.append(of_one)
            if progress:
                progress("cutting out details", len(pictures), len(ranked))
    return pictures


def _pictures_of(one: RankedTake) -> Pictures:
    """The detail and the whole photograph, from one read of the file."""
    photo = one.take.shown
    try:
        data = read_bytes(photo.path)
    except InputError:
        return None, None
    return _crop(one, data), read_thumbnail(photo, data)


def _crop(one: RankedTake, data: bytes) -> bytes | None:
    try:
        pixels = read_crop(one.take.shown, one.focus, CROP, data)
    except InputError:
        return None
    return cv2.imencode(".jpg", cv2.cvtColor(pixels, cv2.COLOR_RGB2BGR), _SETTINGS)[1].tobytes()


def _sheet(
    group: Sequence[RankedTake],
    pictures: Mapping[Photo, Pictures],
    ratings: Mapping[Photo, Rated],
    folder: Path,
) -> str:
    shown = _shown(group)
    figures = "".join(_figure(one, *pictures[one.take.shown], ratings[one.take.shown], folder) for one in shown)
    name, number = as_html(group[0].group), counted(len(group), "photograph")
    number += f"; this page shows the {len(shown)} sharpest" if len(shown) < len(group) else ""
    return f'<section id="{name}"><h2>{name} <span class="quiet">{number}</span></h2><div class="sheet">{figures}</div></section>'


def _figure(one: RankedTake, crop: bytes | None, whole: bytes | None, rating: Rated, folder: Path) -> str:
    photo = one.take.shown
    name = as_html(show(photo.path.name))
    shown = _picture(crop, "crop", f"{name} at 100 %") or '<span class="none">no picture</span>'
    lines = [f"{name}{f' and {len(one.take.photos) - 1} more of its bracket' if len(one.take.photos) > 1 else ''}"]
    lines += [engraved(photo.exposure)] if photo.exposure else []
    value = "" if math.isnan(one.sharpness) else f" sharpness {one.sharpness:.3g}"
    return (
        f'<figure class="{"best" if one.rank == 1 and value else ""}"><a href="{_link(photo, folder)}">{shown}</a>'
        f"{_picture(whole, 'whole', '')}<figcaption><b>{_stars(one.stars)}</b>{value}"
        + "".join(f'<span class="quiet">{line}</span>' for line in lines)
        + f'<span class="{"bad" if rating.error else "quiet"}">{as_html(rating.reason)}</span></figcaption></figure>'
    )


def _picture(data: bytes | None, kind: str, words: str) -> str:
    if data is None:
        return ""
    return f'<img class="{kind}" loading="lazy" alt="{words}" src="{embedded(data)}">'


def _line(one: RankedTake, ratings: Mapping[Photo, Rated], folder: Path) -> str:
    photo = one.take.shown
    return (
        f'<p><a href="{_link(photo, folder)}">{as_html(show(photo.path.name))}</a> {_stars(one.stars)} '
        f'<span class="quiet">{as_html(ratings[photo].reason)}</span></p>'
    )


def _section(title: str, lines: Sequence[str]) -> str:
    return f"<section><h2>{title}</h2>{''.join(lines)}</section>" if lines else ""


def _stars(number: int) -> str:
    return "\N{BLACK STAR}" * number or "no star"


def _link(photo: Photo, folder: Path) -> str:
    return link_to(relative_to(folder.resolve(), real(photo.path)))
