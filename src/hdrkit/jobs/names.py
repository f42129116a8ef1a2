"""Names of results from a template of the user, such as `{number}_{camera}_{bracket}`."""

from __future__ import annotations

import string
from collections.abc import Sequence
from pathlib import PurePath
from typing import TYPE_CHECKING

from hdrkit.errors import OutputError
from hdrkit.files.text import listed

if TYPE_CHECKING:
    from hdrkit.types import Bracket

FIELDS = ("bracket", "number", "first", "last", "frames", "camera", "date", "time")  # first, last: names of files


def parse_name(text: str) -> str:
    """A template for the names of results. Raises ValueError if it names unknown fields, or none."""
    try:
        fields = [field for _, field, _, _ in string.Formatter().parse(text) if field is not None]
        text.format(**dict.fromkeys(FIELDS, "x"))
    except (ValueError, KeyError, IndexError, AttributeError):
        raise ValueError(f"{text!r}: fields are {listed(['{' + one + '}' for one in FIELDS], last='and')}") from None
    if not fields:
        raise ValueError(f"{text!r} names all results alike; add a field, such as {{bracket}} or {{first}}")
    return text


def result_names(brackets: Sequence[Bracket], template: str) -> list[str]:
    """The names of the results of brackets, without suffixes; equal ones get a number.

    The folders of a bracket stay, unless the template has a `/`. Raises OutputError for a name that leads out of the folder.
    """
    from hdrkit.inputs.brackets import distinct_names

    digits = len(str(len(brackets)))
    names = []
    for number, bracket in enumerate(brackets, 1):
        filled = template.format(**_values(bracket, f"{number:0{digits}d}")).strip()
        name = PurePath(filled) if "/" in template else PurePath(bracket.name).parent / filled
        if name.is_absolute() or ".." in name.parts or not name.name:
            raise OutputError(f"{filled}: this name leads out of the folder of results; correct --name {template!r}")
        names.append(str(name))
    return distinct_names(names)


def _values(bracket: Bracket, number: str) -> dict[str, str]:
    stems = sorted(photo.path.stem for photo in bracket.photos)
    taken = min((photo.taken_at.replace(tzinfo=None) for photo in bracket.photos if photo.taken_at), default=None)
    values = {
        "bracket": PurePath(bracket.name).name,
        "number": number,
        "first": stems[0],
        "last": stems[-1],
        "frames": str(len(stems)),
        "camera": bracket.photos[0].camera or "unknown camera",
        "date": f"{taken:%Y-%m-%d}" if taken else "undated",
        "time": f"{taken:%H%M%S}" if taken else "undated",
    }
    return {name: value.replace("/", "-") for name, value in values.items()}
