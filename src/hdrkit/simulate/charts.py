"""A test scene for radiometry: every radiance is equally frequent, with smooth areas and fine texture."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from hdrkit.simulate.noise import fractal

DETAIL = 0.15
COLOUR = 0.2


def chart(width: int, height: int, stops: float = 16.0, seed: int = 0) -> NDArray[np.float32]:
    """Radiance (H, W, 3) that is log-uniform over `stops` in each channel, with log mean 1.

    The scene has broad shapes, neighbouring pixels of similar radiance, fine texture in half of the area, and channels that
    differ.
    """
    y, x = np.mgrid[:height, :width].astype(np.float32)
    broad = max(width, height) / 4
    shape = fractal(x / broad, y / broad, 2, seed)
    detail = DETAIL * (fractal(x / 3, y / 3, 2, seed + 10) - 0.5) * (y > height / 2)
    channels = []
    for channel in range(3):
        tint = COLOUR * fractal(x / broad, y / broad, 1, seed + 20 + channel)
        rank = np.argsort(np.argsort((shape + detail + tint).ravel(), kind="stable"), kind="stable")
        share = (rank + 0.5) / rank.size
        channels.append(np.exp2(stops * (share - 0.5)).reshape(height, width))
    return np.stack(channels, axis=2).astype(np.float32)
