"""Codes of any depth as 8-bit RGB codes, the form in which a display shows photographs and in which they are compared."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray


def eight_bit(codes: NDArray[Any], white: float) -> NDArray[np.uint8]:
    """8-bit codes of the same shape and at the same share of `white`, rounded. Codes above white become 255.

    uint8 codes are returned unchanged. A picture in 0..1 has a `white` of 1.
    """
    if codes.dtype == np.uint8:
        return codes
    return np.rint(np.minimum(codes * np.float32(255 / white), 255)).astype(np.uint8)


def three_channels(codes: NDArray[Any]) -> NDArray[Any]:
    """Gray (H, W, 1) as RGB (H, W, 3) of equal channels. RGB is returned unchanged."""
    return np.repeat(codes, 3, axis=2) if codes.shape[2] == 1 else codes
