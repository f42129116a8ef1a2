"""What response curves look like: a prior learned from several thousand plausible ones.

Equal steps of exposure leave any error of g that repeats with the step invisible: no amount of data settles it, only
knowledge of the curves that cameras have (Grossberg & Nayar 2003). The curves are synthetic: powers, gammas with a linear
toe, logarithms, filmic shoulders, S-curves and blends of these, with a little smooth deviation. Their mean and leading
principal components span the family.
"""

from __future__ import annotations

from functools import lru_cache

import numpy as np
from numpy.typing import NDArray

COMPONENTS = 14
_CURVES = 4000
_TOE = 4 / 255
_DEVIATION, _DEVIATION_LENGTH = 0.01, 1.0  # in ln exposure, along ln z


@lru_cache(maxsize=4)
def response_family(knots: int) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """Mean g (knots,) and components (knots, COMPONENTS) such that g = mean + components @ theta with theta ~ N(0, 1)."""
    rng = np.random.default_rng(1997)
    exposure = np.concatenate([[0.0], np.geomspace(1e-7, 1, 3000)])
    code = np.maximum(np.arange(knots), 0.25) / (knots - 1)
    curves = np.empty((_CURVES, knots))
    for i in range(_CURVES):
        shade = _random_curve(exposure, rng)
        curves[i] = np.log(np.interp(code, shade, exposure) + 1e-7)
    curves -= curves[:, [knots // 2]]
    mean = curves.mean(axis=0)
    centred = curves - mean
    covariance = centred.T @ centred / _CURVES + _smooth_deviation(knots)
    values, vectors = np.linalg.eigh(covariance)
    leading = np.argsort(values)[::-1][:COMPONENTS]
    components = vectors[:, leading] * np.sqrt(values[leading])
    return mean, components - components[knots // 2]


def _smooth_deviation(knots: int) -> NDArray[np.float64]:
    """Covariance of what no named family has: a Gaussian process along ln z, pinned at the middle code."""
    u = np.log(np.linspace(0, 1, knots) + _TOE)
    kernel = _DEVIATION**2 * np.exp(-0.5 * ((u[:, None] - u) / _DEVIATION_LENGTH) ** 2)
    middle = knots // 2
    return np.asarray(kernel - kernel[:, [middle]] - kernel[[middle], :] + kernel[middle, middle])


def _random_curve(x: NDArray[np.float64], rng: np.random.Generator) -> NDArray[np.float64]:
    """A random response on exposures x in 0..1: rising from 0 to 1."""
    y = _base(x, rng)
    if rng.random() < 0.3:
        share = rng.uniform()
        y = share * y + (1 - share) * _base(x, rng)
    if rng.random() < 0.6:
        bend = rng.uniform(-0.3, 0.8)
        y = (1 - bend) * y + bend * y * y * (3 - 2 * y)
    return np.asarray(np.maximum.accumulate(y / y[-1]), np.float64)


def _base(x: NDArray[np.float64], rng: np.random.Generator) -> NDArray[np.float64]:
    gamma = rng.uniform(1.0, 3.0)
    match rng.integers(5):
        case 0:
            return np.asarray(x ** (1 / gamma))
        case 1:  # a linear toe that runs smoothly into an offset power, as in sRGB and Rec.709
            offset, gamma = rng.uniform(0.005, 0.16), rng.uniform(1.4, 3.0)
            joint = (offset * gamma / ((1 + offset) * (gamma - 1))) ** gamma
            slope = (1 + offset) / gamma * joint ** (1 / gamma - 1)
            return np.where(x < joint, slope * x, (1 + offset) * x ** (1 / gamma) - offset)
        case 2:
            k = 10 ** rng.uniform(0.0, 4.0)
            return np.asarray(np.log1p(k * x) / np.log1p(k))
        case 3:  # a shoulder: x / (1 + x) with the white point at 1
            white = 10 ** rng.uniform(-0.3, 1.0)
            return np.asarray((x * white * (1 + x / white) / (1 + x * white)) ** (1 / gamma))
        case _:  # a filmic toe and shoulder, x (a x + b) / (x (c x + d) + e)
            s, toe, foot = 10 ** rng.uniform(-0.5, 0.9), rng.uniform(0.01, 0.3), rng.uniform(0.05, 0.3)
            bent = s * x * (2.5 * s * x + toe) / (s * x * (2.4 * s * x + rng.uniform(0.3, 1.0)) + foot)
            return np.asarray((bent / bent[-1]) ** (1 / gamma))
