"""Response curves from averages of linearised patches, within the family of plausible curves.

Averages of codes are biased, because the curve bends across noise and texture; averages of exp g(z) have almost no bias, and a
patch need not be flat. With h = mean exp g(z) over a patch, ln h - ln t is the same in every frame, up to the error of the stated
exposure of the frame. Gauss-Newton solves for the coefficients of the family in each channel and the offsets of all exposures
together; centring over the frames eliminates the irradiance of a patch.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from hdrkit.calibration.family import HIGHEST, LOWEST_MEAN, response_family, trusted
from hdrkit.calibration.offsets import Frames, OffsetSolution, about_the_line, free_directions, solution_of, spread_of
from hdrkit.calibration.sampling import Samples

_MOST_PATCHES = 8000  # over all brackets; more patches take time and add no accuracy
_ROUNDS, _SETTLED = 12, 1e-4
_MODEL_ERROR = 0.003  # error of ln h that remains in every patch
_COMPRESSED_ERROR = 0.5  # 8-bit codes: error of the mean of a patch from JPEG
_DEPENDENCE, _COMPRESSED_DEPENDENCE = 3.0, 100.0  # neighbouring patches, channels and frames share their errors
_GUESS = 0.05  # weight of the first guess relative to the family
_FEWEST, _TELLING = 50, 10  # fewest patches for a curve, and for an exposure
_UNLIKENESS = 0.3  # standard deviation of a coefficient between channels, 1 between cameras
# A noisier camera than that of `NoiseModel()`, with which curves outside the family come out up to a fifth worse.
_FULL_WELL_E, _READ_NOISE_E = 15_000, 6
_STRANGE = 6.0  # root mean square of the coefficients, 1 in the family

Array = NDArray[np.float64]


@dataclass(frozen=True)
class Patches:
    """Usable patches of one channel of one bracket, one row (R,) for each frame that shows a patch.

    A row has the share of the pixels of the patch at each knot (R, knots), their mean knot, and the numbers of the patch and the
    frame. The rows of a patch follow each other.
    """

    shares: NDArray[np.float32]
    mean: Array
    patch: NDArray[np.int64]
    frame: NDArray[np.int64]
    pixels: int


@dataclass(frozen=True)
class PatchSolution:
    """Curves g (knots, C), 0 at the middle knot, their standard error up to a constant, and the errors of the exposures."""

    g: Array
    sigma: Array
    offsets: OffsetSolution


def usable_patches(samples: Sequence[Samples], knots: int) -> list[list[Patches]]:
    """The usable patches of each bracket, in each channel."""
    every = max(1, -(-sum(len(one.patches) for one in samples) // _MOST_PATCHES))
    return [[_usable(one, c, knots, every) for c in range(one.patches.shape[3])] for one in samples]


def solve_patches(
    samples: Sequence[Samples], patches: Sequence[Sequence[Patches]], start: Array, unknown: NDArray[np.bool_]
) -> PatchSolution | None:
    """The curves that fit best, from a first guess `start` (knots, C). `unknown` marks frames whose time is only a guess.

    The result is None if too few patches are usable, or if the camera does not fit the family.
    """
    knots, channels = len(start), range(start.shape[1])
    if any(sum(bracket[c].patch.size for bracket in patches) < _FEWEST for c in channels):
        return None
    known = np.concatenate([_known(bracket, one.ln_times.size) for one, bracket in zip(samples, patches, strict=True)])
    frames = Frames.of(samples, unknown | ~known)
    compressed = any(one.compressed for one in samples)
    dependence = _COMPRESSED_DEPENDENCE if compressed else _DEPENDENCE

    mean, basis, unexplained = response_family(knots)
    size = basis.shape[1]
    curves = size * len(channels)
    unknowns = np.concatenate([_first_guess(start, mean, basis), np.zeros(frames.count)])
    spread = frames.first_spread()
    # Most cameras treat their channels alike: a channel that is never bright uses the others.
    alike = (1 - _UNLIKENESS**2) * np.ones((len(channels), len(channels))) + _UNLIKENESS**2 * np.eye(len(channels))
    prior = np.zeros((unknowns.size, unknowns.size))
    prior[:curves, :curves] = np.kron(np.linalg.inv(alike), np.eye(size))
    for _ in range(_ROUNDS):
        normal, right = np.zeros((unknowns.size, unknowns.size)), np.zeros(unknowns.size)
        misfits = []
        for one, bracket, part in zip(samples, patches, frames.parts, strict=True):
            for c in channels:
                own = slice(c * size, (c + 1) * size)
                g = mean + basis @ unknowns[own]
                exact = _equations(bracket[c], g, basis, unknowns[curves:][part], one)
                at = np.r_[own, curves + part.start : curves + part.stop]
                normal[np.ix_(at, at)] += exact.normal
                right[at] += exact.right
                misfits.append((exact.chi, exact.freedom))
        misfit = sum(chi for chi, _ in misfits) / max(1, sum(freedom for _, freedom in misfits))
        scale = dependence * max(1.0, misfit)
        prior[curves:, curves:] = np.diag(1 / spread**2)
        directions = free_directions(frames, spread)
        free = np.zeros((unknowns.size, curves + directions.shape[1]))
        free[:curves, :curves] = np.eye(curves)
        free[curves:, curves:] = directions
        inverse = free @ np.linalg.inv(free.T @ (normal / scale + prior) @ free) @ free.T
        step = inverse @ (right / scale - prior @ unknowns)
        unknowns += step
        spread = spread_of(unknowns[curves:], frames)
        offsets = about_the_line(unknowns[curves:], frames, spread)
        change = max(np.abs(step).max(), np.abs(offsets - unknowns[curves:]).max())
        unknowns[curves:] = offsets
        if change < _SETTLED:
            break
    if np.sqrt((unknowns[:curves] ** 2).mean()) > _STRANGE:
        return None

    # The weights assume a `misfit` of 1; if the patches scatter less, the curve is known better.
    covariance = inverse @ (normal / scale * min(1.0, misfit) + prior) @ inverse
    solved_offsets = solution_of(unknowns[curves:], covariance[curves:, curves:], known, frames, spread)
    solved = [mean + basis @ unknowns[c * size : (c + 1) * size] for c in channels]
    of_channel = covariance[:curves, :curves].reshape(len(channels), size, len(channels), size)
    sigma = [
        _standard_error(g, basis, of_channel[c, :, c], unexplained, solved_offsets.power_error) for c, g in enumerate(solved)
    ]
    g = np.stack(solved, axis=1)
    return PatchSolution(g - g[knots // 2], np.stack(sigma, axis=1), solved_offsets)


def _first_guess(start: Array, mean: Array, basis: Array) -> Array:
    """Coefficients of the curves in the family that are nearest to the guess, channel after channel."""
    where = trusted(len(mean))
    normal = basis[where].T @ basis[where] + _GUESS * np.eye(basis.shape[1])
    return np.asarray(np.linalg.solve(normal, basis[where].T @ (start - mean[:, None])[where]).T.ravel(), np.float64)


def _standard_error(g: Array, basis: Array, covariance: Array, unexplained: Array, power_error: float) -> Array:
    """The standard error of g minus its mean over the trusted codes. An error in the power of the exposures stretches g."""
    where = trusted(len(g))
    centred, stretch = (one - one[where].mean(axis=0) for one in (basis, g))
    variance = np.einsum("ij,jk,ik->i", centred, covariance, centred) + unexplained
    return np.asarray(np.sqrt(variance + (power_error * stretch) ** 2))


@dataclass(frozen=True)
class _Equations:
    """Normal matrix and right side of one channel of one bracket about the present solution, and the misfit."""

    normal: Array
    right: Array
    chi: float
    freedom: int


def _usable(one: Samples, channel: int, knots: int, every: int) -> Patches:
    """Patches without a clipped or black pixel and with a mean that is bright enough, in at least two frames."""
    z = one.patches[::every, ..., channel]
    top = one.levels - 1
    use = (z.max(axis=1) <= HIGHEST * top) & (z.min(axis=1) > 0) & (z.mean(axis=1) >= LOWEST_MEAN * top)
    use &= use.sum(axis=1, keepdims=True) >= 2
    z, use = z[use.any(axis=1)], use[use.any(axis=1)]
    patch, frame = np.nonzero(use)
    codes = np.rint(z[patch, :, frame] * ((knots - 1) / top)).astype(np.int64)
    rows, pixels = codes.shape
    at = (np.arange(rows)[:, None] * knots + codes).ravel()
    shares = np.bincount(at, minlength=rows * knots).reshape(rows, knots).astype(np.float32) / pixels
    return Patches(shares, codes.mean(axis=1), patch, frame, pixels)


def _known(bracket: Sequence[Patches], frames: int) -> NDArray[np.bool_]:
    """The frames of a bracket that have enough patches in every channel to determine their exposure."""
    return np.asarray(np.min([np.bincount(one.frame, minlength=frames) for one in bracket], axis=0) >= _TELLING)


def _equations(patches: Patches, g: Array, basis: Array, offsets: Array, one: Samples) -> _Equations:
    exposure = np.exp(g)
    sums = patches.shares @ (exposure[:, None] * np.column_stack([np.ones(len(g)), basis])).astype(np.float32)
    h = sums[:, 0].astype(np.float64)
    slopes = sums[:, 1:] / h[:, None]
    value = np.log(h) - (one.ln_times + offsets)[patches.frame]
    weight = 1 / (_variance(h, patches, exposure, one.compressed) + _MODEL_ERROR**2)

    starts = np.flatnonzero(np.diff(patches.patch, prepend=-1))  # the first row of each patch
    total = np.add.reduceat(weight, starts)
    value -= (np.add.reduceat(weight * value, starts) / total)[patches.patch]
    slopes -= (np.add.reduceat(weight[:, None] * slopes, starts) / total[:, None])[patches.patch]
    freedom = np.diff(starts, append=weight.size) - 1
    chi = np.add.reduceat(weight * value**2, starts)
    trust = 1 / (1 + chi / (6 * freedom))
    weight *= trust[patches.patch]

    # The column of an offset is -1 in the rows of its frame; centred, it is -1 plus the share of these rows in the patch. A sum
    # over a patch of centred values is 0, so that only the rows of the frame count.
    def by_frame(values: Array) -> Array:
        return np.asarray(np.bincount(patches.frame, values, offsets.size), np.float64)

    pulled = weight[:, None] * slopes
    across = -np.stack([by_frame(column) for column in pulled.T])
    of_frame = np.zeros((starts.size, offsets.size))
    of_frame[patches.patch, patches.frame] = weight
    within = np.diag(of_frame.sum(axis=0)) - of_frame.T @ (of_frame / (total * trust)[:, None])
    return _Equations(
        np.block([[slopes.T @ pulled, across], [across.T, within]]),
        np.concatenate([-(value @ pulled), by_frame(weight * value)]),
        float(np.median(chi / freedom) * freedom.sum()) if chi.size else 0.0,
        int(freedom.sum()),
    )


def _variance(h: Array, patches: Patches, exposure: Array, compressed: bool) -> Array:
    """Variance of ln h of a patch: shot and read noise of an ordinary camera, rounding, and the error of its mean from JPEG."""
    step = np.interp(patches.mean, np.arange(exposure.size), np.gradient(exposure))
    saturation = exposure[-1]
    noise = h * saturation / _FULL_WELL_E + (_READ_NOISE_E / _FULL_WELL_E * saturation) ** 2
    error = _COMPRESSED_ERROR * (exposure.size - 1) / 255 if compressed else 0.0
    return np.asarray(((noise + step**2 / 12) / patches.pixels + (step * error) ** 2) / h**2)
