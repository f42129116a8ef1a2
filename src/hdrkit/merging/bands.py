"""What the compiled loop and its twin on a GPU are given and give back."""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from hdrkit.merging.weights import Tables


class Merged(NamedTuple):
    """What a merge makes of an area.

    `radiance` (H, W, C), `validity` flags (H, W), `variance` (H, W, C) or an empty array, and the number of pixels that each
    frame contributed to as a whole, `used` (K,).
    """

    radiance: NDArray[np.float32]
    validity: NDArray[np.uint8]
    variance: NDArray[np.float32]
    used: NDArray[np.int64]


class Bounds(NamedTuple):
    """What is known of a channel that no frame measured.

    `exposure` (C, levels) of each code, relative exposures `times` (K,), and the radiance `darkest` (K, C) below which a frame
    sees nothing.
    """

    exposure: NDArray[np.float32]
    times: NDArray[np.float32]
    darkest: NDArray[np.float32]


def bounds_of(tables: Tables, exposures: Sequence[float]) -> Bounds:
    """The bounds of frames with these relative exposures, shortest first."""
    times = np.array(exposures, np.float32)
    return Bounds(tables.exposure, times, tables.black / times[:, None])
