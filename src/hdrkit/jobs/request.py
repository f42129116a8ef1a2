"""The request of a merge: its options, and the jobs that follow from it for each bracket."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, field, replace
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING

from hdrkit.alignment.options import AlignmentOptions
from hdrkit.errors import ExposureError, OutputError
from hdrkit.files.text import listed, show
from hdrkit.formats.suffixes import RESULTS, FileKind, written_formats
from hdrkit.inputs.options import InputOptions
from hdrkit.jobs.names import FIELDS, parse_name
from hdrkit.jobs.options import OutputOptions
from hdrkit.merging.options import MergeOptions
from hdrkit.tonemapping.options import RenderOptions

if TYPE_CHECKING:
    from hdrkit.jobs.job import MergeJob
    from hdrkit.types import Bracket, ResponseCurve


_TYPES = [row.suffix.removeprefix(".") for row in written_formats(*RESULTS)]
_DEPTHS = ", ".join(f"{row.suffix.removeprefix('.')} {row.bits[-1]} bit" for row in written_formats(FileKind.DISPLAY))


def parse_file_type(text: str) -> str:
    """A file type of results, such as exr. Raises ValueError."""
    if text not in _TYPES:
        raise ValueError(f"{text!r} is not one of {', '.join(_TYPES)}")
    return text


def _suffixes(kind: FileKind) -> str:
    return listed([row.suffix for row in written_formats(kind)])


@dataclass(frozen=True)
class MergeRequest:
    """How brackets are merged, and the destination of the results.

    `response` is a curve, or the file that holds one. If `output` is a folder, `file_type` names the type of its files.
    `preview` requests a picture for the display beside radiance. `range_of_all` requests one exposure for all pictures, computed
    from all brackets. Raises OutputError if the file type cannot hold the requested result.
    """

    output: Path = field(
        metadata={
            "flag": "-o --output",
            "help": f"a file: {_suffixes(FileKind.RADIANCE)} for radiance, {_suffixes(FileKind.DISPLAY)} for the display; "
            "or a folder for several brackets",
        }
    )
    response: Path | ResponseCurve | None = field(
        default=None,
        metadata={
            "flag": "--response",
            "kind": Path | None,
            "help": "response curve (.npz, .npy, .m, .rsp), or a folder of curves of several cameras. Without it RAW files count "
            "as linear, and for other files a curve is learned: one for each camera with several brackets, else from the bracket",
        },
    )
    merging: MergeOptions = field(default_factory=MergeOptions)
    alignment: AlignmentOptions = field(default_factory=AlignmentOptions)
    file_type: str | None = field(
        default=None,
        metadata={
            "flag": "--format",
            "panel": "Output",
            "metavar": "|".join(_TYPES),
            "parse": parse_file_type,
            "shown": "exr, png for mertens",
            "help": f"type of the files in a folder: radiance, or pictures for the display ({_DEPTHS})",
        },
    )
    name: str | None = field(
        default=None,
        metadata={
            "flag": "--name",
            "panel": "Output",
            "metavar": "TEMPLATE",
            "parse": parse_name,
            "shown": "{bracket}",
            "help": "names of the files in a folder, with the fields "
            + listed([f"{{{name}}}" for name in FIELDS], last="and")
            + "; first and last are the names of the first and the last photograph",
        },
    )
    files: OutputOptions = field(default_factory=OutputOptions)
    preview: bool = field(
        default=False,
        metadata={
            "flag": "--preview",
            "panel": "Pictures for the display",
            "help": "also write a picture for the display beside each radiance file",
        },
    )
    rendering: RenderOptions = field(default_factory=RenderOptions)
    range_of_all: bool = field(default=False, metadata={"help": "the range of all brackets"})
    inputs: InputOptions = field(default_factory=InputOptions)

    def __post_init__(self) -> None:
        from hdrkit.jobs.outputs import named_format, require_fitting

        require_fitting(self.output, self.merging, self.file_type, self.files.half)
        if self.name is not None and named_format(self.output):
            raise OutputError(
                f"{show(self.output)}: --name names the files in a folder, and this is one file; leave out one of them"
            )

    @cached_property
    def curve(self) -> ResponseCurve | None:
        """The one response curve, None for a folder of curves. Its file is read once. Raises InputError."""
        if not isinstance(self.response, Path):
            return self.response
        if self.response.is_dir():
            return None
        from hdrkit.formats.curves.files import read_curve

        return read_curve(self.response)

    @property
    def response_name(self) -> str:
        """The name of the curve in reports."""
        return self.response.name if isinstance(self.response, Path) else "none" if self.response is None else "given"

    @property
    def shows(self) -> bool:
        """Whether pictures for the display are written."""
        from hdrkit.jobs.outputs import chosen_format

        return self.preview or chosen_format(self.output, self.merging, self.file_type).kind is FileKind.DISPLAY

    def with_range(
        self, brackets: Iterable[Bracket], curve_of: Callable[[Bracket], ResponseCurve | None] | None = None
    ) -> MergeRequest:
        """The request with the range of these brackets, if `range_of_all` is requested and pictures are written.

        `curve_of` gives the curve of a bracket, if not all have the one of the request. Raises the errors of `ln_range`.
        """
        from hdrkit.pipeline.merge import ln_range

        if not (self.range_of_all and self.shows):
            return self
        try:
            if curve_of is None:
                range_ln = ln_range(brackets, self.curve)
            else:
                lows, highs = zip(*(ln_range([bracket], curve_of(bracket)) for bracket in brackets), strict=True)
                range_ln = min(lows), max(highs)
        except ExposureError as error:
            raise ExposureError(f"{error}, or leave out --range auto, which needs them before the merge") from None
        return replace(self, rendering=replace(self.rendering, range_ln=range_ln), range_of_all=False)

    def jobs(self, brackets: Sequence[Bracket]) -> list[MergeJob]:
        """A job for each bracket. Raises OutputError if the results cannot go to the output."""
        from hdrkit.files.manifest import refuse_replacing
        from hdrkit.jobs.job import MergeJob
        from hdrkit.jobs.outputs import output_paths

        paths = output_paths(brackets, self.output, self.merging, self.file_type, self.name)
        out = replace(self.files, preview=self.rendering if self.shows else None)
        jobs = [
            MergeJob(bracket, path, self.curve, self.response_name, self.merging, self.alignment, out, self.inputs)
            for bracket, path in zip(brackets, paths, strict=True)
        ]
        refuse_replacing(job.preview for job in jobs if job.preview)
        return jobs
