"""A person, or everything, removed from a folder of results of `hdrkit faces`."""

from __future__ import annotations

import json
from collections.abc import Collection
from contextlib import suppress
from dataclasses import replace
from pathlib import Path

from hdrkit.errors import InputError
from hdrkit.files.atomic import read_bytes, write_bytes
from hdrkit.files.json_text import to_json
from hdrkit.files.manifest import FACES, read_manifest_of
from hdrkit.files.result_tree import undo
from hdrkit.files.text import show
from hdrkit.files.transport import real
from hdrkit.results.face_table import FACE_TABLE, face_table, read_face_table
from hdrkit.results.faced import CLUSTERS, MARK, PAGE, faces_into, remove_scores
from hdrkit.results.label_file import LABEL_FILE, LINKS
from hdrkit.results.people_page import without_person
from hdrkit.sidecars.journal import JOURNAL


def remove_person(folder: Path, numbers: Collection[int], name: str = "", labelled: Collection[int] = ()) -> None:
    """Remove the rows, the pictures and all labels of a person, by the numbers and the name that the person had.

    `labelled` are the numbers of persons with a label, for the heading of the page.

    Raises OutputError if somebody changed a file that holds them, and InputError if the labels cannot be read.
    """
    manifest = read_manifest_of(folder, FACES)
    if manifest is not None:
        photos = [
            replace(photo, faces=tuple(face for face in photo.faces if face.person not in numbers))
            for photo in read_face_table(folder / FACE_TABLE)
        ]
        with faces_into(folder) as tree:
            pictures = {f"{CLUSTERS}/cluster_{number}.jpg" for number in numbers}
            for file in sorted(manifest.names):
                path = folder / file
                if file == FACE_TABLE:
                    tree.add_bytes(file, face_table(photos, folder))
                elif file == PAGE:
                    page = without_person(path.read_text(encoding="utf-8"), numbers, photos, labelled)
                    tree.add_bytes(file, page.encode())
                elif file not in (MARK, *pictures) and path.exists():
                    tree.add_bytes(file, path.read_bytes())
    remove_scores(folder)
    if (folder / LABEL_FILE).exists():
        _remove_labels(folder / LABEL_FILE, numbers, name)


def rated_beside(folder: Path) -> set[Path]:
    """The folders of the photographs in a table of faces in which hdrkit wrote ratings."""
    try:
        photos = read_face_table(folder / FACE_TABLE)
    except InputError:
        return set()
    return {at for at in {real(photo.path).parent for photo in photos} if (at / JOURNAL).is_file()}


def remove_all(folder: Path) -> tuple[str, ...]:
    """Remove all results, and the labels. Gives the names of files that somebody changed, which stay."""
    (folder / LABEL_FILE).unlink(missing_ok=True)
    remove_scores(folder)
    with suppress(InputError):  # there are none
        return undo(folder, FACES).kept
    return ()


def _remove_labels(path: Path, numbers: Collection[int], name: str) -> None:
    """Remove all labels of a person, and the links that name the person by number."""
    try:
        given = json.loads(read_bytes(path).decode("utf-8-sig"))
        kept = {
            key: value
            for key, value in given.items()
            if key not in map(str, numbers)
            and not (name and isinstance(value, dict) and str(value.get("name", "")).strip().casefold() == name.casefold())
        }
        for link in LINKS:
            if link in kept:
                kept[link] = [pair for pair in kept[link] if not set(numbers) & {one for one in pair if isinstance(one, int)}]
    except (ValueError, AttributeError, TypeError) as error:
        raise InputError(f"{show(path)}: it cannot be read as labels ({error}), so the person may be named in it") from error
    if kept != given:
        write_bytes(path, to_json(kept).encode())
