"""A merge of one bracket with everything decided, and no pixel of the result made yet."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from hdrkit.alignment.options import AlignmentOptions
from hdrkit.errors import ExposureError, InputError
from hdrkit.files.text import show
from hdrkit.imaging.warping import Area
from hdrkit.inputs.find import Paths, read_bracket
from hdrkit.inputs.options import InputOptions
from hdrkit.merging.options import MergeOptions
from hdrkit.pipeline.calibrate import calibrate
from hdrkit.pipeline.merging.exposures import checked_exposures, exposure_warnings, with_exposures
from hdrkit.pipeline.merging.frames import aligned, alignment_warnings, area_of, require_several, size_of
from hdrkit.types import (
    CalibrationReport,
    Frame,
    GhostReport,
    MergeReport,
    NoiseModel,
    NoiseReport,
    ResponseCurve,
    Stack,
)

if TYPE_CHECKING:
    from hdrkit.merging.radiance import MergedPixels, Tally
    from hdrkit.merging.weights import Tables

_STRANGE = 0.5  # share of the picture with ghosts from which on it is not things that moved
_NOTABLE = 0.001  # share of the picture that deghosting leaves clipped


@dataclass(frozen=True)
class MergePlan:
    """What a merge of one bracket will do.

    The first six are what `merge_frames` is given; `report` lacks what only the pixels tell; `metadata` says where the
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

    @cached_property
    def tables(self) -> Tables | None:
        """The lookup tables, the same for all rows."""
        from hdrkit.merging.radiance import tables_of

        return tables_of(self.frames, self.exposures, self.response, self.options)

    def rows(self, top: int, bottom: int) -> MergedPixels:
        """Rows `top` to `bottom` (exclusive) of the result, the same whichever others are asked for."""
        from hdrkit.merging.radiance import merge_frames

        first, _, left, right = self.area
        area = first + top, first + bottom, left, right
        merged = merge_frames(self.frames, self.exposures, self.response, self.options, self.trust, area, self.tables)
        return replace(merged, radiance=replace(merged.radiance, metadata=self.metadata))

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
    """All of a merge but the pixels: frames read and aligned, curve and noise learned. Arguments and errors are the same."""
    stack = source if isinstance(source, Stack) else read_bracket(source, inputs)
    options, alignment = options or MergeOptions(), alignment or AlignmentOptions()
    require_several(stack, (inputs or InputOptions()).min_frames)
    estimate = (inputs or InputOptions()).estimate_exposures
    if not estimate:
        stack.bracket.relative_exposures()  # or say what is missing before the work begins
    stack, alignment_report, left_out = aligned(stack, alignment)
    area = area_of(stack, alignment)
    warnings = list(alignment_warnings(alignment_report))
    if response is None:
        curve, name, calibration = _own_response(stack, inputs)
    else:
        curve, name, calibration = response, response_name, None
        warnings.extend(_response_warnings(response, stack))
    if calibration is None:
        steps, estimated = checked_exposures(stack, curve, estimate)
    else:
        steps, estimated = calibration.steps, calibration.estimated
        warnings.extend(calibration.notes)
    used = with_exposures(stack, estimated) if estimate else stack
    warnings.extend(exposure_warnings(stack, used, steps))
    exposures = used.bracket.relative_exposures()
    options, noise = _with_noise(used.frames, exposures, curve, options)
    trust, ghosts = _without_ghosts(used.frames, exposures, curve, options)
    if ghosts:
        warnings.extend(_ghost_warnings(ghosts))
    report = MergeReport(
        bracket=used.bracket.name,
        estimator=options.estimator.value,
        response=name,
        frames=tuple(frame.name for frame in used.frames),
        exposures=exposures,
        size=size_of(area),
        noise=noise,
        ghosts=ghosts,
        alignment=alignment_report,
        calibration=calibration,
        warnings=tuple(warnings),
        left_out=left_out,
        steps=steps,
        estimated=estimated,
    )
    return MergePlan(used.frames, exposures, curve, options, trust, area, report, _provenance(used, report))


def _response_warnings(response: ResponseCurve, stack: Stack) -> Iterable[str]:
    camera = stack.bracket.photos[0].camera
    if response.camera and camera and response.camera != camera:
        yield f"the response curve belongs to {response.camera}, the photographs to {camera}"


def _own_response(stack: Stack, inputs: InputOptions | None) -> tuple[ResponseCurve | None, str, CalibrationReport | None]:
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
    result = calibrate(stack, alignment=AlignmentOptions(method="none"), inputs=inputs)
    return result.response, "calibrated from this bracket", result.report


def _with_noise(
    frames: Sequence[Frame], exposures: Sequence[float], curve: ResponseCurve | None, options: MergeOptions
) -> tuple[MergeOptions, NoiseReport]:
    """The options with the noise of the camera in them, measured from the frames where none is given and they show it."""
    if options.noise is not None:
        return options, NoiseReport("given", options.noise)
    measured = None
    if curve is not None:
        from hdrkit.calibration.noise import measure_noise

        measured = measure_noise(frames, exposures, curve, options.clip_codes(frames[0])[1])
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
    return found.trust, GhostReport(frames[found.reference].name, found.share, found.refused, found.clipped)


def _ghost_warnings(ghosts: GhostReport) -> Iterable[str]:
    if ghosts.share > _STRANGE:
        yield f"{100 * ghosts.share:.0f} % of the picture differs from frame to frame: do they show one view?"
    if ghosts.clipped > _NOTABLE:
        yield (
            f"{100 * ghosts.clipped:.1f} % of the picture is clipped in {Path(ghosts.reference).name}, and what other frames "
            "show there has moved: it is too dark and its colours are wrong; name a shorter frame with --deghost"
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
