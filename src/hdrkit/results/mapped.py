"""A map of pictures -> a folder with clustering_result.json, map.html, report.json and what a later run needs to add pictures."""

from __future__ import annotations

import json
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from importlib.metadata import version
from pathlib import Path
from typing import Any

from hdrkit.errors import OutputError
from hdrkit.files.json_text import plain, to_json
from hdrkit.files.manifest import MANIFEST, MAP
from hdrkit.files.result_tree import ResultTree, replacing
from hdrkit.files.text import show
from hdrkit.results.map_memory import MEMORY, MapMemory, memory_file
from hdrkit.results.map_page import map_page
from hdrkit.types import MapResult

RESULT = "clustering_result.json"
PAGE = "map.html"
REPORT = "report.json"
_DIGITS = 4  # of positions, which are some units wide


@contextmanager
def map_into(folder: Path, name: str = RESULT) -> Iterator[ResultTree]:
    """A folder of results for `write_map`, which no other run can open during this block. `name` is that of the JSON file.

    When the block ends without an error, the results replace those of an earlier run. Raises OutputError before anything is done
    if another run is writing, another command wrote there, the file system refuses, a file there is not ours, or `name` is that
    of another file of the map.
    """
    if name.lower() in (PAGE, REPORT, MEMORY, MANIFEST):  # some file systems do not tell small and large letters apart
        raise OutputError(f"{show(folder / name)}: the map has another file of this name; choose another, such as {RESULT}")
    with replacing(folder, MAP, ()) as tree:
        for one in (name, PAGE, REPORT, MEMORY):
            tree.claim(one)
        yield tree


def write_map(result: MapResult, thumbnails: Sequence[bytes], memory: MapMemory, tree: ResultTree, name: str = RESULT) -> None:
    """Write the list of pictures as `name`, the page, the report, and the memory for a later run.

    `thumbnails` are JPEGs of at most 96 x 96 pixels, in the order of the pictures.
    """
    tree.add_bytes(name, clustering_json(result))
    tree.add_bytes(PAGE, map_page(result, thumbnails, tree.folder).encode())
    tree.add_bytes(REPORT, report_json(result))
    tree.add_bytes(MEMORY, memory_file(memory, tree.folder))


def clustering_json(result: MapResult) -> bytes:
    """A list with an object for each picture: filename, label, x, y, z, group, quality, as scripts of Three.js read it.

    UTF-8; an undecodable byte of a name is written as a surrogate escape, as in every JSON file of hdrkit.
    """
    rows = []
    for picture in result.pictures:
        x, y, z = (round(float(value), _DIGITS) + 0.0 for value in picture.position)
        row = {"filename": picture.path.as_posix(), "label": picture.label, "x": x, "y": y, "z": z}
        rows.append({**row, "group": int(picture.group), "quality": picture.quality.value})
    return (json.dumps(rows, indent=4, ensure_ascii=False, allow_nan=False) + "\n").encode("utf-8", "backslashreplace")


def report_json(result: MapResult) -> bytes:
    """Where the result comes from, and what the list of pictures does not say: silhouettes, crops, groups, failures."""
    groups: list[dict[str, Any]] = []
    for group in result.groups:
        about = {key: value for key, value in plain(group).items() if key != "members"}
        groups.append({**about, "pictures": [result.pictures[k].path.as_posix() for k in group.members]})
    pictures = [
        {"filename": one.path.as_posix(), "silhouette": one.silhouette, "crops": one.crops, "enlarged": one.enlarged}
        for one in result.pictures
    ]
    report = {"hdrkit": version("hdrkit"), **plain(result.report), "failures": result.failures}
    return to_json({**report, "groups": groups, "pictures": pictures}).encode()
