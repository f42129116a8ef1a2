"""Response curves from averages of linearised patches, within the family of plausible curves.

Averages of codes are biased, since the curve bends across noise and texture; averages of exp g(z) are nearly not, and a
patch need not be flat. With h = mean exp g(z) over a patch, ln h - ln t is the same in every frame. Solved by
Gauss-Newton in the coefficients of the family; the irradiance of a patch is eliminated by centring over the frames.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from hdrkit.calibration.family import response_family
from hdrkit.calibration.sampling import Samples

_LOWEST_MEAN, _HIGHEST = 8 / 255, 245 / 255
_ROUNDS = 8
_MODEL_ERROR = 0.003  # of ln h: what no patch tells better than
_DEPENDENCE = 3.0  # neighbouring patches and frames share their errors
_GUESS = 0.05  # how little the first guess is trusted against the family
_FEWEST = 50
_STRANGE = 6.0  # root mean square of the coefficients, 1 in the family


def solve_patches(
    samples: Sequence[Samples], knots: int, start: NDArray[np.float64]
) -> tuple[NDArray[np.float64], NDArray[np.float64]] | None:
    """Curves g (knots, C), 0 at the middle knot, and their standard errors, from a first guess `start` of the same shape.

    None where too few patches are usable, or the camera is like none of the family.
    """
    solved = []
    for c in range(start.shape[1]):
        brackets = [_usable(one, c, knots) for one in samples]
        if sum(one.patch.size for one in brackets) < _FEWEST:
            return None
        channel = _solve_channel(brackets, start[:, c])
        if channel is None:
            return None
        solved.append(channel)
    return np.stack([g for g, _ in solved], axis=1), np.stack([sigma for _, sigma in solved], axis=1)


def _solve_channel(
    brackets: Sequence[_Patches], start: NDArray[np.float64]
) -> tuple[NDArray[np.float64], NDArray[np.float64]] | None:
    knots = len(start)
    mean, basis = response_family(knots)
    seen = slice(int(_LOWEST_MEAN * knots), int(_HIGHEST * knots))
    identity = np.eye(basis.shape[1])
    theta = np.linalg.solve(basis[seen].T @ basis[seen] + _GUESS * identity, basis[seen].T @ (start - mean)[seen])
    for _ in range(_ROUNDS):
        g = mean + basis @ theta
        equations = [_equations(one, g, basis) for one in brackets]
        normal = sum((e.normal for e in equations), np.zeros_like(identity)) / _DEPENDENCE
        right = sum((e.right for e in equations), np.zeros(len(theta))) / _DEPENDENCE
        theta = theta + np.linalg.solve(normal + identity, right - theta)
    if np.sqrt((theta**2).mean()) > _STRANGE:
        return None
    g = mean + basis @ theta
    misfit = sum(e.chi for e in equations) / max(1, sum(e.freedom for e in equations))
    covariance = np.linalg.inv(normal / max(1.0, misfit) + identity)
    sigma = np.sqrt(np.einsum("ij,jk,ik->i", basis, covariance, basis))
    return g - g[knots // 2], sigma


@dataclass(frozen=True)
class _Patches:
    """Usable patches of one channel of one bracket: codes (M, P) as knots, number of the patch and ln exposure (M,)."""

    codes: NDArray[np.int64]
    patch: NDArray[np.int64]
    ln_time: NDArray[np.float64]
    count: int


@dataclass(frozen=True)
class _Equations:
    """Normal matrix and right side of one bracket about the present curve, and how badly the curve fits."""

    normal: NDArray[np.float64]
    right: NDArray[np.float64]
    chi: float
    freedom: int


def _usable(one: Samples, channel: int, knots: int) -> _Patches:
    """Patches without a clipped or black pixel that are bright enough in the mean, in two frames at least."""
    z = one.patches[..., channel]
    top = one.levels - 1
    use = (z.max(axis=1) <= _HIGHEST * top) & (z.min(axis=1) > 0) & (z.mean(axis=1) >= _LOWEST_MEAN * top)
    use &= use.sum(axis=1, keepdims=True) >= 2
    patch, frame = np.nonzero(use)
    codes = np.rint(z[patch, :, frame] * ((knots - 1) / top)).astype(np.int64)
    return _Patches(codes, patch, one.ln_times[frame], len(use))


def _equations(one: _Patches, g: NDArray[np.float64], basis: NDArray[np.float64]) -> _Equations:
    exposure = np.exp(g)
    linear = exposure[one.codes]
    h = linear.mean(axis=1)
    jacobian = np.stack([(linear * column[one.codes]).mean(axis=1) for column in basis.T], axis=1) / h[:, None]
    value = np.log(h) - one.ln_time
    weight = 1 / (_variance(h, one.codes, exposure) + _MODEL_ERROR**2)

    total = np.maximum(np.bincount(one.patch, weight, one.count), 1e-300)

    def centred(column: NDArray[np.float64]) -> NDArray[np.float64]:
        return column - (np.bincount(one.patch, weight * column, one.count) / total)[one.patch]

    value = centred(value)
    jacobian = np.stack([centred(column) for column in jacobian.T], axis=1)
    freedom = np.maximum(np.bincount(one.patch, minlength=one.count) - 1, 1)
    chi = np.bincount(one.patch, weight * value**2, one.count)
    weight = weight / (1 + chi / (6 * freedom))[one.patch]
    used = np.bincount(one.patch, minlength=one.count) > 0
    return _Equations(
        jacobian.T @ (weight[:, None] * jacobian),
        -jacobian.T @ (weight * value),
        float(np.median(chi[used] / freedom[used]) * freedom[used].sum()) if used.any() else 0.0,
        int(freedom[used].sum()),
    )


def _variance(h: NDArray[np.float64], codes: NDArray[Any], exposure: NDArray[np.float64]) -> NDArray[np.float64]:
    """Variance of ln h of a patch: shot and read noise of an ordinary camera, and rounding."""
    pixels = codes.shape[1]
    step = np.gradient(exposure)[codes[:, pixels // 2]]
    saturation = exposure[-1]
    noise = h * saturation / 15_000 + (6 / 15_000 * saturation) ** 2
    return np.asarray((noise + step**2 / 12) / (pixels * h**2))
