"""The contact sheet of a ranking: the same place of each photograph of a series at full size, side by side."""

from __future__ import annotations

import base64
import os
import re
from collections.abc import Callable, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from html import escape
from importlib.resources import files
from pathlib import Path
from urllib.parse import quote

import cv2

from hdrkit.errors import InputError
from hdrkit.exposure import engraved
from hdrkit.io.artifacts import counted
from hdrkit.io.files import show
from hdrkit.io.group_layout import relative_to
from hdrkit.io.half_size import read_crop
from hdrkit.io.thumbnails import read_thumbnails
from hdrkit.io.transport import real
from hdrkit.types import Photo, RankedTake, RankingResult, Rated

CROP = 320  # pixels a side
_SETTINGS = (cv2.IMWRITE_JPEG_QUALITY, 85, cv2.IMWRITE_JPEG_OPTIMIZE, 1)
Progress = Callable[[str, int, int], None]


def rank_page(result: RankingResult, rated: Sequence[Rated], folder: Path, workers: int, progress: Progress | None = None) -> str:
    """The page; it holds everything it shows, and links lead to the photographs, relative to `folder`.

    Groups of one photograph have nothing to compare and are listed by name.
    """
    groups = [group for group in result.groups if len(group) > 1]
    ranked = [one for group in groups for one in group]
    crops = _crops(ranked, workers, progress)
    thumbnails = read_thumbnails([one.take.shown for one in ranked], workers, progress)
    pictures = dict(zip((one.take.shown for one in ranked), zip(crops, thumbnails, strict=True), strict=True))
    fates = {one.photo: one for one in rated}
    alone = [group[0] for group in result.groups if len(group) == 1]
    threshold = result.report.threshold
    series = f"{len(groups)} series of two or more"
    series += "" if threshold is None else f", told apart at a difference of {threshold:.2f}"
    told = [*result.report.notes, *(bad.reason for bad in result.unreadable)]
    filling = {
        "title": f"Sharpness of {counted(len({one.photo for one in rated}), 'photograph')}",
        "about": f"{series}; {counted(len(alone), 'photograph')} without a rival",
        "side": str(CROP),
        "groups": "\n".join(_sheet(group, pictures, fates, folder) for group in groups),
        "alone": _section("Without a rival", [_line(one, fates, folder) for one in alone]),
        "notes": _section("Notes", [f"<p>{_text(line)}</p>" for line in told]),
    }
    template = (files("hdrkit.io") / "rank_page.html").read_text(encoding="utf-8")
    return re.sub(r"\{\{(\w+)\}\}", lambda match: filling[match[1]], template)


def _crops(ranked: Sequence[RankedTake], workers: int, progress: Progress | None) -> list[bytes | None]:
    crops = []
    with ThreadPoolExecutor(workers) as pool:
        for crop in pool.map(_crop, ranked):
            crops.append(crop)
            if progress:
                progress("cutting out details", len(crops), len(ranked))
    return crops


def _crop(one: RankedTake) -> bytes | None:
    try:
        pixels = read_crop(one.take.shown, one.focus, CROP)
    except InputError:
        return None
    return cv2.imencode(".jpg", cv2.cvtColor(pixels, cv2.COLOR_RGB2BGR), _SETTINGS)[1].tobytes()


def _sheet(
    group: Sequence[RankedTake],
    pictures: Mapping[Photo, tuple[bytes | None, bytes | None]],
    fates: Mapping[Photo, Rated],
    folder: Path,
) -> str:
    figures = "".join(_figure(one, *pictures[one.take.shown], fates[one.take.shown], folder) for one in group)
    name, number = _text(group[0].group), counted(len(group), "photograph")
    return f'<section id="{name}"><h2>{name} <span class="quiet">{number}</span></h2><div class="sheet">{figures}</div></section>'


def _figure(one: RankedTake, crop: bytes | None, whole: bytes | None, fate: Rated, folder: Path) -> str:
    photo = one.take.shown
    name = _text(show(photo.path.name))
    shown = _picture(crop, "crop", f"{name} at 100 %") or '<span class="none">no picture</span>'
    lines = [f"{name}{f' and {len(one.take.photos) - 1} more of its bracket' if len(one.take.photos) > 1 else ''}"]
    lines += [engraved(photo.exposure)] if photo.exposure else []
    return (
        f'<figure class="{"best" if one.rank == 1 else ""}"><a href="{_link(photo, folder)}">{shown}</a>'
        f"{_picture(whole, 'whole', '')}<figcaption><b>{_stars(one.stars)}</b> sharpness {one.sharpness:.3g}"
        + "".join(f'<span class="quiet">{line}</span>' for line in lines)
        + f'<span class="{"bad" if fate.failed else "quiet"}">{_text(fate.reason)}</span></figcaption></figure>'
    )


def _picture(data: bytes | None, kind: str, words: str) -> str:
    if data is None:
        return ""
    return f'<img class="{kind}" loading="lazy" alt="{words}" src="data:image/jpeg;base64,{base64.b64encode(data).decode()}">'


def _line(one: RankedTake, fates: Mapping[Photo, Rated], folder: Path) -> str:
    photo = one.take.shown
    return (
        f'<p><a href="{_link(photo, folder)}">{_text(show(photo.path.name))}</a> {_stars(one.stars)} '
        f'<span class="quiet">{_text(fates[photo].reason)}</span></p>'
    )


def _section(title: str, lines: Sequence[str]) -> str:
    return f"<section><h2>{title}</h2>{''.join(lines)}</section>" if lines else ""


def _stars(number: int) -> str:
    return "\N{BLACK STAR}" * number or "no star"


def _link(photo: Photo, folder: Path) -> str:
    return escape(quote(os.fsencode(relative_to(folder.resolve(), real(photo.path)))))


def _text(text: str) -> str:
    """Text as HTML, on one line whatever it holds."""
    return escape(show(text))
