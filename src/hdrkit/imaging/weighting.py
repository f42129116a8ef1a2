"""The trust in each code: the weighting functions that calibration and merging share."""

from __future__ import annotations

import math

import numpy as np
from numpy.typing import NDArray

from hdrkit.imaging.codes import Weight
from hdrkit.types import NoiseModel, ResponseCurve

_NEAR_BLACK = 20  # codes of 8 bits up to which a code is less certain than its noise says, the more the nearer to black
_BLACK_CODES, _BLACK_LIGHT = 2, 6e-4  # standard error of code 0: in codes, and at least as a share of saturation
_MOST_DEVIATION = 0.05  # relative
NEAR_CLIPPING = 0.1  # share of the codes, next below clipping, into which clipping spills


def weight_of_codes(kind: Weight, levels: int, clip: tuple[int, int]) -> NDArray[np.float64]:
    """Weight of each code (levels,), 0 outside clip[0]..clip[1], positive inside, at most 1.

    `triangle` (Debevec & Malik 1997), `sine` (a raised cosine), `gaussian` (Robertson et al. 2003, exp(-4 u^2) with u in
    -1..1 over the codes), `uniform`. `noise` depends on the response curve: see `noise_weight`; here it counts as uniform.
    """
    low, high = clip
    codes = np.arange(levels, dtype=float)
    u = (2 * codes - low - high) / (high - low + 2)  # -1..1; the limits themselves are not reached
    shapes = {
        Weight.TRIANGLE: 1 - np.abs(u),
        Weight.SINE: (1 + np.cos(np.pi * u)) / 2,
        Weight.GAUSSIAN: np.exp(-4 * u**2),
        Weight.UNIFORM: np.ones(levels),
        Weight.NOISE: np.ones(levels),
    }
    return np.where((codes >= low) & (codes <= high), shapes[kind], 0.0)


def exposure_variance(response: ResponseCurve, noise: NoiseModel) -> NDArray[np.float64]:
    """Variance of exp g at each code (levels, C): shot and read noise, rounding (dx/dz)^2 / 12, uncertainty of the curve,
    and the deviation of frames from it. Beyond a twentieth, the deviation would hide the noise that tells frames apart.
    """
    exposure = response.linear
    saturation = exposure[-1]
    step = np.gradient(exposure, axis=0)
    sigma = 0.0 if response.sigma is None else response.sigma
    doubt = np.hypot(sigma, min(response.deviation, _MOST_DEVIATION)) * exposure
    return np.asarray(noise.variance(exposure / saturation) * saturation**2 + step**2 / 12 + doubt**2)


def black_edge(response: ResponseCurve, low: int) -> NDArray[np.float64]:
    """Exposure (C,) between the codes below `low`, which count as black, and the first brighter code above them."""
    exposure = response.linear
    black = exposure[max(low, 1) - 1]
    first = np.minimum((exposure <= black).sum(axis=0), response.levels - 1)
    return np.asarray((black + np.take_along_axis(exposure, first[None], axis=0)[0]) / 2)


def readings(response: ResponseCurve, noise: NoiseModel, low: int) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """The exposure that each code shows, and its variance, both (levels, C): exp g, but below `low` the mean of black.

    A camera stores noise below black as black. Of light e under read noise r, the values that are stored below the edge h have
    the mean e - r phi(u) / Phi(u) with u = (h - e) / r (a normal distribution cut off at h), which is negative if noise is larger
    than a code. With this value, the mean over frames and pixels stays equal to the light. e is taken as h / 2.
    """
    exposure, variance = response.linear, exposure_variance(response, noise)
    edge = black_edge(response, low)
    read = np.maximum(np.asarray(noise.read_noise_e) / noise.full_well_e, 1e-9) * exposure[-1]
    u = edge / 2 / read
    below = np.array([math.erfc(-one / math.sqrt(2)) / 2 for one in u])
    mean = edge / 2 - read * np.exp(-(u**2) / 2) / (np.sqrt(2 * np.pi) * below)
    black = exposure < edge
    return np.where(black, mean, exposure), np.where(black, read**2 + edge**2 / 12, variance)


def error_near_black(response: ResponseCurve) -> NDArray[np.float64]:
    """The standard error (levels, C) of the exposure of dark codes of 8 bits, which JPEG and cameras round to flat blocks.

    It is two codes at black, and at least those of an ordinary curve, because the foot of a curve is known least; it falls to 0
    at _NEAR_BLACK. Codes of more bits are not compressed.
    """
    if response.levels != 256:
        return np.zeros((response.levels, response.channels))
    exposure, codes = response.linear, np.arange(response.levels)
    own = exposure[np.minimum(codes + _BLACK_CODES, response.levels - 1)] - exposure
    return np.asarray(np.clip(1 - codes / _NEAR_BLACK, 0, 1)[:, None] * np.maximum(own, _BLACK_LIGHT * exposure[-1]))


def noise_weight(response: ResponseCurve, noise: NoiseModel, clip: tuple[int, int]) -> NDArray[np.float64]:
    """Inverse variance of ln exposure at each code (levels, C), 0 outside the clip limits, scaled to at most 1."""
    weight: NDArray[np.float64] = response.linear**2 / exposure_variance(response, noise)
    weight[: clip[0]] = 0
    weight[clip[1] + 1 :] = 0
    weight /= weight.max(axis=0)
    return weight
