"""The position of a cell of one photograph in another: a shift, or shift, turn and stretch for cameras held by hand.

A displacement is a (2, 3) array: rows y and x, columns the shift of the middle and its change over half the picture
downwards and to the right, all in cells of the fine grid.
"""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

from hdrkit.imaging.compiled import compiled
from hdrkit.imaging.peaks import vertex

_TILES, _SEARCH = 6, 2  # tiles a side, and cells of the middle grid that each may move beyond the common shift
_TILE_DOUBT, _TILE_COST, _CHANCE = 2.5, 0.01, 0.25
_STIFFNESS = 20.0  # cells of agreement that hold a displacement to a pure shift
_ROBUST_CELLS2 = 0.5  # squared misfit of a tile that halves its weight
_LEAST_LENGTH = 40.0  # of an interpolated gradient, of 127: shorter, its neighbours contradict each other
_vertex = compiled(vertex)


@compiled
def shifted(dy: float, dx: float) -> NDArray[np.float64]:
    """A pure shift as a displacement."""
    moved = np.zeros((2, 3))
    moved[0, 0] = dy
    moved[1, 0] = dx
    return moved


@compiled
def displaced(moved: NDArray[np.float64], y: int, x: int, size: int) -> tuple[float, float]:
    """The position in the second photograph of cell (y, x) of the first."""
    half = size / 2
    v, u = (y + 0.5) / half - 1, (x + 0.5) / half - 1
    return (y + moved[0, 0] + moved[0, 1] * v + moved[0, 2] * u, x + moved[1, 0] + moved[1, 1] * v + moved[1, 2] * u)


@compiled
def refine(a: NDArray[np.int8], b: NDArray[np.int8], dy: int, dx: int) -> NDArray[np.float64]:
    """A robust displacement by tiles that each find their own shift near (dy, dx).

    It stays close to a pure shift if few cells agree. `a`, `b` are gradients on the middle grid; (dy, dx) and the result are in
    cells of the fine grid.
    """
    tiles = _tile_shifts(a, b, round(dy / 2), round(dx / 2))
    moved = shifted(float(dy), float(dx))
    weights = tiles[:, 4].copy()
    for _ in range(4):
        normal = np.zeros((3, 3))
        right = np.zeros((3, 2))
        normal[0, 0], normal[1, 1], normal[2, 2] = 0.1 * _STIFFNESS, _STIFFNESS, _STIFFNESS
        for k in range(len(tiles)):
            at = np.array([1.0, tiles[k, 0], tiles[k, 1]])
            for i in range(3):
                for j in range(3):
                    normal[i, j] += weights[k] * at[i] * at[j]
                right[i, 0] += weights[k] * at[i] * (tiles[k, 2] - dy)
                right[i, 1] += weights[k] * at[i] * (tiles[k, 3] - dx)
        solved = np.linalg.solve(normal, right)
        for i in range(3):
            moved[0, i], moved[1, i] = solved[i, 0], solved[i, 1]
        moved[0, 0] += dy
        moved[1, 0] += dx
        for k in range(len(tiles)):
            miss_y = moved[0, 0] + moved[0, 1] * tiles[k, 0] + moved[0, 2] * tiles[k, 1] - tiles[k, 2]
            miss_x = moved[1, 0] + moved[1, 1] * tiles[k, 0] + moved[1, 2] * tiles[k, 1] - tiles[k, 3]
            weights[k] = tiles[k, 4] / (1 + (miss_y**2 + miss_x**2) / _ROBUST_CELLS2)
    return moved


@compiled
def _tile_shifts(a: NDArray[np.int8], b: NDArray[np.int8], dy: int, dx: int) -> NDArray[np.float64]:
    """For each tile: its middle (y, x in -1..1), its shift (y, x) in cells of the fine grid, and its weight."""
    size = a.shape[1]
    found = np.zeros((_TILES * _TILES, 5))
    scores = np.zeros((2 * _SEARCH + 1, 2 * _SEARCH + 1))
    for i in range(_TILES):
        for j in range(_TILES):
            top, bottom = i * size // _TILES, (i + 1) * size // _TILES
            left, right = j * size // _TILES, (j + 1) * size // _TILES
            best, y, x, support = -9.0, 0, 0, 0
            for v in range(-_SEARCH, _SEARCH + 1):
                for u in range(-_SEARCH, _SEARCH + 1):
                    products, cells = _tile_agreement(a, b, top, bottom, left, right, dy + v, dx + u)
                    scores[v + _SEARCH, u + _SEARCH] = products / (cells + _TILE_DOUBT)
                    score = scores[v + _SEARCH, u + _SEARCH] - _TILE_COST * np.hypot(v, u)
                    if score > best:
                        best, y, x, support = score, v, u, cells
            tile = found[i * _TILES + j]
            tile[0], tile[1] = (top + bottom) / size - 1, (left + right) / size - 1
            if abs(y) < _SEARCH and abs(x) < _SEARCH:
                at_y, at_x = y + _SEARCH, x + _SEARCH
                tile[2] = 2 * (dy + y + _peak(scores[at_y - 1, at_x], scores[at_y, at_x], scores[at_y + 1, at_x]))
                tile[3] = 2 * (dx + x + _peak(scores[at_y, at_x - 1], scores[at_y, at_x], scores[at_y, at_x + 1]))
                tile[4] = 4 * support * max(0.0, best - _CHANCE)
    return found


@compiled
def _tile_agreement(
    a: NDArray[np.int8], b: NDArray[np.int8], top: int, bottom: int, left: int, right: int, dy: int, dx: int
) -> tuple[float, int]:
    """As `similarity.agreement`, over the cells of one tile of `a`."""
    size = a.shape[1]
    left, right = max(left, -dx), min(right, size - dx)
    products: Any = np.int32(0)
    cells: Any = np.int32(0)
    for y in range(max(top, -dy), min(bottom, size - dy)):
        for x in range(left, right):
            ax, ay, bx, by = a[0, y, x], a[1, y, x], b[0, y + dy, x + dx], b[1, y + dy, x + dx]
            products += np.int32(np.int16(ax) * np.int16(bx)) + np.int32(np.int16(ay) * np.int16(by))
            cells += np.int32(((ax | ay) != 0) & ((bx | by) != 0))
    return products / 16129.0, cells


@compiled
def _peak(before: float, at: float, after: float) -> float:
    """Where between -0.5 and 0.5 the parabola through three scores has its top."""
    return min(0.5, max(-0.5, _vertex(before, at, after, 1e-6)))


@compiled
def displaced_agreement(
    a: NDArray[np.int8], b: NDArray[np.int8], moved: NDArray[np.float64]
) -> tuple[float, float, float, float]:
    """Agreement of unit gradients under a displacement, and agreement beyond a common direction.

    Returns the sum of products, the number of cells; then the same with the mean direction of either photograph taken
    out, sum and effective number. A dark floor under a white wall points one way everywhere and agrees with any other.
    """
    size = a.shape[1]
    products = cells = 0.0
    ax_sum = ay_sum = bx_sum = by_sum = 0.0
    for y in range(size):
        for x in range(size):
            if a[0, y, x] == 0 and a[1, y, x] == 0:
                continue
            fy, fx = displaced(moved, y, x, size)
            top, left = int(np.floor(fy)), int(np.floor(fx))
            if top < 0 or left < 0 or top >= size - 1 or left >= size - 1:
                continue
            v, u = fy - top, fx - left
            bx = (1 - v) * ((1 - u) * b[0, top, left] + u * b[0, top, left + 1])
            bx += v * ((1 - u) * b[0, top + 1, left] + u * b[0, top + 1, left + 1])
            by = (1 - v) * ((1 - u) * b[1, top, left] + u * b[1, top, left + 1])
            by += v * ((1 - u) * b[1, top + 1, left] + u * b[1, top + 1, left + 1])
            length = np.sqrt(bx * bx + by * by)
            if length < _LEAST_LENGTH:
                continue
            ax, ay = a[0, y, x] / 127.0, a[1, y, x] / 127.0
            bx, by = bx / length, by / length
            products += ax * bx + ay * by
            cells += 1
            ax_sum += ax
            ay_sum += ay
            bx_sum += bx
            by_sum += by
    if cells == 0:
        return 0.0, 0.0, 0.0, 0.0
    free_a = max(cells - (ax_sum**2 + ay_sum**2) / cells, 0.0)
    free_b = max(cells - (bx_sum**2 + by_sum**2) / cells, 0.0)
    return products, cells, products - (ax_sum * bx_sum + ay_sum * by_sum) / cells, np.sqrt(free_a * free_b)
