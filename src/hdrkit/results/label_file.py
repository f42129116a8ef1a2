"""`cluster_labels.json`: what a human says of the persons that were found, by their numbers."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from hdrkit.errors import InputError
from hdrkit.files.atomic import read_bytes, write_bytes
from hdrkit.files.json_text import to_json
from hdrkit.files.text import listed, show
from hdrkit.types import Category, Label

LABEL_FILE = "cluster_labels.json"
LINKS = ("must_link", "cannot_link")
Linked = int | tuple[str, int]
"""A person by its number, or a face: the file name of its photograph, and its place there from 0 for the one at the left."""


@dataclass(frozen=True)
class Labels:
    """The labels of persons by their numbers, and pairs that are the same person, or are not."""

    persons: Mapping[int, Label] = field(default_factory=dict)
    must_link: tuple[tuple[Linked, Linked], ...] = ()
    cannot_link: tuple[tuple[Linked, Linked], ...] = ()


def read_labels(path: Path | str) -> Labels:
    """The labels in a file. Raises InputError, which names what is wrong, for a file that cannot be read as labels.

    The file is JSON: `{"0": "main", "1": {"name": "Ann", "category": "important"}}`. Persons of one name are the same person. The
    keys `must_link` and `cannot_link` hold lists of pairs, such as `[[3, 7], ["a.jpg#0", "b.jpg#1"]]`: persons by their numbers,
    or faces by file name and place from the left, which is 0 if it is left out.
    """
    where = show(path)
    try:
        given = json.loads(read_bytes(path).decode("utf-8-sig"))
    except ValueError as error:
        raise InputError(f"{where}: not valid JSON ({error})") from error
    if not isinstance(given, dict):
        raise InputError(f'{where}: it must hold labels by the number of a person, such as {{"0": "main"}}')
    links = {name: tuple(_pairs(given.pop(name, []), f"{where}: {name}")) for name in LINKS}
    return Labels({_number(key, where): _label(value, f"{where}: {key}") for key, value in given.items()}, **links)


def write_labels(path: Path, labels: Mapping[int, Label]) -> None:
    """Write labels to a file in the form that `read_labels` reads. Raises OutputError."""
    plain = {str(number): _plain(label) for number, label in sorted(labels.items())}
    write_bytes(path, to_json(plain).encode())


def _plain(label: Label) -> Any:
    return {"name": label.name, "category": str(label.category)} if label.name else str(label.category)


def _number(key: str, where: str) -> int:
    if not key.isdecimal():
        raise InputError(f"{where}: {key!r} is not the number of a person; beside numbers there may be {listed(LINKS, 'and')}")
    return int(key)


def _label(value: Any, where: str) -> Label:
    match value:
        case str():
            return Label(_category(value, where))
        case {**given} if set(given) <= {"name", "category"} and all(isinstance(one, str) for one in given.values()):
            return Label(_category(str(given.get("category", Category.OTHER)), where), str(given.get("name", "")).strip())
        case _:
            raise InputError(f'{where} must be a category, or {{"name": ..., "category": ...}}, not {json.dumps(value)[:60]}')


def _category(text: str, where: str) -> Category:
    try:
        return Category(text.strip().lower())
    except ValueError:
        raise InputError(f"{where}: {text!r} is no category; write {listed(list(Category))}") from None


def _pairs(value: Any, where: str) -> list[tuple[Linked, Linked]]:
    if not isinstance(value, list) or not all(isinstance(pair, list) and len(pair) == 2 for pair in value):
        raise InputError(f'{where} must be a list of pairs, such as [[3, 7], ["a.jpg#0", "b.jpg#1"]]')
    return [(_linked(a, where), _linked(b, where)) for a, b in value]


def _linked(value: Any, where: str) -> Linked:
    match value:
        case int() if not isinstance(value, bool) and value >= 0:
            return value
        case str():
            name, mark, place = value.rpartition("#")
            return (name, int(place)) if mark and place.isdecimal() else (value, 0)
        case _:
            raise InputError(f'{where}: {value!r} is neither the number of a person nor a face such as "a.jpg#0"')
