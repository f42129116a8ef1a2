"""The exposures of a merge: the stated ones, checked or replaced by what the pixels show."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from hdrkit.errors import AlignmentError
from hdrkit.pipeline.merging.frames import by_brightness
from hdrkit.pipeline.merging.response import UsedResponse
from hdrkit.types import (
    Exposure,
    ExposureEstimate,
    ExposureSource,
    Frame,
    Photo,
    PredictionReport,
    ResponseCurve,
    Stack,
    StepCheck,
)

if TYPE_CHECKING:
    from hdrkit.calibration.prediction import Prediction


@dataclass(frozen=True)
class UsedExposures:
    """The stack with the exposures that a merge uses, the checks of the stated steps, the estimates if they are used, and how
    well curve and exposures predict the frames (None if that cannot be said).
    """

    stack: Stack
    steps: tuple[StepCheck, ...]
    estimated: tuple[ExposureEstimate, ...]
    prediction: PredictionReport | None = None
    trusted: bool = True


def exposures_of(stack: Stack, response: UsedResponse, estimate: bool) -> UsedExposures:
    """The stated exposures, or those that the pixels show: with `estimate`, or if the stated ones contradict the pixels.

    If the curve was calibrated, its checks are reused.
    """
    if (calibration := response.calibration) is not None:
        exposed = with_exposures(stack, calibration.estimated) if calibration.estimated else stack
        return UsedExposures(exposed, calibration.steps, calibration.estimated, calibration.prediction, calibration.trusted)
    steps, estimated = checked_exposures(stack, response.curve, estimate)
    used = UsedExposures(with_exposures(stack, estimated) if estimate else stack, steps, estimated if estimate else ())
    if response.curve is None or stack.frames[0].is_linear or not estimated:
        return used
    from hdrkit.calibration.prediction import MUCH_BETTER

    prediction = _prediction(used.stack, response.curve)
    if not estimate and any(step.contradicts for step in steps):
        measured = UsedExposures(with_exposures(stack, estimated), steps, estimated)
        better = _prediction(measured.stack, response.curve)
        if better.score < MUCH_BETTER * prediction.score:
            used, prediction = measured, better
    return replace(used, prediction=prediction.report, trusted=_trusted(prediction, response.curve))


def _prediction(stack: Stack, curve: ResponseCurve) -> Prediction:
    from hdrkit.calibration.prediction import predict_frames

    return predict_frames(stack.frames, stack.bracket.relative_exposures(), curve)


def _trusted(prediction: Prediction, curve: ResponseCurve) -> bool:
    from hdrkit.calibration.prediction import LOST

    return bool(curve.metadata.get("trusted", True)) and (prediction.error <= LOST or not prediction.frames)


def checked_exposures(
    stack: Stack, curve: ResponseCurve | None, estimate: bool
) -> tuple[tuple[StepCheck, ...], tuple[ExposureEstimate, ...]]:
    """The steps and estimates that aligned frames show with a known curve. Empty if the frames have no area in common."""
    from hdrkit.calibration.exposures import estimates_of, measured_exposures, steps_of

    bracket = stack.bracket
    names, stated, rows = [frame.name for frame in stack.frames], bracket.stated_exposures(), slice(0, len(stack.frames))
    try:
        ln_exposures, offsets = measured_exposures(stack.frames, stated, curve)
    except AlignmentError:
        if estimate:
            raise
        return (), ()
    estimated = estimates_of(names, stated, ln_exposures, offsets, rows)
    return tuple(steps_of(bracket.name, names, ln_exposures, offsets, rows)), tuple(estimated)


def with_exposures(stack: Stack, estimated: Sequence[ExposureEstimate]) -> Stack:
    """The stack with the estimated exposures. ISO and aperture stay as stated; the exposure time changes."""
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


def _named(photo: Photo) -> bool:
    return photo.exposure is not None and photo.exposure.source is ExposureSource.FILENAME


def _contradicting_order(stack: Stack) -> str:
    """The names of the frames from dark to bright if a brighter one states less exposure, else an empty text."""
    by_light = by_brightness(stack).bracket
    known = [one for one in by_light.stated_exposures() if one is not None]
    return "" if known == sorted(known) else ", ".join(photo.path.name for photo in by_light.photos)


def exposure_warnings(stated: Stack, exposed: UsedExposures, requested: bool, calibrated: bool) -> Iterable[str]:
    """Warnings about the exposures of a bracket.

    `requested` says that the user asked for measured exposures, `calibrated` that the curve was learned from the bracket, so that
    the notes of its calibration name the holes, and say whether it can be trusted.
    """
    from hdrkit.calibration.prediction import LOST

    if not any(stated.bracket.stated_exposures()):
        yield "no exposure is stated, so the scale is arbitrary; the exposure of the frame of middle brightness counts as 1"
    used = exposed.stack
    if used is stated or not requested:
        end = "--exposures estimate corrects it" if used is stated else "the merge uses what the pixels show"
        shown = exposed.trusted or used is not stated  # a curve that is wrong makes the exposures look wrong
        yield from (f"{step.sentence}; {end}" for step in exposed.steps if step.contradicts and shown)
    if not exposed.trusted and all(_named(photo) for photo in stated.bracket.photos):
        yield (
            "the numbers at the end of the file names count as exposures; if they are something else, give --ev -2,0,2 or "
            "--exposures FILE.csv"
        )
    if not exposed.trusted and (order := _contradicting_order(stated)):
        yield f"the stated exposures are not in the order of brightness, which is {order}, from dark to bright"
    if not exposed.trusted and not calibrated and exposed.prediction and exposed.prediction.error <= LOST:
        yield "not trusted: the response curve was learned from frames that it does not describe; learn one from other brackets"
    elif not exposed.trusted and not calibrated and exposed.prediction:
        yield (
            f"not trusted: with this curve the frames predict each other only to {exposed.prediction.error:.1f} codes of 255, "
            "where ordinary brackets reach 2 to 6; leave out --response to learn the curve of this bracket"
        )
    if not calibrated:
        yield from (hole.sentence for hole in used.bracket.holes)
    if len(set(used.bracket.relative_exposures())) == 1:
        yield "all frames have the same exposure, so merging lowers the noise but does not extend the range"
    for name in ("iso", "f_number"):
        known = [getattr(photo.exposure, name) is not None for photo in used.bracket.photos]
        if any(known) and not all(known):
            yield f"{name} is known for some frames only; the other frames count as ISO 100 or aperture 1"
