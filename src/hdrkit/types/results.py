"""What a stage gives back: its value and a report that says what was used, dropped, guessed and found odd."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from hdrkit.types.failure import BracketFailure, Failure
from hdrkit.types.image import RadianceMap
from hdrkit.types.response import NoiseModel, ResponseCurve


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

    @property
    def sentence(self) -> str:
        """The step in words, with the names of the files alone."""
        stated = f"{Path(self.longer).name}: stated {self.stated_ev:+.2f} EV from {Path(self.shorter).name}"
        if self.estimated_ev is None:
            return f"{stated}, too few well exposed pixels to tell"
        return f"{stated}, but the pixels say {self.estimated_ev:+.2f} EV; --exposures estimate corrects it"


@dataclass(frozen=True)
class ExposureEstimate:
    """The exposure t ISO/100 / N^2 of a frame, as stated (None where nothing was) and as used instead.

    The uncertainty is a standard error; None where the pixels could not tell and the stated exposure was kept.
    """

    frame: str
    stated: float | None
    estimated: float
    uncertainty_ev: float | None


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
    `estimated` lists the exposures that were estimated, on request; `notes` what was done otherwise than asked for;
    `skipped` has each file or bracket that could not be used, and why; `ignored` counts files that are no photographs.
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
    estimated: tuple[ExposureEstimate, ...] = ()
    notes: tuple[str, ...] = ()
    skipped: tuple[Failure | BracketFailure, ...] = ()
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

    @property
    def summary(self) -> str:
        """In a few words: `still`, or `ecc, 0.12 px left`."""
        moved = [frame for frame in self.frames if frame.method != "reference"]
        words = sorted({"still" if frame.method == "identity" else frame.method for frame in moved})
        residuals = [frame.residual_px for frame in moved if frame.residual_px is not None]
        return ", ".join([*words, f"{max(residuals):.2f} px left"] if residuals else words)


@dataclass(frozen=True)
class NoiseReport:
    """The noise that measurements were weighed by: `given`, `measured` from the frames, or else the `default`."""

    source: str
    model: NoiseModel


@dataclass(frozen=True)
class GhostReport:
    """What was done about things that moved.

    `reference` names the frame whose content was kept, `share` is the share of the picture where some frame was refused,
    `refused` that of each frame, `clipped` that where only refused frames were not clipped: the least that it can be is shown.
    """

    reference: str
    share: float
    refused: tuple[float, ...]
    clipped: float


@dataclass(frozen=True)
class MergeReport:
    """What a merge used and what it could not measure.

    `response` names the curve (a file, `linear`, or `calibrated from this bracket`); `saturated` and `black` count pixels
    that no frame measured; `frame_use` is the share of pixels each frame contributed to; `left_out` has
    each frame that was not merged because it could not be aligned; `steps` compares the stated exposures with the
    pixels, and `estimated` lists those that replace them, on request.
    """

    bracket: str
    estimator: str
    response: str
    frames: tuple[str, ...]
    exposures: tuple[float, ...]
    size: tuple[int, int]
    saturated: int = 0
    black: int = 0
    frame_use: tuple[float, ...] = ()
    noise: NoiseReport | None = None
    ghosts: GhostReport | None = None
    alignment: AlignmentReport | None = None
    calibration: CalibrationReport | None = None
    warnings: tuple[str, ...] = ()
    left_out: tuple[Failure, ...] = ()
    steps: tuple[StepCheck, ...] = ()
    estimated: tuple[ExposureEstimate, ...] = ()


@dataclass(frozen=True)
class FusionResult:
    """A display-referred picture (H, W, 3) float32 in 0..1 from exposure fusion, and the report."""

    picture: NDArray[np.float32]
    report: MergeReport


@dataclass(frozen=True)
class MergeResult:
    """A radiance map, or a display-referred picture (H, W, 3) float32 in 0..1 from exposure fusion, and the report."""

    radiance: RadianceMap | None
    report: MergeReport
    fused: NDArray[np.float32] | None = None
