"""The judge of a solution: each frame of a bracket is predicted from the other frames, and compared with what was stored.

Real scenes have no known radiance. But a curve and exposures that are right make the frames agree, so the codes of one frame
follow from the others. A solution that fits its own equations and still cannot predict a frame is wrong.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Protocol

import numpy as np
from numpy.typing import NDArray

from hdrkit.calibration.sampling import pixel_codes
from hdrkit.imaging.weighting import exposure_variance
from hdrkit.types import Frame, NoiseModel, PredictionReport, ResponseCurve

LOST = 15.0  # error in codes of 8 bits above which curve and exposures are not trusted
DOUBTFUL = 6.0  # error that ordinary brackets stay below with a curve that fits
MUCH_BETTER = 0.5  # share of the score of the stated exposures below which measured ones replace them

_JUDGED = 12 / 255, 243 / 255  # codes that are compared
_TRUSTED = 5 / 255, 250 / 255  # codes that predict
_MODEL_ERROR = 0.05  # error of ln light that curves and times leave: frames of different exposure share the prediction
_MOST_PIXELS = 3000  # of each bracket
_FEWEST = 100  # comparisons of a frame, and of a range of codes
_RANGES = 24  # of codes
_LEFT_BY_NOISE = 0.01  # median deviation of a range of codes that noise alone leaves

Array = NDArray[np.float64]


class Coded(Protocol):
    """What a prediction needs of a bracket: codes (N, K, C) of pixels, ln exposures (K,), and the number of levels."""

    @property
    def codes(self) -> NDArray[Any]:
        """Codes (N, K, C)."""

    @property
    def ln_times(self) -> Array:
        """Ln exposures (K,)."""

    @property
    def levels(self) -> int:
        """The number of levels."""


@dataclass(frozen=True)
class _Pixels:
    codes: NDArray[Any]
    ln_times: Array
    levels: int


@dataclass(frozen=True)
class Prediction:
    """How well the frames predict each other, in codes of 8 bits.

    `frames` holds the median error of each frame that can be compared, `error` is their mean, and `high` is the 90th percentile
    over all frames. `deviation` is the standard deviation of g(z) - ln E - ln t over frames and ranges of codes, without noise:
    what curve, exposures and the processing of the camera leave. Errors are infinite if nothing can be compared.
    """

    frames: tuple[float, ...]
    error: float
    high: float
    deviation: float

    @property
    def score(self) -> float:
        """One number to compare solutions by: the ordinary error and, with less weight, the large ones."""
        return self.error + 0.15 * self.high

    @property
    def report(self) -> PredictionReport | None:
        """The prediction for a report; None if no frame can be predicted."""
        return PredictionReport(self.error, self.high, self.frames) if self.frames else None


def predict_frames(frames: Sequence[Frame], exposures: Sequence[float], response: ResponseCurve) -> Prediction:
    """The errors that a curve leaves in aligned frames with these relative exposures.

    Raises AlignmentError if the frames have no area in common.
    """
    levels, channels = frames[0].levels, frames[0].pixels.shape[2]
    pixels = _Pixels(pixel_codes(frames, _MOST_PIXELS), np.log(exposures), levels)
    return predict([pixels], response.for_channels(channels).for_levels(levels).ln_exposure)


def predict(brackets: Sequence[Coded], g: Array) -> Prediction:
    """The errors that curves g (knots, C) leave with the exposures of the brackets. Each pixel's light is the weighted mean of
    ln light over the other frames.
    """
    knots, channels = g.shape
    curve = np.maximum.accumulate(g, axis=0) + 1e-9 * np.arange(knots)[:, None]
    relative = exposure_variance(ResponseCurve(curve), NoiseModel()) / np.exp(2 * curve)
    weight = 1 / (relative + _MODEL_ERROR**2)
    errors: list[NDArray[np.float64]] = []
    medians: list[float] = []
    deviations: list[float] = []
    for one in brackets:
        codes = np.rint(one.codes[:: max(1, len(one.codes) // _MOST_PIXELS)] * ((knots - 1) / (one.levels - 1))).astype(np.int64)
        at = np.arange(channels)
        trusted = (codes >= _TRUSTED[0] * (knots - 1)) & (codes <= _TRUSTED[1] * (knots - 1)).all(axis=2, keepdims=True)
        weights = np.where(trusted, weight[codes, at], 0.0)
        light = curve[codes, at] - one.ln_times[:, None]
        total = weights.sum(axis=1, keepdims=True) - weights
        others = ((weights * light).sum(axis=1, keepdims=True) - weights * light) / np.maximum(total, 1e-12)
        compared = (total > 1e-6 * weight.max()) & (codes >= _JUDGED[0] * (knots - 1)) & (codes <= _JUDGED[1] * (knots - 1))
        for k in range(one.ln_times.size):
            found = [_compared(curve[:, c], codes[:, k, c], (others[:, k, c] + one.ln_times[k]), compared[:, k, c]) for c in at]
            error = np.concatenate([error for error, _ in found]) * (255 / (knots - 1))
            if error.size >= _FEWEST:
                errors.append(error)
                medians.append(float(np.median(error)))
            deviations += [deviation for _, of_ranges in found for deviation in of_ranges]
    if not errors:
        return Prediction((), np.inf, np.inf, 0.0)
    high = float(np.percentile(np.concatenate(errors), 90))
    square = sum(deviation**2 for deviation in deviations) / max(1, len(deviations)) - _LEFT_BY_NOISE**2
    return Prediction(tuple(medians), float(np.mean(medians)), high, max(square, 0.0) ** 0.5)


def _compared(
    curve: Array, code: NDArray[np.int64], ln_exposure: Array, compared: NDArray[np.bool_]
) -> tuple[Array, list[float]]:
    """The errors of predicted codes, in knots, and the median deviation in ln exposure of each range of codes that has data."""
    code, ln_exposure = code[compared], ln_exposure[compared]
    error = np.abs(np.interp(ln_exposure, curve, np.arange(curve.size)) - code)
    ranges = code * _RANGES // curve.size
    told = np.flatnonzero(np.bincount(ranges, minlength=_RANGES) >= _FEWEST)
    return error, [float(np.median((curve[code] - ln_exposure)[ranges == one])) for one in told]
