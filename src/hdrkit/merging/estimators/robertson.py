"""The maximum likelihood for codes that are all equally noisy, with more trust in the middle ones."""

from __future__ import annotations

from dataclasses import dataclass

from hdrkit.imaging.codes import Weight
from hdrkit.imaging.weighting import weight_of_codes
from hdrkit.merging.estimators.separable import Array, Codes, Measurements, Separable, in_channels


@dataclass(frozen=True)
class Robertson(Separable):
    """b = w(z) t^2, with a Gaussian w over the codes. Robertson, Borman & Stevenson 2003."""

    def code_weight(self, codes: Codes) -> Array:
        """A Gaussian about the middle code."""
        return in_channels(weight_of_codes(Weight.GAUSSIAN, codes.response.levels, codes.clip), codes)

    def denominator(self, measured: Measurements) -> Array:
        """The square of the exposure."""
        return measured.weight * measured.t**2
