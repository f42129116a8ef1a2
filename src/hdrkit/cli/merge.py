"""`hdrkit merge`: brackets to radiance."""

from __future__ import annotations

import os
import re
from pathlib import Path
from typing import Annotated, get_args

import typer

from hdrkit.alignment.options import AlignmentOptions
from hdrkit.alignment.options import Method as AlignmentMethod
from hdrkit.batch import (
    DISPLAY_SUFFIXES,
    RADIANCE_SUFFIXES,
    MergeJob,
    MergeOutcome,
    OutputOptions,
    PreviewType,
    merge_all,
    output_paths,
    require_fitting,
)
from hdrkit.cli import options as shared
from hdrkit.errors import OutputError
from hdrkit.merging.device import Device
from hdrkit.merging.options import Estimator, MergeOptions
from hdrkit.tonemapping.operators import Operator
from hdrkit.tonemapping.render import RenderOptions
from hdrkit.weighting import WEIGHTS

EXAMPLES = (
    "Examples:  hdrkit merge room/ -o room.exr --preview   |   hdrkit merge card/ -o out/ --response response.npz   |   "
    "hdrkit merge handheld/*.jpg --estimator mertens -o fused.jpg"
)
_DEFAULT = MergeOptions()
_OUTPUT = "Output"
_PREVIEW = "Preview"


def merge(
    inputs: shared.Inputs,
    output: Annotated[
        Path,
        typer.Option(
            "-o", "--output", help="A file (.exr or .hdr; .jpg, .png, .tif for mertens), or a folder for many brackets."
        ),
    ],
    response: Annotated[
        Path | None,
        typer.Option(
            "--response", help="Response curve (.npz, .npy, .m, .rsp); else RAW is linear, others calibrate themselves."
        ),
    ] = None,
    estimator: Annotated[
        str, shared.described(MergeOptions, "estimator", "--estimator", metavar="|".join(Estimator))
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
        typer.Option("--format", help="File type in a folder: exr, hdr; png, tif, jpg for mertens.", rich_help_panel=_OUTPUT),
    ] = None,
    half: Annotated[bool, shared.described(OutputOptions, "half", "--half", rich_help_panel=_OUTPUT)] = False,
    variance: Annotated[bool, shared.described(MergeOptions, "variance", "--variance", rich_help_panel=_OUTPUT)] = False,
    jobs: Annotated[
        int,
        typer.Option(
            "--jobs", "-j", min=1, help="Brackets merged side by side.", rich_help_panel=_OUTPUT, show_default="all cores"
        ),
    ] = os.cpu_count() or 1,
    device: Annotated[
        str, shared.described(MergeOptions, "device", "--device", metavar="|".join(Device), rich_help_panel=_OUTPUT)
    ] = _DEFAULT.device.value,
    max_memory: Annotated[
        str | None, shared.described(OutputOptions, "max_memory", "--max-memory", metavar="SIZE", rich_help_panel=_OUTPUT)
    ] = None,
    preview: Annotated[
        bool, typer.Option("--preview", help="Also write a picture for the display.", rich_help_panel=_PREVIEW)
    ] = False,
    tonemap: Annotated[
        str, typer.Option("--tonemap", metavar="|".join(Operator), help="How the preview is rendered.", rich_help_panel=_PREVIEW)
    ] = "reinhard",
    preview_type: Annotated[
        str, shared.described(OutputOptions, "preview_type", "--preview-type", metavar="jpg|png", rich_help_panel=_PREVIEW)
    ] = "jpg",
    display_range: Annotated[
        str,
        typer.Option(
            "--range",
            metavar="MIN MAX|auto|none",
            help="One exposure for all previews: a range of ln radiance, or the one of all brackets (auto).",
            rich_help_panel=_PREVIEW,
        ),
    ] = "none",
    by: shared.By = "auto",
    round_to: shared.Round = "30s",
    groups: shared.Groups = None,
    exposures: shared.Exposures = None,
    literal: shared.Literal = False,
    max_pixels: shared.MaxPixels = shared.MAX_PIXELS,
    json: shared.Json = False,
) -> None:
    """Align exposure brackets and merge them into scene-referred radiance.

    One bracket becomes one file, many become a folder, with nested folders kept. Pixels clipped in every frame take the
    least that they can be, pixels black in every frame the most; both are counted.
    """
    from hdrkit.cli.console import ignored, print_json, progress, trouble
    from hdrkit.inputs import find_brackets
    from hdrkit.io.curves import read_curve
    from hdrkit.pipeline import ln_range

    options = shared.checked(
        MergeOptions,
        estimator=shared.choice(Estimator, estimator, "--estimator"),
        weight=shared.weight_name(weight),
        clip=shared.clip_limits(clip),
        variance=variance,
        device=shared.choice(Device, device, "--device"),
        deghost=deghost,
    )
    alignment = shared.checked(AlignmentOptions, method=align, crop=crop)
    source = shared.input_options(by, round_to, groups, exposures, literal, max_pixels)
    operator = shared.choice(Operator, tonemap, "--tonemap")
    renderer = shared.checked(RenderOptions, operator=operator, range_ln=_given_range(display_range))
    picture = shared.choice(PreviewType, preview_type, "--preview-type")
    memory = None if max_memory is None else _bytes(max_memory)
    if file_format and f".{file_format}" not in (*RADIANCE_SUFFIXES, *DISPLAY_SUFFIXES):
        raise typer.BadParameter(f"{file_format!r} is none of exr, hdr, jpg, png, tif", param_hint="--format")
    try:
        require_fitting(output, options, file_format, half)
    except OutputError as error:
        raise typer.BadParameter(str(error)) from None
    if display_range != "none" and not preview:
        trouble("--range is for previews; add --preview, or it does nothing", "warning")
    curve = read_curve(response) if response else None
    found = find_brackets(inputs, source)
    if preview and display_range == "auto":
        renderer = RenderOptions(operator, ln_range(found.brackets, curve))
    out = OutputOptions(half, renderer if preview else None, picture, memory)
    name = str(response) if response else "none"
    jobs_to_do = [
        MergeJob(bracket, path, curve, name, options, alignment, out, source)
        for bracket, path in zip(found.brackets, output_paths(found.brackets, output, options, file_format), strict=True)
    ]
    with progress(quiet=json) as move:
        done: list[MergeOutcome] = []

        def on_done(outcome: MergeOutcome) -> None:
            done.append(outcome)
            move("merging brackets", len(done), len(jobs_to_do))

        move("merging brackets", 0, len(jobs_to_do))
        outcomes = merge_all(jobs_to_do, jobs, on_done)
    if json:
        print_json({"ignored_files": found.ignored, "unreadable": found.failures, "notes": found.notes, "brackets": outcomes})
    else:
        _print_outcomes(outcomes)
        for line in found.notes:
            trouble(line, "note")
    ignored(found.ignored)
    lines = [*found.failures, *(line for o in outcomes for line in (*o.failures, *([o.error] if o.error else [])))]
    for line in lines:
        trouble(line)
    if lines:
        raise typer.Exit(1)


def _bytes(text: str) -> int:
    """Bytes from `2G`, `512M` or a plain number."""
    size = re.fullmatch(r"(\d+(?:\.\d+)?)([KMGT]?)", text.upper().removesuffix("B").removesuffix("I"))
    if size is None:
        raise typer.BadParameter(f"{text!r} is no size; write for example 2G or 800M", param_hint="--max-memory")
    return int(float(size[1]) * 1024 ** " KMGT".index(size[2] or " "))


def _given_range(text: str) -> tuple[float, float] | None:
    """The two numbers of `--range MIN MAX`; None for `auto` and `none`."""
    if text in ("auto", "none"):
        return None
    try:
        low, high = (float(part) for part in text.split(","))
    except ValueError:
        raise typer.BadParameter(f"{text!r} is neither two numbers, auto nor none", param_hint="--range") from None
    return low, high


def _print_outcomes(outcomes: list[MergeOutcome]) -> None:
    """Two lines a bracket: what was done, and where it went."""
    from hdrkit.cli.console import estimates, say, trouble

    for outcome in outcomes:
        if (report := outcome.report) is None:
            continue
        frames = [f for f in (report.alignment.frames if report.alignment else ()) if f.method != "reference"]
        residuals = [frame.residual_px for frame in frames if frame.residual_px is not None]
        aligned = ", ".join(sorted({"still" if frame.method == "identity" else frame.method for frame in frames}))
        pixels = report.size[0] * report.size[1]
        facts = [f"{len(report.frames)} frames", f"alignment {aligned}"]
        if residuals:
            facts.append(f"{max(residuals):.2f} px left")
        if report.exposures:
            facts += [f"saturated {100 * report.saturated / pixels:.2f} %", f"black {100 * report.black / pixels:.2f} %"]
            facts.append(f"response {report.response}")
        if report.noise:
            facts.append(f"noise {report.noise.source}")
        if report.ghosts:
            facts.append(f"ghosts {100 * report.ghosts.share:.2f} %, as in {Path(report.ghosts.reference).name}")
        say(f"{outcome.bracket}: {', '.join(facts)}")
        say("  wrote " + " and ".join(str(path) for path in (outcome.output, outcome.preview) if path))
        for frame in frames:
            if frame.note:
                trouble(f"{frame.name}: {frame.note}", "note")
        for line in estimates(report.estimated):
            trouble(f"{outcome.bracket}: {line}", "note")
        for line in report.warnings:
            trouble(f"{outcome.bracket}: {line}", "warning")
