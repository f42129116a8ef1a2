"""`hdrkit faces --forget`: a person, or everything, removed from the gallery and from all results that were written."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from hdrkit.errors import InputError, OutputError
from hdrkit.files.text import show
from hdrkit.gallery.gallery import Gallery, open_galleries
from hdrkit.results.forgotten import rated_beside, remove_all, remove_person
from hdrkit.results.label_file import LABEL_FILE
from hdrkit.types import Label

ALL = "all"


@dataclass(frozen=True)
class Forgotten:
    """What was removed: how many faces, from which folders of results.

    `failures` are lines about what could not be removed, `notes` about what else was removed or stays.
    """

    faces: int
    folders: tuple[str, ...]
    failures: tuple[str, ...] = ()
    notes: tuple[str, ...] = ()


def forget(person: str, gallery: str | None = None, network: str | None = None) -> Forgotten:
    """Remove a person, by number or name, or `all`. `network` is the embedding that a number belongs to, if there are several.

    Raises InputError if the gallery knows no such person, or `person` is empty.
    """
    if not (person := person.strip()):
        raise InputError("name the person to forget: a number, a name, or all")
    with open_galleries(gallery) as galleries:
        if person == ALL:
            return _everything(galleries)
        found = [
            (one, number)
            for name, one in galleries.items()
            if network in (None, name) or not person.isdecimal()
            for number in _numbers(one, person)
        ]
        if not found:
            raise InputError(f"the gallery knows no person {show(person)}; people.html shows numbers and names")
        if person.isdecimal() and len(found) > 1:
            raise InputError(f"person {person} is known by {len(found)} embeddings; name one with --model face-embedding=NAME")
        faces, folders, failures = 0, set[str](), list[str]()
        for one, number in found:
            numbers = {number, *(gone for gone, kept in one.joined().items() if kept == number)}
            name = one.labels().get(number, Label()).name
            for folder in one.folders():
                try:
                    remove_person(Path(folder), numbers, name, one.labels())
                    folders.add(folder)
                except (InputError, OutputError) as error:
                    failures.append(f"{error} (it may show the person)")
            faces += one.forget(number)
    return Forgotten(faces, tuple(sorted(folders)), tuple(failures))


def _numbers(gallery: Gallery, person: str) -> list[int]:
    labels = gallery.labels()
    return [
        known.number
        for known in gallery.persons()
        if person == str(known.number) or (known.number in labels and labels[known.number].name.casefold() == person.casefold())
    ]


def _everything(galleries: dict[str, Gallery]) -> Forgotten:
    faces, folders, failures, labelled, rated = 0, list[str](), list[str](), list[str](), set[Path]()
    for gallery in galleries.values():
        try:
            faces += sum(person.count for person in gallery.persons())
        except InputError:
            failures.append("the gallery was damaged: how many faces it held is not known")
        for folder in _folders(gallery, failures):
            rated |= rated_beside(Path(folder))
            try:
                labelled += [folder] if (Path(folder) / LABEL_FILE).exists() else []
                kept = remove_all(Path(folder))
                folders.append(folder)
                failures += [f"{show(Path(folder) / name)}: it was changed since hdrkit wrote it, so it stays" for name in kept]
            except OutputError as error:
                failures.append(str(error))
        gallery.forget_all()
    names = [f"{show(Path(folder) / LABEL_FILE)}: removed too, because names are personal data" for folder in labelled]
    stars = [f"{show(at)}: the ratings beside the photographs stay; hdrkit rank --undo takes them back" for at in sorted(rated)]
    return Forgotten(faces, tuple(folders), tuple(failures), (*names, *stars))


def _folders(gallery: Gallery, failures: list[str]) -> list[str]:
    try:
        return gallery.folders()
    except InputError:
        failures.append("the gallery was damaged: which folders of results it wrote is not known; remove them yourself")
        return []
