"""Descriptors of photographs for comparison: directions of gradients on small grids. Exposure does not change them.

A unit gradient vector says where a picture gets brighter, not by how much, so two exposures of one view agree wherever both
recorded something (normalised gradient fields: Haber and Modersitzki 2006). Cells that are clipped, or too flat to
have a direction, are left out.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, fields
from enum import IntEnum
from typing import Any

import cv2
import numpy as np
from numpy.typing import NDArray

VERSION = 2  # of what is computed here; descriptors kept from another version are not used
GRID = 128  # cells a side that photographs are squashed to
UNIT = 127  # length of a unit gradient as stored
FRACTIONS = 256  # steps of a code in `luminance`
LEAST_CONTENT = 200  # fewest cells with a direction that a comparison needs

_DARK, _BRIGHT = 2, 252  # a pixel whose largest channel is beyond these is clipped
_BLUR = 0.8  # cells; single noisy cells would turn the directions
_LEAST_GRADIENT = 0.25  # codes a cell; below, direction is noise and rounding
_COHERENT = 0.3  # length of the mean of unit vectors below which they have no common direction
_SIGNATURE_CELLS, _RANK_GRID = 8, 24
_TINY = np.float32(1e-6)

Planes = NDArray[np.float32]


class CellState(IntEnum):
    """What a cell holds: a measurement, no light, more than fits in all channels, or in some."""

    MEASURED = 0
    DARK = 1
    WHITE = 2
    PARTLY_CLIPPED = 3


@dataclass(frozen=True)
class Cells:
    """A photograph on the grid: `luminance` float32 (128, 128), the mean code of pixels and channels, and `state` uint8."""

    luminance: NDArray[np.float32]
    state: NDArray[np.uint8]


@dataclass(frozen=True)
class Descriptors:
    """The descriptors of N photographs, one row each.

    `luminance` uint16 (N, 128, 128): blurred mean code times 256. `state` uint8 (N, 128, 128), values of `CellState`.
    `fine`, `middle` and `coarse` int8 (N, 2, S, S), S = 128, 64 and 32: x and y of the unit gradient times 127, both 0
    where it cannot be trusted. `content` int32 (N,): cells of the fine grid that have a direction. `signature` float16
    (N, 1088): rows of length 1, 0 without content, whose products nominate pairs for comparison.
    """

    luminance: NDArray[np.uint16]
    state: NDArray[np.uint8]
    fine: NDArray[np.int8]
    middle: NDArray[np.int8]
    coarse: NDArray[np.int8]
    content: NDArray[np.int32]
    signature: NDArray[np.float16]

    def take(self, rows: NDArray[np.integer[Any]]) -> Descriptors:
        """The descriptors of some photographs, in the order of `rows`."""
        return Descriptors.of_arrays(lambda name: getattr(self, name)[rows])

    @staticmethod
    def of_arrays(array: Callable[[str], NDArray[Any]]) -> Descriptors:
        """Descriptors from a function that gives each array, or what can be indexed like it, by its name."""
        return Descriptors(**{field.name: array(field.name) for field in fields(Descriptors)})

    def arrays(self) -> dict[str, NDArray[np.generic]]:
        """The arrays by name, each with one row a photograph."""
        return {field.name: getattr(self, field.name) for field in fields(self)}


def cells_of(preview: NDArray[np.uint8]) -> Cells:
    """A preview (H, W, 3) of any size and shape on the grid."""
    red, green, blue = cv2.split(preview)
    brightest, darkest = cv2.max(cv2.max(red, green), blue), cv2.min(cv2.min(red, green), blue)
    mean = cv2.addWeighted(cv2.add(red, green, dtype=cv2.CV_32F), 1 / 3, blue, 1 / 3, 0, dtype=cv2.CV_32F)
    dark, bright, white = brightest <= _DARK, brightest >= _BRIGHT, darkest >= _BRIGHT
    light = _on_grid(mean)
    dark_share, clipped_share, white_share = (_on_grid(plane.astype(np.float32)) for plane in (dark, dark | bright, white))
    state = np.full((GRID, GRID), CellState.MEASURED, np.uint8)
    state[clipped_share >= 0.5] = CellState.PARTLY_CLIPPED
    state[dark_share >= 0.5] = CellState.DARK
    state[white_share >= 0.5] = CellState.WHITE
    return Cells(np.asarray(cv2.GaussianBlur(light, (0, 0), _BLUR), np.float32), state)


def _on_grid(plane: Any) -> NDArray[np.float32]:
    return np.asarray(cv2.resize(plane, (GRID, GRID), interpolation=cv2.INTER_AREA), np.float32)


def describe(photographs: Sequence[Cells]) -> Descriptors:
    """Descriptors of photographs, all at once."""
    luminance = np.stack([one.luminance for one in photographs])
    state = np.stack([one.state for one in photographs])
    gradient = _gradient(luminance)
    size = _length(gradient)
    measured = (state == CellState.MEASURED)[:, None]
    fine: Planes = np.where(measured & (size > _LEAST_GRADIENT), gradient / np.maximum(size, _TINY), np.float32(0))
    directed: Planes = np.asarray(fine.any(axis=1, keepdims=True), np.float32)

    def pooled(factor: int, least: int) -> Planes:
        mean, share = _block_means(fine, factor), _block_means(directed, factor)
        common = _length(mean)
        trusted = (share * factor**2 > least - 0.5) & (common > _COHERENT * share)
        result: Planes = np.where(trusted, mean / np.maximum(common, _TINY), np.float32(0))
        return result

    mean, share = _block_means(fine, _SIGNATURE_CELLS), _block_means(directed, _SIGNATURE_CELLS)
    directions = np.asarray(mean / np.maximum(np.sqrt(share), _TINY), np.float32).reshape(len(photographs), -1)
    light = np.clip(np.rint(luminance * FRACTIONS), 0, 65535).astype(np.uint16)
    as_bytes = [np.rint(UNIT * level).astype(np.int8) for level in (fine, pooled(2, 1), pooled(4, 2))]
    content = as_bytes[0].any(axis=1).sum(axis=(1, 2)).astype(np.int32)
    signature = np.where((content >= LEAST_CONTENT)[:, None], _signature(directions, light, state), 0)
    fine_bytes, middle, coarse = as_bytes
    return Descriptors(light, state, fine_bytes, middle, coarse, content, signature.astype(np.float16))


def _gradient(luminance: Planes) -> Planes:
    """Slopes (N, 2, H, W) of planes (N, H, W) to the right and down, in codes a cell (Sobel), borders repeated."""
    padded = np.pad(luminance, ((0, 0), (1, 1), (1, 1)), "edge")

    def across(planes: Planes) -> Planes:
        step = planes[:, :, 2:] - planes[:, :, :-2]
        return np.asarray((step[:, :-2] + 2 * step[:, 1:-1] + step[:, 2:]) / 8)

    return np.stack([across(padded), across(padded.transpose(0, 2, 1)).transpose(0, 2, 1)], axis=1)


def _length(vectors: Planes) -> Planes:
    return np.asarray(np.hypot(vectors[:, :1], vectors[:, 1:]), np.float32)


def _block_means(planes: Planes, side: int) -> Planes:
    """Means of the square blocks of planes (N, C, H, W)."""
    count, channels, height, width = planes.shape
    blocks = planes.reshape(count, channels, height // side, side, width // side, side)
    return np.asarray(blocks.mean(axis=(3, 5)), np.float32)


def _signature(directions: NDArray[np.float32], light: NDArray[np.uint16], state: NDArray[np.uint8]) -> NDArray[np.float32]:
    """Rows (N, 1088) of length 1: directions on 16 x 16 cells, and which of 24 x 24 cells are among the bright or dark third."""
    ranks = np.stack([_thirds(*planes) for planes in zip(light, state, strict=True)]).reshape(len(light), -1)
    ranks /= np.linalg.norm(ranks, axis=1, keepdims=True) + 2.0
    directions = directions / (np.linalg.norm(directions, axis=1, keepdims=True) + 1.0)
    together = np.concatenate([directions, 0.7 * ranks], axis=1)
    return np.asarray(together / np.maximum(np.linalg.norm(together, axis=1, keepdims=True), 1e-6), np.float32)


def _thirds(light: NDArray[np.uint16], state: NDArray[np.uint8]) -> NDArray[np.float32]:
    """+1 in cells (24, 24) among the brightest third of those measured, -1 among the darkest, 0 between and where clipped."""
    small = cv2.resize(light.astype(np.float32), (_RANK_GRID, _RANK_GRID), interpolation=cv2.INTER_AREA)
    clipped = (state != CellState.MEASURED).astype(np.float32)
    measured = cv2.resize(clipped, (_RANK_GRID, _RANK_GRID), interpolation=cv2.INTER_AREA) < 0.5
    if measured.sum() < 20:
        return np.zeros_like(small)
    low, high = np.percentile(small[measured], (33, 67))
    return np.where(measured, (small > high).astype(np.float32) - (small < low), 0).astype(np.float32)
