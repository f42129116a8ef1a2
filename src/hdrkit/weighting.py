"""How much a code value is trusted: the weighting functions that calibration and merging share."""

from __future__ import annotations

from typing import Literal, get_args

import numpy as np
from numpy.typing import NDArray

from hdrkit.types import NoiseModel, ResponseCurve

Weight = Literal["triangle", "sine", "gaussian", "uniform", "noise"]
WEIGHTS: tuple[str, ...] = get_args(Weight)


def scale_clip(clip: tuple[float, float], levels: int) -> tuple[int, int]:
    """Clip limits given as 8-bit codes (0..255), as codes of a picture with `levels` levels."""
    low, high = (round(code / 255 * (levels - 1)) for code in clip)
    return low, high


def weight_of_codes(kind: Weight, levels: int, clip: tuple[int, int]) -> NDArray[np.float64]:
    """Weight of each code (levels,), 0 outside clip[0]..clip[1], positive inside, at most 1.

    `triangle` (Debevec & Malik 1997), `sine` (a raised cosine), `gaussian` (Robertson et al. 2003, exp(-4 u^2) with u in
    -1..1 over the codes), `uniform`. `noise` depends on the response curve: see `noise_weight`; here it counts as uniform.
    """
    low, high = clip
    codes = np.arange(levels, dtype=float)
    u = (2 * codes - low - high) / (high - low + 2)  # -1..1, not quite reached at the limits
    shapes = {
        "triangle": 1 - np.abs(u),
        "sine": (1 + np.cos(np.pi * u)) / 2,
        "gaussian": np.exp(-4 * u**2),
        "uniform": np.ones(levels),
        "noise": np.ones(levels),
    }
    return np.where((codes >= low) & (codes <= high), shapes[kind], 0.0)


def exposure_variance(response: ResponseCurve, noise: NoiseModel) -> NDArray[np.float64]:
    """Variance of exp g at each code (levels, C): shot and read noise, and the rounding to codes (dx/dz)^2 / 12."""
    exposure = response.linear
    saturation = exposure[-1]
    step = np.gradient(exposure, axis=0)
    variance: NDArray[np.float64] = noise.variance(exposure / saturation) * saturation**2 + step**2 / 12
    return variance


def noise_weight(response: ResponseCurve, noise: NoiseModel, clip: tuple[int, int]) -> NDArray[np.float64]:
    """Inverse variance of ln exposure at each code (levels, C), 0 outside the clip limits, scaled to at most 1."""
    weight: NDArray[np.float64] = response.linear**2 / exposure_variance(response, noise)
    weight[: clip[0]] = 0
    weight[clip[1] + 1 :] = 0
    weight /= weight.max(axis=0)
    return weight
