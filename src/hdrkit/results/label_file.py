"""`cluster_labels.json`: what a human says of the persons that were found, by their numbers."""

from __future__ import annotations

import json
from collections import Counter
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
Linked = int | tuple[str, int | None]
"""A person by its number, or a face: the file name of its photograph, and its place there from 0 for the one at the left.

A face without a place is the only one of its photograph.
"""
Pair = tuple[Linked, Linked]


@dataclass(frozen=True)
class Labels:
    """The labels of persons by their numbers, and pairs that are the same person, or are not."""

    persons: Mapping[int, Label] = field(default_factory=dict)
    must_link: tuple[Pair, ...] = ()
    cannot_link: tuple[Pair, ...] = ()

    @property
    def of_one_name(self) -> tuple[tuple[int, int], ...]:
        """Persons with one name, each with the lowest number of that name."""
        first: dict[str, int] = {}
        named = [(number, label.name.casefold()) for number, label in sorted(self.persons.items()) if label.name]
        return tuple((first[name], number) for number, name in named if first.setdefault(name, number) != number)


def read_labels(path: Path | str) -> Labels:
    """The labels in a file. Raises InputError, which names what is wrong, for a file that cannot be read as labels.

    The file is JSON: `{"0": "main", "1": {"name": "Ann", "category": "important"}}`. Persons of one name are the same person. The
    keys `must_link` and `cannot_link` hold lists of pairs, such as `[[3, 7], ["a.jpg#0", "b.jpg#1"]]`: persons by their numbers,
    or faces by file name and place from the left, which may be left out where a photograph shows one face.
    """
    where = show(path)

    def once(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
        if twice := [key for key, count in Counter(key for key, _ in pairs).items() if count > 1]:
            raise InputError(f"{where}: {twice[0]!r} is there twice; leave one out")
        return dict(pairs)

    try:
        given = json.loads(read_bytes(path).decode("utf-8-sig"), object_pairs_hook=once)
    except ValueError as error:
        raise InputError(f"{where}: not valid JSON ({error})") from error
    if not isinstance(given, dict):
        raise InputError(f'{where}: it must hold labels by the number of a person, such as {{"0": "main"}}')
    links: dict[str, tuple[Pair, ...]] = {name: tuple(_pairs(given.pop(name, []), f"{where}: {name}")) for name in LINKS}
    if both := {frozenset(pair) for pair in links[LINKS[0]]} & {frozenset(pair) for pair in links[LINKS[1]]}:
        words = " and ".join(sorted(map(words_of, next(iter(both)))))
        raise InputError(f"{where}: {words} are in must_link and in cannot_link; leave one out")
    return Labels({_number(key, where): _label(value, f"{where}: {key}") for key, value in given.items()}, **links)


def words_of(linked: Linked) -> str:
    """A person or a face in words."""
    if isinstance(linked, int):
        return f"person {linked}"
    name, place = linked
    return f"the face of {show(name)}" if place is None else f"the face {show(name)}#{place}"


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


def _pairs(value: Any, where: str) -> list[Pair]:
    if not isinstance(value, list) or not all(isinstance(pair, list) and len(pair) == 2 for pair in value):
        raise InputError(f'{where} must be a list of pairs, such as [[3, 7], ["a.jpg#0", "b.jpg#1"]]')
    return [(_linked(a, where), _linked(b, where)) for a, b in value]


def _linked(value: Any, where: str) -> Linked:
    match value:
        case int() if not isinstance(value, bool) and value >= 0:
            return value
        case str():
            name, mark, place = value.rpartition("#")
            return (name, int(place)) if mark and place.isdecimal() else (value, None)
        case _:
            raise InputError(f'{where}: {value!r} is neither the number of a person nor a face such as "a.jpg#0"')
