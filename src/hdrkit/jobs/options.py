"""The options of the files that a merge writes."""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from enum import StrEnum

from hdrkit.errors import OutputError, chosen
from hdrkit.tonemapping.options import RenderOptions


def parse_size(text: str) -> int:
    """Bytes from `2G`, `512M` or a plain number. Raises ValueError."""
    size = re.fullmatch(r"(\d+(?:\.\d+)?)([KMGT]?)", text.upper().removesuffix("B").removesuffix("I"))
    if size is None:
        raise ValueError(f"{text!r} is not a size; write for example 2G or 800M")
    return int(float(size[1]) * 1024 ** " KMGT".index(size[2] or " "))


class PreviewType(StrEnum):
    """The file format of a preview."""

    JPG = "jpg"
    PNG = "png"


class Scale(StrEnum):
    """The values in a radiance file: radiance itself, or radiance on the scale of pictures for the display."""

    RADIANCE = "radiance"
    NORMAL = "normal"


@dataclass(frozen=True)
class OutputOptions:
    """Options of the files that a merge writes.

    `preview` says how a picture for the display is rendered: the preview beside radiance, or the result itself if its file type
    is for the display. None: no preview is written.
    """

    half: bool = field(
        default=False,
        metadata={
            "flag": "--half",
            "panel": "Output",
            "help": "write EXR with half floats: half the size. Three digits are kept from 6e-5 to 65504; values "
            "below 6e-8 become 0",
        },
    )
    scale: Scale = field(
        default=Scale.RADIANCE,
        metadata={
            "flag": "--scale",
            "panel": "Output",
            "help": "values of radiance files: radiance, the same for all brackets of a curve; or normal, on which white of the "
            "middle exposure is 1, as viewers expect. The file records the factor, and hdrkit divides by it when it reads",
        },
    )
    preview: RenderOptions | None = None
    preview_type: PreviewType = field(
        default=PreviewType.JPG,
        metadata={"flag": "--preview-type", "panel": "Pictures for the display", "help": "file format of previews"},
    )
    quality: int = field(
        default=95,
        metadata={
            "flag": "--quality",
            "panel": "Pictures for the display",
            "min": 1,
            "max": 100,
            "help": "quality of JPEG files, from 1 to 100",
        },
    )
    max_memory: int | None = field(
        default=None,
        metadata={
            "flag": "--max-memory",
            "panel": "Output",
            "metavar": "SIZE",
            "parse": parse_size,
            "help": "use less memory than this, such as 2G: frames wait on disk and rows are merged in bands",
        },
    )

    def __post_init__(self) -> None:
        object.__setattr__(self, "scale", chosen(Scale, self.scale, "scale"))
        if not 1 <= self.quality <= 100:
            raise OutputError(f"the quality of JPEG files is from 1 to 100, not {self.quality}")
