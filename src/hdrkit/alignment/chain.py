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
from hdrkit.alignment.similarity import compare, residual_px
from hdrkit.alignment.warp import warp
from hdrkit.errors import InputError
from hdrkit.types import AlignmentReport, Frame, FrameAlignment

Progress = Callable[[int, int], None]
Pyramid = list[Plane]

STILL_PX = 0.15
MAX_ANCHORS = 3
START_PX = 512


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
    stays where it is, is returned as the same object. `progress` is called with (frames done, frames in all).
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
    """Place frame `i` by the nearest placed frames towards the reference, then judge the result against the reference."""
    towards = range(i - 1, reference - 1, -1) if i > reference else range(i + 1, reference + 1)
    for j in [j for j in towards if placed[j].measured is not None][:MAX_ANCHORS]:
        anchor = _seen_from_reference(pyramids[j], placed[j].measured)
        for method in ("ecc", "features") if options.method == "auto" else (options.method,):
            found = _measure(method, anchor, pyramids[i], i > j, options.max_shift)
            if found is not None:
                return _judged(found, method, anchor[-1], pyramids[reference][-1], pyramids[i][-1])
    return _Placement(np.eye(3), None, "identity", note="too little in common with its neighbours; left where it is")


def _seen_from_reference(levels: Pyramid, matrix: Matrix | None) -> Pyramid:
    return levels if matrix is None else [warped(level, level.from_frame(matrix)) for level in levels]


def _measure(method: str, anchor: Pyramid, moving: Pyramid, moving_is_longer: bool, max_shift: float) -> Matrix | None:
    """The motion from reference to frame by one method, if it is plausible and the pictures then show the same thing."""
    finest = moving[-1]
    if method == "features":
        motion = features.match(anchor, moving)
    elif method == "mtb":
        motion = mtb.shift(anchor, moving, max_shift)
        if motion is not None:
            motion[:2, 2] = np.rint(motion[:2, 2])
    else:
        coarse = [i for i, level in enumerate(moving) if max(level.size) <= START_PX or i == 0]
        start = mtb.shift([anchor[i] for i in coarse], [moving[i] for i in coarse], max_shift)
        motion = ecc.register(anchor, moving, np.eye(3) if start is None else start, moving_is_longer)
    if motion is None or not plausible(finest.from_frame(motion), finest.size, max_shift):
        return None
    agreement = compare(anchor[-1], finest, np.eye(3), finest.from_frame(motion))
    return motion if agreement is not None and agreement.related else None


def _judged(motion: Matrix, method: str, anchor: Plane, reference: Plane, moving: Plane) -> _Placement:
    """Keep the motion if the frame agrees better with the reference, or with its anchor where the reference has no say."""
    small, still = moving.from_frame(motion), np.eye(3)
    agreement = compare(reference, moving, still, small)
    judge = reference
    if agreement is None or not agreement.related:
        agreement, judge = compare(anchor, moving, still, small), anchor
    moved = displacement_px(small, moving.size) >= STILL_PX
    kept = motion if moved and agreement is not None and agreement.improved else still
    left = residual_px(judge, warped(moving, moving.from_frame(kept)))
    left = None if left is None else left / moving.scale[0]
    if kept is still:
        note = "a motion was found, but agrees no better than none" if moved else ""
        return _Placement(still, motion, "identity", left, note)
    return _Placement(motion, motion, method, left)
