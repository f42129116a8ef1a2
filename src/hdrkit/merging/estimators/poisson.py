"""Weights of exposure alone: the best where light itself is all the noise."""

from __future__ import annotations

from dataclasses import dataclass

from hdrkit.merging.estimators.separable import Array, Codes, Measurements, Separable, tapered


@dataclass(frozen=True)
class Poisson(Separable):
    """b = w(z) t, with w = 1 but for a taper near clipping. Hanji, Zhong & Mantiuk 2020."""

    def code_weight(self, codes: Codes) -> Array:
        """1, but tapered near clipping."""
        return tapered(codes)

    def denominator(self, measured: Measurements) -> Array:
        """The exposure: the sums are of light and of time."""
        return measured.weight * measured.t
