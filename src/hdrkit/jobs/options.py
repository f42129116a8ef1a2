"""What can be chosen about the files that a merge leaves."""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from enum import StrEnum

from hdrkit.tonemapping.options import RenderOptions


def parse_size(text: str) -> int:
    """Bytes from `2G`, `512M` or a plain number. Raises ValueError."""
    size = re.fullmatch(r"(\d+(?:\.\d+)?)([KMGT]?)", text.upper().removesuffix("B").removesuffix("I"))
    if size is None:
        raise ValueError(f"{text!r} is no size; write for example 2G or 800M")
    return int(float(size[1]) * 1024 ** " KMGT".index(size[2] or " "))


class PreviewType(StrEnum):
    """The file format of a preview."""

    JPG = "jpg"
    PNG = "png"


@dataclass(frozen=True)
class OutputOptions:
    """What a merge leaves on disk beside the report.

    `preview` says how the picture for the display beside it is rendered, or the result itself where its file type is for the
    display; None: nothing beside it.
    """

    half: bool = field(
        default=False,
        metadata={
            "flag": "--half",
            "panel": "Output",
            "help": "write EXR with half floats: half the size, three digits from 6e-5 to 65504, nothing below 6e-8",
        },
    )
    preview: RenderOptions | None = None
    preview_type: PreviewType = field(
        default=PreviewType.JPG,
        metadata={"flag": "--preview-type", "panel": "Pictures for the display", "help": "file format of previews"},
    )
    max_memory: int | None = field(
        default=None,
        metadata={
            "flag": "--max-memory",
            "panel": "Output",
            "metavar": "SIZE",
            "parse": parse_size,
            "help": "memory to stay below, such as 2G: frames wait on disk and rows are merged in bands",
        },
    )
