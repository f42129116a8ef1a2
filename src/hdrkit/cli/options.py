"""Options that commands share, described where the library declares them."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from dataclasses import fields
from enum import StrEnum
from pathlib import Path
from typing import Annotated, Any, TypeVar, cast

import typer

from hdrkit.errors import InputError
from hdrkit.imaging.codes import WEIGHTS, Weight
from hdrkit.inputs.options import By as Rule
from hdrkit.inputs.options import ExposureUnit, InputOptions
from hdrkit.tonemapping.options import Operator


def described(options: type[Any], name: str, *flags: str, **extra: Any) -> Any:
    """A command-line option whose help is the one that a field of an options dataclass carries."""
    help_text = next(f.metadata["help"] for f in fields(options) if f.name == name)
    return typer.Option(*flags, help=help_text[:1].upper() + help_text[1:].rstrip(".") + ".", **extra)


Member = TypeVar("Member", bound=StrEnum)

Inputs = Annotated[
    list[Path],
    typer.Argument(
        metavar="INPUT...", help="Photographs, folders of them, or a list of groups (groups.csv).", show_default=False
    ),
]
By = Annotated[str, described(InputOptions, "by", "--by", metavar="auto|folder|groups|time", rich_help_panel="Input")]
Round = Annotated[str, described(InputOptions, "round_to", "--round", rich_help_panel="Input")]
Unit = Annotated[
    str | None,
    described(InputOptions, "exposure_unit", "--exposure-unit", metavar="|".join(ExposureUnit), rich_help_panel="Input"),
]
MinFrames = Annotated[int, described(InputOptions, "min_frames", "--min-frames", min=2, rich_help_panel="Input")]
MaxGroups = Annotated[int | None, described(InputOptions, "max_groups", "--max-groups", min=1, rich_help_panel="Input")]
Groups = Annotated[Path | None, described(InputOptions, "groups", "--groups", rich_help_panel="Input")]
Exposures = Annotated[
    str | None,
    typer.Option(
        "--exposures",
        metavar="FILE.csv|estimate",
        help="CSV with the columns filename,exposure_time_s[,f_number,iso], which wins over all metadata; or estimate: replace "
        "stated exposures, and fill in missing ones, by what the pixels show.",
        rich_help_panel="Input",
    ),
]
Literal = Annotated[bool, described(InputOptions, "literal", "--literal-exif", rich_help_panel="Input")]
Tonemap = Annotated[str, typer.Option("--tonemap", metavar="|".join(Operator), help="How radiance is rendered.")]
ESTIMATE = "estimate"
MAX_PIXELS = InputOptions().max_pixels
MaxPixels = Annotated[int, described(InputOptions, "max_pixels", "--max-pixels", rich_help_panel="Input")]
Json = Annotated[bool, typer.Option("--json", help="Print the report as JSON on standard output.")]


def require_undo_alone(context: typer.Context, inputs: Sequence[Path], obeyed: Sequence[str]) -> None:
    """A usage error for options that --undo would not obey, and where it is not given one folder."""
    for option in context.command.params:
        source = context.get_parameter_source(option.name or "")
        if source is not None and source.name == "COMMANDLINE" and option.name not in ("inputs", "undo", *obeyed):
            raise typer.BadParameter(f"{option.opts[0]} has no effect with it; leave one of them out", param_hint="--undo")
    if len(inputs) != 1:
        raise typer.BadParameter(f"give one folder: hdrkit {context.command.name} --undo FOLDER", param_hint="--undo")


def choice(members: Iterable[Member], value: str, flag: str) -> Member:
    """The member of a string enumeration, or of several, with this value, or a usage error that lists them."""
    for member in members:
        if member == value:
            return member
    raise typer.BadParameter(f"{value!r} is none of {', '.join(members)}", param_hint=flag)


Options = TypeVar("Options")


def checked(kind: Callable[..., Options], /, **values: Any) -> Options:
    """The options of a stage, or a usage error where they refuse a value."""
    try:
        return kind(**values)
    except InputError as error:
        raise typer.BadParameter(str(error)) from None


def input_options(
    by: str,
    round_to: str,
    groups: Path | None,
    exposures: str | None,
    literal: bool,
    max_pixels: int,
    unit: str | None = None,
    **more: Any,
) -> InputOptions:
    """The input options of a command as the library wants them."""
    return checked(
        InputOptions,
        by=choice(Rule, by, "--by"),
        round_to=round_to,
        groups=groups,
        exposures=None if exposures in (None, ESTIMATE) else Path(exposures),
        estimate_exposures=exposures == ESTIMATE,
        literal=literal,
        max_pixels=max_pixels,
        exposure_unit=None if unit is None else choice(ExposureUnit, unit, "--exposure-unit"),
        **more,
    )


def clip_limits(text: str) -> tuple[float, float]:
    """Two 8-bit codes from `5,250`."""
    try:
        low, high = (float(part) for part in text.replace(" ", "").split(","))
    except ValueError:
        raise typer.BadParameter(f"{text!r} is not two codes; write for example 5,250", param_hint="--clip") from None
    return low, high


def given_range(text: str) -> tuple[float, float] | None:
    """The two numbers of `--range MIN MAX`, or those in a file; None for `auto` and `none`."""
    if text in ("auto", "none"):
        return None
    if Path(text).is_file():
        return _range_in(Path(text))
    try:
        low, high = (float(part) for part in text.split(","))
    except ValueError:
        raise typer.BadParameter(f"{text!r} is neither two numbers, a file, auto nor none", param_hint="--range") from None
    return low, high


def _range_in(file: Path) -> tuple[float, float]:
    """The range that `hdrkit range` has printed into a file, or that a response curve carries."""
    from hdrkit.files.atomic import read_bytes
    from hdrkit.files.text import show
    from hdrkit.formats.curves.files import read_curve

    try:
        if file.suffix.lower() == ".npz":
            low, high = (float(value) for value in read_curve(file).metadata["lnE_range"])
        else:
            low, high = (float(word) for word in read_bytes(file).split())
    except (ValueError, KeyError, TypeError):
        raise InputError(f"{show(file)}: no range of two numbers in it; hdrkit range prints one") from None
    return low, high


def weight_name(text: str) -> Weight:
    """The name of a weighting function, or a usage error that lists them."""
    if text not in WEIGHTS:
        raise typer.BadParameter(f"{text!r} is none of {', '.join(WEIGHTS)}", param_hint="--weight")
    return cast(Weight, text)
