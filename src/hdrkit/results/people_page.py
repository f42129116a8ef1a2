"""The contact sheet of persons: the faces of each, the least sure first, so that mistakes are seen at once."""

from __future__ import annotations

import re
from collections.abc import Collection, Mapping, Sequence
from pathlib import Path

from hdrkit.files.text import counted, show
from hdrkit.files.transport import real
from hdrkit.results.group_layout import relative_to
from hdrkit.results.page import as_html, embedded, filled, link_to
from hdrkit.types import FoundPerson, PeopleResult, SeenFace, SeenPhoto

SIDE = 112  # pixels of a face on the page
MOST = 24  # faces of a person on the page, about 0.2 MB
MOST_PERSONS = 200
_DOUBTFUL = 0.75  # doubt from which a face is marked
Where = tuple[Path, tuple[float, float, float, float]]


def people_page(result: PeopleResult, crops: Mapping[Where, bytes], folder: Path) -> str:
    """The page. It holds every picture that it shows, and links to the photographs relative to `folder`.

    Persons come with the most faces first. At most 24 faces of a person, and 200 persons, are shown.
    """
    at = folder.resolve()
    by_size = sorted(result.persons, key=lambda person: (-len(person.faces), person.number))
    notes = [*result.report.notes, *(bad.reason for bad in result.failures)]
    if len(by_size) > MOST_PERSONS:
        notes.append(f"in face_data.csv only: {counted(len(by_size) - MOST_PERSONS, 'more person')}")
    models = "; ".join(f"{role}: {name}" for role, name in result.report.models.items())
    filling = {
        **dict(zip(("title", "about"), _headline(result.photos, result.labels), strict=True)),
        "side": str(SIDE),
        "persons": "\n".join(_person(person, crops, at) for person in by_size[:MOST_PERSONS]),
        "unknown": _unknown(result.unknown, crops, at),
        "notes": f"<section><h2>Notes</h2>{''.join(f'<p>{as_html(line)}</p>' for line in notes)}</section>" if notes else "",
        "models": as_html(models),
    }
    return filled("people_page.html", filling)


def without_person(page: str, numbers: Collection[int], photos: Sequence[SeenPhoto], labels: Collection[int]) -> str:
    """A page without a person, who is in none of the `photos` any more. `labels` are the numbers of persons with a label."""
    each = "|".join(map(str, numbers))
    title, about = _headline(photos, labels)
    page = re.sub(rf'<section id="person-(?:{each})">.*?</section>\n?', "", page, flags=re.DOTALL)
    page = re.sub(r"<(title|h1)>.*?</", rf"<\1>{title}</", page)
    return re.sub(r"(</h1>\s*<p[^>]*>).*?</p>", rf"\g<1>{about}</p>", page, count=1)


def _headline(photos: Sequence[SeenPhoto], labels: Collection[int]) -> tuple[str, str]:
    """The title, and the line below it."""
    faces = [face.person for photo in photos for face in photo.faces]
    persons = set(faces) - {None}
    about = f"{counted(len(faces), 'face')}, {faces.count(None)} of them unknown; persons without a label: "
    title = f"{counted(len(persons), 'person')} in {counted(len(photos), 'photograph')}"
    return title, f"{about}{len(persons - set(labels))}"


def _person(person: FoundPerson, crops: Mapping[Where, bytes], at: Path) -> str:
    name = (person.label.name if person.label else "") or f"Person {person.number}"
    number = f"number {person.number} &middot; " if person.label and person.label.name else ""
    label = person.label.category if person.label else "no label"
    more = f"; the {MOST} least sure are shown" if len(person.faces) > MOST else ""
    sheet = "".join(
        _figure(face, crops, at, *_doubted(doubt)) for face, doubt in zip(person.faces[:MOST], person.doubts, strict=False)
    )
    clearest = f'<img class="clearest" alt="" src="{embedded(crops[person.clearest.where])}">'
    about = f"{number}{label} &middot; {counted(len(person.faces), 'face')}{more}"
    return _section(f"person-{person.number}", f"{clearest}{_heading(as_html(name), about)}", sheet)


def _doubted(doubt: float | None) -> tuple[str, str]:
    """The words for a doubt, and the class of the figure."""
    if doubt is None:
        return "the only face", ""
    return f"doubt {doubt:.2f}", "doubtful" if doubt > _DOUBTFUL else ""


def _unknown(faces: Sequence[SeenFace], crops: Mapping[Where, bytes], at: Path) -> str:
    if not faces:
        return ""
    sheet = "".join(_figure(face, crops, at, dict(face.measures.unknown).get("person", "")) for face in faces[: 4 * MOST])
    more = f"; {4 * MOST} are shown" if len(faces) > 4 * MOST else ""
    return _section("unknown", _heading("Unknown", counted(len(faces), "face") + more), sheet)


def _heading(name: str, about: str) -> str:
    return f'<span>{name} <span class="quiet">{about}</span></span>'


def _section(name: str, heading: str, sheet: str) -> str:
    return f'<section id="{name}"><h2>{heading}</h2><div class="sheet">{sheet}</div></section>'


def _figure(face: SeenFace, crops: Mapping[Where, bytes], at: Path, words: str, kind: str = "") -> str:
    name = as_html(show(face.path.name))
    return (
        f'<figure class="{kind}"><a href="{link_to(relative_to(at, real(face.path)))}">'
        f'<img loading="lazy" alt="a face in {name}" src="{embedded(crops[face.where])}"></a>'
        f"<figcaption>{name}<span>{as_html(words)}</span></figcaption></figure>"
    )
