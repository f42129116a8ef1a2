"""Lookup tables of an estimator for the frames of a bracket: the terms that the compiled loop and its twin on a GPU add up."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import pairwise

import numpy as np
from numpy.typing import NDArray

from hdrkit.imaging.weighting import NEAR_CLIPPING, black_edge
from hdrkit.merging.estimators.separable import Codes, Measurements, tapered
from hdrkit.merging.estimators.table import estimator_of
from hdrkit.merging.options import MergeOptions
from hdrkit.types import NoiseModel, ResponseCurve

_SPILL_AT_LIMIT = 5.0  # times the spill into other channels
_DOUBT, _SIGMAS = 0.1, 4.0  # relative error of curve and times, and noise: a frame must be clipped in spite of both
_DEVIATIONS, _MOST_DOUBT = 1.0, 0.5  # the error is larger where frames deviate from the curve


@dataclass(frozen=True)
class Tables:
    """Lookup tables of an estimator, (2, K, C, levels): numerator, denominator, numerator of the variance.

    The first of the two is for pixels without a clipped channel, the second for the other channels of pixels with one. `fade`
    (levels,) is the share of the first for the highest code of a pixel: it falls to 0 at the clip limit, because a frame that
    changed from one to the other at once would leave a seam. The tables are float32; the variance is float64, because float32
    cannot hold its squares. `full` (K, C) is the code of a frame above which longer frames must be clipped. `exposure` (C,
    levels) is exp g, for pixels that no frame measured, and `black` (C,) is the exposure below which a frame measures nothing.
    `logarithmic` says that the quotient is ln radiance.
    """

    numerator: NDArray[np.float32]
    denominator: NDArray[np.float32]
    variance: NDArray[np.float64]
    fade: NDArray[np.float32]
    full: NDArray[np.int64]
    exposure: NDArray[np.float32]
    black: NDArray[np.float32]
    logarithmic: bool


def build_tables(
    response: ResponseCurve,
    exposures: Sequence[float],
    clip: tuple[int, int],
    options: MergeOptions,
    weight: NDArray[np.float64] | None = None,
) -> Tables:
    """Tables for frames with the given relative exposures, shortest first.

    `weight` (levels, C) replaces the weight that the estimator gives to codes.
    """
    estimator, noise = estimator_of(options, exposures, response.deviation), options.noise or NoiseModel()
    codes = Codes(response, clip, noise)
    x, spread = estimator.readings(codes)
    edge = black_edge(response, clip[0])
    dark = response.linear < edge
    spread = np.where(dark, np.maximum(spread, edge**2), spread)  # light outside the gamut of the camera becomes dark, too
    spill = noise.spill * response.linear
    near = _SPILL_AT_LIMIT * _rise(response.levels, clip[1])[:, None]
    spreads = spread + (near * spill) ** 2, spread + (np.maximum(near, 1) * spill) ** 2
    if weight is None:
        weight = estimator.code_weight(codes)
    weights = weight, np.where(dark, 0.0, weight)  # black beside a clipped channel is usually out of gamut
    means = [estimator.unbiased(x, t, exposures, codes) for t in exposures]
    tables = [
        [estimator.sums(Measurements(mean, s, t, w)) for t, mean in zip(exposures, means, strict=True)]
        for s, w in zip(spreads, weights, strict=True)
    ]
    a, b, v = (np.array([[frame[part] for frame in kind] for kind in tables]) for part in range(3))
    # One common factor keeps float32 sums away from overflow; it cancels in the quotient.
    scale = 1 / b.max()
    return Tables(
        _by_channel(a, scale).astype(np.float32),
        _by_channel(b, scale).astype(np.float32),
        _by_channel(v, scale**2),
        tapered(codes).astype(np.float32),
        _full(response, spread, exposures, clip[1]),
        np.ascontiguousarray(response.linear.T, np.float32),
        edge.astype(np.float32),
        estimator.logarithmic,
    )


def _full(response: ResponseCurve, spread: NDArray[np.float64], exposures: Sequence[float], high: int) -> NDArray[np.int64]:
    """For each frame the code (K, C) above which the next longer frame is clipped, even if this one is too bright by chance."""
    x = response.linear
    doubt = min(max(_DOUBT, _DEVIATIONS * response.deviation), _MOST_DOUBT)
    least = (1 - doubt) * x - _SIGMAS * np.sqrt(spread)
    steps = [longer / t for t, longer in pairwise([*exposures, exposures[-1]])]
    below = [least <= x[high] / step for step in steps]
    return np.array([np.minimum(len(x) - 1 - np.argmax(one[::-1], axis=0), high) for one in below])


def near_clipping(levels: int, high: int) -> int:
    """The highest code that is not near the clip limit."""
    return max(0, high - round(NEAR_CLIPPING * levels))


def _rise(levels: int, high: int) -> NDArray[np.float64]:
    """0 up to near the clip limit, rising with the square of the code to 1 there."""
    return np.clip((np.arange(levels) - high) / (NEAR_CLIPPING * levels) + 1, 0, 1) ** 2


def _by_channel(tables: NDArray[np.float64], scale: float) -> NDArray[np.float64]:
    return np.ascontiguousarray(np.moveaxis(tables, -1, -2) * scale)
