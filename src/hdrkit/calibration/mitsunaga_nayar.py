"""Mitsunaga & Nayar 1999: exposure as a polynomial of the code, from ratios of neighbouring exposures.

f(m) = sum c_n m^n with f(1) = 1, and f(m_q) = R f(m_q+1) for a pixel in two neighbouring frames of ratio R.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from hdrkit.calibration.observations import Observations

_MAX_ORDER = 8


def solve_mitsunaga_nayar(
    observations: Sequence[Observations], knots: int, order: int | None
) -> tuple[NDArray[np.float64], tuple[int, ...]]:
    """Response curves g (knots, C), NaN where the polynomial is not positive, and the order used in each channel.

    If no order is given, the one of 1 to 8 with the smallest error on a held-out third of the pixels is used.
    """
    curves, orders = [], []
    for o in observations:
        pairs = _pairs(o, knots)
        chosen = order or _best_order(pairs)
        exposure = _evaluate(_fit(pairs, chosen), np.linspace(0, 1, knots))
        curves.append(np.where(exposure > 0, np.log(np.maximum(exposure, 1e-300)), np.nan))
        orders.append(chosen)
    return np.stack(curves, axis=1), tuple(orders)


Pairs = tuple[NDArray[np.float64], NDArray[np.float64], NDArray[np.float64], NDArray[np.int64]]


def _pairs(o: Observations, knots: int) -> Pairs:
    """Codes 0..1 in the longer and the shorter of neighbouring frames, their ratio longer / shorter, and the pixel."""
    order = np.lexsort((o.ln_time, o.pixel))
    code, pixel, ln_time = o.code[order] / (knots - 1), o.pixel[order], o.ln_time[order]
    same = pixel[1:] == pixel[:-1]
    ratio = np.exp(ln_time[1:] - ln_time[:-1])
    return code[1:][same], code[:-1][same], np.asarray(ratio[same], np.float64), pixel[1:][same]


def _fit(pairs: Pairs, order: int) -> NDArray[np.float64]:
    """Coefficients c_0..c_N with sum 1, by least squares on f(longer) / R = f(shorter), each side in units of the longer."""
    longer, shorter, ratio, _ = pairs
    powers = np.arange(order + 1)
    design = (longer[:, None] ** powers) / ratio[:, None] - shorter[:, None] ** powers
    # c_N = 1 - sum of the others
    free = design[:, :-1] - design[:, -1:]
    coefficients, *_ = np.linalg.lstsq(free, -design[:, -1], rcond=None)
    return np.asarray(np.append(coefficients, 1 - coefficients.sum()), np.float64)


def _evaluate(coefficients: NDArray[np.float64], m: NDArray[np.float64]) -> NDArray[np.float64]:
    return np.asarray(np.polynomial.polynomial.polyval(m, coefficients), np.float64)


def _best_order(pairs: Pairs) -> int:
    """The order with the smallest error of ln ratios on held-out pixels. A curve that is not positive there does not count."""
    held_out = pairs[3] % 3 == 0
    code, other, step, pixel = (p[~held_out] for p in pairs)
    train = (code, other, step, pixel)
    longer, shorter, ratio, _ = (p[held_out] for p in pairs)
    errors = {}
    for order in range(1, _MAX_ORDER + 1):
        coefficients = _fit(train, order)
        top, bottom = _evaluate(coefficients, longer), _evaluate(coefficients, shorter)
        usable = (top > 0) & (bottom > 0)
        if usable.mean() > 0.99:
            errors[order] = float(np.median(np.abs(np.log(top[usable] / bottom[usable]) - np.log(ratio[usable]))))
    return min(errors, key=errors.__getitem__) if errors else 1
