"""A weighted mean of ln radiance."""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar

import numpy as np

from hdrkit.imaging.codes import Weight
from hdrkit.imaging.weighting import exposure_variance, noise_weight, weight_of_codes
from hdrkit.merging.estimators.separable import Array, Codes, Measurements, Separable, Sums, in_channels


@dataclass(frozen=True)
class Debevec(Separable):
    """b = w(z), and the mean is that of ln x / t; `weight` names w. Debevec & Malik 1997."""

    weight: Weight = Weight.TRIANGLE

    logarithmic: ClassVar[bool] = True

    def code_weight(self, codes: Codes) -> Array:
        """The weight with this name."""
        if self.weight is Weight.NOISE:
            return noise_weight(codes.response, codes.noise, codes.clip)
        return in_channels(weight_of_codes(self.weight, codes.response.levels, codes.clip), codes)

    def denominator(self, measured: Measurements) -> Array:
        """The weight of the code; the exposure of the frame has no influence."""
        return measured.weight

    def readings(self, codes: Codes) -> tuple[Array, Array]:
        """Exp g, for black too: the mean of black may be negative and has no logarithm."""
        return codes.response.linear, exposure_variance(codes.response, codes.noise)

    def sums(self, measured: Measurements) -> Sums:
        """The sums of a mean of ln x / t, and the variance of ln x."""
        b = self.denominator(measured)
        return Sums(b * np.log(measured.x / measured.t), b, b**2 * measured.variance / measured.x**2)
