"""Sub-pixel registration of brightness, coarse to fine.

The correlation of two pictures is largest where the squared difference of their brightness is least, once one is mapped onto the
other (Evangelidis and Psarakis 2008). Here the mapping is the monotone transfer between the two exposures, read from their
histograms over the pixels that both hold (Grossberg and Nayar 2003). Residuals are weighted by the scatter at each brightness and
by Cauchy's function, so that noise, clipping and moving objects count little. The steps are inverse compositional (Baker and
Matthews 2004). The motion is a homography with a prior that keeps it near a shift and a rotation if the picture does not show
more. A camera that turns up or sideways tilts the picture about as much as it shifts it, or less (shift / f^2, with f in units of
half the picture).
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import cv2
import numpy as np
from numpy.typing import NDArray

from hdrkit.alignment.planes import ByteMask, Gray, Matrix, Plane, eroded, scaled, smooth

MAX_POINTS = 40_000
HISTOGRAM_POINTS = 60_000
SCATTER_POINTS = 10_000
CODES = 4096  # number of steps of brightness in the table of its transfer
LEVELS = 16
MIN_POINTS = 200
ITERATIONS = 30
CONVERGED_PX = 0.01
SMALL_PX = 0.5
SHRINKING = 0.95  # small steps whose ratio to the step before is larger are rounding noise
EFFECTIVE = 0.002  # neighbouring residuals are not independent: each counts as this share of a sample
PRIOR = np.array([0.2, 0.2, 0.1, 0.002, 0.001, 0.001, 0.003, 0.003])  # shift, turn, scale, aspect and shear, tilt
MAX_TILT = 0.02

Floats = NDArray[np.floating[Any]]


def register(template: list[Plane], moving: list[Plane], start: Matrix, moving_is_longer: bool) -> Matrix | None:
    """The motion (3, 3) in frame pixels that maps template to moving, from a start near it; pyramids coarsest first.

    The shorter exposure is always mapped onto the longer one, which may clip: a shorter exposure determines the longer one, but
    not the reverse. The result is None if too few pixels are lit in both.
    """
    if moving_is_longer:
        inverse = register(moving, template, np.linalg.inv(start), False)
        return None if inverse is None else scaled(np.linalg.inv(inverse))
    motion = start
    for fixed, moved in zip(template, moving, strict=True):
        refined = refine(fixed, moved, fixed.from_frame(motion))
        if refined is None and fixed is template[-1]:
            return None
        motion = motion if refined is None else fixed.to_frame(refined)
    return motion


def refine(template: Plane, moving: Plane, motion: Matrix) -> Matrix | None:
    """One level of `register`, in plane pixels. None if too few pixels are valid in both, or if the motion diverges."""
    points = _Points.of(template)
    if len(points.value) < MIN_POINTS:
        return None
    lit = eroded(moving.lit)
    codes = (moving.values * np.float32(CODES - 1)).astype(np.intp)  # other integers are converted at each look-up
    source = moving.values
    length = np.inf
    for i in range(ITERATIONS):
        if i % 6 == 0:
            transfer = _transfer(template, moving, motion)
            if transfer is None:
                return None
            source = smooth(transfer[codes])
        sampled, inside = _sample(source, lit, motion, points.xy)
        if inside.sum() < MIN_POINTS:
            return None
        residual = sampled[inside] - points.value[inside]
        step = _step(points.jacobian[inside], residual, points.level[inside], _parameters(points.normalised(motion)))
        motion = scaled(motion @ points.pixels(np.linalg.inv(_generator(step))))
        if not np.isfinite(motion).all():
            return None
        last, length = length, float(np.abs(step).sum()) * points.radius
        if length < CONVERGED_PX or (length < SMALL_PX and length > SHRINKING * last):
            break
    return motion


@dataclass(frozen=True)
class _Points:
    """The template pixels that determine the motion best, their brightness, and which of LEVELS equal shares of it they are in.

    The coordinates of the jacobian are in units of `radius` about `centre`.
    """

    xy: Floats
    value: Floats
    level: NDArray[np.int64]
    jacobian: Floats
    centre: tuple[float, float]
    radius: float

    @classmethod
    def of(cls, template: Plane) -> _Points:
        dx, dy = template.gradient
        strength = dx * dx + dy * dy
        strength[eroded(template.lit) == 0] = 0
        chosen = _strongest(strength)
        rows, cols = np.nonzero(chosen)
        width, height = template.size
        centre, radius = ((width - 1) / 2, (height - 1) / 2), max(width, height) / 2
        x, y = (cols - centre[0]) / radius, (rows - centre[1]) / radius
        one, zero = np.ones_like(x), np.zeros_like(x)
        along_x = np.stack([one, zero, -y, x, x, y, x * x, x * y], 1)
        along_y = np.stack([zero, one, x, y, -y, x, x * y, y * y], 1)
        jacobian = (dx[chosen][:, None] * along_x + dy[chosen][:, None] * along_y) * radius
        value = template.smoothed[chosen].astype(float)
        level = np.searchsorted(np.sort(value)[:: max(1, -(-len(value) // LEVELS))], value, side="right") - 1
        return cls(np.stack([cols, rows], 1).astype(float), value, level, jacobian, centre, radius)

    def normalised(self, motion: Matrix) -> Matrix:
        """A motion in pixels, converted to the units of the points."""
        frame = self._frame()
        return scaled(np.linalg.inv(frame) @ motion @ frame)

    def pixels(self, motion: Matrix) -> Matrix:
        """The inverse of `normalised`."""
        frame = self._frame()
        return frame @ motion @ np.linalg.inv(frame)

    def _frame(self) -> Matrix:
        return np.array([[self.radius, 0, self.centre[0]], [0, self.radius, self.centre[1]], [0, 0, 1]])


def _strongest(strength: Gray) -> NDArray[np.bool_]:
    """Up to MAX_POINTS pixels of strong gradient, spread over a grid so that every corner of the picture is represented."""
    if int((strength > 0).sum()) <= MAX_POINTS:
        return strength > 0
    height, width = strength.shape
    chosen = np.zeros(strength.shape, bool)
    rows, cols = (np.linspace(0, n, 9).astype(int) for n in (height, width))
    quota = MAX_POINTS // 64
    for top, bottom in zip(rows[:-1], rows[1:], strict=True):
        for left, right in zip(cols[:-1], cols[1:], strict=True):
            tile = strength[top:bottom, left:right]
            limit = np.partition(tile, -quota, axis=None)[-quota] if tile.size > quota else 0
            chosen[top:bottom, left:right] = (tile >= limit) & (tile > 0)
    return chosen


def _sample(picture: Gray, mask: ByteMask, motion: Matrix, xy: Floats) -> tuple[Floats, NDArray[np.bool_]]:
    """The moving picture at the positions of template points (N, 2), and whether these are pixels of the mask."""
    landed = cv2.perspectiveTransform(xy[:, None, :], motion)[:, 0, :].astype(np.float32)
    rows = -(-len(landed) // 1000)
    padded = np.full((rows * 1000, 2), -1e4, np.float32)
    padded[: len(landed)] = landed
    grid, no_map = padded.reshape(rows, 1000, 2), np.empty(0, np.float32)
    sampled = cv2.remap(picture, grid, no_map, cv2.INTER_CUBIC, borderMode=cv2.BORDER_REPLICATE)
    inside = cv2.remap(mask, grid, no_map, cv2.INTER_NEAREST, borderMode=cv2.BORDER_CONSTANT)
    return sampled.ravel()[: len(landed)].astype(float), inside.ravel()[: len(landed)] > 0


def _transfer(template: Plane, moving: Plane, motion: Matrix) -> Gray | None:
    """Brightness in the exposure of the template for each of CODES in the moving picture: equal quantiles of common pixels."""
    width, height = template.size
    apart = max(1, round((width * height / HISTOGRAM_POINTS) ** 0.5))
    rows, cols = np.nonzero(template.lit[::apart, ::apart])
    rows, cols = rows * apart, cols * apart
    sampled, inside = _sample(moving.values, moving.lit, motion, np.stack([cols, rows], 1).astype(float))
    if inside.sum() * apart**2 < MIN_POINTS:
        return None
    shares = np.linspace(0, 1, 129)
    codes, first = np.unique(np.quantile(sampled[inside], shares), return_index=True)
    shown = np.quantile(template.values[rows[inside], cols[inside]], shares)[first]
    return np.asarray(np.interp(np.linspace(0, 1, CODES), codes, shown), np.float32)


def _step(jacobian: Floats, residual: Floats, level: NDArray[np.int64], parameters: Floats) -> Floats:
    """The Gauss-Newton step of the motion parameters, with scatter by brightness, robust weights and the prior."""
    spread = _scatter(residual, level)
    weight = 1 / (spread**2 * (1 + (residual / (2.385 * spread)) ** 2))
    weighted = jacobian * weight[:, None]
    expected = PRIOR.copy()
    expected[6:] = np.minimum(expected[6:] + np.abs(parameters[:2]), MAX_TILT)
    prior = 1 / expected**2
    normal = EFFECTIVE * (weighted.T @ jacobian) + np.diag(prior)
    return np.asarray(np.linalg.solve(normal, EFFECTIVE * (weighted.T @ residual) + prior * parameters))


def _scatter(residual: Floats, level: NDArray[np.int64]) -> Floats:
    """Robust standard deviation of the residuals at each brightness."""
    few = slice(None, None, 1 + len(residual) // SCATTER_POINTS)
    size, at = np.abs(residual[few]), level[few]
    overall = 1.4826 * _median(size)
    found = np.full(LEVELS, overall)
    for i in range(LEVELS):
        members = size[at == i]
        if len(members) >= 20:
            found[i] = 1.4826 * _median(members)
    return np.asarray(np.maximum(found, max(0.25 * overall, 1e-4))[level])


def _median(values: Floats) -> float:
    """The median; of two middle values, the upper one."""
    middle = len(values) // 2
    return float(np.partition(values, middle)[middle])


def _generator(parameters: Floats) -> Matrix:
    x, y, turn, scale, aspect, shear, tilt_x, tilt_y = parameters
    return np.array([[1 + scale + aspect, shear - turn, x], [shear + turn, 1 + scale - aspect, y], [-tilt_x, -tilt_y, 1]])


def _parameters(matrix: Matrix) -> Floats:
    """Shift, turn, scale, aspect, shear and tilt of a motion. The prior thus does not confuse a turn with a change of scale."""
    turn = np.arctan2(matrix[1, 0] - matrix[0, 1], matrix[0, 0] + matrix[1, 1])
    back = np.array([[np.cos(turn), np.sin(turn)], [-np.sin(turn), np.cos(turn)]])
    (a, b), (c, d) = back @ matrix[:2, :2]
    x, y, tilt_x, tilt_y = matrix[0, 2], matrix[1, 2], -matrix[2, 0], -matrix[2, 1]
    return np.array([x, y, turn, (a + d) / 2 - 1, (a - d) / 2, (b + c) / 2, tilt_x, tilt_y])
