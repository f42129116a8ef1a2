"""How well two exposures agree where they lie: the correlation of their gradients' directions, tile by tile.

Exposure changes how strong a gradient is, hardly its direction, so unit gradients compare across exposures without
knowing the response. Gradients near the noise are shrunk, pixels clipped or black in either picture are left out.
None of this enters the estimators: it is the second opinion on their results.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from hdrkit.alignment.planes import Matrix, Plane, eroded, gradient, warped

TILES = 8
MIN_PIXELS = 400
MIN_TILES = 5
RELATED = 0.2  # agreement that pictures of different things do not reach
MIN_GAIN = 0.002  # ten times what interpolation alone changes in sets that did not move
MAX_WORSE = 0.25  # share of the picture that may agree less
MIN_BEND = 0.02  # of the parabola: flatter ones have no peak

Floats = NDArray[np.float64]
Field = NDArray[np.float32]
Mask = NDArray[np.bool_]


@dataclass(frozen=True)
class Comparison:
    """Agreement in -1..1 of each tile under two motions, and how much each tile has to say (its weight)."""

    before: Floats
    after: Floats
    weight: Floats

    @property
    def related(self) -> bool:
        """Whether the pictures show the same thing under either motion."""
        return max(self._mean(self.before), self._mean(self.after)) >= RELATED

    @property
    def gain(self) -> float:
        """How much better `after` agrees than `before`."""
        return self._mean(self.after - self.before)

    @property
    def improved(self) -> bool:
        """Whether `after` agrees better by more than noise does, and hardly any part of the picture agrees less."""
        worse = self._mean((self.after < self.before - 0.01).astype(np.float64))
        return self.related and self.gain > MIN_GAIN and worse < MAX_WORSE

    def _mean(self, tiles: Floats) -> float:
        return float(np.average(tiles, weights=self.weight))


def compare(template: Plane, moving: Plane, before: Matrix, after: Matrix) -> Comparison | None:
    """Agreement under two motions (3, 3, in plane pixels) over the pixels valid under both; None where these are too few."""
    placed = [warped(moving, motion) for motion in (before, after)]
    valid = eroded(template.valid & placed[0].valid & placed[1].valid)
    if valid.sum() < MIN_PIXELS:
        return None
    fixed = _directions(template, valid)
    scores = [_agreement(fixed, _directions(picture, valid)) for picture in placed]
    return Comparison(scores[0], scores[1], _energy(fixed) + 1e-9)


def residual_px(template: Plane, placed: Plane) -> float | None:
    """The displacement left between two aligned planes, in plane pixels: weighted median over tiles.

    Each tile's displacement is the peak of the parabola through its agreement at shifts of -1, 0 and 1 pixel. None where
    too few tiles have a peak.
    """
    masks = eroded(template.valid), eroded(placed.valid)
    if (masks[0] & masks[1]).sum() < MIN_PIXELS:
        return None
    fixed, moved = _directions(template, masks[0]), _directions(placed, masks[1])
    here = _agreement(fixed, moved)
    offsets = []
    for axis in (1, 2):
        minus, plus = (_agreement(fixed, np.roll(moved, -step, axis)) for step in (-1, 1))
        bend = np.minimum(minus - 2 * here + plus, -MIN_BEND)
        offsets.append((minus - plus) / (2 * bend))
    distance = np.hypot(*offsets)
    usable = (here > RELATED) & (distance < 1)
    if usable.sum() < MIN_TILES:
        return None
    order = np.argsort(distance[usable])
    share = np.cumsum(_energy(fixed)[usable][order])
    return float(distance[usable][order][np.searchsorted(share, share[-1] / 2)])


def _directions(plane: Plane, valid: Mask) -> Field:
    """Unit gradients (2, h, w), shrunk towards zero where they are weaker than the median; zero where not valid."""
    x, y = gradient(plane)
    strength = np.hypot(x, y)
    floor = max(float(np.median(strength[valid][:: 1 + int(valid.sum()) // 50_000])), 1e-4)
    scale = valid / (strength + np.float32(floor))
    return np.stack([x * scale, y * scale]).astype(np.float32)


def _agreement(fixed: Field, moved: Field) -> Floats:
    """Correlation of two fields in each tile, over the pixels where both are known."""
    squares = fixed[0] ** 2 + fixed[1] ** 2, moved[0] ** 2 + moved[1] ** 2
    norm = _tiled(squares[0] * (squares[1] > 0)) * _tiled(squares[1] * (squares[0] > 0))
    return _tiled(fixed[0] * moved[0] + fixed[1] * moved[1]) / np.sqrt(np.maximum(norm, 1e-9))


def _energy(field: Field) -> Floats:
    return _tiled(field[0] ** 2 + field[1] ** 2)


def _tiled(picture: Field) -> Floats:
    """Sums of a picture over TILES x TILES tiles."""
    height, width = picture.shape
    rows, columns = (np.linspace(0, n, min(TILES, n), endpoint=False).astype(int) for n in (height, width))
    tiles: Floats = np.add.reduceat(np.add.reduceat(picture, rows, axis=0).astype(np.float64), columns, axis=1)
    return tiles.ravel()
