"""Who is in each photograph -> a folder with face_data.csv, output_clusters, people.html and the labels that are known."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path

from hdrkit.files.manifest import FACES
from hdrkit.files.result_tree import ResultTree, replacing
from hdrkit.results.face_table import FACE_TABLE, face_table
from hdrkit.results.label_file import LABEL_FILE, write_labels
from hdrkit.results.people_page import Where, people_page
from hdrkit.types import PeopleResult

CLUSTERS = "output_clusters"
PAGE = "people.html"


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


def write_faces(result: PeopleResult, crops: Mapping[Where, bytes], tree: ResultTree) -> None:
    """Write the table, a picture of the clearest face of each person, and the page. `crops` hold a JPEG of each face.

    A labels file is a human's: it is written only if there is none, with the labels of the persons who are in the photographs.
    """
    tree.add_bytes(FACE_TABLE, face_table(result.photos, tree.folder))
    for person in result.persons:
        tree.add_bytes(f"{CLUSTERS}/cluster_{person.number}.jpg", crops[person.clearest.where])
    tree.add_bytes(PAGE, people_page(result, crops, tree.folder).encode())
    here = {person.number: person.label for person in result.persons if person.label}
    if here and not (tree.folder / LABEL_FILE).exists():
        write_labels(tree.folder / LABEL_FILE, here)
