"""The page of a map: pictures in three dimensions and the list of their groups, one file that needs no network."""

from __future__ import annotations

import base64
import json
import os
from collections.abc import Iterable, Sequence
from functools import cache
from importlib.metadata import version
from importlib.resources import files
from pathlib import Path
from urllib.parse import quote

from hdrkit.files.text import counted, show
from hdrkit.results.atlas import MOST, Atlas, atlas_of
from hdrkit.results.group_layout import relative_to
from hdrkit.results.page import as_html, filled
from hdrkit.types import ALONE, Cohesion, MapResult

_DIGITS = 3  # of positions on the page


def map_page(result: MapResult, thumbnails: Sequence[bytes], folder: Path) -> str:
    """The page, which holds a small picture of each file and links to the files relative to `folder`.

    `thumbnails` are JPEGs of at most 96 x 96 pixels in the order of the pictures. Beyond 25,000 pictures the most typical of each
    group have theirs, and the others are points in the colour of their group.
    """
    drawn = _drawn(result)
    atlas = atlas_of([thumbnails[k] for k in drawn])
    alone = sum(picture.group == ALONE for picture in result.pictures)
    notes = [*result.report.notes, *(bad.reason for bad in result.failures)]
    if len(drawn) < len(result.pictures):
        notes.append(f"too many to show each picture here: {counted(len(result.pictures) - len(drawn), 'picture')} are points")
    models = "; ".join(f"{role}: {name}" for role, name in result.report.models.items())
    filling = {
        "title": f"{counted(len(result.pictures), 'picture')} in {counted(len(result.groups), 'group')}",
        "about": f"{alone} in no group",
        "notes": "".join(f"<p>{as_html(line)}</p>" for line in notes),
        "models": as_html(models),
        "version": version("hdrkit"),
        "map": _as_script(_map_of(result, atlas, drawn, folder.resolve())),
        "sheets": "".join(map(_sheet, atlas.sheets)),
        "three": _three(),
    }
    return filled("map/page.html", filling)


def _drawn(result: MapResult) -> list[int]:
    """The indices of the pictures that are shown as pictures."""
    if len(result.pictures) <= MOST:
        return list(range(len(result.pictures)))
    alone = [k for k, picture in enumerate(result.pictures) if picture.group == ALONE]
    typical = sorted(
        (rank, k) for members in (*(group.members for group in result.groups), alone) for rank, k in enumerate(members)
    )
    return sorted(k for _, k in typical[:MOST])


def _map_of(result: MapResult, atlas: Atlas, drawn: Iterable[int], at: Path) -> dict[str, object]:
    """What the scripts of the page read: a column for each property of the pictures, in their order."""
    pictures = result.pictures
    labels = sorted({picture.label for picture in pictures})
    number = {label: k for k, label in enumerate(labels)}
    cells = {k: cell for cell, k in enumerate(drawn)}

    @cache
    def link_of(folder: Path) -> str:
        return relative_to(at, folder.resolve())

    return {
        "names": [picture.path.as_posix() for picture in pictures],
        "links": [quote(os.fsencode(Path(link_of(one.path.parent), one.path.name).as_posix())) for one in pictures],
        "labels": labels,
        "label": [number[picture.label] for picture in pictures],
        "group": [int(picture.group) for picture in pictures],
        "high": [int(picture.quality is Cohesion.HIGH) for picture in pictures],
        "silhouette": [None if one.silhouette is None else round(float(one.silhouette), 2) for one in pictures],
        "position": [round(float(value), _DIGITS) + 0.0 for picture in pictures for value in picture.position],
        "groups": [
            {
                "number": int(group.number),
                "words": show(group.words),
                "high": group.quality is Cohesion.HIGH,
                "spread": round(float(group.spread), 3),
                "members": [int(k) for k in group.members],
            }
            for group in result.groups
        ],
        "cell": atlas.cell,
        "columns": atlas.columns,
        "cells": [cells.get(k, -1) for k in range(len(pictures))],
        "sizes": [side for size in atlas.sizes for side in size],
    }


def _as_script(value: object) -> str:
    """JSON that cannot end the element of the page that holds it."""
    return json.dumps(value, separators=(",", ":"), allow_nan=False).replace("<", "\\u003c")


def _sheet(webp: bytes) -> str:
    return f'<script type="text/plain" class="atlas">{base64.b64encode(webp).decode()}</script>\n'


@cache
def _three() -> str:
    return (files("hdrkit.results") / "vendor" / "three" / "three.min.js").read_text(encoding="utf-8")
