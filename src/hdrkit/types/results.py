"""What a stage gives back: its value and a report that says what was used, dropped, guessed and found odd."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from hdrkit.types.image import RadianceMap
from hdrkit.types.response import ResponseCurve


@dataclass(frozen=True)
class StepCheck:
    """An exposure step as stated and as the pixels show it, in EV, between two neighbouring frames of a bracket.

    The estimate and its uncertainty are None where the frames share too few well-exposed pixels to tell.
    """

    bracket: str
    shorter: str
    longer: str
    stated_ev: float
    estimated_ev: float | None
    uncertainty_ev: float | None
    contradicts: bool


@dataclass(frozen=True)
class BracketReport:
    """What one bracket gave to a calibration: its frames, and samples that carried weight in each channel."""

    name: str
    frames: int
    samples: tuple[int, ...]


@dataclass(frozen=True)
class CalibrationReport:
    """How far a response curve can be trusted.

    `residual` is the weighted RMS of g(z) - ln E - ln t in each channel; `covered` the lowest and highest code with data;
    `repaired` the codes changed to make the curve monotone; `disagreeing` the channels whose curve differs from the
    median channel by more than `channel_spread`'s tolerance; `channel_spread` the largest difference in ln exposure.
    `skipped` has a line for each file or bracket that could not be used; `ignored` counts files that are no photographs.
    """

    method: str
    options: dict[str, Any]
    brackets: tuple[BracketReport, ...]
    residual: tuple[float, ...]
    covered: tuple[tuple[int, int], ...]
    repaired: tuple[int, ...]
    channel_spread: tuple[float, ...]
    disagreeing: tuple[int, ...]
    steps: tuple[StepCheck, ...]
    skipped: tuple[str, ...] = ()
    ignored: int = 0


@dataclass(frozen=True)
class CalibrationResult:
    """A response curve, its report, and the residuals (codes (N,), ln-exposure residuals (N,), channel (N,)) for the plot."""

    response: ResponseCurve
    report: CalibrationReport
    residuals: tuple[NDArray[np.int64], NDArray[np.float64], NDArray[np.int64]]


@dataclass(frozen=True)
class FrameAlignment:
    """How one frame was brought onto the reference.

    `matrix` (3 x 3, rows) maps reference pixels to frame pixels; `method` is what produced it, `identity` where nothing
    beat leaving the frame alone; `residual_px` is the displacement still measured after alignment (None where it
    cannot be measured); `note` says what failed on the way.
    """

    name: str
    matrix: tuple[tuple[float, ...], ...]
    method: str
    residual_px: float | None
    note: str = ""


@dataclass(frozen=True)
class AlignmentReport:
    """The alignment of a bracket, frame by frame, reference included."""

    method: str
    reference: str
    frames: tuple[FrameAlignment, ...]


@dataclass(frozen=True)
class MergeReport:
    """What a merge used and what it could not measure.

    `response` names the curve (a file, `linear`, or `calibrated from this bracket`); `saturated` and `black` count pixels
    that no frame measured; `frame_use` is the share of pixels each frame contributed to; `left_out` has
    a line for each frame that was not merged because it could not be aligned.
    """

    bracket: str
    estimator: str
    response: str
    frames: tuple[str, ...]
    exposures: tuple[float, ...]
    size: tuple[int, int]
    saturated: int
    black: int
    frame_use: tuple[float, ...]
    alignment: AlignmentReport | None = None
    calibration: CalibrationReport | None = None
    warnings: tuple[str, ...] = ()
    left_out: tuple[str, ...] = ()


@dataclass(frozen=True)
class MergeResult:
    """A radiance map, or a display-referred picture (H, W, 3) float32 in 0..1 from exposure fusion, and the report."""

    radiance: RadianceMap | None
    report: MergeReport
    fused: NDArray[np.float32] | None = None
