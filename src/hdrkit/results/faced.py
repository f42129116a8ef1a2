"""Who is in each photograph -> a folder with face_data.csv, output_clusters, people.html and the labels that are known."""

from __future__ import annotations

import hashlib
import logging
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager, suppress
from dataclasses import replace
from importlib.metadata import version
from pathlib import Path

from hdrkit.errors import InputError
from hdrkit.faces.clearness import clearest_of
from hdrkit.files.manifest import FACES, SCORE, read_manifest_of
from hdrkit.files.result_tree import ResultTree, replacing, undo
from hdrkit.files.text import show
from hdrkit.results.face_table import FACE_TABLE, face_table
from hdrkit.results.label_file import LABEL_FILE, Labels, write_labels
from hdrkit.results.label_record import RECORD, record_of
from hdrkit.results.people_page import Where, people_page
from hdrkit.results.scored import SCORES
from hdrkit.types import PeopleResult

_logger = logging.getLogger("hdrkit.faces")
CLUSTERS = "output_clusters"
PAGE = "people.html"
MARK = ".hdrkit-faces.txt"
"""What the results were made from, so that a run with nothing new writes nothing."""


@contextmanager
def faces_into(folder: Path) -> Iterator[ResultTree]:
    """A folder of results for `write_faces`, which no other run can open during this block.

    When the block ends without an error, the results replace those of an earlier run. Raises OutputError before anything is done
    if another run is writing, another command wrote there, the file system refuses, or a file there is not ours.
    """
    with replacing(folder, FACES, ()) as tree:
        for name in (FACE_TABLE, PAGE):
            tree.claim(name)
        yield tree


def write_faces(
    result: PeopleResult, crops: Callable[[], Mapping[Where, bytes]], tree: ResultTree, labels: Labels | None = None
) -> None:
    """Write the table, a picture of the clearest face of each person, and the page. `crops` gives a JPEG of each face.

    If the folder holds exactly this already, nothing is written. A labels file is a human's: it is written only if there is none,
    with the labels of the persons who are in the photographs. `labels` is what it said, None if there was none.
    Scores of what the folder held before are removed.
    """
    here = {person.number: person.label for person in result.persons if person.label}
    if here and not (tree.folder / LABEL_FILE).exists():
        write_labels(tree.folder / LABEL_FILE, here)
    record = record_of(Labels(here) if labels is None else labels)
    mark = fingerprint(result) + record
    if _holds(tree.folder, mark):
        return
    remove_scores(tree.folder)
    pictures = crops()
    persons = tuple(replace(person, clearest=clearest_of(person.faces, pictures)) for person in result.persons)
    result = replace(result, persons=persons)
    tree.add_bytes(FACE_TABLE, face_table(result.photos, tree.folder))
    for person in result.persons:
        tree.add_bytes(f"{CLUSTERS}/cluster_{person.number}.jpg", pictures[person.clearest.where])
    tree.add_bytes(PAGE, people_page(result, pictures, tree.folder).encode())
    tree.add_bytes(RECORD, record)
    tree.add_bytes(MARK, mark)


def remove_scores(folder: Path) -> None:
    """Remove the scores that were made from other results in a folder: they are made again in a moment."""
    with suppress(InputError):  # there are none
        undo(folder / SCORES, SCORE)
        _logger.info("%s: these scores were of other faces and are removed; run hdrkit score again", show(folder / SCORES))


def fingerprint(result: PeopleResult) -> bytes:
    """A text that changes with anything that is written of a result."""
    digest = hashlib.blake2b(digest_size=16)
    digest.update(repr((version("hdrkit"), result.report.models, result.report.notes, result.labels)).encode())
    for photo in result.photos:
        digest.update(repr((str(photo.path), str(photo.shot), photo.failure)).encode())
        for seen in photo.faces:
            digest.update(seen.embedding.tobytes())
            digest.update(repr((seen.face.area, seen.face.confidence, seen.person, seen.measures)).encode())
    return digest.hexdigest().encode()


def _holds(folder: Path, mark: bytes) -> bool:
    """Whether a folder holds the results of this mark, and none of its files was changed."""
    manifest = read_manifest_of(folder, FACES)
    if manifest is None or MARK not in manifest.names or not all(manifest.owns(folder, name) for name in manifest.names):
        return False
    return (folder / MARK).read_bytes() == mark
