"""Peaks between samples: the top of the parabola through three equidistant values, as its distance from the middle one."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray


def vertex(before: float, at: float, after: float, flattest: float = 0.0) -> float:
    """Where the parabola has its top; 0 for one that is flatter than `flattest`, or open upwards.

    Flatness is the second difference. Plain Python, so that a compiled loop can compile it too.
    """
    bend = before - 2 * at + after
    return (before - after) / (2 * bend) if bend < -flattest else 0.0


def vertices(before: NDArray[Any], at: NDArray[Any], after: NDArray[Any], flattest: float) -> NDArray[Any]:
    """`vertex` of each of many parabolas; those flatter than `flattest` count as if they were just that, and so lie far out."""
    bend = np.minimum(before - 2 * at + after, -flattest)
    return np.asarray((before - after) / (2 * bend))
