"""Tests whether regions of two planes show different things, and not only another brightness or colour of the same things.

Cameras do not treat all exposures alike: saturated colours, light beside lamps, sharpened edges and dusk differ from frame to
frame by more than any noise. Such errors follow the picture. Something that moved does not: its outline is in one frame only.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from hdrkit.merging.blocks import FramePlane

_UNLIKE = 0.075  # ln: standard deviation of the difference, times its share of the structure, above which something moved
_VISIBLE = 0.12  # ln: standard deviation of the difference below which a double is hardly visible
_CROSS_TALK = 0.06  # error of a channel from the colour processing of cameras, as a share of the brightest channel


def unlike(labels: NDArray[np.int32], count: int, one: FramePlane, anchor: FramePlane) -> NDArray[np.bool_]:
    """The regions that show different structure in two planes, (count,).

    `labels` (h, w) numbers the regions, which include some of what is around them. The variance of the difference of ln radiance
    within a region is compared with the sum of the variances in both planes: they are equal for unrelated things. Clipped blocks
    agree with all that is above their bound.
    """
    higher = np.maximum(one.radiance, anchor.radiance)
    soft = np.sqrt(one.doubt + anchor.doubt) + np.float32(_CROSS_TALK) * higher.max(axis=2, keepdims=True)
    within = np.flatnonzero(labels)
    x, a = (
        np.log((np.where(plane.bounded, higher, plane.radiance) + soft).reshape(labels.size, -1)[within].astype(float))
        for plane in (one, anchor)
    )
    known = (one.known & anchor.known & (one.measured | anchor.measured)).reshape(labels.size, -1)[within]
    difference, structure, blocks = np.zeros((3, count))
    for c in range(x.shape[1]):
        at = np.where(known[:, c], labels.ravel()[within], 0)
        n = np.bincount(at, minlength=count)
        blocks += n
        for values, total in ((x[:, c] - a[:, c], difference), (x[:, c], structure), (a[:, c], structure)):
            sums, squares = (np.bincount(at, weights=power, minlength=count) for power in (values, values**2))
            total += np.maximum(squares - sums**2 / np.maximum(n, 1), 0)
    spread = np.sqrt(difference / np.maximum(blocks, 1))
    return (spread * difference > _UNLIKE * structure) & (spread > _VISIBLE)
