"""Results of the stages, and reports that say what was used, left out and estimated."""

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
    """The exposure step between two neighbouring frames of a bracket, in EV, as stated and as the pixels show it.

    The estimate and its uncertainty are None if the frames share too few well-exposed pixels.
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
        """The step in words, with file names without folders."""
        stated = f"{Path(self.longer).name}: stated {self.stated_ev:+.2f} EV from {Path(self.shorter).name}"
        if self.estimated_ev is None:
            return f"{stated}; too few pixels are well exposed to check it"
        return f"{stated}, but the pixels show {self.estimated_ev:+.2f} EV"


@dataclass(frozen=True)
class ExposureEstimate:
    """The relative exposure of a frame, t * ISO/100 / N^2, as stated (None if unknown) and as estimated.

    The uncertainty is a standard error. It is None if the pixels do not show the exposure and the stated one is kept. `time_s` is
    the estimate as a shutter time at the stated aperture and ISO, in seconds; None if no time is known in seconds.
    """

    frame: str
    stated: float | None
    estimated: float
    uncertainty_ev: float | None
    time_s: float | None = None


@dataclass(frozen=True)
class BracketReport:
    """What one bracket contributes to a calibration: its number of frames, and of samples that count in each channel."""

    name: str
    frames: int
    samples: tuple[int, ...]


@dataclass(frozen=True)
class PredictionReport:
    """How well the frames predict each other through the curve, in codes of 8 bits: the judge of a calibration.

    Each frame is predicted from the others. `frames` holds its median error, for frames that can be compared. `error` is their
    mean, and `high` is the 90th percentile over all frames. Ordinary brackets reach an error of 2 to 6.
    """

    error: float
    high: float
    frames: tuple[float, ...]


@dataclass(frozen=True)
class CalibrationReport:
    """How far a response curve can be trusted.

    `residual` is the weighted RMS of g(z) - ln E - ln t in each channel. `covered` is the lowest and the highest code with
    data. `repaired` is the number of codes that were changed to make the curve monotone. `channel_spread` is the largest
    difference of each channel from the median channel in ln exposure, and `disagreeing` lists the channels where it is too large.
    `prediction` is None if no frame can be predicted. If `trusted` is False, the curve does not describe the frames. `estimated`
    lists the exposures if measured ones replace the stated ones. `notes` say what differs from the request. `skipped` lists the
    files and brackets that could not be used, with the reason. `ignored` counts files that are not photographs.
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
    prediction: PredictionReport | None = None
    trusted: bool = True
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
    """How one frame was aligned on the reference.

    `matrix` (3 x 3, rows) is the motion: it maps pixels of the reference to pixels of the frame. `method` found it; `identity`
    means that no motion agreed better than none. `residual_px` is the displacement that remains after alignment, None if it
    cannot be measured. `note` says what failed.
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
    """The noise that weights the measurements. `source` is `given`, `measured` (from the frames) or `default`."""

    source: str
    model: NoiseModel


@dataclass(frozen=True)
class GhostReport:
    """What was left out because something moved.

    `reference` names the frame whose content is kept. `share` is the share of the picture where at least one frame is left out,
    and `refused` is that share for each frame. `clipped` is the share where all frames that remain are clipped, so that the
    result is a lower bound.
    """

    reference: str
    share: float
    refused: tuple[float, ...]
    clipped: float


@dataclass(frozen=True)
class MergeReport:
    """What a merge used, and what it could not measure.

    `response` names the curve: a file, `linear`, or `calibrated from this bracket`. `saturated` and `black` count the pixels
    that no frame measured. `frame_use` is the share of pixels that each frame contributes to. `left_out` lists the frames that
    could not be aligned and were not merged. `steps` compares the stated exposures with the pixels, and `estimated` lists the
    exposures if measured ones replace the stated ones. `prediction` says how well the frames predict each other, None if that
    cannot be said. If `trusted` is False, curve and exposures do not describe the frames, and the radiance may be wrong.
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
    prediction: PredictionReport | None = None
    trusted: bool = True


@dataclass(frozen=True)
class FusionResult:
    """The picture of an exposure fusion for the display, (H, W, 3) float32 in 0..1, and the report."""

    picture: NDArray[np.float32]
    report: MergeReport


@dataclass(frozen=True)
class MergeResult:
    """A radiance map, or a fused picture for the display, (H, W, 3) float32 in 0..1, and the report."""

    radiance: RadianceMap | None
    report: MergeReport
    fused: NDArray[np.float32] | None = None
