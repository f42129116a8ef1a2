"""The common form of separable estimators: radiance = sum a_k[z_k] / sum b_k[z_k] over the frames k.

Here x = exp g(z) is the exposure of code z, and t the relative exposure of a frame: x / t is one measurement of radiance, and b
is its weight. An estimator averages the measurements themselves, a = b x / t, or their logarithms, a = b ln(x / t).
"""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Sequence
from dataclasses import dataclass
from typing import ClassVar, NamedTuple

import numpy as np
from numpy.typing import NDArray

from hdrkit.imaging.weighting import readings
from hdrkit.types import NoiseModel, ResponseCurve

_TAPER = 0.03  # share of the codes over which a frame fades out towards clipping, which avoids seams

Array = NDArray[np.float64]


@dataclass(frozen=True)
class Codes:
    """The codes of a bracket: their curve, the lowest that is not black and the highest that is not clipped, and their noise."""

    response: ResponseCurve
    clip: tuple[int, int]
    noise: NoiseModel


class Measurements(NamedTuple):
    """The measurements of a frame: exposures x, their variances, the relative exposure t, and weights; arrays of one shape."""

    x: Array
    variance: Array
    t: float
    weight: Array


class Sums(NamedTuple):
    """The terms that measurements add, each of their shape: numerator a, denominator b, and the numerator of the variance."""

    numerator: Array
    denominator: Array
    variance: Array


class Separable(ABC):
    """A separable estimator that averages measurements of radiance. One that averages logarithms sets `logarithmic` and overrides
    `sums`.

    A new estimator is a file beside this one with `code_weight` and `denominator`, a name in `Estimator`, and a row in `table`.
    """

    logarithmic: ClassVar[bool] = False  # whether the quotient of the sums is ln radiance

    @abstractmethod
    def code_weight(self, codes: Codes) -> Array:
        """The trust in each code (levels, C) at any exposure: 0 above the clip limit, at most 1."""

    @abstractmethod
    def denominator(self, measured: Measurements) -> Array:
        """The weights b of measurements x / t, given those of their codes."""

    def readings(self, codes: Codes) -> tuple[Array, Array]:
        """The exposure x that each code (levels, C) stands for in a mean, and its variance."""
        return readings(codes.response, codes.noise, codes.clip[0])

    def unbiased(self, x: Array, t: float, exposures: Sequence[float], codes: Codes) -> Array:  # noqa: ARG002
        """The exposures x (levels, C) without the bias of weights that come from the same codes. By default there is no bias."""
        return x

    def sums(self, measured: Measurements) -> Sums:
        """The sums of a mean of x / t."""
        b = self.denominator(measured)
        return Sums(b * measured.x / measured.t, b, b**2 * measured.variance / measured.t**2)


def tapered(codes: Codes, share: float = _TAPER) -> Array:
    """A weight of codes (levels,): 1 up to near the clip limit, then falling smoothly to 0 at the limit, and 0 above it.

    It falls over this share of the codes.
    """
    levels = codes.response.levels
    u = np.clip((codes.clip[1] + 1 - np.arange(levels)) / (share * levels), 0, 1)
    return np.asarray(u**2 * (3 - 2 * u))


def in_channels(weight: Array, codes: Codes) -> Array:
    """A weight of codes (levels,), repeated for all channels (levels, C)."""
    return np.repeat(weight[:, None], codes.response.channels, axis=1)
