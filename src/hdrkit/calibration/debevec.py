"""Debevec & Malik 1997, with the unknown irradiances eliminated analytically.

Minimised over g and ln E:   sum w (g(z) - ln E - ln t)^2  +  smoothness * sum (g'' against ln z)^2.

For a given g the best ln E of a pixel is the weighted mean of g(z) - ln t. Put back, a small system in g alone is
left, exact and independent of the number of samples. The curve is smooth against ln(z + offset): cameras bend like
powers, which are straight there, while smoothness against z itself bends their dark end.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray
from scipy import sparse

from hdrkit.calibration.observations import Observations

_TOE = 4 / 255  # of the full scale: below it the curve may bend freely


def solve_debevec(
    observations: Sequence[Observations], weights: NDArray[np.float64], knots: int, smoothness: float
) -> NDArray[np.float64]:
    """Response curves g (knots, C), 0 at the middle knot. `weights` (knots, C) are the trust in each code."""
    solved = [_solve_channel(o, weights[:, c], knots, smoothness) for c, o in enumerate(observations)]
    return np.stack([g for g, _ in solved], axis=1)


def solve_times(
    observations: Sequence[Observations],
    weights: NDArray[np.float64],
    knots: int,
    smoothness: float,
    held: NDArray[np.bool_],
) -> NDArray[np.float64]:
    """What the pixels would add to ln t of each frame (frames, C) if the times were free too, except those that are held.

    Hold two frames of each bracket: the scale and the power of its times cannot be told from another curve.
    """
    solved = [_solve_channel(o, weights[:, c], knots, smoothness, held) for c, o in enumerate(observations)]
    return np.stack([offset for _, offset in solved], axis=1)


def _solve_channel(
    o: Observations, weight_of_code: NDArray[np.float64], knots: int, smoothness: float, held: NDArray[np.bool_] | None = None
) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    weight = np.interp(o.code, np.arange(knots), weight_of_code)
    design = _design(o, knots, free_times=held is not None)
    of_pixel = sparse.csr_array((weight, (o.pixel, np.arange(o.code.size))), shape=(o.pixels, o.code.size))
    total = np.maximum(np.bincount(o.pixel, weight, o.pixels), 1e-12)
    per_pixel = of_pixel @ design
    weighted = design.multiply(weight[:, None]).tocsr()

    normal = (weighted.T @ design - per_pixel.T @ per_pixel.multiply(1 / total[:, None])).toarray()
    mean_time = np.bincount(o.pixel, weight * o.ln_time, o.pixels) / total
    right = weighted.T @ (o.ln_time - mean_time[o.pixel])

    mass = float(weight.sum())
    middle = knots // 2
    normal[:knots, :knots] += smoothness * mass * _roughness(knots)
    normal[middle, middle] += mass  # g(middle) = 0; without it the constant is free
    if held is not None:
        normal[knots:, knots:] += mass * np.diag(np.where(held, 1e3, 1e-6))
    solution: NDArray[np.float64] = np.linalg.solve(normal, right)
    return solution[:knots] - solution[middle], solution[knots:]


def _design(o: Observations, knots: int, free_times: bool) -> sparse.csr_array:
    """Rows of g(z) between the two knots around z, and of minus one for the frame where times are free."""
    below = np.minimum(o.code.astype(np.int64), knots - 2)
    share = o.code - below
    row = np.arange(o.code.size)
    rows, columns, values = [row, row], [below, below + 1], [1 - share, share]
    if free_times:
        rows, columns, values = [*rows, row], [*columns, knots + o.frame], [*values, -np.ones(row.size)]
    shape = (row.size, knots + (o.frames if free_times else 0))
    return sparse.csr_array((np.concatenate(values), (np.concatenate(rows), np.concatenate(columns))), shape=shape)


def _roughness(knots: int) -> NDArray[np.float64]:
    """Quadratic form of the mean squared second derivative of g against ln(z + toe), scaled to the range of that axis."""
    u = np.log(np.linspace(0, 1, knots) + _TOE)
    u /= u[-1] - u[0]
    left, right = np.diff(u)[:-1], np.diff(u)[1:]
    middle = np.arange(1, knots - 1)
    rows = np.tile(np.arange(knots - 2), 3)
    columns = np.concatenate([middle - 1, middle, middle + 1])
    values = np.concatenate([2 / (left * (left + right)), -2 / (left * right), 2 / (right * (left + right))])
    second = sparse.csr_array((values, (rows, columns)), shape=(knots - 2, knots))
    form: NDArray[np.float64] = (second.T @ second.multiply(((left + right) / 2)[:, None])).toarray() * 1e-4
    return form
