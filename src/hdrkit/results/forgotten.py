"""A person, or everything, removed from a folder of results of `hdrkit faces`."""

from __future__ import annotations

import json
import re
from contextlib import suppress
from dataclasses import replace
from pathlib import Path

from hdrkit.errors import InputError
from hdrkit.files.atomic import write_bytes
from hdrkit.files.json_text import to_json
from hdrkit.files.manifest import FACES, SCORE, read_manifest_of
from hdrkit.files.result_tree import undo
from hdrkit.results.face_table import FACE_TABLE, face_table, read_face_table
from hdrkit.results.faced import CLUSTERS, MARK, PAGE, faces_into
from hdrkit.results.label_file import LABEL_FILE
from hdrkit.results.scored import SCORES


def remove_person(folder: Path, number: int) -> None:
    """Remove the rows, the pictures and the label of a person. Raises OutputError if somebody changed a file that holds them."""
    manifest = read_manifest_of(folder, FACES)
    if manifest is not None:
        with faces_into(folder) as tree:
            for name in sorted(manifest.names):
                path = folder / name
                if name == FACE_TABLE:
                    photos = read_face_table(path)
                    kept = (
                        replace(photo, faces=tuple(face for face in photo.faces if face.person != number)) for photo in photos
                    )
                    tree.add_bytes(name, face_table(kept, folder))
                elif name == PAGE:
                    tree.add_bytes(name, _without(path.read_text(encoding="utf-8"), number).encode())
                elif name not in (MARK, f"{CLUSTERS}/cluster_{number}.jpg") and path.exists():
                    tree.add_bytes(name, path.read_bytes())
    _remove_scores(folder)
    labels = folder / LABEL_FILE
    with suppress(OSError, ValueError):
        given = json.loads(labels.read_text(encoding="utf-8-sig"))
        if given.pop(str(number), None) is not None:
            write_bytes(labels, to_json(given).encode())


def remove_all(folder: Path) -> tuple[str, ...]:
    """Remove all results, and the labels. Gives the names of files that somebody changed, which stay."""
    (folder / LABEL_FILE).unlink(missing_ok=True)
    _remove_scores(folder)
    with suppress(InputError):  # there are none
        return undo(folder, FACES).kept
    return ()


def _remove_scores(folder: Path) -> None:
    """Remove the scores that were made from a folder: they hold measures of persons, and are made again in a moment."""
    with suppress(InputError):  # there are none
        undo(folder / SCORES, SCORE)


def _without(page: str, number: int) -> str:
    """A page without the section of a person."""
    return re.sub(rf'<section id="person-{number}">.*?</section>\n?', "", page, flags=re.DOTALL)
