"""What the labels file says of faces and persons, applied to what is in the gallery."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass, field

from hdrkit.files.text import show
from hdrkit.gallery.gallery import NOBODY, Gallery
from hdrkit.gallery.rows import Key
from hdrkit.results.label_file import Labels, Linked
from hdrkit.types import SeenFace


@dataclass(frozen=True)
class Place:
    """A face of this run: its key in the gallery, the number of its shot, and what was seen. `place` counts in the photograph."""

    key: Key
    shot: int
    place: int
    seen: SeenFace


@dataclass
class Links:
    """Pairs of faces of this run, as indices, and notes about what in the labels has no effect.

    `parted` holds the faces here of each person who is undecided again.
    """

    must: list[tuple[int, int]] = field(default_factory=list)
    cannot: list[tuple[int, int]] = field(default_factory=list)
    parted: dict[int, list[Key]] = field(default_factory=dict)
    notes: list[str] = field(default_factory=list)


def apply_labels(labels: Labels, places: Sequence[Place], gallery: Gallery) -> Links:
    """Keep labels in the gallery, join persons who are one, and part those who are not. Gives the pairs for clustering.

    Persons of one name are one; the lower number stays. The faces of a person who holds both faces of a `cannot_link` are
    undecided again.
    """
    known = {person.number for person in gallery.persons()}
    same = _keep(labels, known, gallery)
    decided = {key: number for key, (number, _) in gallery.decided({place.key[0] for place in places}).items()}
    linker = _Linker(places, decided, gallery)
    linker.links.notes += same
    if absent := sorted(set(labels.persons) - known - set(gallery.joined())):
        some = ", ".join(map(str, absent[:5])) + (" and more" if len(absent) > 5 else "")
        linker.links.notes.append(f"labels of persons who are not known have no effect: {some}; people.html shows the numbers")
    for pair in labels.must_link:
        linker.join(*pair)
    for pair in labels.cannot_link:
        linker.part(*pair)
    return linker.links


def _keep(labels: Labels, known: set[int], gallery: Gallery) -> list[str]:
    """Keep the labels of known persons in the gallery, and join persons of one name. Gives notes about them, without names."""
    gallery.label({number: label for number, label in labels.persons.items() if number in known})
    by_name: dict[str, list[int]] = defaultdict(list)
    for number, label in sorted(gallery.labels().items()):
        if label.name:
            by_name[label.name.casefold()].append(number)
    notes = []
    for first, *others in by_name.values():
        for other in others:
            gallery.join(first, other)
            notes.append(f"persons {first} and {other} have the same name: they are one person now, {first}")
    return notes


class _Linker:
    """Applies pairs. `decided` holds the numbers of the faces that were decided about, and follows what it does."""

    def __init__(self, places: Sequence[Place], decided: dict[Key, int], gallery: Gallery) -> None:
        self._places, self._decided, self._gallery = places, decided, gallery
        self.links = Links()

    def join(self, a: Linked, b: Linked) -> None:
        """Make two faces or persons one. The lower number stays."""
        if isinstance(a, int) and isinstance(b, int):
            self._join(a, b)
            return
        first, second = self._resolved(a), self._resolved(b)
        if first is None or second is None:
            return
        self.links.must.append((first, second))
        self._join(self._person(first), self._person(second))

    def part(self, a: Linked, b: Linked) -> None:
        """Keep two faces apart. If they were one person, all its faces here are undecided again."""
        first, second = self._resolved(a), self._resolved(b)
        if first is None or second is None:
            return
        self.links.cannot.append((first, second))
        if (number := self._person(first)) == self._person(second) != NOBODY:
            again = [place.key for place in self._places if self._decided.get(place.key) == number]
            self._gallery.decide(dict.fromkeys(again, (NOBODY, "")))
            self._decided.update(dict.fromkeys(again, NOBODY))
            self.links.parted[number] = again

    def _person(self, k: int) -> int:
        return self._decided.get(self._places[k].key, NOBODY)

    def _join(self, a: int, b: int) -> None:
        if NOBODY not in (a, b) and a != b:
            kept, gone = min(a, b), max(a, b)
            self._gallery.join(kept, gone)
            self._decided.update({key: kept for key, number in self._decided.items() if number == gone})

    def _resolved(self, one: Linked) -> int | None:
        """The index of a face that the labels mean; of a person, of its first face here."""
        for k, place in enumerate(self._places):
            if isinstance(one, int):
                if self._person(k) == one:
                    return k
            elif place.place == one[1] and f"/{place.seen.path.as_posix()}".endswith(f"/{one[0]}"):
                return k
        words = f"person {one}" if isinstance(one, int) else f"the face {show(one[0])}#{one[1]}"
        self.links.notes.append(f"the labels link {words}, which is not in these photographs; the pair has no effect")
        return None
