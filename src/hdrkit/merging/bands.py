"""The input and the result of the loops of a merge: compiled, by NumPy, and on a GPU."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from hdrkit.merging.weights import Tables
from hdrkit.types import Validity

SATURATED, BLACK, PARTIAL = np.uint8(Validity.SATURATED), np.uint8(Validity.BLACK), np.uint8(Validity.PARTIAL)
NOTHING = np.uint8(0)
NOWHERE, CLIPPED = -1, -2  # these stand in for the number of the longest frame that measured a pixel
SHARE = np.float32(1 / 255)


class Band(NamedTuple):
    """Rows of all frames, the shortest exposure first: codes (K, rows, W, C), and masks (K, rows, W) or None.

    `valid` marks the pixels for which a frame has data, and `share` is its trust, 0 to 255. If a mask is None, the compiler
    leaves its tests out.
    """

    codes: NDArray[Any]
    valid: NDArray[np.bool_] | None
    share: NDArray[np.uint8] | None


class Rule(NamedTuple):
    """The weights of codes: numerators and denominators (2, K, C, levels, 2), the share of the first of both for the highest code
    of a pixel (levels,), and the highest code that counts.
    """

    pairs: NDArray[np.float32]
    fade: NDArray[np.float32]
    high: int
    logarithmic: bool


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
