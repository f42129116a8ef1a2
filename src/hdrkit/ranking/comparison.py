"""Pictures of one view by sharpness: what the same cell shows in one of them and in the others.

What a cell holds decides how sharp it can look, so pictures are compared within cells. The ratio of energies r(i, c) of
picture i in cell c is m(i) a(c) up to noise, the sharpness m of a picture times the fineness a of what is there: a matrix of rank
one, whose clipped and black entries are missing, fitted by weighted least squares.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from hdrkit.ranking.detail import Detail, Maps

Array = NDArray[np.floating]

_LEAST_SHARED = 0.25  # of the cells of a picture
_ROUNDS = 10
_LEAST_FINENESS = 0.02  # of a cell: what errors are relative to
_FAR = 0.5  # relative error that counts half
_FINER = (4, 2, 1)  # weights of the scales: blur of a pixel shows in the finest, of ten in the coarser ones


def single_sharpness(detail: Detail) -> float:
    """The mean of r over the cells of one picture, by contrast: 0 is featureless, about 1 pin-sharp, NaN shows nothing.

    Good for pictures of like exposure and content; `compared_sharpness` is fair where these differ.
    """
    total = detail.weight.sum(axis=(1, 2), dtype=float)
    return float(((detail.weight * detail.ratio).sum(axis=(1, 2), dtype=float) / total).mean()) if total.all() else float("nan")


def compared_sharpness(details: Sequence[Detail]) -> NDArray[np.float64]:
    """The sharpness of each picture of one view, on the scale of `single_sharpness`; NaN where a picture shows nothing.

    Pictures that do not lie on one lattice, or share too few cells, are given as single ones.
    """
    alone = np.array([single_sharpness(detail) for detail in details])
    common = _common(details)
    if len(details) < 2 or common is None:
        return alone
    ratio, weight = (np.stack(maps, axis=1, dtype=np.float64) for maps in zip(*common, strict=True))
    factors = np.average([_rank_one(r, w) for r, w in zip(ratio, weight, strict=True)], axis=0, weights=_FINER)
    return np.asarray(factors * np.nanmean(alone))


def _common(details: Sequence[Detail]) -> list[tuple[Maps, Maps]] | None:
    """The ratios and weights (SCALES - 1, M) in the M cells that all pictures cover; None where there are too few."""
    top, left = np.max([detail.first for detail in details], axis=0)
    bottom, right = np.min([np.add(detail.first, detail.ratio.shape[1:]) for detail in details], axis=0)
    area = max(bottom - top, 0) * max(right - left, 0)
    if len({detail.view for detail in details}) > 1 or area < _LEAST_SHARED * max(detail.ratio[0].size for detail in details):
        return None
    found = []
    for detail in details:
        row, column = top - detail.first[0], left - detail.first[1]
        window = np.s_[:, row : row + bottom - top, column : column + right - left]
        found.append((detail.ratio[window].reshape(len(detail.ratio), -1), detail.weight[window].reshape(len(detail.weight), -1)))
    return found


def _rank_one(ratio: Array, weight: Array) -> Array:
    """The m (N,) with mean 1 of the best m(i) a(c) for r (N, M) with these weights; NaN for a picture without any.

    Errors are relative to what a cell holds, and those far out, where something moved, count less and less (Cauchy weights).
    """
    factor: Array = np.ones(len(ratio))
    trusted = weight
    for _ in range(_ROUNDS):
        fineness = _solved(trusted * factor[:, None] * ratio, trusted * factor[:, None] ** 2, axis=0)
        scale = np.maximum(np.abs(fineness), _LEAST_FINENESS)
        off = (ratio - factor[:, None] * fineness) / scale
        trusted = weight / (1 + (off / _FAR) ** 2)
        each = trusted / scale**2
        factor = _solved(each * fineness * ratio, each * fineness**2, axis=1)
        factor /= np.abs(factor).mean()
    return np.where(weight.any(axis=1), factor, np.nan)


def _solved(products: Array, squares: Array, axis: int) -> Array:
    return np.asarray(products.sum(axis=axis) / np.maximum(squares.sum(axis=axis), 1e-12))
