"""Lids drawn over open eyes: the skin above each eye slides down to the lower lid, and ends in lashes."""

from __future__ import annotations

import cv2
import numpy as np

from hdrkit.faces.mesh import Mesh

# points of the mesh along the upper lid, the lower lid and the brow of the right and the left eye of the person
EYES = (
    ((33, 246, 161, 160, 159, 158, 157, 173, 133), (33, 7, 163, 144, 145, 153, 154, 155, 133), (70, 63, 105, 66, 107)),
    ((362, 398, 384, 385, 386, 387, 388, 466, 263), (362, 382, 381, 380, 374, 373, 390, 249, 263), (336, 296, 334, 293, 300)),
)
SIDE, SPAN = 512, 1.6  # pixels of the patch that is drawn in, and its side in distances of the outer corners
UNIT = SIDE / SPAN


def with_lids(pixels: np.ndarray, mesh: Mesh) -> np.ndarray:
    """A photograph (H, W, 3) in which the eyes of one face are closed."""
    points = mesh.points[:, :2].astype(float)
    across = points[263] - points[33]
    turn = np.array([[across[0], across[1]], [-across[1], across[0]]]) / (across @ across) * UNIT
    into = np.hstack([turn, (SIDE / 2 - turn @ (points[33] + points[263]) / 2)[:, None]])
    places = points @ into[:, :2].T + into[:, 2]
    row, column = np.mgrid[:SIDE, :SIDE].astype(np.float32)
    source, lashes = row.copy(), np.zeros((SIDE, SIDE), np.float32)
    for upper, lower, brow in EYES:
        _slide(source, lashes, *(places[list(line)] for line in (upper, lower, brow)))
    back = cv2.invertAffineTransform(into)
    at = [np.float32(axis[0] * column + axis[1] * source + axis[2]) for axis in back]
    drawn = cv2.remap(pixels, *at, cv2.INTER_CUBIC) * (1 - 0.75 * lashes[..., None])
    size = pixels.shape[1::-1]
    share = cv2.warpAffine(((np.abs(source - row) > 0.25) | (lashes > 0.1)).astype(np.float32), back, size)
    share = cv2.GaussianBlur(share, (0, 0), max(0.5, 0.008 * float(np.hypot(*across))))[..., None]
    covered = cv2.warpAffine(drawn.astype(np.float32), back, size)
    return np.clip(pixels * (1 - share) + covered * share + 0.5, 0, 255).astype(np.uint8)


def _slide(source: np.ndarray, lashes: np.ndarray, upper: np.ndarray, lower: np.ndarray, brow: np.ndarray) -> None:
    """Set the rows from which the lid of one eye is taken, and draw its lashes."""
    columns = np.arange(SIDE)
    rows_of = [np.interp(columns, *line[np.argsort(line[:, 0])].T) for line in (upper, lower, brow)]
    first, last = upper[:, 0].min() - 0.03 * UNIT, upper[:, 0].max() + 0.03 * UNIT
    along = np.clip((columns - first) / (last - first), 0, 1)
    bow = 2 * np.sqrt(along * (1 - along))
    edge, end = rows_of[0] - 0.045 * UNIT * bow, rows_of[1] + 0.03 * UNIT * bow
    start = rows_of[2] + 0.35 * (edge - rows_of[2])
    rows = np.arange(SIDE)
    for x in columns[(columns >= first) & (columns <= last) & (edge - start >= 2)]:
        lid = (rows >= start[x]) & (rows <= end[x])
        source[lid, x] = start[x] + (rows[lid] - start[x]) * (edge[x] - start[x]) / (end[x] - start[x])
        width = 0.016 * UNIT * bow[x] + 1e-3
        lashes[:, x] = np.maximum(lashes[:, x], np.exp(-(((rows - end[x]) / width) ** 2)) * min(1.0, 1.3 * bow[x]))
