"""The options of a merge, which several commands share, and what they come to."""

from __future__ import annotations

import inspect
import os
import re
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Annotated, Any, get_args

import typer

from hdrkit.alignment.options import AlignmentOptions
from hdrkit.alignment.options import Method as AlignmentMethod
from hdrkit.cli import options as shared
from hdrkit.errors import OutputError
from hdrkit.files.manifest import refuse_replacing
from hdrkit.files.text import listed
from hdrkit.formats.suffixes import RESULTS, FileKind, written_formats
from hdrkit.imaging.codes import WEIGHTS
from hdrkit.inputs.options import InputOptions
from hdrkit.jobs.job import MergeJob
from hdrkit.jobs.options import OutputOptions, PreviewType
from hdrkit.jobs.outputs import chosen_format, output_paths, require_fitting
from hdrkit.merging.device import Device
from hdrkit.merging.options import CHOICES, MergeOptions
from hdrkit.tonemapping.options import Operator, RenderOptions
from hdrkit.types import Bracket, ResponseCurve

OUTPUT = "Output"
AUTO = "auto"
CORES = os.cpu_count() or 1
_DEFAULT = MergeOptions()
_FORMATS = [row.suffix.removeprefix(".") for row in written_formats(*RESULTS)]
_DEPTHS = ", ".join(f"{row.suffix.removeprefix('.')} {row.bits[-1]} bit" for row in written_formats(FileKind.DISPLAY))
_PREVIEW = "Pictures for the display"

Jobs = Annotated[
    int,
    typer.Option("--jobs", "-j", min=1, help="Brackets merged side by side.", rich_help_panel=OUTPUT, show_default="all cores"),
]
Scheduler = Annotated[
    str | None,
    typer.Option(
        "--scheduler",
        metavar="tcp://HOST:PORT",
        help="Merge on the workers of this Dask scheduler, which see the same folders, not here. Needs the extra named dask.",
        rich_help_panel=OUTPUT,
    ),
]


@dataclass(frozen=True)
class Orders:
    """What is to be made of brackets, and where it goes."""

    output: Path
    suffix: str | None
    response: Path | None
    curve: ResponseCurve | None
    merge: MergeOptions
    alignment: AlignmentOptions
    inputs: InputOptions
    out: OutputOptions
    display_range: str

    def jobs(self, brackets: Sequence[Bracket]) -> list[MergeJob]:
        """A job for each bracket. Raises OutputError where they cannot go to the output."""
        name = self.response.name if self.response else "none"
        paths = output_paths(brackets, self.output, self.merge, self.suffix)
        jobs = [
            MergeJob(bracket, path, self.curve, name, self.merge, self.alignment, self.out, self.inputs)
            for bracket, path in zip(brackets, paths, strict=True)
        ]
        refuse_replacing(job.preview for job in jobs if job.preview)
        return jobs

    def at(self, output: Path) -> Orders:
        """The same, somewhere else."""
        return replace(self, output=output)

    def with_range(self, brackets: Iterable[Bracket]) -> Orders:
        """The same, where previews are to have the one exposure of these brackets, which are looked at for that alone."""
        from hdrkit.pipeline.merge import ln_range

        if self.out.preview is None or self.display_range != AUTO:
            return self
        render = RenderOptions(self.out.preview.operator, ln_range(brackets, self.curve))
        return replace(self, out=replace(self.out, preview=render))


def _suffixes(kind: FileKind) -> str:
    return listed([row.suffix for row in written_formats(kind)])


def orders(
    output: Annotated[
        Path,
        typer.Option(
            "-o",
            "--output",
            help=f"A file: {_suffixes(FileKind.RADIANCE)} for radiance, {_suffixes(FileKind.DISPLAY)} for the display; "
            "or a folder for many.",
        ),
    ],
    response: Annotated[
        Path | None,
        typer.Option(
            "--response", help="Response curve (.npz, .npy, .m, .rsp); else RAW is linear, others calibrate themselves."
        ),
    ] = None,
    estimator: Annotated[
        str, shared.described(MergeOptions, "estimator", "--estimator", metavar="|".join(CHOICES))
    ] = _DEFAULT.estimator.value,
    weight: Annotated[str, shared.described(MergeOptions, "weight", "--weight", metavar="|".join(WEIGHTS))] = _DEFAULT.weight,
    clip: Annotated[str, shared.described(MergeOptions, "clip", "--clip", metavar="LOW,HIGH")] = "0,250",
    align: Annotated[
        str, shared.described(AlignmentOptions, "method", "--align", metavar="|".join(get_args(AlignmentMethod)))
    ] = "auto",
    crop: Annotated[bool, shared.described(AlignmentOptions, "crop", "--crop")] = False,
    deghost: Annotated[str, shared.described(MergeOptions, "deghost", "--deghost", metavar="off|auto|FILENAME")] = "off",
    file_format: Annotated[
        str | None,
        typer.Option(
            "--format",
            metavar="|".join(_FORMATS),
            help=f"File type in a folder: radiance, or pictures for the display ({_DEPTHS}).",
            show_default="exr, png for mertens",
            rich_help_panel=OUTPUT,
        ),
    ] = None,
    half: Annotated[bool, shared.described(OutputOptions, "half", "--half", rich_help_panel=OUTPUT)] = False,
    variance: Annotated[bool, shared.described(MergeOptions, "variance", "--variance", rich_help_panel=OUTPUT)] = False,
    device: Annotated[
        str, shared.described(MergeOptions, "device", "--device", metavar="|".join(Device), rich_help_panel=OUTPUT)
    ] = _DEFAULT.device.value,
    max_memory: Annotated[
        str | None, shared.described(OutputOptions, "max_memory", "--max-memory", metavar="SIZE", rich_help_panel=OUTPUT)
    ] = None,
    preview: Annotated[
        bool, typer.Option("--preview", help="Also write a picture for the display beside radiance.", rich_help_panel=_PREVIEW)
    ] = False,
    tonemap: Annotated[
        str,
        typer.Option(
            "--tonemap", metavar="|".join(Operator), help="How pictures for the display are rendered.", rich_help_panel=_PREVIEW
        ),
    ] = "reinhard",
    preview_type: Annotated[
        str, shared.described(OutputOptions, "preview_type", "--preview-type", metavar="jpg|png", rich_help_panel=_PREVIEW)
    ] = "jpg",
    display_range: Annotated[
        str,
        typer.Option(
            "--range",
            metavar="MIN MAX|auto|FILE|none",
            help="One exposure for all pictures: a range of ln radiance, the one of all brackets (auto), or the one in a FILE, "
            "which hdrkit range has printed or a response curve carries.",
            rich_help_panel=_PREVIEW,
        ),
    ] = "none",
    by: shared.By = "auto",
    round_to: shared.Round = "30s",
    exposure_unit: shared.Unit = None,
    min_frames: shared.MinFrames = 2,
    groups: shared.Groups = None,
    exposures: shared.Exposures = None,
    literal: shared.Literal = False,
    max_pixels: shared.MaxPixels = shared.MAX_PIXELS,
) -> Orders:
    """What the options of a merge ask for. Raises typer.BadParameter where they make no sense."""
    from hdrkit.cli.console import trouble
    from hdrkit.formats.curves.files import read_curve

    options = shared.checked(
        MergeOptions,
        estimator=shared.choice(CHOICES, estimator, "--estimator"),
        weight=shared.weight_name(weight),
        clip=shared.clip_limits(clip),
        variance=variance,
        device=shared.choice(Device, device, "--device"),
        deghost=deghost,
    )
    alignment = shared.checked(AlignmentOptions, method=align, crop=crop)
    source = shared.input_options(by, round_to, groups, exposures, literal, max_pixels, exposure_unit, min_frames=min_frames)
    operator = shared.choice(Operator, tonemap, "--tonemap")
    renderer = shared.checked(RenderOptions, operator=operator, range_ln=shared.given_range(display_range))
    picture = shared.choice(PreviewType, preview_type, "--preview-type")
    memory = None if max_memory is None else _bytes(max_memory)
    if file_format and file_format not in _FORMATS:
        raise typer.BadParameter(f"{file_format!r} is none of {', '.join(_FORMATS)}", param_hint="--format")
    try:
        require_fitting(output, options, file_format, half)
    except OutputError as error:
        raise typer.BadParameter(str(error)) from None
    shown = chosen_format(output, options, file_format).kind is FileKind.DISPLAY
    if display_range != "none" and not (preview or shown):
        trouble("--range is for pictures for the display; add --preview, or it does nothing", "warning")
    curve = read_curve(response) if response else None
    out = OutputOptions(half, renderer if preview or shown else None, picture, memory)
    return Orders(output, file_format, response, curve, options, alignment, source, out, display_range)


def taking_orders(**fixed: Any) -> Callable[[Callable[..., None]], Callable[..., None]]:
    """Give a command the options of a merge in the place of its parameter `wanted`, but for those that are `fixed`."""

    def decorate(command: Callable[..., None]) -> Callable[..., None]:
        own = inspect.signature(command, eval_str=True)
        lent = [option for name, option in inspect.signature(orders, eval_str=True).parameters.items() if name not in fixed]

        def run(**given: Any) -> None:
            asked = {option.name: given.pop(option.name) for option in lent}
            command(wanted=orders(**asked, **fixed), **given)

        options = [
            option for name, own_option in own.parameters.items() for option in (lent if name == "wanted" else [own_option])
        ]
        run.__signature__ = own.replace(  # type: ignore[attr-defined]
            parameters=[option.replace(kind=inspect.Parameter.KEYWORD_ONLY) for option in options]
        )
        run.__doc__, run.__name__ = command.__doc__, command.__name__
        return run

    return decorate


def _bytes(text: str) -> int:
    """Bytes from `2G`, `512M` or a plain number."""
    size = re.fullmatch(r"(\d+(?:\.\d+)?)([KMGT]?)", text.upper().removesuffix("B").removesuffix("I"))
    if size is None:
        raise typer.BadParameter(f"{text!r} is no size; write for example 2G or 800M", param_hint="--max-memory")
    return int(float(size[1]) * 1024 ** " KMGT".index(size[2] or " "))
