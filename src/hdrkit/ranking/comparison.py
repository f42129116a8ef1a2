"""Sharpness of pictures of one view, by comparison of the same cells.

The content of a cell limits how sharp it can look, so pictures are compared within cells. The ratio of energies r(i, c) of
picture i in cell c is a(c) + b(c) s(i) up to noise. Here a is the fineness of the content, s the sharpness of the picture, and b
how much the cell changes with sharpness. If a whole picture is blurred, b is proportional to a. If only a subject is blurred, b
is 0 around it. The r are a matrix of rank two. Its entries are missing for clipped and black cells, and for cells that a picture
does not cover. The matrix is fitted by alternating least squares.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from hdrkit.ranking.detail import Detail

Array = NDArray[np.floating]

_ROUNDS = 10
_LEAST_FINENESS = 0.1  # of a cell, for relative errors
_MODEL_ERROR = 0.2  # relative to a: positions of pixels on edges, and the response curve within a cell
_FAR = 3.0  # a deviation of this many errors counts half
_CAUTION = 6.0  # differences of cells that are this many times their noise count half
_TINY = 1e-12


def single_sharpness(detail: Detail) -> float:
    """The mean of r over the cells of one picture, weighted by contrast: 0 has no detail, about 1 is sharp, NaN shows nothing.

    It compares pictures of similar exposure and content. `compared_sharpness` is fair if these differ.
    """
    total = detail.weight.sum(dtype=float)
    return float((detail.weight * detail.ratio).sum(dtype=float) / total) if total else float("nan")


def compared_sharpness(details: Sequence[Detail]) -> NDArray[np.float64]:
    """The sharpness of each picture of a series, on the scale of `single_sharpness`; NaN if a picture shows nothing.

    Pictures on one lattice are compared by cells. Lattices, and pictures alone on one, are compared by their means.
    """
    values = np.array([single_sharpness(detail) for detail in details], np.float64)
    views = np.array([detail.view for detail in details])
    for view in set(views.tolist()):
        [members] = np.nonzero((views == view) & np.isfinite(values))
        if len(members) > 1:
            stack = _stacked([details[k] for k in members.tolist()])
            shared = stack[2].any(axis=1)
            if shared.any():
                values[members[shared]] = values[members[shared]].mean() * _relative(*stack[:, shared])
    return values


def _stacked(details: Sequence[Detail]) -> Array:
    """Ratio, error and weight (3, N, M) in the M cells of the lattice that two pictures measured, 0 for pictures that did not."""
    first = np.min([detail.first for detail in details], axis=0)
    rows, columns = np.max([np.add(detail.first, detail.ratio.shape) for detail in details], axis=0) - first
    stack = np.zeros((3, len(details), rows, columns), np.float32)
    for k, detail in enumerate(details):
        (row, column), (height, width) = detail.first - first, detail.ratio.shape
        stack[:, k, row : row + height, column : column + width] = detail.ratio, detail.error, detail.weight
    compared = np.count_nonzero(stack[2], axis=0) > 1
    return np.compress(compared.ravel(), stack.reshape(3, len(details), -1), axis=2)


def _relative(ratio: Array, error: Array, weight: Array) -> Array:
    """The sharpness of pictures (N,) relative to their mean, for r (N, M) with these errors and weights.

    The first estimate is the best matrix of rank one, in which all cells change alike. Two pictures cannot show more.
    """
    factor, fineness = _rank_one(ratio, error, weight)
    if len(ratio) == 2:
        return factor
    sharp, change = (factor - 1)[:, None], fineness
    for _ in range(_ROUNDS):
        trusted = _trusted(ratio - fineness - change * sharp, fineness, error, weight)
        fineness, change = _cells(ratio, sharp, trusted, fineness)
        sharp = _solved(trusted * change * (ratio - fineness), trusted * change**2, axis=1)[:, None]
        sharp -= sharp.mean()
    weighted = trusted.sum(axis=0) * change
    return np.asarray(1 + sharp[:, 0] * (weighted * change).sum() / max((weighted * fineness).sum(), _TINY))


def _rank_one(ratio: Array, error: Array, weight: Array) -> tuple[Array, Array]:
    """The m (N,) with mean 1 and the a (M,) for which m(i) a(c) fits r best."""
    factor: Array = np.ones((len(ratio), 1), ratio.dtype)
    fineness = _solved(weight * ratio, weight, axis=0)
    for _ in range(_ROUNDS):
        trusted = _trusted(ratio - factor * fineness, fineness, error, weight)
        factor = _solved(trusted * fineness * ratio, trusted * fineness**2, axis=1)[:, None]
        factor /= max(np.abs(factor).mean(), _TINY)
        fineness = _solved(trusted * factor * ratio, trusted * factor**2, axis=0)
    return factor[:, 0], fineness


def _trusted(off: Array, fineness: Array, error: Array, weight: Array) -> Array:
    """The weight over the variance. Large deviations, from something that moved, count less (Cauchy weights)."""
    variance = error**2 + (_MODEL_ERROR * np.maximum(np.abs(fineness), _LEAST_FINENESS)) ** 2
    return np.asarray(weight / variance / (1 + off**2 / (variance * _FAR**2)))


def _cells(ratio: Array, sharp: Array, trusted: Array, fineness: Array) -> tuple[Array, Array]:
    """Fineness and change (M,) of cells: the regression line of r (N, M) on sharpness (N, 1). The change is never negative.

    Cells share one ratio of change to fineness unless they differ by more than noise (empirical Bayes).
    """
    total = np.maximum(trusted.sum(axis=0), _TINY)
    middle, level = (sharp * trusted).sum(axis=0) / total, (trusted * ratio).sum(axis=0) / total
    apart = sharp - middle
    lever = trusted * apart
    leverage = (lever * apart).sum(axis=0)
    slope = (lever * ratio).sum(axis=0) / np.maximum(leverage, _TINY)
    fine = np.maximum(fineness, 0)
    fit = max((leverage * fine**2).sum(), _TINY)
    common = fine * max((leverage * slope * fine).sum(), 0) / fit
    cells = int(np.count_nonzero(leverage))
    freedom = int(np.count_nonzero(trusted)) - 2 * cells
    noise = float((trusted * (ratio - level - slope * apart) ** 2).sum()) / freedom if freedom > 0 else np.inf
    spread = float(max((leverage * (slope - common) ** 2).sum() - cells * noise, 0) / fit)
    differ = leverage * spread * np.maximum(fine, _LEAST_FINENESS) ** 2
    change = np.maximum(common + (slope - common) * differ / (differ + _CAUTION * noise + _TINY), 0)
    return level - change * middle, change


def _solved(products: Array, squares: Array, axis: int) -> Array:
    return np.asarray(products.sum(axis=axis) / np.maximum(squares.sum(axis=axis), _TINY))
