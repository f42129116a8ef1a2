"""The plausible response curves from which the family is learned.

They are synthetic: powers, gammas with a linear toe, logarithms, shoulders, filmic curves and blends of these with an S-curve,
and a little smooth deviation. `python -m hdrkit.calibration.family_curves` writes what `family` reads.
"""

from __future__ import annotations

from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from hdrkit.calibration.axis import ln_codes
from hdrkit.calibration.family import trusted

COMPONENTS = 14
_CURVES = 1500
_DEVIATION, _DEVIATION_LENGTH = 0.01, 1.0  # in ln exposure, along ln z

Array = NDArray[np.float64]


def family_of(knots: int) -> tuple[Array, Array, Array]:
    """Mean g (knots,), components (knots, COMPONENTS) and the smaller ones that are left out (knots, knots - COMPONENTS).

    g = mean + components @ theta + those left out @ phi, with theta and phi ~ N(0, 1).
    """
    rng = np.random.default_rng(1997)
    exposure = np.concatenate([[0.0], np.geomspace(1e-7, 1, 400)])
    code = np.maximum(np.arange(knots), 0.25) / (knots - 1)
    curves = np.stack([np.log(np.interp(code, shades, exposure) + 1e-7) for shades in _random_curves(exposure, rng)])
    curves -= curves[:, [knots // 2]]
    mean = curves.mean(axis=0)
    centred = curves - mean
    covariance = centred.T @ centred / _CURVES + _smooth_deviation(knots)
    values, vectors = np.linalg.eigh(covariance)
    components = (vectors * np.sqrt(np.maximum(values, 0)))[:, ::-1]
    components -= components[knots // 2]
    return mean, components[:, :COMPONENTS].copy(), components[:, COMPONENTS:]


def _smooth_deviation(knots: int) -> Array:
    """The covariance of deviations from the named families: a Gaussian process along ln z that is 0 at the middle code."""
    u = ln_codes(knots)
    kernel = _DEVIATION**2 * np.exp(-0.5 * ((u[:, None] - u) / _DEVIATION_LENGTH) ** 2)
    middle = knots // 2
    return np.asarray(kernel - kernel[:, [middle]] - kernel[[middle], :] + kernel[middle, middle])


def _random_curves(x: Array, rng: np.random.Generator) -> Array:
    """Responses (_CURVES, len(x)) to exposures x in 0..1, each rising from 0 to 1. Some are blended, some bent into an S."""
    y, other = _plain_curves(x, rng), _plain_curves(x, rng)
    share = np.where(rng.random(_CURVES) < 0.3, rng.random(_CURVES), 1.0)[:, None]
    y = share * y + (1 - share) * other
    bend = np.where(rng.random(_CURVES) < 0.6, rng.uniform(-0.3, 0.8, _CURVES), 0.0)[:, None]
    y = (1 - bend) * y + bend * y * y * (3 - 2 * y)
    return np.asarray(np.maximum.accumulate(y / y[:, -1:], axis=1))


def _plain_curves(x: Array, rng: np.random.Generator) -> Array:
    """Equally many curves of each of the five kinds, in random order, all rising from 0 to 1."""
    each = _CURVES // 5

    def uniform(low: float, high: float) -> Array:
        return rng.uniform(low, high, (each, 1))

    def spread(low: float, high: float) -> Array:
        return np.asarray(np.exp(uniform(np.log(low), np.log(high))))

    power = x ** (1 / uniform(1.0, 3.0))

    # A linear toe that continues smoothly as an offset power, as in sRGB and Rec.709.
    offset, gamma = uniform(0.005, 0.16), uniform(1.4, 3.0)
    joint = (offset * gamma / ((1 + offset) * (gamma - 1))) ** gamma
    slope = (1 + offset) / gamma * joint ** (1 / gamma - 1)
    toe = np.where(x < joint, slope * x, (1 + offset) * x ** (1 / gamma) - offset)

    k = spread(1.0, 1e4)
    logarithm = np.log1p(k * x) / np.log1p(k)

    white = spread(0.5, 10.0)  # x / (1 + x) with the white point at 1
    shoulder = (x * white * (1 + x / white) / (1 + x * white)) ** (1 / uniform(1.0, 3.0))

    # A filmic toe and shoulder, x (a x + b) / (x (c x + d) + e).
    s, b, d, e = spread(0.3, 8.0) * x, uniform(0.01, 0.3), uniform(0.3, 1.0), uniform(0.05, 0.3)
    filmic = s * (2.5 * s + b) / (s * (2.4 * s + d) + e)
    filmic = (filmic / filmic[:, -1:]) ** (1 / uniform(1.0, 3.0))

    return np.asarray(rng.permutation(np.concatenate([power, toe, logarithm, shoulder, filmic])))


def write_family(path: Path) -> None:
    """Write mean and components for the usual numbers of knots, and the variance of g, minus its mean, that these leave out."""
    parts: dict[str, Array] = {}
    for knots in (256, 1024):
        mean, components, left_out = family_of(knots)
        parts |= {f"mean{knots}": mean, f"components{knots}": components, f"unexplained{knots}": unexplained(left_out)}
    np.savez_compressed(path, allow_pickle=False, **parts)


def unexplained(left_out: Array) -> Array:
    """The variance (knots,) of g, minus its mean over the trusted codes, from components that are left out."""
    return np.asarray(((left_out - left_out[trusted(len(left_out))].mean(axis=0)) ** 2).sum(axis=1))


if __name__ == "__main__":
    write_family(Path(__file__).with_name("family.npz"))
