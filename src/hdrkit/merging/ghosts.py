"""What moved between the frames: which of them to trust where, so that everything is shown once.

One frame is the reference. The others are asked in order of exposure, the nearest first, whether they show the light that the
frames before them showed; where the reference is clipped or noisy, the first that agrees with its surroundings speaks for it.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import pairwise

import cv2
import numpy as np
from numpy.typing import NDArray

from hdrkit.errors import InputError
from hdrkit.imaging.warping import Mask
from hdrkit.merging.blocks import FramePlane, block_side, cautious, joined, plane
from hdrkit.merging.consistency import disagreement, tied
from hdrkit.merging.options import MergeOptions
from hdrkit.types import Frame, NoiseModel, ResponseCurve

_CERTAIN, _LIKELY = 6.0, 3.0  # standard deviations
_FEWEST = 12  # certain blocks that make a motion
_CLOSE, _MARGIN, _RAMP = 3, 2, 3  # blocks: gaps that are closed, what is added around, and over how many the trust returns
_ENCLOSED = 0.4  # share of the border of an unmeasured area in conflict, from which all of it is
_EXPOSED = 100.0  # squared signal to noise of a block at which it counts as half well exposed
_AS_GOOD = 0.9  # of the best


@dataclass(frozen=True)
class Ghosts:
    """Which frames to trust where.

    `reference` is the index of the frame whose content is kept; `trust` holds a frame each (H, W) uint8 on the reference's
    grid, 255 for full trust and 0 for none, or None where nothing of the frame is refused; `share` is the share of
    pixels where some frame is refused, `refused` the share of each frame; `clipped` that of pixels which the frames that are
    left show clipped, and those that are refused do not.
    """

    reference: int
    trust: tuple[NDArray[np.uint8] | None, ...]
    share: float
    refused: tuple[float, ...]
    clipped: float


def find_ghosts(
    frames: Sequence[Frame],
    exposures: Sequence[float],
    response: ResponseCurve | None,
    options: MergeOptions,
    reference: int | None = None,
) -> Ghosts:
    """Compare aligned frames of one size, with or without `motion`.

    `exposures` are relative ones, in any order; `response` is not needed for float frames. The frame with the index
    `reference` keeps its content; None chooses the one that is best exposed where frames disagree. Raises InputError for
    coded frames without a response.
    """
    order = [int(i) for i in np.argsort(exposures, kind="stable")]
    curve = None
    if frames[0].pixels.dtype != np.float32:
        if response is None:
            raise InputError("coded frames need a response curve to become light")
        curve = response.for_channels(frames[0].pixels.shape[2]).for_levels(frames[0].levels)
    noise, high = options.noise or NoiseModel(), options.clip_codes(frames[0])[1] if curve else np.inf
    planes = [plane(frame, t, curve, noise, high) for frame, t in zip(frames, exposures, strict=True)]
    steps = _steps(planes, order)
    if reference is None:
        reference = _best_exposed(planes, exposures, steps)
    moved = _moved(planes, exposures, reference, steps)
    return Ghosts(
        reference,
        tuple(_trust(mask, frames[0].pixels.shape[:2]) if mask.any() else None for mask in moved),
        float(np.logical_or.reduce(moved).mean()),
        tuple(float(mask.mean()) for mask in moved),
        float(_clipped(planes, moved).mean()),
    )


def _steps(planes: Sequence[FramePlane], order: Sequence[int]) -> dict[int, Mask]:
    """Where each plane is likely to disagree with its neighbours in exposure."""
    found = {k: np.zeros(planes[0].measured.shape[:2], np.bool_) for k in order}
    for a, b in pairwise(order):
        anchor = cautious(planes[a])
        apart = disagreement(tied(planes[b], anchor), anchor, first=1)
        conflict = _regions(apart)
        found[a] |= conflict
        found[b] |= conflict
    return found


def _best_exposed(planes: Sequence[FramePlane], exposures: Sequence[float], steps: dict[int, Mask]) -> int:
    """The frame with most unclipped light above its noise where frames disagree, or anywhere if none do.

    Of several that are as good the shortest, which froze the motion best.
    """
    where = np.logical_or.reduce(list(steps.values()))
    where = where if where.any() else np.ones_like(where)

    def exposed(one: FramePlane) -> float:
        signal = one.radiance**2 / one.doubt
        return float((one.measured * signal / (signal + _EXPOSED))[where].mean())

    scores = [exposed(one) for one in planes]
    good = [k for k, score in enumerate(scores) if score >= _AS_GOOD * max(scores)]
    return min(good, key=lambda k: exposures[k])


def _moved(planes: Sequence[FramePlane], exposures: Sequence[float], reference: int, steps: dict[int, Mask]) -> list[Mask]:
    """Blocks of each plane that show something else than the reference, or than those that speak for it."""
    moved = [np.zeros(planes[0].measured.shape[:2], np.bool_) for _ in planes]
    anchor = cautious(planes[reference])
    for k in sorted(range(len(planes)), key=lambda k: abs(np.log(exposures[k] / exposures[reference]))):
        if k == reference:
            continue
        one = tied(planes[k], anchor)
        apart = disagreement(one, anchor)
        apart = np.where(~anchor.measured.any(axis=2) & steps[k], np.maximum(apart, _LIKELY), apart)
        moved[k] = _whole(_regions(apart), anchor) & anchor.known.any(axis=2)  # the first to see a place is believed
        anchor = joined(anchor, cautious(one), ~moved[k])
    return moved


def _clipped(planes: Sequence[FramePlane], moved: Sequence[Mask]) -> Mask:
    """Blocks of which a channel is measured in refused frames alone."""
    measured = np.logical_or.reduce([one.measured for one in planes])
    left = np.logical_or.reduce([one.measured & ~mask[..., None] for one, mask in zip(planes, moved, strict=True)])
    return np.asarray((measured & ~left).any(axis=2))


def _regions(apart: NDArray[np.float32]) -> Mask:
    """Connected blocks that are likely apart, and certainly so in a few of them."""
    likely = (apart > _LIKELY).astype(np.uint8)
    count, labels = cv2.connectedComponents(likely, connectivity=8)
    certain = np.bincount(labels[apart > _CERTAIN], minlength=count) >= _FEWEST
    certain[0] = False
    return np.asarray(certain[labels])


def _whole(mask: Mask, anchor: FramePlane) -> Mask:
    """The mask with its gaps closed, with what it encloses of the anchor's unmeasured blocks, and a margin."""
    if not mask.any():
        return mask
    closed = cv2.morphologyEx(mask.astype(np.uint8), cv2.MORPH_CLOSE, _disc(_CLOSE))
    count, labels = cv2.connectedComponents((~anchor.measured.any(axis=2) & (closed == 0)).astype(np.uint8), connectivity=8)
    border = cv2.dilate(labels.astype(np.float32), _disc(1)).astype(np.int32)
    border[labels > 0] = 0
    conflict = np.bincount(border[closed > 0], minlength=count) / np.maximum(np.bincount(border.ravel(), minlength=count), 1)
    enclosed = conflict >= _ENCLOSED
    enclosed[0] = False
    closed[enclosed[labels]] = 1
    return np.asarray(cv2.dilate(closed, _disc(_MARGIN)) > 0)


def _trust(mask: Mask, shape: tuple[int, int]) -> NDArray[np.uint8]:
    """255 outside the mask, 0 in it, and a ramp around it, (H, W)."""
    wide = cv2.dilate(mask.astype(np.float32), _disc(_RAMP))
    soft = cv2.blur(wide, (2 * _RAMP + 1, 2 * _RAMP + 1), borderType=cv2.BORDER_REPLICATE)
    trust = np.where(mask, 0, np.rint(255 * (1 - soft))).astype(np.uint8)
    side = block_side(shape)
    size = mask.shape[1] * side, mask.shape[0] * side
    return np.ascontiguousarray(cv2.resize(trust, size, interpolation=cv2.INTER_LINEAR)[: shape[0], : shape[1]])


def _disc(radius: int) -> NDArray[np.uint8]:
    return np.asarray(cv2.getStructuringElement(cv2.MORPH_ELLIPSE, (2 * radius + 1, 2 * radius + 1)), np.uint8)
