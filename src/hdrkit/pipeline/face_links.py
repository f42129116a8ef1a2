"""What the labels file says of faces and persons, applied to what is in the gallery."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field

from hdrkit.errors import InputError
from hdrkit.files.text import show
from hdrkit.gallery.gallery import Gallery
from hdrkit.gallery.rows import Key
from hdrkit.results.label_file import Labels, Linked, words_of
from hdrkit.types import NOBODY, SeenFace


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


def apply_labels(labels: Labels, taken: Labels, places: Sequence[Place], gallery: Gallery) -> Links:
    """Keep labels in the gallery, join persons who are one, and part those who are not. Gives the pairs for clustering.

    Persons of one name are one; the lower number stays. The faces of a person who holds both faces of a `cannot_link` are
    undecided again, as are those of persons whose links were `taken` back. Raises InputError, before anything is changed, for a
    link to one of several faces of a photograph that does not say which.
    """
    _require_places(labels, places)
    gallery.unlabel(taken.persons)
    decided = {key: number for key, (number, _) in gallery.decided({place.key[0] for place in places}).items()}
    linker = _Linker(places, decided, gallery)
    for pair in (*taken.must_link, *taken.cannot_link):
        linker.undecide(*pair)
    known = {person.number for person in gallery.persons()} | set(linker.links.parted)
    for first, other in _keep(labels, known, gallery):
        linker.join(first, other)
        linker.links.notes.append(f"persons {first} and {other} have the same name: they are one person now, {first}")
    joined = gallery.joined()
    if absent := sorted(set(labels.persons) - known - set(joined)):
        some = ", ".join(map(str, absent[:5])) + (" and more" if len(absent) > 5 else "")
        linker.links.notes.append(f"labels of persons who are not known have no effect: {some}; people.html shows the numbers")
    for pair in labels.must_link:
        linker.join(*pair)
    for pair in labels.cannot_link:
        linker.part(*pair)
    return linker.links


def _require_places(labels: Labels, places: Sequence[Place]) -> None:
    for linked in (one for pair in (*labels.must_link, *labels.cannot_link) for one in pair):
        if not isinstance(linked, int) and linked[1] is None:
            count = sum(_shows(place, linked[0]) for place in places)
            if count > 1:
                name = show(linked[0])
                raise InputError(f"the labels link {name}, which shows {count} faces; write which, such as {name}#0")


def _shows(place: Place, name: str) -> bool:
    """Whether a face is in the photograph of this file name."""
    return f"/{place.seen.path.as_posix()}".endswith(f"/{name}")


def _keep(labels: Labels, known: set[int], gallery: Gallery) -> list[tuple[int, int]]:
    """Keep the labels of known persons in the gallery. Gives the pairs of persons who have one name."""
    gallery.label({number: label for number, label in labels.persons.items() if number in known})
    return list(Labels(gallery.labels()).of_one_name)


class _Linker:
    """Applies pairs. `decided` holds the numbers of the faces that were decided about, and follows what it does."""

    def __init__(self, places: Sequence[Place], decided: dict[Key, int], gallery: Gallery) -> None:
        self._places, self._decided, self._gallery = places, decided, gallery
        self.links = Links()

    def join(self, a: Linked, b: Linked) -> None:
        """Make two faces or persons one. The lower number stays."""
        if isinstance(a, int) and isinstance(b, int):
            if self._known(a) and self._known(b):
                self._join(self._now(a), self._now(b))
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
        if first == second:
            self.links.notes.append(f"the labels part {words_of(a)} from {words_of(b)}, which are one; name two faces instead")
            return
        self.links.cannot.append((first, second))
        if (number := self._person(first)) == self._person(second) != NOBODY:
            self._undecide(number)

    def undecide(self, a: Linked, b: Linked) -> None:
        """Let the faces here of two faces or persons be decided again, because their link was taken back."""
        for one in (a, b):
            found = next((k for k in range(len(self._places)) if self._is(k, one)), None)
            if found is not None and (number := self._person(found)) != NOBODY:
                self._undecide(number)

    def _undecide(self, number: int) -> None:
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

    def _now(self, number: int) -> int:
        """The number of a person who may have become one with another."""
        return self._gallery.joined().get(number, number)

    def _known(self, number: int) -> bool:
        if self._now(number) in {*self.links.parted, *(person.number for person in self._gallery.persons())}:
            return True
        self.links.notes.append(f"the labels link {words_of(number)}, who is not known; the pair has no effect")
        return False

    def _is(self, k: int, one: Linked) -> bool:
        """Whether face `k` is the one that the labels mean, or one of the person."""
        if isinstance(one, int):
            return self._person(k) == self._now(one)
        place = self._places[k]
        return one[1] in (None, place.place) and _shows(place, one[0])

    def _resolved(self, one: Linked) -> int | None:
        """The index of a face that the labels mean; of a person, of its first face here."""
        for k in range(len(self._places)):
            if self._is(k, one):
                return k
        self.links.notes.append(f"the labels link {words_of(one)}, which is not in these photographs; the pair has no effect")
        return None
