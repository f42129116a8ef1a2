"""Motion between the frames: the trust in each frame at each pixel, so that every object is shown once.

Frames next to each other in exposure are compared first. If they show the same everywhere, nothing is refused. Else each region
of motion keeps the content of one frame, its reference. The others follow in the order of exposure, the nearest first, and each
is compared with the light of the frames before it. Where the reference is clipped or noisy, the first frame that agrees with its
surroundings takes its place.
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
from hdrkit.merging.blocks import FramePlane, any_channel, block_side, cautious, joined, plane
from hdrkit.merging.consistency import disagreement, tied
from hdrkit.merging.options import MergeOptions
from hdrkit.merging.structure import unlike
from hdrkit.merging.trust import BlockTrust
from hdrkit.types import Frame, NoiseModel, ResponseCurve

_CERTAIN, _LIKELY = 6.0, 3.0  # standard deviations
_FEWEST, _LEAST_PX = (4, 12), 108  # certain blocks from which a region counts as motion: so many that they have this area
_CLOSE, _MARGIN, _RAMP = 3, 2, 3  # blocks: gaps to close, margin around, width of the ramp of trust
_TOGETHER = 6  # blocks: regions of motion that are nearer to each other have one reference
_ENCLOSED = 0.4  # an unmeasured area is in conflict if this share of its border is
_EXPOSED = 100.0  # squared signal to noise at which a block counts as half well exposed
_AS_GOOD = 0.1  # a frame is nearly as well exposed as the best one if it falls short of it by this share


@dataclass(frozen=True)
class Ghosts:
    """The trust in each frame at each pixel.

    `reference` is the index of the frame whose content is kept, in the largest region of motion if these differ. `trust` holds
    for each frame (H, W) uint8 on the grid of the aligned frames, 255 for full trust and 0 for none, or None if the frame is
    trusted everywhere. `share` is the share of pixels at
    which some frame is refused, `refused` the share of each frame. `clipped` is the share of pixels that are clipped in the
    remaining frames and measured in a refused one.
    """

    reference: int
    trust: tuple[BlockTrust | None, ...]
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
    content; None chooses, for each region of motion, the one that is best exposed there. Raises InputError for coded frames
    without a response.
    """
    order = [int(i) for i in np.argsort(exposures, kind="stable")]
    curve = None
    if frames[0].pixels.dtype != np.float32:
        if response is None:
            raise InputError("coded frames need a response curve to become light")
        curve = response.for_channels(frames[0].pixels.shape[2]).for_levels(frames[0].levels)
    noise, high = options.noise or NoiseModel(), options.clip_codes(frames[0])[1] if curve else np.inf
    planes = [plane(frame, t, curve, noise, high) for frame, t in zip(frames, exposures, strict=True)]
    height, width = frames[0].pixels.shape[:2]
    side = block_side((height, width))
    fewest = int(np.clip(_LEAST_PX // side**2, *_FEWEST))
    steps = _steps(planes, order, fewest)
    zones = _zones(planes, exposures, steps, reference)
    moved = [np.zeros(planes[0].measured.shape[:2], np.bool_) for _ in planes]
    for kept, zone in zones.items():
        if zone.any():
            moved = [
                mask | (more & zone) for mask, more in zip(moved, _moved(planes, exposures, kept, steps, fewest), strict=True)
            ]
    return Ghosts(
        next(iter(zones)),
        tuple(BlockTrust(_trust(mask), side, (height, width)) if mask.any() else None for mask in moved),
        float(np.logical_or.reduce(moved).mean()),
        tuple(float(mask.mean()) for mask in moved),
        float(_clipped(planes, moved).mean()),
    )


def _steps(planes: Sequence[FramePlane], order: Sequence[int], fewest: int) -> dict[int, Mask]:
    """The blocks where each plane is likely to disagree with its neighbours in exposure."""
    found = {k: np.zeros(planes[0].measured.shape[:2], np.bool_) for k in order}
    for a, b in pairwise(order):
        anchor = cautious(planes[a])
        one = tied(planes[b], anchor)
        conflict = _regions(disagreement(one, anchor, first=1), one, anchor, fewest)
        found[a] |= conflict
        found[b] |= conflict
    return found


def _zones(
    planes: Sequence[FramePlane], exposures: Sequence[float], steps: dict[int, Mask], reference: int | None
) -> dict[int, Mask]:
    """The reference of each part of the picture: masks (h, w) by index of a frame, that of the largest region of motion first.

    A part is what lies nearest to a region of motion. The masks are empty where nothing moved.
    """
    conflict = np.logical_or.reduce(list(steps.values()))
    if not conflict.any():
        return {_best_exposed(planes, exposures, steps, _sample(conflict.shape)) if reference is None else reference: conflict}
    if reference is not None:
        return {reference: np.ones_like(conflict)}
    apart = 1 - cv2.dilate(conflict.astype(np.uint8), _disc(_TOGETHER))
    _, nearest = cv2.distanceTransformWithLabels(apart, cv2.DIST_L2, 5, labelType=cv2.DIST_LABEL_CCOMP)
    sizes = np.bincount(nearest[conflict])
    zones: dict[int, Mask] = {}
    for region in np.argsort(-sizes, kind="stable")[: np.count_nonzero(sizes)]:
        zone = np.asarray(nearest == region)
        best = _best_exposed(planes, exposures, steps, zone & conflict)
        zones[best] = zones[best] | zone if best in zones else zone
    return zones


def _sample(shape: tuple[int, ...]) -> Mask:
    """A mask (h, w) of few blocks, all over the picture."""
    few = np.zeros(shape, np.bool_)
    few[::4, ::4] = True
    return few


def _best_exposed(planes: Sequence[FramePlane], exposures: Sequence[float], steps: dict[int, Mask], where: Mask) -> int:
    """The frame with the most light above its noise, and the least of it clipped, in a region.

    Of several that are nearly as good, it is the one that most agrees with its neighbours, and the shortest of these, because it
    froze the motion best.
    """

    def exposed(one: FramePlane) -> float:
        signal = one.radiance[where] ** 2 / one.doubt[where]
        return float((one.measured[where] * signal / (signal + _EXPOSED)).mean() - one.bounded[where].any(axis=1).mean())

    scores = [exposed(one) for one in planes]
    best = max(scores)
    good = [k for k, score in enumerate(scores) if score >= best - _AS_GOOD * abs(best)]
    return min(good, key=lambda k: (round(10 * float(steps[k][where].mean())), exposures[k]))


def _moved(
    planes: Sequence[FramePlane], exposures: Sequence[float], reference: int, steps: dict[int, Mask], fewest: int
) -> list[Mask]:
    """The blocks of each plane that differ from the reference, or from the frames that take its place."""
    moved = [np.zeros(planes[0].measured.shape[:2], np.bool_) for _ in planes]
    anchor = cautious(planes[reference])
    for k in sorted(range(len(planes)), key=lambda k: abs(np.log(exposures[k] / exposures[reference]))):
        if k == reference:
            continue
        one = tied(planes[k], anchor)
        apart = disagreement(one, anchor)
        apart = np.where(~any_channel(anchor.measured)[..., 0] & steps[k], np.maximum(apart, _LIKELY), apart)
        known = any_channel(anchor.known)[..., 0]  # the first frame that measures a block is trusted
        moved[k] = _whole(_regions(apart, one, anchor, fewest), anchor) & known
        anchor = joined(anchor, cautious(one), ~moved[k])
    return moved


def _clipped(planes: Sequence[FramePlane], moved: Sequence[Mask]) -> Mask:
    """The blocks with a channel that only refused frames measured."""
    measured = np.logical_or.reduce([one.measured for one in planes])
    left = np.logical_or.reduce([one.measured & ~mask[..., None] for one, mask in zip(planes, moved, strict=True)])
    return any_channel(measured & ~left)[..., 0]


def _regions(apart: NDArray[np.float32], one: FramePlane, anchor: FramePlane, fewest: int) -> Mask:
    """Connected blocks that likely differ, if `fewest` of them certainly do, and if they show other things in the two planes."""
    count, labels = cv2.connectedComponents((apart > _LIKELY).astype(np.uint8), connectivity=8)
    certain = np.bincount(labels[apart > _CERTAIN], minlength=count) >= fewest
    certain[0] = False
    if certain.any():
        around = cv2.dilate(np.where(certain[labels], labels, 0).astype(np.float32), _disc(_MARGIN)).astype(np.int32)
        certain &= unlike(around, count, one, anchor)
    return np.asarray(certain[labels])


def _whole(mask: Mask, anchor: FramePlane) -> Mask:
    """The mask with its gaps closed, with the unmeasured blocks of the anchor that it encloses, and with a margin."""
    if not mask.any():
        return mask
    closed = cv2.morphologyEx(mask.astype(np.uint8), cv2.MORPH_CLOSE, _disc(_CLOSE))
    count, labels = cv2.connectedComponents(
        (~any_channel(anchor.measured)[..., 0] & (closed == 0)).astype(np.uint8), connectivity=8
    )
    border = cv2.dilate(labels.astype(np.float32), _disc(1)).astype(np.int32)
    border[labels > 0] = 0
    conflict = np.bincount(border[closed > 0], minlength=count) / np.maximum(np.bincount(border.ravel(), minlength=count), 1)
    enclosed = conflict >= _ENCLOSED
    enclosed[0] = False
    closed[enclosed[labels]] = 1
    return np.asarray(cv2.dilate(closed, _disc(_MARGIN)) > 0)


def _trust(mask: Mask) -> NDArray[np.uint8]:
    """The trust (h, w): 255 outside the mask, 0 inside, and a ramp around it."""
    wide = cv2.dilate(mask.astype(np.float32), _disc(_RAMP))
    soft = cv2.blur(wide, (2 * _RAMP + 1, 2 * _RAMP + 1), borderType=cv2.BORDER_REPLICATE)
    return np.where(mask, 0, np.rint(255 * (1 - soft))).astype(np.uint8)


def _disc(radius: int) -> NDArray[np.uint8]:
    return np.asarray(cv2.getStructuringElement(cv2.MORPH_ELLIPSE, (2 * radius + 1, 2 * radius + 1)), np.uint8)
