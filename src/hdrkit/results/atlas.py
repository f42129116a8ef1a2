"""Thumbnails -> sheets of equal cells, which a page holds once and draws everywhere."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import cv2
import numpy as np
from numpy.typing import NDArray

from hdrkit.imaging.shrinking import within

SHEET = 2048  # pixels of a side at most, which every graphics card takes
_CELLS = ((1_500, 96), (6_000, 64), (25_000, 32))  # pictures at most, pixels of a cell: the sheets take 100 MB of graphics memory
MOST = _CELLS[-1][0]
_QUALITY = 80  # of WebP


@dataclass(frozen=True)
class Atlas:
    """Sheets as WebP, filled row by row with `columns` x `columns` cells of `cell` pixels; the last one has the rows it needs.

    `sizes` are the width and height of each picture in pixels. It lies in the top left corner of its cell, and its last row and
    column fill the rest, so that no neighbour shines through where a sheet is drawn smaller.
    """

    cell: int
    columns: int
    sheets: tuple[bytes, ...]
    sizes: tuple[tuple[int, int], ...]


def atlas_of(thumbnails: Sequence[bytes]) -> Atlas:
    """The atlas of at most 25,000 JPEGs, in their order. A thumbnail that cannot be decoded is grey."""
    cell = next(side for most, side in _CELLS if len(thumbnails) <= most)
    columns = SHEET // cell
    sheets, sizes = [], []
    for start in range(0, len(thumbnails), columns**2):
        pictures = [_fitted(thumbnail, cell) for thumbnail in thumbnails[start : start + columns**2]]
        sizes += [(picture.shape[1], picture.shape[0]) for picture in pictures]
        sheets.append(_sheet(pictures, cell, columns))
    return Atlas(cell, columns, tuple(sheets), tuple(sizes))


def _fitted(thumbnail: bytes, cell: int) -> NDArray[np.uint8]:
    """A thumbnail decoded, BGR, within a cell."""
    data = np.frombuffer(thumbnail, np.uint8)
    picture = cv2.imdecode(data, cv2.IMREAD_COLOR) if data.size else None
    if picture is None:
        return np.full((cell, cell, 3), 96, np.uint8)
    return within(picture, cell)


def _sheet(pictures: Sequence[NDArray[np.uint8]], cell: int, columns: int) -> bytes:
    rows = -(-len(pictures) // columns)
    sheet = np.zeros((rows * cell, columns * cell, 3), np.uint8)
    for k, picture in enumerate(pictures):
        y, x = cell * (k // columns), cell * (k % columns)
        height, width = picture.shape[:2]
        sheet[y : y + cell, x : x + cell] = cv2.copyMakeBorder(picture, 0, cell - height, 0, cell - width, cv2.BORDER_REPLICATE)
    return cv2.imencode(".webp", sheet, [cv2.IMWRITE_WEBP_QUALITY, _QUALITY])[1].tobytes()
