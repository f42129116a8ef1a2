"""Weights of inverse variance: the most precise mean of measurements whose noise is known."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from hdrkit.imaging.weighting import black_edge, error_near_black
from hdrkit.merging.estimators.separable import Array, Codes, Measurements, Separable, in_channels, tapered

_READABLE = 4.0  # (x / its standard error)^2 above which a code says something about light
_LEVELS_OF_JPEG, _CODE_ERROR = 256, 2.0  # codes
_WIDE_TAPER = 0.2  # of the codes: frames that deviate leave a seam where one of them ends, unless it ends slowly
_DARK = 1e-3  # weight of the longest exposure where no frame is readable


@dataclass(frozen=True)
class InverseVariance(Separable):
    """b = w(z) t^2 / var x, with w = 1 but near clipping and near black. Granados et al. 2010, Hasinoff et al. 2010.

    If frames deviate from the curve by more than their noise, `longest` is the longest exposure, and each weight counts in
    relation to the light that its own frame shows, b = w(z) x^2 / var x. Both are the same for frames that agree. With the first,
    a frame that is too dark weighs more than the others.
    """

    longest: float | None = None

    def code_weight(self, codes: Codes) -> Array:
        """The weight is 1, with a taper near clipping, and less near black, where codes are less certain than their noise says.

        Without the latter, black blocks of a JPEG file in the shortest frame outweigh what longer frames measured.
        """
        edge, error = black_edge(codes.response, codes.clip[0]), error_near_black(codes.response)
        x, variance = self.readings(codes)
        variance = np.maximum(variance, np.where(codes.response.linear < edge, edge**2, 0))
        if self.longest is not None and codes.response.levels == _LEVELS_OF_JPEG:
            # The foot of a curve that frames deviate from is not known: there, errors are relative to the code.
            off = x * _CODE_ERROR / np.maximum(np.arange(_LEVELS_OF_JPEG), 1)[:, None]
            error = np.hypot(error, off)
        taper = tapered(codes) if self.longest is None else tapered(codes, _WIDE_TAPER)
        return np.asarray(in_channels(taper, codes) * variance / np.maximum(variance, error**2))

    def denominator(self, measured: Measurements) -> Array:
        """The inverse variance of x / t, or of ln x as far as the code is readable."""
        if self.longest is None:
            return measured.weight * measured.t**2 / measured.variance
        readable = np.maximum(measured.weight * np.maximum(measured.x, 0) ** 2 / measured.variance - _READABLE, 0)
        return np.asarray(readable + measured.weight * _DARK * (measured.t / self.longest) ** 2)

    def unbiased(self, x: Array, t: float, exposures: Sequence[float], codes: Codes) -> Array:
        """X without its bias, which arises because the weight comes from the same code: codes that are too dark by chance weigh
        more, or less if weights are relative.

        To first order, cov(b, x) / b is - d var / dx, which is minus the exposure of one electron, or the same plus 2 var / x.
        The share of the frame in all weights cancels in the quotient, so a single frame has no bias.
        """
        limit, saturation = codes.response.linear[codes.clip[1]], codes.response.linear[-1]

        def weight(exposure: float) -> Array:
            light = x / t * exposure
            return np.where(light <= limit, exposure**2 / codes.noise.variance(light / saturation), 0.0)

        everything = sum((weight(exposure) for exposure in exposures), np.zeros_like(x))
        share = np.divide(weight(t), everything, where=everything > 0, out=np.ones_like(x))
        pull = -saturation / codes.noise.full_well_e
        if self.longest is not None:
            light = np.maximum(x, 1e-9)
            pull = np.minimum(pull + 2 * codes.noise.variance(light / saturation) * saturation**2 / light, light / 2)
        return np.asarray(x - (1 - share) * pull)
