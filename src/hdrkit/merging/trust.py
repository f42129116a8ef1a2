"""How far a frame is trusted at each pixel, kept as a mask of blocks."""

from __future__ import annotations

from dataclasses import dataclass

import cv2
import numpy as np
from numpy.typing import NDArray


@dataclass(frozen=True, eq=False)
class BlockTrust:
    """Trust in blocks of `side` pixels, `blocks` (h, w) uint8, 255 for full trust; `shape` is that of the picture, (H, W).

    Indexed with rows and columns, it gives the trust of these pixels, (rows, columns) uint8. They are interpolated on request, so
    that a large picture needs no more memory than its blocks.
    """

    blocks: NDArray[np.uint8]
    side: int
    shape: tuple[int, int]

    def __getitem__(self, area: tuple[slice, slice]) -> NDArray[np.uint8]:
        (top, bottom, _), (left, right, _) = (part.indices(n) for part, n in zip(area, self.shape, strict=True))
        height, width = self.blocks.shape
        at = np.clip((np.arange(top, bottom) + 0.5) / self.side - 0.5, 0, height - 1)
        above = np.minimum(at.astype(np.intp), height - 1)
        below = np.minimum(above + 1, height - 1)
        share = (at - above).astype(np.float32)[:, None]
        rows = self.blocks[above] * (1 - share) + self.blocks[below] * share
        wide = cv2.resize(rows.astype(np.float32), (width * self.side, bottom - top), interpolation=cv2.INTER_LINEAR)
        return np.asarray(np.rint(wide[:, left:right]), np.uint8)

    def __array__(self, dtype: np.dtype[np.uint8] | None = None, copy: bool | None = None) -> NDArray[np.uint8]:
        return np.asarray(self[:, :], dtype)


Trust = NDArray[np.uint8] | BlockTrust
