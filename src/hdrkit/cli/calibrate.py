"""`hdrkit calibrate`: brackets to a response curve."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated, get_args

import typer

from hdrkit.alignment.options import AlignmentOptions
from hdrkit.alignment.options import Method as AlignmentMethod
from hdrkit.calibration.options import CalibrationOptions, Method, Sampling
from hdrkit.cli import options as shared
from hdrkit.imaging.codes import WEIGHTS
from hdrkit.types import CalibrationReport

EXAMPLES = (
    "Examples:  hdrkit calibrate room/ -o response.npz   |   "
    "hdrkit calibrate allsky/ --by time --max-groups 10 -o camera.npz   |   hdrkit calibrate a/ b/ c/ -o response.m"
)
_DEFAULT = CalibrationOptions()


def calibrate(
    inputs: shared.Inputs,
    output: Annotated[
        Path, typer.Option("-o", "--output", help="The curve: .npz, or .npy (OpenCV), .m (pfstools), .rsp (hdrgen).")
    ] = Path("response.npz"),
    method: Annotated[
        str, shared.described(CalibrationOptions, "method", "--method", metavar="|".join(Method))
    ] = _DEFAULT.method.value,
    weight: Annotated[
        str, shared.described(CalibrationOptions, "weight", "--weight", metavar="|".join(WEIGHTS))
    ] = _DEFAULT.weight,
    sampling: Annotated[
        str, shared.described(CalibrationOptions, "sampling", "--sampling", metavar="|".join(Sampling))
    ] = _DEFAULT.sampling.value,
    samples: Annotated[int, shared.described(CalibrationOptions, "samples", "--samples")] = _DEFAULT.samples,
    seed: Annotated[int, shared.described(CalibrationOptions, "seed", "--seed")] = _DEFAULT.seed,
    clip: Annotated[str, shared.described(CalibrationOptions, "clip", "--clip", metavar="LOW,HIGH")] = "5,250",
    smoothness: Annotated[float, shared.described(CalibrationOptions, "smoothness", "--smoothness")] = _DEFAULT.smoothness,
    order: Annotated[int | None, shared.described(CalibrationOptions, "order", "--order")] = _DEFAULT.order,
    align: Annotated[
        str, shared.described(AlignmentOptions, "method", "--align", metavar="|".join(get_args(AlignmentMethod)))
    ] = "auto",
    by: shared.By = "auto",
    round_to: shared.Round = "30s",
    exposure_unit: shared.Unit = None,
    min_frames: shared.MinFrames = 2,
    max_groups: shared.MaxGroups = None,
    groups: shared.Groups = None,
    exposures: shared.Exposures = None,
    literal: shared.Literal = False,
    max_pixels: shared.MaxPixels = shared.MAX_PIXELS,
    plot: Annotated[bool, typer.Option(help="Draw the curve and its residuals beside the output.")] = True,
    json: shared.Json = False,
) -> None:
    """Learn how a camera maps light to pixel values, from brackets of one view each.

    All brackets are solved together, each with its own exposure times. The curve is made monotone, codes that no sample
    covers are marked, and exposure steps that the pixels contradict are reported.
    """
    from hdrkit.cli.console import ignored, print_json, progress, trouble
    from hdrkit.files.atomic import write_bytes
    from hdrkit.formats.curves.files import write_curve
    from hdrkit.inputs.discover import discover, refuse_overwriting
    from hdrkit.pipeline.calibrate import calibrate as run
    from hdrkit.pipeline.calibrate import stamped

    if plot:
        from hdrkit.results.response_plot import as_png, plot_response

    chosen = shared.checked(
        CalibrationOptions,
        method=shared.choice(Method, method, "--method"),
        weight=shared.weight_name(weight),
        sampling=shared.choice(Sampling, sampling, "--sampling"),
        samples=samples,
        seed=seed,
        clip=shared.clip_limits(clip),
        smoothness=smoothness,
        order=order,
    )
    alignment = shared.checked(AlignmentOptions, method=align)
    source = shared.input_options(
        by, round_to, groups, exposures, literal, max_pixels, exposure_unit, min_frames=min_frames, max_groups=max_groups
    )
    drawn = output.with_suffix(".png")
    refuse_overwriting([output, *([drawn] if plot else [])], discover(inputs).paths)
    with progress(quiet=json) as move:
        result = run(inputs, chosen, alignment, source, move)
    write_curve(stamped(result.response, inputs), output)
    if plot:
        write_bytes(drawn, as_png(plot_response(result.response, result)))
    if json:
        print_json({"output": output, "plot": drawn if plot else None, "camera": result.response.camera, "report": result.report})
    else:
        _print_report(result.report, output, drawn if plot else None)
    ignored(result.report.ignored)
    for line in result.report.skipped:
        trouble(line)
    if result.report.skipped:
        raise typer.Exit(1)


def _print_report(report: CalibrationReport, output: Path, drawn: Path | None) -> None:
    from hdrkit.cli.console import estimates, out, say, table, trouble

    names = ("gray",) if len(report.residual) == 1 else ("red", "green", "blue")
    curve = table("channel", "residual (ln)", "codes covered", "codes repaired", "samples")
    for c, name in enumerate(names):
        low, high = report.covered[c]
        used = sum(bracket.samples[c] for bracket in report.brackets)
        curve.add_row(name, f"{report.residual[c]:.4f}", f"{low} .. {high}", str(report.repaired[c]), f"{used:,}")
    frames = sum(bracket.frames for bracket in report.brackets)
    say(f"{report.method} from {len(report.brackets)} bracket(s), {frames} frames")
    out.print(curve)
    for c in report.disagreeing:
        trouble(f"the {names[c]} curve is {report.channel_spread[c]:.2f} in ln exposure off the median channel", "warning")
    for line in report.notes:
        trouble(line, "note")
    for line in estimates(report.estimated):
        trouble(line, "note")
    if not report.estimated:
        for step in report.steps:
            if step.contradicts:
                trouble(step.sentence, "warning")
    say(f"wrote {output}" + (f" and {drawn}" if drawn else ""))
