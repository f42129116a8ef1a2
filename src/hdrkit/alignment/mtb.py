"""Whole-pixel shifts from median threshold bitmaps (Ward 2003), searched exhaustively at a small size.

A pixel brighter than the median of its picture is so at any exposure, so the bitmaps of two exposures agree where they are
aligned. Pixels near the threshold are left out, because noise decides them. At the coarsest useful size, Fourier transforms try
all shifts at once; each finer size then moves by at most one pixel.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from hdrkit.alignment.planes import Matrix, Plane

SEARCH_PX = 384
MARGIN = 0.015  # share of the range about the threshold in which noise decides
MIN_OVERLAP = 0.5
SHORTER = 0.01  # bonus of no shift over the longest: in a repeating pattern, the nearest match is the right one

Bits = NDArray[np.float32]
Sums = NDArray[np.float64]


def shift(template: list[Plane], moving: list[Plane], max_shift: float) -> Matrix | None:
    """The translation (3, 3) in frame pixels that maps template to moving; pyramids coarsest first.

    `max_shift` is a share of the longest side; the result is in whole pixels of the last plane. It is None if the pictures have
    too few valid pixels in common.
    """
    found: tuple[int, int] | None = None
    for i, (fixed, moved) in enumerate(zip(template, moving, strict=True)):
        if i + 1 < len(template) and max(template[i + 1].size) <= SEARCH_PX:
            continue
        bitmaps = _bitmaps(fixed, moved)
        if bitmaps is None:
            return None
        if found is None:
            found = _search(*bitmaps, reach=max(1, round(max_shift * max(fixed.size))))
        else:
            found = _climb(*bitmaps, near=(2 * found[0], 2 * found[1]))
    if found is None:
        return None
    x, y = template[-1].scale
    return np.array([[1, 0, found[0] / x], [0, 1, found[1] / y], [0, 0, 1]])


def _bitmaps(template: Plane, moving: Plane) -> tuple[Bits, Bits] | None:
    """Both pictures as +1 above, -1 below and 0 near the median of the pixels that are valid in both."""
    both = template.valid & moving.valid
    if both.sum() < 100:
        return None
    sample = np.flatnonzero(both)[:: 1 + int(both.sum()) // 50_000]
    bits = []
    for plane in (template, moving):
        median = np.median(plane.values.flat[sample])
        difference = plane.values - median
        margin = min(MARGIN, 0.25 * float(np.median(np.abs(difference.flat[sample]))))
        bits.append(np.where(np.abs(difference) <= margin, 0, np.sign(difference)).astype(np.float32))
    return bits[0], bits[1]


def _search(template: Bits, moving: Bits, reach: int) -> tuple[int, int]:
    """The shift (x, y) within reach at which the bitmaps agree most."""
    height, width = template.shape
    shape = height + reach, width + reach
    fixed, fixed_known, moved, moved_known = (
        np.fft.rfft2(image, shape) for image in (template, np.abs(template), moving, np.abs(moving))
    )

    def sums(a: NDArray[np.complex128], b: NDArray[np.complex128]) -> NDArray[np.float64]:
        return np.fft.irfft2(np.conj(a) * b, shape)

    known = sums(fixed_known, moved_known)
    score = _phi(sums(fixed, moved), sums(fixed, moved_known), sums(fixed_known, moved), known)
    score[known < MIN_OVERLAP * known.max()] = -1
    offsets = np.arange(-reach, reach + 1)
    length = np.hypot(offsets[:, None], offsets) / reach
    window = score[np.ix_(offsets % shape[0], offsets % shape[1])] - SHORTER * length
    y, x = np.unravel_index(int(np.argmax(window)), window.shape)
    return int(offsets[x]), int(offsets[y])


def _climb(template: Bits, moving: Bits, near: tuple[int, int]) -> tuple[int, int]:
    """The best of `near` and the eight shifts about it."""
    candidates = [(near[0] + x, near[1] + y) for y in (-1, 0, 1) for x in (-1, 0, 1)]
    return max(candidates, key=lambda candidate: _agreement(template, moving, candidate))


def _agreement(template: Bits, moving: Bits, at: tuple[int, int]) -> float:
    (height, width), (x, y) = template.shape, at
    fixed = template[max(0, -y) : height - max(0, y), max(0, -x) : width - max(0, x)]
    moved = moving[max(0, y) : height + min(0, y), max(0, x) : width + min(0, x)]
    known = np.abs(fixed * moved)
    sums = (np.array([picture.sum(dtype=np.float64)]) for picture in (fixed * moved, fixed * known, moved * known, known))
    return float(_phi(*sums)[0])


def _phi(both: Sums, template: Sums, moving: Sums, known: Sums) -> Sums:
    """Correlation of two bitmaps of +1 and -1, from the sums of their product, of each, and of the pixels valid in both."""
    count = np.maximum(known, 1.0)
    both, template, moving = both / count, template / count, moving / count
    spread = np.maximum((1 - template**2) * (1 - moving**2), 1e-4)
    return (both - template * moving) / np.sqrt(spread)
