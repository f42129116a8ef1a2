"""Folders that together hold one series, such as one folder for each day: which ones belong to one camera, and their order."""

from __future__ import annotations

import re
from collections import Counter, defaultdict
from collections.abc import Iterator, Mapping, Sequence
from datetime import datetime, timedelta
from itertools import combinations, zip_longest
from pathlib import Path

from hdrkit.inputs.timestamps import floored

_PARTS = ("%Y", "%m", "%d", "%H", "%M", "%S")
_FORMATS = (
    *("".join(_PARTS[first:end]) for first, end in combinations(range(7), 2)),
    *("%y" + "".join(_PARTS[1:end]) for end in range(2, 7)),
    *("%j", "%Y%j", "%y%j"),
)
_LENGTHS = {form: len(datetime(2024, 6, 14).strftime(form)) for form in _FORMATS}
_BEFORE = {"%H": {"%d", "%j"}, "%M": {"%H"}, "%S": {"%M"}}  # how the number before it in the path ends
_ZONES_H = (0, *range(-12, 0), *range(1, 15))  # hours from the clock of photographs to that of folders
_SPANS_S = (1, 5, 10, 15, 30, 60, 300, 600, 900, 1800, 3600)  # spans that names of folders are rounded down to
_ASKED = 50  # folders that show how all are named

Rule = tuple[str, int]  # a format and a zone


def patterns(begun: Mapping[Path, datetime]) -> dict[Path, str]:
    """The path of each folder without the numbers that give the time of its first photograph. It is the same for one camera.

    Such numbers are parts of a date and a time, single (`2024/06/14`) or joined (`20240614`). Most of the paths with the same
    words have them at the same position, on the clock of the photographs or in one other zone. Other numbers belong to cameras.
    """
    alike: dict[tuple[str, ...], list[Path]] = defaultdict(list)
    for folder in begun:
        alike[tuple(re.split(r"\d+", str(folder)))].append(folder)
    found = {}
    for words, folders in alike.items():
        asked = folders[:: -(-len(folders) // _ASKED)]
        rules = _rules([_numbers(folder) for folder in asked], [begun[folder] for folder in asked])
        for folder in folders:
            ruled = zip(_numbers(folder), rules, strict=True)
            kept = ("#" if rule and _says(number, begun[folder], rule) else number for number, rule in ruled)
            found[folder] = "".join(word + number for word, number in zip_longest(words, kept, fillvalue=""))
    return found


def _numbers(folder: Path) -> list[str]:
    """The numbers in a path. In names without letters a single digit gets a zero: 2024-6-14 is 2024-06-14."""
    return [
        number.zfill(1 if re.search(r"[^\W\d_]", part) else 2) for part in folder.parts for number in re.findall(r"\d+", part)
    ]


def _rules(numbers: Sequence[Sequence[str]], begun: Sequence[datetime]) -> list[Rule | None]:
    """How each number of such paths gives the time in more than half of them; None for another number."""
    rules: list[Rule | None] = []
    for column in zip(*numbers, strict=True):
        possible = list(_possible({rule[0][-2:] for rule in rules if rule}))
        votes = Counter(
            (form, zone)
            for number, first in zip(column, begun, strict=True)
            for form, zone in possible
            if _LENGTHS[form] == len(number) and _says(number, first, (form, zone))
        )
        best = max(votes, key=lambda rule: votes[rule], default=None)
        rules.append(best if best and 2 * votes[best] > len(begun) else None)
    return rules


def _possible(before: set[str]) -> Iterator[Rule]:
    """The possible rules for a number, given how the numbers `before` it end.

    Hours may come without a day, but then on the clock of the photographs. Minutes and seconds alone could be any small numbers.
    """
    for form in _FORMATS:
        if form[:2] not in _BEFORE or _BEFORE[form[:2]] & before:
            yield from ((form, zone) for zone in _ZONES_H)
        elif form[:2] == "%H":
            yield form, 0


def _says(number: str, first: datetime, rule: Rule) -> bool:
    form, zone = rule
    if not 1 < first.year < 9999:
        return False
    there = first + timedelta(hours=zone)
    spans = _SPANS_S if "%M" in form or "%S" in form else (1,)
    return any(f"{floored(there, span):{form}}" == number for span in spans)


def likeness(folder: Path, other: Path) -> int:
    """How many parts of two paths are equal: `14/east` continues in `15/east`, not in `15/west`."""
    return sum(one == two for one, two in zip(folder.parts, other.parts, strict=False))


def in_turn(times: Mapping[Path, tuple[datetime, datetime]]) -> list[list[Path]]:
    """Lists of folders that one camera filled one after the other, by the first and the last time in each.

    Folders whose times overlap belong to different cameras. If several lists could continue in a folder, it continues the one
    with the most similar path, and among equals the one that ended last.
    """
    turns: list[list[Path]] = []
    for folder in sorted(times, key=lambda folder: (times[folder], folder)):
        ended = [turn for turn in turns if times[turn[-1]][1] < times[folder][0]]
        if ended:
            max(ended, key=lambda turn: (likeness(turn[-1], folder), times[turn[-1]][1])).append(folder)
        else:
            turns.append([folder])
    return turns
