"""Motion between the frames: the trust in each frame at each pixel, so that every object is shown once.

One frame is the reference. The others follow in the order of exposure, the nearest first. Each is compared with the light of the
frames before it. Where the reference is clipped or noisy, the first frame that agrees with its surroundings takes its place.
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
_FEWEST = 12  # number of certain blocks from which a region counts as motion
_CLOSE, _MARGIN, _RAMP = 3, 2, 3  # blocks: gaps to close, margin around, width of the ramp of trust
_ENCLOSED = 0.4  # an unmeasured area is in conflict if this share of its border is
_EXPOSED = 100.0  # squared signal to noise at which a block counts as half well exposed
_AS_GOOD = 0.9  # share of the best value


@dataclass(frozen=True)
class Ghosts:
    """The trust in each frame at each pixel.

    `reference` is the index of the frame whose content is kept. `trust` holds for each frame (H, W) uint8 on the grid of the
    reference, 255 for full trust and 0 for none, or None if the frame is trusted everywhere. `share` is the share of pixels at
    which some frame is refused, `refused` the share of each frame. `clipped` is the share of pixels that are clipped in the
    remaining frames and measured in a refused one.
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

    `exposures` are relative ones, in any order; float frames need no `response`. The frame with the index `reference` keeps its
    content; None chooses the one that is best exposed where frames disagree. Raises InputError for coded frames without a
    response.
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
    """The blocks where each plane is likely to disagree with its neighbours in exposure."""
    found = {k: np.zeros(planes[0].measured.shape[:2], np.bool_) for k in order}
    for a, b in pairwise(order):
        anchor = cautious(planes[a])
        apart = disagreement(tied(planes[b], anchor), anchor, first=1)
        conflict = _regions(apart)
        found[a] |= conflict
        found[b] |= conflict
    return found


def _best_exposed(planes: Sequence[FramePlane], exposures: Sequence[float], steps: dict[int, Mask]) -> int:
    """The frame with the most unclipped light above its noise where frames disagree, or anywhere if none do.

    Of several that are equally good, the shortest is chosen, because it froze the motion best.
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
    """The blocks of each plane that differ from the reference, or from the frames that take its place."""
    moved = [np.zeros(planes[0].measured.shape[:2], np.bool_) for _ in planes]
    anchor = cautious(planes[reference])
    for k in sorted(range(len(planes)), key=lambda k: abs(np.log(exposures[k] / exposures[reference]))):
        if k == reference:
            continue
        one = tied(planes[k], anchor)
        apart = disagreement(one, anchor)
        apart = np.where(~anchor.measured.any(axis=2) & steps[k], np.maximum(apart, _LIKELY), apart)
        moved[k] = _whole(_regions(apart), anchor) & anchor.known.any(axis=2)  # the first frame that measures a block is trusted
        anchor = joined(anchor, cautious(one), ~moved[k])
    return moved


def _clipped(planes: Sequence[FramePlane], moved: Sequence[Mask]) -> Mask:
    """The blocks with a channel that only refused frames measured."""
    measured = np.logical_or.reduce([one.measured for one in planes])
    left = np.logical_or.reduce([one.measured & ~mask[..., None] for one, mask in zip(planes, moved, strict=True)])
    return np.asarray((measured & ~left).any(axis=2))


def _regions(apart: NDArray[np.float32]) -> Mask:
    """Connected blocks that likely differ, if a few of them certainly do."""
    likely = (apart > _LIKELY).astype(np.uint8)
    count, labels = cv2.connectedComponents(likely, connectivity=8)
    certain = np.bincount(labels[apart > _CERTAIN], minlength=count) >= _FEWEST
    certain[0] = False
    return np.asarray(certain[labels])


def _whole(mask: Mask, anchor: FramePlane) -> Mask:
    """The mask with its gaps closed, with the unmeasured blocks of the anchor that it encloses, and with a margin."""
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
    """The trust (H, W): 255 outside the mask, 0 inside, and a ramp around it."""
    wide = cv2.dilate(mask.astype(np.float32), _disc(_RAMP))
    soft = cv2.blur(wide, (2 * _RAMP + 1, 2 * _RAMP + 1), borderType=cv2.BORDER_REPLICATE)
    trust = np.where(mask, 0, np.rint(255 * (1 - soft))).astype(np.uint8)
    side = block_side(shape)
    size = mask.shape[1] * side, mask.shape[0] * side
    return np.ascontiguousarray(cv2.resize(trust, size, interpolation=cv2.INTER_LINEAR)[: shape[0], : shape[1]])


def _disc(radius: int) -> NDArray[np.uint8]:
    return np.asarray(cv2.getStructuringElement(cv2.MORPH_ELLIPSE, (2 * radius + 1, 2 * radius + 1)), np.uint8)
