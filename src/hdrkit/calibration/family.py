"""A prior for response curves, learned from a few thousand plausible ones.

Equal steps of exposure hide any error of g that repeats with the step. More data cannot remove it, only knowledge of the curves
of cameras (Grossberg & Nayar 2003). The mean and the leading principal components of plausible curves span the family. They
depend on no picture and are kept in a file.
"""

from __future__ import annotations

from functools import cache
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

LOWEST_MEAN, HIGHEST = 8 / 255, 245 / 255  # mean code of a patch, and any code in it, as shares of the largest

Array = NDArray[np.float64]


@cache
def response_family(knots: int) -> tuple[Array, Array, Array]:
    """Mean g (knots,), components (knots, COMPONENTS), and the variance (knots,) of g, minus its mean, that these leave out.

    g = mean + components @ theta + a rest, with theta ~ N(0, 1).
    """
    with np.load(Path(__file__).with_name("family.npz")) as kept:
        if f"mean{knots}" in kept:
            return kept[f"mean{knots}"], kept[f"components{knots}"], kept[f"unexplained{knots}"]
    from hdrkit.calibration.family_curves import family_of, unexplained

    mean, components, left_out = family_of(knots)
    return mean, components, unexplained(left_out)


def trusted(knots: int) -> slice:
    """The knots whose codes are neither too dark nor too bright for a patch."""
    return slice(int(LOWEST_MEAN * knots), int(HIGHEST * knots))


def ordinary_curve(knots: int, contrast: float) -> Array:
    """G (knots,) of an ordinary camera: the encoding of sRGB (IEC 61966-2-1), bent into an S. A contrast of 0 bends nothing."""
    exposure = np.concatenate([[0.0], np.geomspace(1e-6, 1, 3000)])
    encoded = np.where(exposure <= 0.0031308, 12.92 * exposure, 1.055 * exposure ** (1 / 2.4) - 0.055)
    bent = np.maximum.accumulate((1 - contrast) * encoded + contrast * encoded * encoded * (3 - 2 * encoded))
    code = np.maximum(np.arange(knots), 0.25) / (knots - 1)
    g = np.log(np.interp(code, bent, exposure) + 1e-7)
    return np.asarray(g - g[knots // 2])
