"""Debevec & Malik 1997, with the unknown irradiances eliminated analytically.

The method minimises over g and ln E:   sum w (g(z) - ln E - ln t)^2  +  smoothness * sum (g'' against ln z)^2.

For a given g, the best ln E of a pixel is the weighted mean of g(z) - ln t. With this mean inserted, a small system in g alone
remains, which is exact and independent of the number of samples. The curve is smooth against ln(z + offset): cameras follow power
laws, which are straight there, while smoothness against z would bend their dark end.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from hdrkit.calibration.axis import ln_codes
from hdrkit.calibration.observations import Observations, knots_beside, read_at


def solve_debevec(
    observations: Sequence[Observations], weights: NDArray[np.float64], knots: int, smoothness: float
) -> NDArray[np.float64]:
    """Response curves g (knots, C), 0 at the middle knot. `weights` (knots, C) are the trust in each code."""
    return np.stack([_solve_channel(o, weights[:, c], knots, smoothness) for c, o in enumerate(observations)], axis=1)


def _solve_channel(o: Observations, weight_of_code: NDArray[np.float64], knots: int, smoothness: float) -> NDArray[np.float64]:
    weight = read_at(weight_of_code, o.code)
    total = np.maximum(np.bincount(o.pixel, weight, o.pixels), 1e-12)
    mean_time = np.bincount(o.pixel, weight * o.ln_time, o.pixels) / total
    pull = weight * (o.ln_time - mean_time[o.pixel])
    right = np.sum([np.bincount(at, pull * share, knots) for at, share in knots_beside(o.code, knots)], axis=0)

    mass = float(weight.sum())
    middle = knots // 2
    normal = _pairs_within_pixels(o, weight, total, knots) + smoothness * mass * _roughness(knots)
    normal[middle, middle] += mass  # g(middle) = 0; otherwise the constant is undetermined
    solution = np.linalg.solve(normal, right)
    return np.asarray(solution - solution[middle], np.float64)


def _pairs_within_pixels(
    o: Observations, weight: NDArray[np.float64], total: NDArray[np.float64], knots: int
) -> NDArray[np.float64]:
    """Sum over pixels of w_i d_i d_i', minus the same sum of their weighted mean.

    Every pair of observations of a pixel contributes to the knots beside its two codes.
    """
    normal = np.zeros(knots * knots)
    for lag in range(int(np.bincount(o.pixel).max())):
        first = np.flatnonzero(o.pixel[: o.pixel.size - lag] == o.pixel[lag:])
        second = first + lag
        product = -weight[first] * weight[second] / total[o.pixel[first]] + (weight[first] if lag == 0 else 0.0)
        for a, share_a in knots_beside(o.code[first], knots):
            for b, share_b in knots_beside(o.code[second], knots):
                normal += np.bincount(a * knots + b, product * share_a * share_b, knots * knots)
                if lag:
                    normal += np.bincount(b * knots + a, product * share_a * share_b, knots * knots)
    return normal.reshape(knots, knots)


def _roughness(knots: int) -> NDArray[np.float64]:
    """The quadratic form of the mean squared second derivative of g over ln(z + toe), scaled to the range of that axis."""
    u = ln_codes(knots)
    u /= u[-1] - u[0]
    left, right = np.diff(u)[:-1], np.diff(u)[1:]
    row = np.arange(knots - 2)
    second = np.zeros((knots - 2, knots))
    second[row, row] = 2 / (left * (left + right))
    second[row, row + 1] = -2 / (left * right)
    second[row, row + 2] = 2 / (right * (left + right))
    return np.asarray(second.T @ (second * ((left + right) / 2)[:, None]) * 1e-4, np.float64)
