"""Repairs of response curves from other programs: missing codes are filled in, and falling pieces become flat."""

from __future__ import annotations

import math
import warnings
from typing import Any

import numpy as np
from numpy.typing import NDArray

from hdrkit.errors import HdrkitWarning
from hdrkit.imaging.monotone import rising
from hdrkit.types import ResponseCurve

_TOLERANCE = 1e-9  # rounding of text and float32 in a flat piece


def repaired_curve(ln_exposure: NDArray[Any], name: str, absolute: bool = False, **fields: Any) -> ResponseCurve:
    """A curve from (levels, C), (levels, 1, C) or (levels,). Codes may be missing, and the curve may fall.

    It is anchored unless it is `absolute`. `fields` are further fields of ResponseCurve. Repairs give an HdrkitWarning with the
    `name` of the file. Raises ValueError for another array.
    """
    squeezed = ln_exposure[:, 0, :] if ln_exposure.ndim == 3 and ln_exposure.shape[1] == 1 else ln_exposure
    g = squeezed[:, None] if squeezed.ndim == 1 else squeezed
    if g.dtype.kind != "f" or g.ndim != 2 or g.shape[0] < 2 or g.shape[1] not in (1, 3):
        raise ValueError(f"its array is {ln_exposure.dtype} {ln_exposure.shape}, not float (levels, 1 or 3)")
    repaired, count = usable_curve(g.astype(float))
    if count:
        warnings.warn(
            f"{name}: {count} values of the curve are missing or not increasing and are repaired", HdrkitWarning, stacklevel=4
        )
    curve = ResponseCurve(repaired, absolute=absolute, **fields)
    return curve if absolute else curve.anchored()


def usable_curve(ln_exposure: NDArray[np.float64]) -> tuple[NDArray[np.float64], int]:
    """A finite curve (levels, C) that does not decrease, and the number of values that were changed for it.

    Missing codes are interpolated. At the dark end they get half the exposure of the first known code, at the bright end the
    exposure of the last one. Falling pieces become flat by isotonic regression, which gives the nearest curve in least squares.
    Raises ValueError if fewer than half of the codes are known.
    """
    repaired = np.column_stack([_repaired(channel) for channel in ln_exposure.T])
    changed = ~np.isclose(repaired, ln_exposure, rtol=0, atol=_TOLERANCE)
    return repaired, int(changed.sum())


def _repaired(g: NDArray[np.float64]) -> NDArray[np.float64]:
    known = np.isfinite(g)
    if 2 * known.sum() < g.size:
        raise ValueError(f"only {known.sum()} of {g.size} codes have a value")
    codes = np.arange(g.size)
    first = g[known][0]
    filled = np.interp(codes, codes[known], g[known], left=first - math.log(2))
    return rising(filled)
