"""Pictures of one view by sharpness: what the same cell shows in one of them and in the others.

What a cell holds decides how sharp it can look, so pictures are compared within cells. The ratio of energies r(i, c) of
picture i in cell c is a(c) + b(c) s(i) up to noise: the fineness a of what is there, and what the sharpness s of a picture
changes of it. Where all of a picture is blurred, b is in proportion to a; where only a subject is, b is 0 around it. That is
a matrix of rank two, whose clipped and black entries, and those that a picture does not cover, are missing; it is fitted by
alternating least squares.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from hdrkit.ranking.detail import Detail

Array = NDArray[np.floating]

_ROUNDS = 10
_LEAST_FINENESS = 0.1  # of a cell: what errors are relative to
_MODEL_ERROR = 0.2  # of a: where pixels lie on edges, and the curve of the response within a cell
_FAR = 3.0  # errors that count half
_CAUTION = 6.0  # how many times their noise what cells differ by must exceed to count half
_TINY = 1e-12


def single_sharpness(detail: Detail) -> float:
    """The mean of r over the cells of one picture, by contrast: 0 is featureless, about 1 pin-sharp, NaN shows nothing.

    Good for pictures of like exposure and content; `compared_sharpness` is fair where these differ.
    """
    total = detail.weight.sum(dtype=float)
    return float((detail.weight * detail.ratio).sum(dtype=float) / total) if total else float("nan")


def compared_sharpness(details: Sequence[Detail]) -> NDArray[np.float64]:
    """The sharpness of each picture of a series, on the scale of `single_sharpness`; NaN where a picture shows nothing.

    Pictures on one lattice are compared with each other; lattices, and pictures alone on one, by their means as single ones.
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
    """Ratio, error and weight (3, N, M) in the M cells of the lattice where two pictures tell, 0 where one does not."""
    first = np.min([detail.first for detail in details], axis=0)
    rows, columns = np.max([np.add(detail.first, detail.ratio.shape) for detail in details], axis=0) - first
    stack = np.zeros((3, len(details), rows, columns), np.float32)
    for k, detail in enumerate(details):
        (row, column), (height, width) = detail.first - first, detail.ratio.shape
        stack[:, k, row : row + height, column : column + width] = detail.ratio, detail.error, detail.weight
    compared = np.count_nonzero(stack[2], axis=0) > 1
    return np.compress(compared.ravel(), stack.reshape(3, len(details), -1), axis=2)


def _relative(ratio: Array, error: Array, weight: Array) -> Array:
    """How sharp pictures (N,) are in the cells that tell, relative to their mean, for r (N, M) with these errors and weights.

    Begins with the best matrix of rank one, which says that all cells change alike; two pictures cannot say more.
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
    told = trusted.sum(axis=0) * change
    return np.asarray(1 + sharp[:, 0] * (told * change).sum() / max((told * fineness).sum(), _TINY))


def _rank_one(ratio: Array, error: Array, weight: Array) -> tuple[Array, Array]:
    """The m (N,) with mean 1 and the a (M,) of the best m(i) a(c) for r."""
    factor: Array = np.ones((len(ratio), 1), ratio.dtype)
    fineness = _solved(weight * ratio, weight, axis=0)
    for _ in range(_ROUNDS):
        trusted = _trusted(ratio - factor * fineness, fineness, error, weight)
        factor = _solved(trusted * fineness * ratio, trusted * fineness**2, axis=1)[:, None]
        factor /= max(np.abs(factor).mean(), _TINY)
        fineness = _solved(trusted * factor * ratio, trusted * factor**2, axis=0)
    return factor[:, 0], fineness


def _trusted(off: Array, fineness: Array, error: Array, weight: Array) -> Array:
    """The weight over the variance; what is far off, where something moved, counts less and less (Cauchy weights)."""
    variance = error**2 + (_MODEL_ERROR * np.maximum(np.abs(fineness), _LEAST_FINENESS)) ** 2
    return np.asarray(weight / variance / (1 + off**2 / (variance * _FAR**2)))


def _cells(ratio: Array, sharp: Array, trusted: Array, fineness: Array) -> tuple[Array, Array]:
    """Fineness and change (M,) of cells: the regression line of r (N, M) on sharpness (N, 1), which takes no detail away.

    Cells are held to one ratio of change to fineness as far as they do not differ by more than noise (empirical Bayes).
    """
    total = np.maximum(trusted.sum(axis=0), _TINY)
    middle, level = (sharp * trusted).sum(axis=0) / total, (trusted * ratio).sum(axis=0) / total
    apart = sharp - middle
    lever = trusted * apart
    told = (lever * apart).sum(axis=0)
    slope = (lever * ratio).sum(axis=0) / np.maximum(told, _TINY)
    fine = np.maximum(fineness, 0)
    fit = max((told * fine**2).sum(), _TINY)
    common = fine * max((told * slope * fine).sum(), 0) / fit
    cells = int(np.count_nonzero(told))
    freedom = int(np.count_nonzero(trusted)) - 2 * cells
    noise = float((trusted * (ratio - level - slope * apart) ** 2).sum()) / freedom if freedom > 0 else np.inf
    spread = float(max((told * (slope - common) ** 2).sum() - cells * noise, 0) / fit)
    differ = told * spread * np.maximum(fine, _LEAST_FINENESS) ** 2
    change = np.maximum(common + (slope - common) * differ / (differ + _CAUTION * noise + _TINY), 0)
    return level - change * middle, change


def _solved(products: Array, squares: Array, axis: int) -> Array:
    return np.asarray(products.sum(axis=axis) / np.maximum(squares.sum(axis=axis), _TINY))
