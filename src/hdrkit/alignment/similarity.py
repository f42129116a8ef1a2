"""The agreement of two exposures at a given alignment: the correlation of the directions of their gradients, tile by tile.

Exposure changes the strength of a gradient, but hardly its direction, so unit gradients compare across exposures without the
response. Clipping removes gradients and turns none, so the edges of white areas count, too. Gradients near the noise are reduced,
and pixels that are black in either picture are left out. The estimators use none of this, so it is an independent check of their
results.
"""

from __future__ import annotations

from dataclasses import dataclass
from itertools import pairwise

import cv2
import numpy as np
from numpy.typing import NDArray

from hdrkit.alignment.planes import ByteMask, Gray, View, eroded
from hdrkit.imaging.peaks import vertices

TILES = 8
MIN_PIXELS = 400
MIN_TILES = 5
RELATED = 0.2  # agreement that pictures of different objects do not reach
MIN_GAIN = 0.002  # ten times the change that interpolation alone makes in sets without motion
MAX_WORSE = 0.25  # largest share of the picture that may agree less
NOISE = 2.0  # median gradients; weaker ones hardly count: in a dark picture the median is noise
_STRIP = 32  # rows at a time, which stay in the cache
MIN_BEND = 0.02  # curvature of the parabola: flatter ones have no peak

Floats = NDArray[np.float64]


@dataclass(frozen=True)
class Comparison:
    """Agreement in -1..1 of each tile under two motions, and the weight of each tile."""

    before: Floats
    after: Floats
    weight: Floats

    @property
    def related(self) -> bool:
        """Whether the pictures show the same view under either motion."""
        return max(self._mean(self.before), self._mean(self.after)) >= RELATED

    @property
    def agreement(self) -> float:
        """The agreement after the motion."""
        return self._mean(self.after)

    @property
    def gain(self) -> float:
        """The gain of agreement from `before` to `after`."""
        return self._mean(self.after - self.before)

    @property
    def improved(self) -> bool:
        """Whether `after` agrees better by more than noise, with hardly any part of the picture that agrees less."""
        worse = self._mean((self.after < self.before - 0.01).astype(np.float64))
        return self.related and self.gain > MIN_GAIN and worse < MAX_WORSE

    def _mean(self, tiles: Floats) -> float:
        return float(np.average(tiles, weights=self.weight))


def compare(template: View, before: View, after: View) -> Comparison | None:
    """Agreement with two views of one frame, over the pixels lit in all three. None if these are too few."""
    lit = eroded(template.lit & before.lit & after.lit)
    if cv2.countNonZero(lit) < MIN_PIXELS:
        return None
    fixed = directions(template, lit)
    score, norm = _agreement(fixed, directions(after, lit))
    if before is after:
        return Comparison(score, score, norm + 1e-9)
    score_before, norm_before = _agreement(fixed, directions(before, lit))
    return Comparison(score_before, score, np.minimum(norm_before, norm) + 1e-9)


def residual_px(template: View, placed: View) -> float | None:
    """The displacement that remains between two aligned views, in their pixels: weighted median over tiles.

    The displacement of a tile is the peak of the parabola through its agreement at shifts of -1, 0 and 1 pixel. The result is
    None if too few tiles have a peak. Clipped pixels do not count here, because the edge of a white area shows on one side only.
    """
    masks = eroded(template.valid), eroded(placed.valid)
    if cv2.countNonZero(masks[0] & masks[1]) < MIN_PIXELS:
        return None
    fixed, moved = directions(template, masks[0]), directions(placed, masks[1])
    here, weight = _agreement(fixed.inner(), moved.inner())
    offsets = []
    for x, y in ((1, 0), (0, 1)):
        minus, plus = (_agreement(fixed.inner(), moved.inner(sign * x, sign * y))[0] for sign in (-1, 1))
        offsets.append(vertices(minus, here, plus, MIN_BEND))
    distance = np.hypot(*offsets)
    usable = (here > RELATED) & (distance < 1)
    if usable.sum() < MIN_TILES:
        return None
    order = np.argsort(distance[usable])
    share = np.cumsum(weight[usable][order])
    return float(distance[usable][order][np.searchsorted(share, share[-1] / 2)])


@dataclass(frozen=True)
class Directions:
    """Unit gradients along x and along y, reduced where they are weak, and zero where unknown; their square; 1 where known."""

    x: Gray
    y: Gray
    square: Gray
    known: Gray

    def strip(self, top: int, end: int) -> Directions:
        """The rows `top` to `end`."""
        return Directions(self.x[top:end], self.y[top:end], self.square[top:end], self.known[top:end])

    def inner(self, x: int = 0, y: int = 0) -> Directions:
        """All pixels but the outermost, or those that lie x to the right of these and y below."""
        height, width = self.square.shape
        here = slice(1 + y, height - 1 + y), slice(1 + x, width - 1 + x)
        return Directions(self.x[here], self.y[here], self.square[here], self.known[here])


def directions(view: View, mask: ByteMask) -> Directions:
    """The directions of the gradients of a view, zero outside the mask."""
    gradient = view.gradient
    apart = max(1, round((mask.size / 50_000) ** 0.5))
    x, y = (along[::apart, ::apart] for along in gradient)
    sample = np.sqrt(x * x + y * y)[mask[::apart, ::apart] > 0]
    floor = np.float32((NOISE * max(float(np.median(sample)) if sample.size else 0.0, 1e-4)) ** 2)
    found = Directions(*(np.empty(mask.shape, np.float32) for _ in range(4)))
    for top in range(0, len(mask), _STRIP):  # strips stay in the cache
        here = slice(top, top + _STRIP)
        x, y = (along[here] for along in gradient)
        square = found.square[here]
        np.multiply(x, x, out=square)
        square += y * y
        scale = np.sqrt(square)  # OpenCV's magnitude depends on where arrays lie in memory
        scale /= square + floor
        scale *= mask[here] > 0
        np.multiply(x, scale, out=found.x[here])
        np.multiply(y, scale, out=found.y[here])
        square *= scale
        square *= scale
        np.greater(square, 0, out=found.known[here], casting="unsafe")
    return found


def _agreement(fixed: Directions, moved: Directions) -> tuple[Floats, Floats]:
    """Correlation of two fields in each tile, over the pixels where both are known, and its weight."""
    height, width = fixed.square.shape
    rows, columns = (np.linspace(0, n, min(TILES, n) + 1).astype(int) for n in (height, width))
    sums = []
    for top, end in pairwise(rows):
        tile = np.zeros((3, width))
        for start in range(top, end, _STRIP):
            one, other = (directions.strip(start, min(start + _STRIP, end)) for directions in (fixed, moved))
            common = one.x * other.x
            common += one.y * other.y
            pictures = common, one.square * other.known, other.square * one.known
            for total, picture in zip(tile, pictures, strict=True):
                total += cv2.reduce(picture, 0, cv2.REDUCE_SUM, dtype=cv2.CV_64F)[0]
        sums.append(tile)
    tiles = np.add.reduceat(np.array(sums), columns[:-1], axis=2)
    common, energy, other_energy = tiles.swapaxes(0, 1).reshape(3, -1)
    norm = np.sqrt(np.maximum(energy * other_energy, 1e-9))
    return common / norm, norm
