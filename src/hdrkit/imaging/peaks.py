"""Peaks between samples: the top of the parabola through three equidistant values, as its distance from the middle one."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray


def vertex(before: float, at: float, after: float, flattest: float = 0.0) -> float:
    """The position of the top of the parabola. It is 0 if the parabola is flatter than `flattest`, or open upwards.

    Flatness is the second difference. This is plain Python, so that a compiled loop can compile it, too.
    """
    bend = before - 2 * at + after
    return (before - after) / (2 * bend) if bend < -flattest else 0.0


def vertices(before: NDArray[Any], at: NDArray[Any], after: NDArray[Any], flattest: float) -> NDArray[Any]:
    """`vertex` of each of many parabolas. Those flatter than `flattest` count as exactly so flat, and thus lie far out."""
    bend = np.minimum(before - 2 * at + after, -flattest)
    return np.asarray((before - after) / (2 * bend))
