"""Pictures so small that NumPy processes them in less time than it takes to load, let alone to make, machine code."""

from __future__ import annotations

from collections.abc import Sequence

SMALL_PIXELS = 2_500_000


def is_small(shape: Sequence[int]) -> bool:
    """Whether a picture (H, W, ...) is processed without machine code. Its results are the same, bit for bit."""
    return shape[0] * shape[1] <= SMALL_PIXELS
