"""What the labels file said when a folder of faces was written: what is no longer in it was taken out by a human."""

from __future__ import annotations

import json
from pathlib import Path

from hdrkit.files.json_text import to_json
from hdrkit.results.label_file import Labels, Pair
from hdrkit.types import Label

RECORD = ".hdrkit-labels.json"


def record_of(labels: Labels) -> bytes:
    """The numbers of labelled persons, without names, and the pairs that are linked, by hand or by one name."""
    stored = {
        "persons": sorted(labels.persons),
        "must_link": (*labels.must_link, *labels.of_one_name),
        "cannot_link": labels.cannot_link,
    }
    return to_json(stored).encode()


def taken_out(folder: Path, now: Labels) -> Labels:
    """The persons and pairs of the record in a folder that the labels do not name any more. Nothing without a record."""
    try:
        stored = json.loads((folder / RECORD).read_bytes())
        before = {name: [_pair(pair) for pair in stored[name]] for name in ("must_link", "cannot_link")}
        persons = [int(number) for number in stored["persons"]]
    except (OSError, ValueError, KeyError, TypeError):
        return Labels()
    must, cannot = {*now.must_link, *now.of_one_name}, set(now.cannot_link)
    return Labels(
        {number: Label() for number in persons if number not in now.persons},
        tuple(pair for pair in before["must_link"] if pair not in must),
        tuple(pair for pair in before["cannot_link"] if pair not in cannot),
    )


def _pair(stored: list[int | list[str | int | None]]) -> Pair:
    a, b = (one if isinstance(one, int) else (str(one[0]), None if one[1] is None else int(one[1])) for one in stored)
    return a, b
