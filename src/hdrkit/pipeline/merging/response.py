"""The response curve of a merge: the given one, or one that is learned from the bracket itself."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

import numpy as np

from hdrkit.alignment.options import AlignmentMethod, AlignmentOptions
from hdrkit.errors import ExposureError
from hdrkit.inputs.options import InputOptions
from hdrkit.pipeline.calibrate import calibrate
from hdrkit.types import CalibrationReport, ResponseCurve, Stack


@dataclass(frozen=True)
class UsedResponse:
    """A curve (None for float pictures, which hold light), its name in the report, and the calibration if it was learned."""

    curve: ResponseCurve | None
    name: str
    calibration: CalibrationReport | None = None


def response_of(stack: Stack, given: ResponseCurve | None, name: str, inputs: InputOptions | None) -> UsedResponse:
    """The given curve; else linear for RAW and float pictures; else a curve that is learned from the aligned frames."""
    if given is not None:
        return UsedResponse(given, name)
    if stack.frames[0].pixels.dtype == np.float32:
        return UsedResponse(None, "linear")
    if stack.frames[0].is_linear:
        return UsedResponse(ResponseCurve.identity(stack.frames[0].levels), "linear")
    stated = stack.bracket.stated_exposures()
    if None not in stated and len(set(stated)) == 1:
        raise ExposureError(
            f"{stack.frames[0].name}: all frames of bracket {stack.bracket.name!r} have the same exposure, so no response curve "
            "can be learned from them; give one with --response, or the true times with --exposures"
        )
    result = calibrate(stack, alignment=AlignmentOptions(method=AlignmentMethod.NONE), inputs=inputs)
    return UsedResponse(result.response, "calibrated from this bracket", result.report)


def response_warnings(response: UsedResponse, stack: Stack) -> Iterable[str]:
    """Warnings about the curve: the notes of its calibration, or that it belongs to another camera."""
    camera = stack.bracket.photos[0].camera
    if response.calibration:
        yield from response.calibration.notes
    elif response.curve and response.curve.camera and camera and response.curve.camera != camera:
        yield f"the response curve belongs to {response.curve.camera}, the photographs to {camera}"
