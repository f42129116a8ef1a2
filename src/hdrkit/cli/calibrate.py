"""`hdrkit calibrate`: learn a response curve from brackets."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from hdrkit.alignment.options import AlignmentOptions
from hdrkit.calibration.options import CalibrationOptions
from hdrkit.cli import options as shared
from hdrkit.cli.flags import Part, takes
from hdrkit.inputs.options import InputOptions

if TYPE_CHECKING:
    from hdrkit.pipeline.cameras import CameraKind
    from hdrkit.types import CalibrationReport, CalibrationResult, Progress

EXAMPLES = (
    "Examples:  hdrkit calibrate room/ -o response.npz   |   "
    "hdrkit calibrate allsky/ --by time --max-groups 10 -o camera.npz   |   hdrkit calibrate card/ -o curves/"
)


@takes
def calibrate(
    inputs: shared.Inputs,
    calibration: CalibrationOptions,
    alignment: Annotated[AlignmentOptions, Part(only=("method",))],
    source: InputOptions,
    output: Annotated[
        Path,
        typer.Option(
            "-o", "--output", help="File for the curve: .npz, .npy (OpenCV), .m (pfstools) or .rsp (hdrgen); or a folder."
        ),
    ] = Path("response.npz"),
    plot: Annotated[bool, typer.Option(help="Draw the curve and its residuals as a .png beside the output.")] = True,
    json: shared.Json = False,
) -> None:
    """Learn how a camera maps light to pixel values, from exposure brackets.

    Each bracket shows one view. All brackets of a camera together give one response curve; each has its own exposure times.
    Photographs of several cameras give a file for each, RESPONSE_CAMERA.npz, or CAMERA.npz if the output is a folder; `hdrkit
    merge --response FOLDER` then chooses by camera. The curve always rises. The report names the codes that no sample covers,
    and the exposure steps that the pixels contradict.
    """
    from hdrkit.cli.console import ignored, print_json, progress, trouble
    from hdrkit.errors import HdrkitError
    from hdrkit.inputs.discover import refuse_overwriting
    from hdrkit.inputs.find import find_brackets
    from hdrkit.pipeline.calibrate import calibrate as run
    from hdrkit.pipeline.cameras import by_camera, with_unknown

    if plot:
        import hdrkit.results.response_plot  # noqa: F401  a missing package is told before any work

    _require_writable(output)
    found = find_brackets(inputs, source)
    cameras = with_unknown(by_camera(found.brackets))
    files = _files(output, list(cameras))
    drawn = [file.with_suffix(".png") for file in files] if plot else []
    refuse_overwriting([*files, *drawn], (photo.path for bracket in found.brackets for photo in bracket.photos))
    for note in () if json else found.notes:
        trouble(note, "note")
    told, failed, trusted = [], [*map(str, found.failures)], True
    with progress(quiet=json) as move:
        for (kind, brackets), file in zip(cameras.items(), files, strict=True):
            try:
                result = run(brackets, calibration, alignment, source, partial(_moved, move, kind) if len(files) > 1 else move)
            except HdrkitError as error:
                if len(files) == 1:
                    raise
                failed.append(f"{kind}: {error}")
                continue
            result = replace(result, report=replace(result.report, ignored=found.ignored))
            picture = _written(result, file, inputs, plot)
            failed += map(str, result.report.skipped)
            trusted &= result.report.trusted
            skipped = (*found.failures, *result.report.skipped)
            notes = (*map(str, found.notes), *result.report.notes)
            report = replace(result.report, skipped=skipped, notes=notes)
            told.append({"output": file, "plot": picture, "camera": result.response.camera, "report": report})
            if not json:
                _print_report(result.report, file, picture, f"{kind}: " if len(files) > 1 else "")
    if json:
        print_json(told[0] if len(files) == 1 else {"curves": told, "failures": failed})
    ignored(found.ignored)
    for line in failed:
        trouble(line)
    if failed or not trusted:
        raise typer.Exit(1)


def _require_writable(output: Path) -> None:
    """Raise BadParameter for a file type that no curve has, before any work."""
    from hdrkit.files.text import listed, show
    from hdrkit.formats.suffixes import FileKind, written_format, written_formats

    if output.suffix and not output.is_dir() and written_format(output.suffix, FileKind.CURVE) is None:
        choices = listed([row.suffix for row in written_formats(FileKind.CURVE)])
        told = f"{show(output)}: {output.suffix} is not a response format; choose {choices}, or a folder"
        raise typer.BadParameter(told, param_hint="-o")


def _files(output: Path, cameras: Sequence[CameraKind]) -> list[Path]:
    """The file for each camera: in the folder, or the named file, or beside it if there are several cameras."""
    from hdrkit.formats.suffixes import FileKind, written_format

    if not output.suffix or (output.is_dir() and written_format(output.suffix, FileKind.CURVE) is None):
        return [output / f"{kind.file_stem}.npz" for kind in cameras]
    if len(cameras) == 1:
        return [output]
    return [output.with_name(f"{output.stem}_{kind.file_stem}{output.suffix}") for kind in cameras]


def _moved(move: Progress, kind: CameraKind, stage: str, done: int, total: int) -> None:
    move(f"{kind}: {stage}", done, total)


def _written(result: CalibrationResult, file: Path, inputs: list[Path], plot: bool) -> Path | None:
    """Write the curve, and with `plot` its picture, whose path is returned."""
    from hdrkit.files.atomic import write_bytes
    from hdrkit.formats.curves.files import write_curve
    from hdrkit.pipeline.calibrate import stamped

    write_curve(stamped(result.response, inputs), file)
    if not plot:
        return None
    from hdrkit.results.response_plot import as_png, plot_response

    return write_bytes(file.with_suffix(".png"), as_png(plot_response(result.response, result)))


def _print_report(report: CalibrationReport, output: Path, drawn: Path | None, camera: str) -> None:
    from hdrkit.cli.console import estimates, out, say, table, trouble

    names = ("gray",) if len(report.residual) == 1 else ("red", "green", "blue")
    curve = table("channel", "residual (ln)", "codes covered", "codes repaired", "samples")
    for c, name in enumerate(names):
        low, high = report.covered[c]
        used = sum(bracket.samples[c] for bracket in report.brackets)
        curve.add_row(name, f"{report.residual[c]:.4f}", f"{low} .. {high}", str(report.repaired[c]), f"{used:,}")
    frames = sum(bracket.frames for bracket in report.brackets)
    agree = f", which agree to {report.prediction.error:.1f} codes" if report.prediction else ""
    say(f"{camera}{report.method} from {len(report.brackets)} bracket(s), {frames} frames{agree}")
    out.print(curve)
    for c in report.disagreeing:
        trouble(f"the {names[c]} curve is {report.channel_spread[c]:.2f} in ln exposure off the median channel", "warning")
    for line in report.notes:
        trouble(line, "warning" if line.startswith("not trusted") else "note")
    for line in estimates(report.estimated):
        trouble(line, "note")
    if not report.estimated:
        for step in report.steps:
            if step.contradicts:
                trouble(f"{step.sentence}; --exposures estimate corrects it", "warning")
    say(f"wrote {output}" + (f" and {drawn}" if drawn else ""))
