"""Every separable estimator as lookup tables: radiance = sum a_k[z_k] / sum b_k[z_k] over the frames k.

With x = exp g(z) the exposure of code z (`readings` says what it is for black) and t the exposure of a frame, x / t is one
measurement of radiance.

    inverse variance  b = t^2 / var x        Granados et al. 2010, Hasinoff et al. 2010
    poisson           b = t                  Hanji, Zhong & Mantiuk 2020
    robertson         b = w(z) t^2           Robertson, Borman & Stevenson 2003
    debevec           b = w(z), of ln x / t  Debevec & Malik 1997
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import pairwise

import numpy as np
from numpy.typing import NDArray

from hdrkit.imaging.weighting import NEAR_CLIPPING, black_edge, exposure_variance, noise_weight, readings, weight_of_codes
from hdrkit.merging.options import Estimator, MergeOptions
from hdrkit.types import NoiseModel, ResponseCurve

_TAPER = 0.03  # share of the codes over which a frame fades out towards clipping, so that no seam shows
_SPILL_AT_LIMIT = 5.0  # times the spill into other channels
_DOUBT, _SIGMAS = 0.1, 4.0  # relative error of curve and times, and noise, against which a frame must be clipped


@dataclass(frozen=True)
class Tables:
    """Lookup tables of an estimator, (2, K, C, levels): numerator, denominator, numerator of the variance.

    The first of two is for pixels that are nowhere clipped, the second for channels of which another is clipped.
    float32, but for the variance, whose squares float32 cannot hold. `full` (K, C) is the code of a frame above which longer
    ones must be clipped. `exposure` (C, levels) is exp g, for pixels that no
    frame measured, `black` (C,) the exposure below which a frame sees nothing. `logarithmic` where the quotient is ln radiance.
    """

    numerator: NDArray[np.float32]
    denominator: NDArray[np.float32]
    variance: NDArray[np.float64]
    full: NDArray[np.int64]
    exposure: NDArray[np.float32]
    black: NDArray[np.float32]
    logarithmic: bool


def build_tables(
    response: ResponseCurve,
    exposures: Sequence[float],
    clip: tuple[int, int],
    options: MergeOptions,
    weight: NDArray[np.float64] | None = None,
) -> Tables:
    """Tables for frames with the given relative exposures. `weight` (levels, C) takes the place of the named one."""
    noise = options.noise or NoiseModel()
    logarithmic = options.estimator is Estimator.DEBEVEC
    x, spread = (response.linear, exposure_variance(response, noise)) if logarithmic else readings(response, noise, clip[0])
    edge = black_edge(response, clip[0])
    dark = response.linear < edge
    spread = np.where(dark, np.maximum(spread, edge**2), spread)  # also light out of the camera's gamut ends up there
    spill = noise.spill * response.linear
    near = _SPILL_AT_LIMIT * _rise(response.levels, clip[1])[:, None]
    spreads = spread + (near * spill) ** 2, spread + (np.maximum(near, 1) * spill) ** 2
    if weight is None:
        weight = _named_weight(response, clip, noise, options)
    weights = weight, np.where(dark, 0.0, weight)  # beside a clipped channel black is mostly out of gamut
    bias = [np.zeros_like(x)] * len(exposures)
    if options.estimator is Estimator.INVERSE_VARIANCE:
        bias = [_bias(x, t, exposures, response.linear[clip[1]], response.linear[-1], noise) for t in exposures]
    tables = [
        [_table(x - low, s, t, w, options.estimator) for t, low in zip(exposures, bias, strict=True)]
        for s, w in zip(spreads, weights, strict=True)
    ]
    a, b, v = (np.array([[frame[part] for frame in kind] for kind in tables]) for part in range(3))
    # One common factor keeps float32 sums away from overflow; it cancels in the quotient.
    scale = 1 / b.max()
    return Tables(
        _by_channel(a, scale).astype(np.float32),
        _by_channel(b, scale).astype(np.float32),
        _by_channel(v, scale**2),
        _full(response.linear, spread, exposures, clip[1]),
        np.ascontiguousarray(response.linear.T, np.float32),
        edge.astype(np.float32),
        logarithmic,
    )


def _table(
    x: NDArray[np.float64], spread: NDArray[np.float64], t: float, weight: NDArray[np.float64], estimator: Estimator
) -> tuple[NDArray[np.float64], ...]:
    """Numerator, denominator and numerator of the variance (levels, C) of one frame."""
    match estimator:
        case Estimator.DEBEVEC:
            return weight * np.log(x / t), weight, weight**2 * spread / x**2
        case Estimator.INVERSE_VARIANCE:
            b = weight * t**2 / spread
        case Estimator.POISSON:
            b = weight * t
        case _:
            b = weight * t**2
    return b * x / t, b, b**2 * spread / t**2


def _bias(
    x: NDArray[np.float64],
    t: float,
    exposures: Sequence[float],
    limit: NDArray[np.float64],
    saturation: NDArray[np.float64],
    noise: NoiseModel,
) -> NDArray[np.float64]:
    """How much too low x (levels, C) counts because its weight comes from the same code: too dark by chance, it weighs more.

    To first order cov(b, x) / b = - d var / dx, the exposure of one electron, of which the share of the frame in all
    weights cancels in the quotient: a frame that is alone is not biased.
    """

    def weight(exposure: float) -> NDArray[np.float64]:
        light = x / t * exposure
        return np.where(light <= limit, exposure**2 / noise.variance(light / saturation), 0.0)

    everything = sum((weight(exposure) for exposure in exposures), np.zeros_like(x))
    share = np.divide(weight(t), everything, where=everything > 0, out=np.ones_like(x))
    return np.asarray((share - 1) * saturation / noise.full_well_e)


def _named_weight(
    response: ResponseCurve, clip: tuple[int, int], noise: NoiseModel, options: MergeOptions
) -> NDArray[np.float64]:
    levels = response.levels
    match options.estimator:
        case Estimator.DEBEVEC if options.weight == "noise":
            return noise_weight(response, noise, clip)
        case Estimator.DEBEVEC:
            weight = weight_of_codes(options.weight, levels, clip)
        case Estimator.ROBERTSON:
            weight = weight_of_codes("gaussian", levels, clip)
        case _:
            weight = _tapered(levels, clip[1])
    return np.repeat(weight[:, None], response.channels, axis=1)


def _tapered(levels: int, high: int) -> NDArray[np.float64]:
    """1 up to near the clip limit, falling smoothly towards it, 0 above."""
    u = np.clip((high + 1 - np.arange(levels)) / (_TAPER * levels), 0, 1)
    return np.asarray(u**2 * (3 - 2 * u))


def _full(x: NDArray[np.float64], spread: NDArray[np.float64], exposures: Sequence[float], high: int) -> NDArray[np.int64]:
    """For each frame the code (K, C) above which the next longer one is clipped, even if this one reads too bright by chance."""
    least = (1 - _DOUBT) * x - _SIGMAS * np.sqrt(spread)
    steps = [longer / t for t, longer in pairwise([*exposures, exposures[-1]])]
    below = [least <= x[high] / step for step in steps]
    return np.array([np.minimum(len(x) - 1 - np.argmax(one[::-1], axis=0), high) for one in below])


def near_clipping(levels: int, high: int) -> int:
    """The highest code that is not near the clip limit."""
    return max(0, high - round(NEAR_CLIPPING * levels))


def _rise(levels: int, high: int) -> NDArray[np.float64]:
    """0 up to near the clip limit, rising with the square of the code to 1 there."""
    return np.clip((np.arange(levels) - high) / (NEAR_CLIPPING * levels) + 1, 0, 1) ** 2


def _by_channel(tables: NDArray[np.float64], scale: float) -> NDArray[np.float64]:
    return np.ascontiguousarray(np.moveaxis(tables, -1, -2) * scale)
