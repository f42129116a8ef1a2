"""The axis along which response curves are smooth: cameras follow power laws, which are straight lines over ln z."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

_TOE = 4 / 255  # share of the full scale: below it a curve may bend freely


def ln_codes(knots: int) -> NDArray[np.float64]:
    """ln(z + toe) of each knot (knots,), with z from 0 to 1."""
    return np.asarray(np.log(np.linspace(0, 1, knots) + _TOE))
