"""Alignment of a bracket: each frame against its neighbour in exposure, outwards from the reference.

Neighbours share most unclipped pixels, so each frame is registered to the nearest frame towards the reference that is
already placed, seen from where the reference stands; a frame six EV away never meets the reference directly. An
estimate counts only if an independent measure (`similarity`) says that the frame agrees better than unaligned. A frame
with nothing to go by stays where it is, with a note: a guess from its neighbours would be no evidence.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass

import numpy as np

from hdrkit.alignment import ecc, features, mtb
from hdrkit.alignment.motion import displacement_px, plausible
from hdrkit.alignment.options import AlignmentOptions
from hdrkit.alignment.planes import Matrix, Plane, plane, pyramid, warped
from hdrkit.alignment.similarity import Comparison, compare, residual_px
from hdrkit.alignment.warp import warp
from hdrkit.errors import InputError
from hdrkit.types import AlignmentReport, Frame, FrameAlignment

Progress = Callable[[int, int], None]
Pyramid = list[Plane]

STILL_PX = 0.15  # corners that move less do not pay for interpolating the frame
MAX_ANCHORS = 2
START_PX = 512  # longest side at which bitmaps start what brightness refines
SHOWN_PX = 3.0  # displacement that a picture shows well
JUDGED_AT_LEAST_PX = 250


@dataclass(frozen=True)
class _Placement:
    """Where a frame was found: `matrix` is applied to it, `measured` serves its neighbours (None: not to be built on)."""

    matrix: Matrix
    measured: Matrix | None
    method: str
    residual_px: float | None = None
    note: str = ""


def align(
    frames: Sequence[Frame], reference: int, options: AlignmentOptions, progress: Progress | None = None
) -> tuple[list[Frame], AlignmentReport]:
    """The frames warped onto frame `reference`, and how each was found.

    `frames` come from the shortest to the longest exposure, or by mean brightness. The reference, and every frame that
    stays where it is, is returned as the same object; cropping is left to `warp.crop`. `progress` is called with (frames
    done, frames to place).
    Raises InputError where frames differ in size.
    """
    _check(frames, reference)
    identity = np.eye(3)
    placed = {reference: _Placement(identity, identity, "reference")}
    if options.method == "none":
        placed |= {i: _Placement(identity, None, "none") for i in range(len(frames)) if i != reference}
    else:
        pyramids = [pyramid(plane(frame)) for frame in frames]
        for done, i in enumerate(sorted(range(len(frames)), key=lambda i: abs(i - reference))[1:], 1):
            placed[i] = _place(i, reference, pyramids, placed, options)
            if progress:
                progress(done, len(frames) - 1)
    warped_frames = [
        frame if np.array_equal(placed[i].matrix, identity) else warp(frame, placed[i].matrix) for i, frame in enumerate(frames)
    ]
    rows = tuple(_report(frame.name, placed[i]) for i, frame in enumerate(frames))
    return warped_frames, AlignmentReport(options.method, frames[reference].name, rows)


def _check(frames: Sequence[Frame], reference: int) -> None:
    if not 0 <= reference < len(frames):
        raise InputError(f"a bracket of {len(frames)} frames has no frame {reference} to align to")
    height, width = frames[reference].pixels.shape[:2]
    for frame in frames:
        if frame.pixels.shape[:2] != (height, width):
            other = f"{frame.pixels.shape[1]} x {frame.pixels.shape[0]}"
            raise InputError(
                f"{frame.name}: {other} pixels, but {frames[reference].name} has {width} x {height}; "
                "the frames of a bracket must be of one size"
            )


def _report(name: str, placement: _Placement) -> FrameAlignment:
    rows = tuple(tuple(float(value) for value in row) for row in placement.matrix)
    return FrameAlignment(name, rows, placement.method, placement.residual_px, placement.note)


def _place(
    i: int, reference: int, pyramids: list[Pyramid], placed: dict[int, _Placement], options: AlignmentOptions
) -> _Placement:
    """Place frame `i` by the nearest placed frame towards the reference that it has something in common with."""
    moving, methods = pyramids[i], ("ecc", "features") if options.method == "auto" else (options.method,)
    towards = range(i - 1, reference - 1, -1) if i > reference else range(i + 1, reference + 1)
    anchors = [(j, matrix) for j in towards if (matrix := placed[j].measured) is not None]
    for j, matrix in anchors[:MAX_ANCHORS]:
        anchor = [warped(level, level.from_frame(matrix)) for level in pyramids[j]]
        left_alone = None
        for method in methods:
            motion = _estimate(method, anchor, moving, i > j, options)
            if motion is None or not plausible(moving[-1].from_frame(motion), moving[-1].size, options.max_shift):
                continue
            placement = _judged(motion, method, anchor, pyramids[reference], moving)
            if placement is not None and not placement.note:
                return placement
            left_alone = left_alone or placement
        if left_alone is not None:
            return left_alone
    return _Placement(np.eye(3), None, "identity", note="too little in common with its neighbours; left where it is")


def _estimate(method: str, anchor: Pyramid, moving: Pyramid, moving_is_longer: bool, options: AlignmentOptions) -> Matrix | None:
    """The motion from reference to frame by one method; in auto, features only start what brightness then refines."""
    if method == "mtb":
        motion = mtb.shift(anchor, moving, options.max_shift)
        return None if motion is None else _whole(motion)
    if method == "features":
        motion = features.match(anchor, moving)
        if motion is None or options.method == "features":
            return motion
        refined = ecc.register(anchor, moving, motion, moving_is_longer)
        return motion if refined is None else refined
    coarse = [i for i, level in enumerate(moving) if max(level.size) <= START_PX or i == 0]
    start = mtb.shift([anchor[i] for i in coarse], [moving[i] for i in coarse], options.max_shift)
    return ecc.register(anchor, moving, np.eye(3) if start is None else start, moving_is_longer)


def _whole(translation: Matrix) -> Matrix:
    rounded = translation.copy()
    rounded[:2, 2] = np.rint(rounded[:2, 2])
    return rounded


def _judged(motion: Matrix, method: str, anchor: Pyramid, reference: Pyramid, moving: Pyramid) -> _Placement | None:
    """The motion if the frame agrees better with the reference, or with its anchor where the reference has no say.

    None where neither shows the same thing as the frame.
    """
    judge, opinions = reference, _opinions(reference, moving, motion)
    if not opinions:
        judge, opinions = anchor, _opinions(anchor, moving, motion)
    if not opinions:
        return None
    finest, still = moving[-1], np.eye(3)
    moved = displacement_px(finest.from_frame(motion), finest.size) >= STILL_PX
    kept = motion if moved and any(opinion.improved for opinion in opinions) else still
    left = residual_px(judge[-1], warped(finest, finest.from_frame(kept)))
    left = None if left is None else left / finest.scale[0]
    measured = motion if any(opinion.gain >= 0 for opinion in opinions) else still
    if kept is motion:
        return _Placement(motion, motion, method, left)
    note = "a motion was found, but agrees no better than none; left where it is" if moved else ""
    return _Placement(still, measured, "identity", left, note)


def _opinions(fixed: Pyramid, moving: Pyramid, motion: Matrix) -> list[Comparison]:
    """Agreement without and with the motion, at full size and at the smallest useful size that shows it.

    Fine texture that parallax or noise sets apart says little about a large motion, and a small one only shows there. Sizes
    at which the pictures do not seem to show the same thing are left out.
    """
    sizes = [level.size for level in moving]
    shown = [
        max(size) >= JUDGED_AT_LEAST_PX and displacement_px(level.from_frame(motion), size) >= SHOWN_PX
        for size, level in zip(sizes, moving, strict=True)
    ]
    at = {shown.index(True) if any(shown) else len(moving) - 1, len(moving) - 1}
    found = (compare(fixed[i], moving[i], np.eye(3), moving[i].from_frame(motion)) for i in sorted(at))
    return [comparison for comparison in found if comparison is not None and comparison.related]
