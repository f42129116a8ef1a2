"""The main path: files -> brackets -> response curve -> radiance -> files. Stages in order, and nothing clever between."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any, cast

import numpy as np
from numpy.typing import NDArray

from hdrkit.alignment.options import AlignmentOptions
from hdrkit.calibration.options import CalibrationOptions
from hdrkit.errors import AlignmentError, ExposureError, HdrkitError, InputError
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
    Exposure,
    ExposureEstimate,
    ExposureSource,
    Frame,
    GhostReport,
    MergeReport,
    MergeResult,
    NoiseModel,
    NoiseReport,
    Photo,
    ResponseCurve,
    Stack,
    StepCheck,
)
from hdrkit.warping import Area

if TYPE_CHECKING:
    from hdrkit.merging.radiance import MergedPixels, Tally

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

    Every bracket is aligned, then all are solved together, each with its own times. `inputs.estimate_exposures` holds for
    stacks as well. Brackets that cannot be used are listed in the report.
    Raises CalibrationError or InputError where nothing can be learned from any.
    """
    from hdrkit.alignment.chain import align
    from hdrkit.calibration.calibrate import calibrate_samples
    from hdrkit.calibration.exposures import guessed_exposures
    from hdrkit.calibration.sampling import Samples, take_samples

    options, estimate = options or CalibrationOptions(), (inputs or InputOptions()).estimate_exposures
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
            _require_codes(stack)
            stated = stack.bracket.stated_exposures() if estimate else stack.bracket.relative_exposures()
            frames, _ = align(stack.frames, stack.bracket.reference, alignment or AlignmentOptions())
            exposures, unknown = guessed_exposures(frames, stated), [one is None for one in stated]
            seed = options.seed + done
            samples.append(take_samples(stack.bracket.name, frames, exposures, options.sampling, options.samples, seed, unknown))
        except HdrkitError as error:
            skipped.append(str(error))
            if len(items) == 1:
                raise
    if progress:
        progress("reading brackets", len(items), len(items))
    if not samples:
        raise InputError(f"none of {len(items)} brackets can be used; the first: {skipped[0]}")
    result = calibrate_samples(samples, options, estimate)
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
    bracket itself, which the report says. `inputs.estimate_exposures` holds for a stack as well.
    Raises HdrkitError of the kind that fits.
    """
    plan = plan_merge(source, response, options, alignment, inputs, response_name)
    if plan.options.estimator is Estimator.MERTENS:
        return MergeResult(None, plan.report, plan.fused())
    merged = plan.rows(0, plan.report.size[1])
    return MergeResult(merged.radiance, plan.told([merged.tally]))


@dataclass(frozen=True)
class MergePlan:
    """A merge of one bracket with everything decided, and no pixel of the result made yet.

    The first six are what `merge_frames` is given, or `fuse`; `report` lacks what only the pixels tell; `metadata` says where the
    result comes from.
    """

    frames: Sequence[Frame]
    exposures: tuple[float, ...]
    response: ResponseCurve | None
    options: MergeOptions
    trust: Sequence[NDArray[np.uint8] | None] | None
    area: Area
    report: MergeReport
    metadata: dict[str, Any]

    def rows(self, top: int, bottom: int) -> MergedPixels:
        """Rows `top` to `bottom` (exclusive) of the result, the same whichever others are asked for."""
        from hdrkit.merging.radiance import merge_frames

        first, _, left, right = self.area
        area = first + top, first + bottom, left, right
        merged = merge_frames(self.frames, self.exposures, self.response, self.options, self.trust, area)
        return replace(merged, radiance=replace(merged.radiance, metadata=self.metadata))

    def fused(self) -> NDArray[np.float32]:
        """The picture that exposure fusion makes of the frames."""
        from hdrkit.merging.fusion import fuse

        return fuse(self.frames, self.area)

    def told(self, tallies: Sequence[Tally]) -> MergeReport:
        """The report, with what the pixels of all rows tell."""
        pixels = sum(tally.pixels for tally in tallies)
        return replace(
            self.report,
            saturated=sum(tally.saturated for tally in tallies),
            black=sum(tally.black for tally in tallies),
            frame_use=tuple(sum(used) / pixels for used in zip(*(tally.used for tally in tallies), strict=True)),
        )


def plan_merge(
    source: Stack | Paths,
    response: ResponseCurve | None = None,
    options: MergeOptions | None = None,
    alignment: AlignmentOptions | None = None,
    inputs: InputOptions | None = None,
    response_name: str = "given",
) -> MergePlan:
    """All of `merge` but the pixels: frames read and aligned, curve and noise learned. Arguments and errors are the same."""
    from hdrkit.alignment.chain import align
    from hdrkit.warping import common_area, whole

    stack = source if isinstance(source, Stack) else read_bracket(source, inputs)
    options, alignment = options or MergeOptions(), alignment or AlignmentOptions()
    _require_several(stack)
    estimate = (inputs or InputOptions()).estimate_exposures
    if options.estimator is Estimator.MERTENS:
        stack = _by_brightness(stack)
    elif not estimate:
        stack.bracket.relative_exposures()  # or say what is missing before the work begins
    aligned, alignment_report = align(stack.frames, stack.bracket.reference, alignment)
    if strays := _strays(alignment_report, aligned[0]):
        kept = [i for i in range(len(aligned)) if i not in strays]
        aligned = [aligned[i] for i in kept]
        stack = _only(stack, kept)
    left_out = tuple(
        f"{alignment_report.frames[i].name}: left out: it could not be aligned, while the frames around it had moved"
        for i in strays
    )
    area = common_area(aligned) if alignment.crop else whole(aligned[0])
    size = area[3] - area[2], area[1] - area[0]
    if options.estimator is Estimator.MERTENS:
        report = _fusion_report(stack, size, alignment_report, left_out)
        return MergePlan(aligned, (), None, options, None, area, report, {})

    warnings: list[str] = []
    curve, name, calibration = response, response_name, None
    if response is None:
        curve, name, calibration = _own_response(stack, aligned, inputs)
    elif response.camera and stack.bracket.photos[0].camera and response.camera != stack.bracket.photos[0].camera:
        warnings.append(f"the response curve belongs to {response.camera}, the photographs to {stack.bracket.photos[0].camera}")
    if calibration is not None:
        steps, estimated = calibration.steps, calibration.estimated
        warnings.extend(calibration.notes)
    else:
        steps, estimated = _checked_exposures(stack, aligned, curve, estimate)
    if not any(stack.bracket.stated_exposures()):
        warnings.append("no exposure is stated: the scale is arbitrary, the frame of middle brightness counts as 1")
    if estimate:
        stack = _with_exposures(stack, estimated)
    else:
        warnings.extend(step.sentence for step in steps if step.contradicts)
    exposures = stack.bracket.relative_exposures()
    warnings.extend(_exposure_warnings(stack, exposures))
    options, noise = _with_noise(aligned, exposures, curve, options)
    trust, ghosts = _without_ghosts(aligned, exposures, curve, options)
    report = MergeReport(
        bracket=stack.bracket.name,
        estimator=options.estimator.value,
        response=name,
        noise=noise,
        frames=tuple(frame.name for frame in stack.frames),
        exposures=exposures,
        size=size,
        saturated=0,
        black=0,
        frame_use=(),
        alignment=alignment_report,
        calibration=calibration,
        ghosts=ghosts,
        warnings=tuple(warnings),
        left_out=left_out,
        steps=steps,
        estimated=estimated,
    )
    return MergePlan(aligned, exposures, curve, options, trust, area, report, _provenance(stack, report))


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


def _require_codes(stack: Stack) -> None:
    _require_several(stack)
    for frame in stack.frames:
        if frame.pixels.dtype == np.float32:
            raise InputError(f"{frame.name}: a float picture is light already and has no response curve; merge it as it is")


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


def _fusion_report(
    stack: Stack, size: tuple[int, int], alignment: AlignmentReport, left_out: tuple[str, ...]
) -> MergeReport:
    return MergeReport(
        bracket=stack.bracket.name,
        estimator=Estimator.MERTENS.value,
        response="none needed",
        frames=tuple(frame.name for frame in stack.frames),
        exposures=(),
        size=size,
        saturated=0,
        black=0,
        frame_use=(),
        alignment=alignment,
        left_out=left_out,
    )


def _own_response(
    stack: Stack, aligned: Sequence[Frame], inputs: InputOptions | None
) -> tuple[ResponseCurve | None, str, CalibrationReport | None]:
    """The curve to use where none is given: linear for RAW and float, else calibrated from the aligned frames."""
    if stack.frames[0].pixels.dtype == np.float32:
        return None, "linear", None
    if stack.frames[0].is_linear:
        return ResponseCurve.identity(stack.frames[0].levels), "linear", None
    stated = stack.bracket.stated_exposures()
    if None not in stated and len(set(stated)) == 1:
        raise ExposureError(
            f"{stack.frames[0].name}: all frames of bracket {stack.bracket.name!r} have the same exposure, so no response curve "
            "can be learned from them; give one with --response, or the true times with --exposures"
        )
    result = calibrate(Stack(stack.bracket, tuple(aligned)), alignment=AlignmentOptions(method="none"), inputs=inputs)
    return result.response, "calibrated from this bracket", result.report


def _with_noise(
    aligned: Sequence[Frame], exposures: Sequence[float], curve: ResponseCurve | None, options: MergeOptions
) -> tuple[MergeOptions, NoiseReport]:
    """The options with the noise of the camera in them, measured from the frames where none is given and they show it."""
    if options.noise is not None:
        return options, NoiseReport("given", options.noise)
    measured = None
    if curve is not None:
        from hdrkit.calibration.noise import measure_noise

        measured = measure_noise(aligned, exposures, curve, options.clip_codes(aligned[0])[1])
    noise = measured or NoiseModel()
    return replace(options, noise=noise), NoiseReport("measured" if measured else "default", noise)


def _without_ghosts(
    frames: Sequence[Frame], exposures: Sequence[float], curve: ResponseCurve | None, options: MergeOptions
) -> tuple[Sequence[NDArray[np.uint8] | None] | None, GhostReport | None]:
    """How far each frame is to be trusted where something moved, if that is asked for."""
    if options.deghost == "off":
        return None, None
    from hdrkit.merging.ghosts import find_ghosts

    names = [Path(frame.name).name for frame in frames]
    if options.deghost != "auto" and options.deghost not in names:
        raise InputError(f"{options.deghost}: no frame of this bracket to take moving things from; there are {', '.join(names)}")
    reference = None if options.deghost == "auto" else names.index(options.deghost)
    found = find_ghosts(frames, exposures, curve, options, reference)
    return found.trust, GhostReport(frames[found.reference].name, found.share, found.refused)


def _exposure_warnings(stack: Stack, exposures: Sequence[float]) -> Iterable[str]:
    if len(set(exposures)) == 1:
        yield "all frames have the same exposure: merging them lowers noise, the range stays that of one frame"
    for name in ("iso", "f_number"):
        known = [getattr(photo.exposure, name) is not None for photo in stack.bracket.photos]
        if any(known) and not all(known):
            yield f"{name} is known for some frames only; the others count as if it were 100 (ISO) or 1 (aperture)"


def _checked_exposures(
    stack: Stack, aligned: Sequence[Frame], curve: ResponseCurve | None, estimate: bool
) -> tuple[tuple[StepCheck, ...], tuple[ExposureEstimate, ...]]:
    """What the pixels say about the exposures under a known curve; nothing where the frames have no area in common."""
    from hdrkit.calibration.exposures import estimates_of, measured_exposures, steps_of

    bracket = stack.bracket
    names, stated, place = [frame.name for frame in stack.frames], bracket.stated_exposures(), slice(0, len(aligned))
    try:
        ln_exposures, offsets = measured_exposures(aligned, stated, curve)
    except AlignmentError:
        if estimate:
            raise
        return (), ()
    estimated = estimates_of(names, stated, ln_exposures, offsets, place) if estimate else []
    return tuple(steps_of(bracket.name, names, ln_exposures, offsets, place)), tuple(estimated)


def _with_exposures(stack: Stack, estimated: Sequence[ExposureEstimate]) -> Stack:
    """The stack with these exposures in place of the stated ones; ISO and aperture stay, and the time takes the difference."""
    of_frame = {one.frame: one for one in estimated}
    some = next((photo.exposure for photo in stack.bracket.photos if photo.exposure), Exposure(1.0))

    def exposed(photo: Photo, frame: Frame) -> Photo:
        one = of_frame[frame.name]
        if one.uncertainty_ev is None:
            return photo
        base = photo.exposure or some
        time_s = base.time_s * one.estimated / base.relative
        return replace(photo, exposure=replace(base, time_s=time_s, source=ExposureSource.ESTIMATED))

    photos = tuple(exposed(photo, frame) for photo, frame in zip(stack.bracket.photos, stack.frames, strict=True))
    return Stack(replace(stack.bracket, photos=photos), stack.frames)


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
