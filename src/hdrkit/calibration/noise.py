"""Photon transfer: the noise of a camera from the bracket that it took, at a known response curve.

Once two frames of one view are linear, they differ only by noise: x / t - x' / t' has the sum of both variances, independent of
the texture, and reduced by what compression and smoothing removed. Over patches sorted by exposure, that variance is a line after
the rounding to codes is subtracted: its slope is shot noise and its foot read noise (Janesick 2007).
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from itertools import pairwise
from typing import Any

import numpy as np
from numpy.typing import NDArray

from hdrkit.imaging.warping import square_points, squares_at, valid_at
from hdrkit.imaging.weighting import NEAR_CLIPPING
from hdrkit.types import Frame, NoiseModel, ResponseCurve

_PATCHES, _SIDE = 1024, 8
_LARGEST_RATIO = 20.0  # ratio of exposures; beyond it the shorter frame is black wherever the longer is not clipped
_QUARTERS = np.kron(
    *2 * [np.repeat(np.eye(2), _SIDE // 2, axis=0) / (_SIDE // 2)]
)  # (P, 4): the matrix that takes the means of quarters
_BINS = 12
_FEWEST = 24  # patches in a bin
_CALM = 0.5  # share of the patches of a bin that are used: those with the least texture
_BLACK_SHARE = 0.01  # share of a patch: with more black pixels, read noise is cut off
_MEDIAN = (1 - 2 / (9 * _SIDE**2)) ** 3  # median over mean of the mean square of a patch with independent normal errors
_WINSOR, _WINSORIZED = 3.0, 0.99501  # standard deviations at which a difference is cut, and the variance that remains
_MODEL_ERROR = 0.1  # error of ln variance of the fitted line
_PRIOR = np.array([1.5, 3.0])  # standard deviations of ln shot and ln squared read noise about those of an ordinary camera
_ROUNDS, _SETTLED = 100, 1e-5
_CLEAR = 0.05  # relative noise up to which a shorter frame shows the error of a longer one
_FEWEST_SPILLED = 500  # pixels


@dataclass(frozen=True)
class _Transfer:
    """Differences of two frames at n exposures, each (n,).

    `seen` is their variance and `rounding` the part of it from rounding. `shot` and `read` are the factors of shot and read noise
    in it, and `patches` is the number of patches.
    """

    seen: NDArray[np.float64]
    rounding: NDArray[np.float64]
    shot: NDArray[np.float64]
    read: NDArray[np.float64]
    patches: NDArray[np.float64]


def measure_noise(frames: Sequence[Frame], exposures: Sequence[float], response: ResponseCurve, high: int) -> NoiseModel | None:
    """The noise of each channel as share of saturation (code units of 0..255), from aligned coded frames of one bracket.

    `exposures` are as for a merge; codes above `high` are clipped. The result is None if the frames have too little in common.
    """
    order = np.argsort(exposures, kind="stable")
    curve = response.for_channels(frames[0].pixels.shape[2]).for_levels(frames[0].levels)
    codes = _patches([frames[i] for i in order])
    times = np.asarray(exposures, float)[order]
    light = (curve.linear / curve.linear[-1]).T
    clipped = codes > high
    beside = clipped.any(axis=1, keepdims=True) | (codes > high - NEAR_CLIPPING * curve.levels)
    whole = np.logical_not(clipped.any(axis=(1, 3)))
    transfers = [list(_transfers(codes[:, c], whole, times, one)) for c, one in enumerate(light)]
    if min(sum(t.seen.size for t in found) for found in transfers) < 2:
        return None
    default = NoiseModel()
    fits = [_fitted(found, default) for found in transfers]
    span = default.white_level - default.black_level
    model = replace(
        default,
        gain_e_per_dn=tuple(well / span for well, _ in fits),
        read_noise_e=tuple(read * well for well, read in fits),
    )
    spill = _spill(codes, clipped, beside, times, light, model)
    return model if spill is None else replace(model, spill=spill)


def _patches(frames: Sequence[Frame]) -> NDArray[Any]:
    """Codes (K, C, M, P) of the P pixels of M patches, spread evenly over the area where all K frames are valid."""
    height, width = frames[0].pixels.shape[:2]
    step = max(_SIDE, int(np.sqrt(height * width / _PATCHES)))
    down, across = np.arange(0, height - _SIDE + 1, step), np.arange(0, width - _SIDE + 1, step)
    tops, lefts = np.repeat(down, across.size), np.tile(across, down.size)
    points = square_points(tops, lefts, _SIDE)
    valid = np.logical_and.reduce([valid_at(frame, *points).all(axis=1) for frame in frames])
    squares = (squares_at(frame, tops[valid], lefts[valid], _SIDE) for frame in frames)
    return np.stack([np.ascontiguousarray(np.moveaxis(one, 2, 0)) for one in squares])


def _neighbours(times: NDArray[np.float64]) -> Iterator[tuple[int, int, float]]:
    """Frames next to each other in exposure, and the ratio of the longer to the shorter."""
    for k, following in pairwise(range(times.size)):
        ratio = times[following] / times[k]
        if ratio <= _LARGEST_RATIO:
            yield k, following, ratio


def _transfers(
    codes: NDArray[Any], whole: NDArray[np.bool_], times: NDArray[np.float64], light: NDArray[np.float64]
) -> Iterator[_Transfer]:
    """Variances of one channel, codes (K, M, P), in bins of exposure; `whole` (K, M) marks patches without a clipped pixel."""
    step = np.gradient(light) ** 2 / 12
    visible = np.count_nonzero(codes == 0, axis=2) <= _BLACK_SHARE * codes.shape[2]
    for short, long, ratio in _neighbours(times):
        usable = visible[short] & whole[long]
        dark, bright = codes[short, usable], codes[long, usable]
        if len(dark) < _FEWEST:
            continue
        expected = light[bright] / ratio
        level, texture = expected.mean(axis=1), _texture(expected)
        rows = []
        for bins in _split(np.argsort(level, kind="stable"), min(_BINS, level.size // _FEWEST)):
            by_texture = np.argsort(texture[bins], axis=1, kind="stable")[:, : int(_CALM * bins.shape[1])]
            calm = np.take_along_axis(bins, by_texture, axis=1)
            difference = light[dark[calm]] - expected[calm]
            off = (difference - np.median(difference, axis=(1, 2), keepdims=True)) ** 2
            seen = np.median(off.mean(axis=2), axis=1) / _MEDIAN  # median over patches: most of them are static
            rounding = step[dark[calm]].mean(axis=(1, 2)) + step[bright[calm]].mean(axis=(1, 2)) / ratio**2
            shot, read = level[calm].mean(axis=1) * (1 + 1 / ratio), 1 + 1 / ratio**2
            rows.append(np.stack(np.broadcast_arrays(seen, rounding, shot, read, calm.shape[1])))
        yield _Transfer(*np.concatenate(rows, axis=1))


def _split(order: NDArray[np.int64], count: int) -> Iterator[NDArray[np.int64]]:
    """Split like `np.array_split`, but stack parts of one size in one array (n, size)."""
    size, larger = divmod(order.size, count)
    end = larger * (size + 1)
    for some in (order[:end].reshape(larger, size + 1), order[end:].reshape(count - larger, size)):
        if some.size:
            yield some


def _texture(patches: NDArray[np.float64]) -> NDArray[np.float64]:
    """The differences between the quarters of patches (M, P), relative to their mean."""
    quarters = patches @ _QUARTERS
    return np.asarray(np.ptp(quarters, axis=1) / quarters.mean(axis=1))


def _winsorized(errors: NDArray[np.float64]) -> float:
    """The mean square with outliers cut off, which come from motion."""
    spread, squares = np.median(np.abs(errors)) * 1.4826, errors**2
    for _ in range(3):
        limit = _WINSOR * spread
        spread = np.sqrt(np.mean(np.minimum(squares, limit**2)) / _WINSORIZED) if limit > 0 else errors.std()
    return float(spread**2)


def _fitted(transfers: Sequence[_Transfer], default: NoiseModel) -> tuple[float, float]:
    """Full well in electrons, and read noise as a share of it, that fit the variances best.

    The solution is Gauss-Newton under the loss 2 (sqrt(1 + u^2) - 1) of each residual u, as least squares with new weights in
    every round.
    """
    seen, rounding, shot, read, count = (
        np.concatenate([getattr(t, name) for t in transfers]) for name in ("seen", "rounding", "shot", "read", "patches")
    )
    foot, slope = default.variance(np.array([0.0, 1.0]))
    ordinary = np.log([slope - foot, foot])
    weight = 1 / np.sqrt(2 / (count * _SIDE**2) + _MODEL_ERROR**2)
    ln_seen = np.log(np.maximum(seen, 1e-3 * rounding + 1e-18))
    factors, prior = np.stack([shot, read]), np.diag(1 / _PRIOR)

    def residuals(ln_noise: NDArray[np.float64]) -> tuple[NDArray[np.float64], NDArray[np.float64], NDArray[np.float64]]:
        """Residuals (n + 2,), their slopes (2, n + 2), and their losses / 2 + 1."""
        parts = np.exp(ln_noise)[:, None] * factors
        predicted = parts.sum(axis=0) + rounding
        off = np.concatenate([weight * (ln_seen - np.log(predicted)), (ln_noise - ordinary) / _PRIOR])
        return off, np.concatenate([-weight / predicted * parts, prior], axis=1), np.sqrt(1 + off**2)

    ln_noise = ordinary
    off, slopes, loss = residuals(ln_noise)
    for _ in range(_ROUNDS):
        robust = slopes / loss
        step = np.linalg.solve(robust @ slopes.T, -robust @ off)
        while np.abs(step).max() > _SETTLED and (there := residuals(ln_noise + step))[2].sum() > loss.sum():
            step /= 2
        if np.abs(step).max() <= _SETTLED:
            break
        ln_noise, (off, slopes, loss) = ln_noise + step, there
    ln_well, ln_foot = ln_noise
    return float(np.exp(-ln_well)), float(np.exp(ln_foot / 2))


def _spill(
    codes: NDArray[Any],
    clipped: NDArray[np.bool_],
    beside: NDArray[np.bool_],
    times: NDArray[np.float64],
    light: NDArray[np.float64],
    noise: NoiseModel,
) -> float | None:
    """The extra relative error of codes beside clipped ones, from arrays (K, C, M, P). None if too few of them exist."""
    variance = (noise.variance(light.T).T + np.gradient(light, axis=1) ** 2 / 12) / light**2
    ln_light = np.log(light)
    whole = np.logical_not(clipped.any(axis=1))
    near: list[NDArray[np.float64]] = []
    elsewhere: list[NDArray[np.float64]] = []
    for short, long, ratio in _neighbours(times):
        for c in range(len(light)):
            clear = whole[short] & (variance[c] < _CLEAR**2)[codes[short, c]]
            for chosen, found in ((beside[long, c] & ~clipped[long, c], near), (~beside[long, c], elsewhere)):
                dark, bright = (codes[k, c][chosen & clear] for k in (short, long))
                error = ln_light[c][bright] - ln_light[c][dark] - np.log(ratio)
                found.append(np.stack([error, variance[c][dark] + variance[c][bright]]))
    excess = []
    for found in (near, elsewhere):
        error, expected = np.concatenate(found, axis=1)
        if error.size < _FEWEST_SPILLED:
            return None
        excess.append(_winsorized(error) - expected.mean())
    return float(np.sqrt(max(excess[0] - max(excess[1], 0.0), 0.0)))
