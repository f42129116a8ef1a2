"""The main path: files -> brackets -> response curve -> radiance -> files. Stages in order, and nothing clever between."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, cast

import numpy as np

from hdrkit.alignment.options import AlignmentOptions
from hdrkit.calibration.options import CalibrationOptions
from hdrkit.errors import ExposureError, HdrkitError, InputError
from hdrkit.grouping.options import InputOptions
from hdrkit.inputs import Paths, find_brackets, load_readable, read_bracket
from hdrkit.io.files import show
from hdrkit.merging.options import Estimator, MergeOptions
from hdrkit.types import (
    AlignmentReport,
    Bracket,
    CalibrationReport,
    CalibrationResult,
    Encoding,
    Frame,
    MergeReport,
    MergeResult,
    ResponseCurve,
    Stack,
    Validity,
)

Progress = Callable[[str, int, int], None]

_STILL_SHARE = 0.02  # of the longest side: a bracket that moved no more is merged with frames that could not be placed


def calibrate(
    source: Stack | Sequence[Stack] | Paths,
    options: CalibrationOptions | None = None,
    alignment: AlignmentOptions | None = None,
    inputs: InputOptions | None = None,
    progress: Progress | None = None,
) -> CalibrationResult:
    """The response curve of the camera that took these brackets (stacks, or paths to read them from).

    Every bracket is aligned, then all are solved together, each with its own times. Brackets that cannot be used are
    listed in the report.
    Raises CalibrationError or InputError where nothing can be learned from any.
    """
    from hdrkit.calibration.calibrate import calibrate_samples
    from hdrkit.calibration.sampling import Samples, take_samples

    options = options or CalibrationOptions()
    skipped: list[str] = []
    samples: list[Samples] = []
    items: Sequence[Stack | Bracket]
    ignored = 0
    if isinstance(source, Stack):
        items = [source]
    elif isinstance(source, (str, Path)) or not all(isinstance(one, Stack) for one in source):
        found = find_brackets(cast(Paths, source), inputs)
        items, skipped, ignored = found.brackets, list(found.failures), found.ignored
    else:
        items = cast(Sequence[Stack], source)
    for done, item in enumerate(items):
        if progress:
            progress("reading brackets", done, len(items))
        try:
            stack = _loaded(item, skipped)
            exposures = _calibration_exposures(stack)
            frames = _over_common_area(stack, alignment or AlignmentOptions())
            seed = options.seed + done
            samples.append(take_samples(stack.bracket.name, frames, exposures, options.sampling, options.samples, seed))
        except HdrkitError as error:
            skipped.append(str(error))
            if len(items) == 1:
                raise
    if progress:
        progress("reading brackets", len(items), len(items))
    if not samples:
        raise InputError(f"none of {len(items)} brackets can be used; the first: {skipped[0]}")
    result = calibrate_samples(samples, options)
    return replace(result, report=replace(result.report, skipped=tuple(skipped), ignored=ignored))


def merge(
    source: Stack | Paths,
    response: ResponseCurve | None = None,
    options: MergeOptions | None = None,
    alignment: AlignmentOptions | None = None,
    inputs: InputOptions | None = None,
    response_name: str = "given",
) -> MergeResult:
    """Align and merge one bracket (a stack, or paths to read it from) into radiance, or fuse it for display.

    Without a response curve RAW and float pictures are taken as linear, and for others the curve is calibrated from the
    bracket itself, which the report says. Raises HdrkitError of the kind that fits.
    """
    from hdrkit.alignment.chain import align
    from hdrkit.alignment.warp import common_area, crop

    stack = source if isinstance(source, Stack) else read_bracket(source, inputs)
    options, alignment = options or MergeOptions(), alignment or AlignmentOptions()
    _require_several(stack)
    if options.estimator is Estimator.MERTENS:
        stack = _by_brightness(stack)
        exposures: tuple[float, ...] = ()
    else:
        exposures = stack.bracket.relative_exposures()
    aligned, alignment_report = align(stack.frames, stack.bracket.reference, alignment)
    if strays := _strays(alignment_report, aligned[0]):
        kept = [i for i in range(len(aligned)) if i not in strays]
        aligned = [aligned[i] for i in kept]
        exposures = tuple(exposures[i] for i in kept) if exposures else ()
        stack = _only(stack, kept)
    left_out = tuple(
        f"{alignment_report.frames[i].name}: left out: it could not be aligned, while the frames around it had moved"
        for i in strays
    )
    if alignment.crop:
        aligned = crop(aligned, common_area(aligned))
    if options.estimator is Estimator.MERTENS:
        return _fused(stack, aligned, alignment_report, left_out)

    from hdrkit.merging.radiance import merge_frames

    warnings = list(_exposure_warnings(stack, exposures))
    curve, name, calibration = response, response_name, None
    if response is None:
        curve, name, calibration = _own_response(stack, aligned, exposures)
    elif response.camera and stack.bracket.photos[0].camera and response.camera != stack.bracket.photos[0].camera:
        warnings.append(f"the response curve belongs to {response.camera}, the photographs to {stack.bracket.photos[0].camera}")
    if calibration is not None:
        warnings.extend(_calibration_warnings(calibration))
    merged = merge_frames(aligned, exposures, curve, options)
    report = MergeReport(
        bracket=stack.bracket.name,
        estimator=options.estimator.value,
        response=name,
        frames=tuple(frame.name for frame in stack.frames),
        exposures=exposures,
        size=(merged.radiance.pixels.shape[1], merged.radiance.pixels.shape[0]),
        saturated=merged.count(Validity.SATURATED),
        black=merged.count(Validity.BLACK),
        frame_use=merged.frame_use,
        alignment=alignment_report,
        calibration=calibration,
        warnings=tuple(warnings),
        left_out=left_out,
    )
    return MergeResult(replace(merged.radiance, metadata=_provenance(stack, report)), report)


def ln_range(brackets: Sequence[Bracket], response: ResponseCurve | None) -> tuple[float, float]:
    """The range of ln radiance that these brackets can record with a response curve; RAW needs none.

    Raises InputError where coded pictures come without a curve, ExposureError where times are missing.
    """
    from hdrkit.merging.range import ln_exposure_range

    if response is None:
        encoded = [b.photos[0] for b in brackets if b.photos[0].encoding is not Encoding.RAW]
        if encoded:
            raise InputError(f"{show(encoded[0].path)}: a range for encoded pictures needs one curve for all: --response R.npz")
        response = ResponseCurve.identity()
    return ln_exposure_range(response, [t for bracket in brackets for t in bracket.relative_exposures()])


def _loaded(item: Stack | Bracket, skipped: list[str]) -> Stack:
    """The pixels of a bracket, if they are not there yet; files that cannot be read are added to `skipped`."""
    if isinstance(item, Stack):
        return item
    stack, failures = load_readable(item)
    skipped.extend(failures)
    return stack


def _over_common_area(stack: Stack, alignment: AlignmentOptions) -> list[Frame]:
    """The frames aligned, and cut to what all of them show."""
    from hdrkit.alignment.chain import align
    from hdrkit.alignment.warp import common_area, crop

    aligned, _ = align(stack.frames, stack.bracket.reference, alignment)
    return crop(aligned, common_area(aligned))


def _calibration_exposures(stack: Stack) -> tuple[float, ...]:
    _require_several(stack)
    for frame in stack.frames:
        if frame.pixels.dtype == np.float32:
            raise InputError(f"{frame.name}: a float picture is light already and has no response curve; merge it as it is")
    return stack.bracket.relative_exposures()


def _require_several(stack: Stack) -> None:
    if len(stack.frames) < 2:
        raise InputError(
            f"{stack.frames[0].name}: the only frame of bracket {stack.bracket.name!r}; a bracket needs two exposures or more"
        )


def _strays(report: AlignmentReport, frame: Frame) -> list[int]:
    """Frames that could not be placed although the camera moved: merged where they lie they would show everything twice."""
    height, width = frame.pixels.shape[:2]
    centre = np.array([width / 2, height / 2, 1.0])
    moved = max(float(np.abs((np.array(f.matrix) @ centre)[:2] - centre[:2]).max()) for f in report.frames)
    if moved <= _STILL_SHARE * max(height, width):
        return []
    return [i for i, f in enumerate(report.frames) if f.method == "identity" and f.note and f.residual_px is None]


def _only(stack: Stack, kept: Sequence[int]) -> Stack:
    """The stack without the other frames; its reference is among those kept."""
    bracket = replace(
        stack.bracket,
        photos=tuple(stack.bracket.photos[i] for i in kept),
        reference=list(kept).index(stack.bracket.reference),
    )
    return Stack(bracket, tuple(stack.frames[i] for i in kept))


def _by_brightness(stack: Stack) -> Stack:
    """The stack ordered from dark to bright, for frames whose times may be unknown; the middle one is the reference."""
    order = np.argsort([float(frame.pixels[::4, ::4].mean()) for frame in stack.frames], kind="stable")
    bracket = replace(stack.bracket, photos=tuple(stack.bracket.photos[i] for i in order), reference=len(order) // 2)
    return Stack(bracket, tuple(stack.frames[i] for i in order))


def _fused(stack: Stack, aligned: Sequence[Frame], alignment: AlignmentReport, left_out: tuple[str, ...]) -> MergeResult:
    from hdrkit.merging.fusion import fuse

    fused = fuse(aligned)
    report = MergeReport(
        bracket=stack.bracket.name,
        estimator=Estimator.MERTENS.value,
        response="none needed",
        frames=tuple(frame.name for frame in stack.frames),
        exposures=(),
        size=(fused.shape[1], fused.shape[0]),
        saturated=0,
        black=0,
        frame_use=(),
        alignment=alignment,
        left_out=left_out,
    )
    return MergeResult(None, report, fused)


def _own_response(
    stack: Stack, aligned: Sequence[Frame], exposures: Sequence[float]
) -> tuple[ResponseCurve | None, str, CalibrationReport | None]:
    """The curve to use where none is given: linear for RAW and float, else calibrated from the aligned frames."""
    if stack.frames[0].pixels.dtype == np.float32:
        return None, "linear", None
    if stack.frames[0].is_linear:
        return ResponseCurve.identity(stack.frames[0].levels), "linear", None
    if len(set(exposures)) == 1:
        raise ExposureError(
            f"{stack.frames[0].name}: all frames of bracket {stack.bracket.name!r} have the same exposure, so no response curve "
            "can be learned from them; give one with --response, or the true times with --exposures"
        )
    result = calibrate(Stack(stack.bracket, tuple(aligned)), alignment=AlignmentOptions(method="none"))
    return result.response, "calibrated from this bracket", result.report


def _exposure_warnings(stack: Stack, exposures: Sequence[float]) -> Iterable[str]:
    if len(set(exposures)) == 1:
        yield "all frames have the same exposure: merging them lowers noise, the range stays that of one frame"
    for name in ("iso", "f_number"):
        known = [getattr(photo.exposure, name) is not None for photo in stack.bracket.photos]
        if any(known) and not all(known):
            yield f"{name} is known for some frames only; the others count as if it were 100 (ISO) or 1 (aperture)"


def _calibration_warnings(report: CalibrationReport) -> Iterable[str]:
    for step in report.steps:
        if step.contradicts:
            yield (
                f"{Path(step.longer).name}: stated {step.stated_ev:+.2f} EV from {Path(step.shorter).name}, "
                f"but the pixels say {step.estimated_ev:+.2f} EV"
            )


def _provenance(stack: Stack, report: MergeReport) -> dict[str, Any]:
    photo = stack.bracket.photos[stack.bracket.reference]
    times = [p.exposure.time_s for p in stack.bracket.photos if p.exposure is not None]
    metadata: dict[str, Any] = {
        "sources": [Path(show(frame)).name for frame in report.frames],
        "exposure_times": times,
        "relative_exposures": list(report.exposures),
        "response": report.response,
        "estimator": report.estimator,
        "alignment": [frame.matrix for frame in report.alignment.frames] if report.alignment else [],
    }
    if photo.camera:
        metadata["camera"] = photo.camera
    if photo.taken_at is not None:
        metadata["capdate"] = f"{photo.taken_at:%Y:%m:%d %H:%M:%S}"
    return metadata


def stamped(curve: ResponseCurve, inputs: Sequence[Path | str]) -> ResponseCurve:
    """The curve with the time and the place of its calibration in its metadata, as its file carries them."""
    now = datetime.now(UTC).strftime("%Y-%m-%dT%H:%M:%SZ")
    return replace(curve, metadata=curve.metadata | {"timestamp_utc": now, "input_directory": ", ".join(show(p) for p in inputs)})
