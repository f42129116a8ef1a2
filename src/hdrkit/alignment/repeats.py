"""Repeating patterns: the shift at which everything agrees, among the many at which the pattern does.

Tiles, blinds and fences agree with themselves at every period, and bitmaps of bright exposures hold little else. The agreement of
the directions of gradients (`similarity`) also counts the edges of what is clipped, and is highest where unique things agree.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from hdrkit.alignment.planes import Matrix, Plane, warped
from hdrkit.alignment.similarity import compare, directions

MIN_OVERLAP = 0.4
CLEARLY = 0.05  # gain of agreement from which another start is taken
ALIKE = 0.5  # agreement that a coarse shift reaches if both pictures show the same
APART = 2.0  # pixels of the coarsest level: nearer starts lead to the same place

Pyramid = list[Plane]


def unique_start(start: Matrix, judges: list[tuple[Pyramid, Matrix]], moving: Pyramid, max_shift: float) -> Matrix:
    """The start, or a shift from the first judge to the frame that agrees clearly better with all judges.

    The coarsest level is searched. A judge is a placed frame, and the motion that maps pixels of the first judge to its own.
    `max_shift` is a share of the longest side.
    """
    plane = moving[0]
    reach = max(1, round(max_shift * max(plane.size)))
    best, most = start, max(_agreement(start, judges, plane) + CLEARLY, ALIKE)
    for judge, motion in judges:
        found = _shift(judge[0], plane, reach)
        if found is None:
            continue
        other = plane.to_frame(found) @ motion
        apart = plane.from_frame(other)[:2, 2] - plane.from_frame(start)[:2, 2]
        if np.hypot(*apart) > APART and (agreement := _agreement(other, judges, plane)) > most:
            best, most = other, agreement
    return best


def _agreement(start: Matrix, judges: list[tuple[Pyramid, Matrix]], plane: Plane) -> float:
    """The mean agreement of the frame with the judges."""
    found = []
    for judge, motion in judges:
        view = warped(plane, plane.from_frame(start @ np.linalg.inv(motion)))
        comparison = compare(judge[0], view, view)
        if comparison is not None:
            found.append(comparison.agreement)
    return float(np.mean(found)) if found else -1.0


def _shift(template: Plane, moving: Plane, reach: int) -> Matrix | None:
    """The translation (3, 3) in plane pixels, up to `reach`, at which the directions of gradients agree most."""
    one, other = directions(template, template.lit), directions(moving, moving.lit)
    height, width = one.square.shape
    shape = height + reach, width + reach

    def transformed(picture: NDArray[np.floating]) -> NDArray[np.complex128]:
        return np.fft.rfft2(picture, shape)

    def sums(a: NDArray[np.complex128], b: NDArray[np.complex128]) -> NDArray[np.float64]:
        return np.fft.irfft2(np.conj(a) * b, shape)

    common = sums(transformed(one.x), transformed(other.x)) + sums(transformed(one.y), transformed(other.y))
    energies = [transformed(part.square) for part in (one, other)]
    known = [transformed(part.known) for part in (one, other)]
    first, second = sums(energies[0], known[1]), sums(known[0], energies[1])
    enough = np.minimum(first / max(first.max(), 1e-9), second / max(second.max(), 1e-9)) > MIN_OVERLAP
    offsets = np.arange(-reach, reach + 1)
    window = np.ix_(offsets % shape[0], offsets % shape[1])
    score = np.where(enough, common / np.sqrt(np.maximum(first * second, 1e-9)), -1)[window]
    y, x = np.unravel_index(int(np.argmax(score)), score.shape)
    if score[y, x] <= 0:
        return None
    return np.array([[1, 0, float(offsets[x])], [0, 1, float(offsets[y])], [0, 0, 1]])
