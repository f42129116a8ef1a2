"""What can be chosen about the files that a merge leaves."""

from __future__ import annotations

from dataclasses import dataclass, field
from enum import StrEnum

from hdrkit.tonemapping.options import RenderOptions


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
        metadata={"help": "write EXR with half floats: half the size, three digits from 6e-5 to 65504, nothing below 6e-8"},
    )
    preview: RenderOptions | None = None
    preview_type: PreviewType = field(default=PreviewType.JPG, metadata={"help": "file format of previews"})
    max_memory: int | None = field(
        default=None, metadata={"help": "memory to stay below, such as 2G: frames wait on disk and rows are merged in bands"}
    )
