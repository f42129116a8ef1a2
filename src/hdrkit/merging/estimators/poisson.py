"""Weights of exposure alone: the best choice if shot noise is the only noise."""

from __future__ import annotations

from dataclasses import dataclass

from hdrkit.merging.estimators.separable import Array, Codes, Measurements, Separable, in_channels, tapered


@dataclass(frozen=True)
class Poisson(Separable):
    """b = w(z) t, with w = 1 but for a taper near clipping. Hanji, Zhong & Mantiuk 2020."""

    def code_weight(self, codes: Codes) -> Array:
        """The weight is 1, with a taper near clipping."""
        return in_channels(tapered(codes), codes)

    def denominator(self, measured: Measurements) -> Array:
        """The exposure: the numerator sums light, and the denominator sums time."""
        return measured.weight * measured.t
