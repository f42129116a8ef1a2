"""How the gradient energies of a picture at halved sizes follow from its blur: a table, from a model of what pictures hold.

Content has a power spectrum that falls as frequency to the power of -b, with b about 2 for natural pictures (Field 1987). Blur
is Gaussian. A pixel is the mean over its area, and a halved picture the mean over four pixels. `hdrkit.imaging.energy` multiplies
the differences of neighbouring rows (columns), which multiplies the spectrum by 4 sin(pi u)^2 cos(2 pi v), and by the same with u
and v exchanged. The energy is the integral over all frequencies.
"""

from __future__ import annotations

from functools import cache

import numpy as np
from numpy.typing import NDArray

Array = NDArray[np.float64]

SCALES = 4  # pixels of 1, 2, 4 and 8 times the size
BLURS = np.geomspace(0.15, 16, 47)  # standard deviations in pixels
FALLS = np.arange(1.5, 4.1, 0.5)  # b of the spectrum


@cache
def energies_of_blur() -> Array:
    """The energy (blurs, falls, SCALES) of a picture with each of `BLURS` and `FALLS`, up to a factor for contrast."""
    frequency = np.geomspace(1 / 200, 2.5, 160)[:, None]  # cycles a pixel; each step is the same share of the frequency
    angle = (np.arange(24) + 0.5) * np.pi / 24
    u, v = frequency * np.cos(angle), frequency * np.sin(angle)
    seen = (np.sinc(u) * np.sinc(v)) ** 2 * frequency**2
    table = np.empty((len(BLURS), len(FALLS), SCALES))
    blurred = np.exp(-((2 * np.pi * BLURS[:, None] * frequency[:, 0]) ** 2))
    for scale in range(SCALES):
        a, b = np.pi * u * 2**scale, np.pi * v * 2**scale
        gradient = 4 * (np.sin(a) ** 2 * np.cos(2 * b) + np.sin(b) ** 2 * np.cos(2 * a))
        by_frequency = (seen * gradient).sum(axis=1)
        table[:, :, scale] = np.einsum("f,sf,fb->sb", by_frequency, blurred, frequency**-FALLS)
        seen = seen * (np.cos(a) * np.cos(b)) ** 2
    return np.asarray(table / table[:, :, -1:])
