"""Every separable estimator as lookup tables: radiance = sum a_k[z_k] / sum b_k[z_k] over the frames k.

With x = exp g(z) the exposure of code z and t the exposure of a frame, x / t is one measurement of radiance.

    inverse variance  b = t^2 / var x        Granados et al. 2010, Hasinoff et al. 2010
    poisson           b = t                  Hanji, Zhong & Mantiuk 2020
    robertson         b = w(z) t^2           Robertson, Borman & Stevenson 2003
    debevec           b = w(z), of ln x / t  Debevec & Malik 1997
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from hdrkit.merging.options import Estimator, MergeOptions
from hdrkit.types import ResponseCurve
from hdrkit.weighting import exposure_variance, noise_weight, weight_of_codes

_TAPER = 0.1  # share of the codes over which a frame fades out towards clipping, so that no seam shows


@dataclass(frozen=True)
class Tables:
    """Lookup tables of an estimator, (K, C, levels): numerator, denominator, numerator of the variance.

    float32, but for the variance, whose squares float32 cannot hold. `exposure` (C, levels) is exp g, for pixels that no
    frame measured. `logarithmic` where the quotient is ln radiance.
    """

    numerator: NDArray[np.float32]
    denominator: NDArray[np.float32]
    variance: NDArray[np.float64]
    exposure: NDArray[np.float32]
    logarithmic: bool


def build_tables(
    response: ResponseCurve,
    exposures: Sequence[float],
    clip: tuple[int, int],
    options: MergeOptions,
    weight: NDArray[np.float64] | None = None,
) -> Tables:
    """Tables for frames with the given relative exposures. `weight` (levels, C) takes the place of the named one."""
    x = response.linear
    spread = exposure_variance(response, options.noise)
    logarithmic = options.estimator is Estimator.DEBEVEC
    if weight is None:
        weight = _named_weight(response, clip, options)
    numerator, denominator, variance = [], [], []
    for t in exposures:
        match options.estimator:
            case Estimator.INVERSE_VARIANCE:
                b = weight * t**2 / spread
            case Estimator.POISSON:
                b = weight * t
            case Estimator.ROBERTSON:
                b = weight * t**2
            case _:
                b = weight
        measured = np.log(x / t) if logarithmic else x / t
        numerator.append(b * measured)
        denominator.append(b)
        variance.append(b**2 * spread / (x if logarithmic else t) ** 2)
    # One common factor keeps float32 sums away from overflow; it cancels in the quotient.
    scale = 1 / max(float(b.max()) for b in denominator)
    return Tables(
        _stack(numerator, scale).astype(np.float32),
        _stack(denominator, scale).astype(np.float32),
        _stack(variance, scale**2),
        np.ascontiguousarray(x.T, np.float32),
        logarithmic,
    )


def _named_weight(response: ResponseCurve, clip: tuple[int, int], options: MergeOptions) -> NDArray[np.float64]:
    levels = response.levels
    match options.estimator:
        case Estimator.DEBEVEC if options.weight == "noise":
            return noise_weight(response, options.noise, clip)
        case Estimator.DEBEVEC:
            weight = weight_of_codes(options.weight, levels, clip)
        case Estimator.ROBERTSON:
            weight = weight_of_codes("gaussian", levels, clip)
        case _:
            weight = _tapered(levels, clip)
    return np.repeat(weight[:, None], response.channels, axis=1)


def _tapered(levels: int, clip: tuple[int, int]) -> NDArray[np.float64]:
    """1 inside the clip limits, falling smoothly towards the upper one, 0 outside."""
    low, high = clip
    codes = np.arange(levels, dtype=float)
    u = np.clip((high + 1 - codes) / (_TAPER * levels), 0, 1)
    return np.where((codes >= low) & (codes <= high), u**2 * (3 - 2 * u), 0.0)


def _stack(tables: list[NDArray[np.float64]], scale: float) -> NDArray[np.float64]:
    return np.ascontiguousarray(np.stack(tables).transpose(0, 2, 1) * scale)
