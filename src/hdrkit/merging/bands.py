"""The input and the result of the compiled loop and of its twin on a GPU."""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from hdrkit.merging.weights import Tables


class Merged(NamedTuple):
    """The merged pixels of an area.

    `radiance` is (H, W, C), `validity` holds flags (H, W), and `variance` is (H, W, C) or an empty array. `used` (K,) is the
    number of pixels that each frame measured in all channels.
    """

    radiance: NDArray[np.float32]
    validity: NDArray[np.uint8]
    variance: NDArray[np.float32]
    used: NDArray[np.int64]


class Bounds(NamedTuple):
    """The bounds of a channel that no frame measured.

    `exposure` (C, levels) is the exposure of each code, `times` (K,) are relative exposures, and `darkest` (K, C) is the radiance
    below which a frame measures nothing.
    """

    exposure: NDArray[np.float32]
    times: NDArray[np.float32]
    darkest: NDArray[np.float32]


def bounds_of(tables: Tables, exposures: Sequence[float]) -> Bounds:
    """The bounds of frames with these relative exposures, shortest first."""
    times = np.array(exposures, np.float32)
    return Bounds(tables.exposure, times, tables.black / times[:, None])
