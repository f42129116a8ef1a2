"""`hdrkit calibrate`: learn a response curve from brackets."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from hdrkit.alignment.options import AlignmentOptions
from hdrkit.calibration.options import CalibrationOptions
from hdrkit.cli import options as shared
from hdrkit.cli.flags import Part, takes
from hdrkit.inputs.options import InputOptions

if TYPE_CHECKING:
    from hdrkit.types import CalibrationReport

EXAMPLES = (
    "Examples:  hdrkit calibrate room/ -o response.npz   |   "
    "hdrkit calibrate allsky/ --by time --max-groups 10 -o camera.npz   |   hdrkit calibrate a/ b/ c/ -o response.m"
)


@takes
def calibrate(
    inputs: shared.Inputs,
    calibration: CalibrationOptions,
    alignment: Annotated[AlignmentOptions, Part(only=("method",))],
    source: InputOptions,
    output: Annotated[
        Path, typer.Option("-o", "--output", help="File for the curve: .npz, .npy (OpenCV), .m (pfstools) or .rsp (hdrgen).")
    ] = Path("response.npz"),
    plot: Annotated[bool, typer.Option(help="Draw the curve and its residuals as a .png beside the output.")] = True,
    json: shared.Json = False,
) -> None:
    """Learn how a camera maps light to pixel values, from exposure brackets.

    Each bracket shows one view. All brackets together give one response curve; each has its own exposure times. The curve
    always rises. The report names the codes that no sample covers, and the exposure steps that the pixels contradict.
    """
    from hdrkit.cli.console import ignored, print_json, progress, trouble
    from hdrkit.files.atomic import write_bytes
    from hdrkit.formats.curves.files import write_curve
    from hdrkit.inputs.discover import discover, refuse_overwriting
    from hdrkit.pipeline.calibrate import calibrate as run
    from hdrkit.pipeline.calibrate import stamped

    if plot:
        from hdrkit.results.response_plot import as_png, plot_response

    drawn = output.with_suffix(".png")
    refuse_overwriting([output, *([drawn] if plot else [])], discover(inputs).paths)
    with progress(quiet=json) as move:
        result = run(inputs, calibration, alignment, source, move)
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
