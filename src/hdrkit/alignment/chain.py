"""Alignment of a bracket: each frame against its neighbour in exposure, outwards from the reference.

Neighbours share most unclipped pixels, so each frame is registered to the nearest aligned frame towards the reference, resampled
on the grid of the reference. A frame six EV away is never compared with the reference directly. An estimate counts only if an
independent measure (`similarity`) says that the frame agrees better than unaligned. A frame that cannot be compared keeps its
position, with a note: a guess from its neighbours would have no support.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace

import numpy as np

from hdrkit.alignment import ecc, features, mtb
from hdrkit.alignment.motion import displacement_px, plausible
from hdrkit.alignment.options import AlignmentMethod, AlignmentOptions
from hdrkit.alignment.planes import Matrix, Plane, View, pyramid, scaled, warped
from hdrkit.alignment.repeats import unique_start
from hdrkit.alignment.similarity import Comparison, compare, residual_px
from hdrkit.errors import InputError
from hdrkit.imaging.threads import lasting_threads
from hdrkit.types import AlignmentReport, Frame, FrameAlignment

Pyramid = list[Plane]
Views = dict[int, View]  # keys are levels of a pyramid

STILL_PX = 0.15  # if the corners move less, the frame is not worth interpolating
MAX_ANCHORS = 2
START_PX = 512  # longest side at which bitmaps find the start for registration of brightness
SHOWN_PX = 3.0  # displacement that a picture shows clearly
JUDGED_AT_LEAST_PX = 250


@dataclass(frozen=True)
class _Placement:
    """The position of a frame: `matrix` is applied to it; `measured` is for its neighbours, or None if they cannot use it."""

    matrix: Matrix
    measured: Matrix | None
    method: str
    residual_px: float | None = None
    note: str = ""


class _Pyramids(dict[int, Pyramid]):
    """The pyramids of frames, by number. Each is made when it is requested."""

    def __init__(self, frames: Sequence[Frame]):
        super().__init__()
        self._frames = frames

    def __missing__(self, i: int) -> Pyramid:
        self[i] = made = pyramid(self._frames[i])
        return made

    def keep(self, needed: set[int]) -> None:
        """Drop the other pyramids; they are made again on request."""
        for i in self.keys() - needed:
            del self[i]


def align(
    frames: Sequence[Frame], reference: int, options: AlignmentOptions, progress: Callable[[int, int], None] | None = None
) -> tuple[list[Frame], AlignmentReport]:
    """The frames with their `motion` against frame `reference`, and how each was found.

    `frames` come from the shortest to the longest exposure, or by mean brightness. The reference, and every frame that keeps its
    position, is returned as the same object. `progress` is called with (frames done, frames to place). Raises InputError if
    frames differ in size.
    """
    _check(frames, reference)
    identity = np.eye(3)
    placed = {reference: _Placement(identity, identity, "reference")}
    if options.method is AlignmentMethod.NONE:
        placed |= {i: _Placement(identity, None, "none") for i in range(len(frames)) if i != reference}
    else:
        pool = lasting_threads()
        pyramids = _Pyramids(frames)
        for distance in range(1, max(reference, len(frames) - 1 - reference) + 1):
            pair = [i for i in (reference - distance, reference + distance) if 0 <= i < len(frames)]
            list(pool.map(pyramids.__getitem__, [reference, *pair]))
            found = pool.map(lambda i: _place(i, reference, pyramids, placed, options), pair)
            for i, placement in zip(pair, list(found), strict=True):
                placed[i] = placement
                if progress:
                    progress(len(placed) - 1, len(frames) - 1)
            ahead = (_anchors(i, reference, placed)[:1] for i in (pair[0] - 1, pair[-1] + 1))
            pyramids.keep({reference, *(j for anchors in ahead for j, _ in anchors)})
    moved = [
        frame if np.array_equal(placed[i].matrix, identity) else replace(frame, motion=np.asarray(placed[i].matrix, float))
        for i, frame in enumerate(frames)
    ]
    rows = tuple(_report(frame.name, placed[i]) for i, frame in enumerate(frames))
    return moved, AlignmentReport(options.method.value, frames[reference].name, rows)


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
    i: int, reference: int, pyramids: dict[int, Pyramid], placed: dict[int, _Placement], options: AlignmentOptions
) -> _Placement:
    """Place frame `i` by the nearest placed frame towards the reference that has enough in common with it."""
    moving, methods = pyramids[i], _methods(options.method)
    for j, matrix in _anchors(i, reference, placed):
        left_alone = None
        for method in methods:
            judges = [(pyramids[j], np.eye(3))] + ([(pyramids[reference], np.linalg.inv(matrix))] if j != reference else [])
            step = _estimate(method, judges, moving, i > j, options)
            motion = None if step is None else scaled(step @ matrix)
            if motion is None or not plausible(moving[-1].from_frame(motion), moving[-1].size, options.max_shift):
                continue
            placement = _judged(motion, method, pyramids[reference], (pyramids[j], matrix), moving)
            if placement is not None and (not placement.note or placement.residual_px is not None):
                return placement
            left_alone = left_alone or placement
        if left_alone is not None:
            return left_alone
    return _Placement(
        np.eye(3), None, "identity", note="the frame has too little in common with its neighbours; it is left unaligned"
    )


def _methods(method: AlignmentMethod) -> tuple[str, ...]:
    """The methods to try, in order."""
    return ("ecc", "features") if method is AlignmentMethod.AUTO else (method.value,)


def _anchors(i: int, reference: int, placed: dict[int, _Placement]) -> list[tuple[int, Matrix]]:
    """The nearest placed frames towards the reference that may place frame `i`, with their positions."""
    towards = range(i - 1, reference - 1, -1) if i > reference else range(i + 1, reference + 1)
    return [(j, matrix) for j in towards if j in placed and (matrix := placed[j].measured) is not None][:MAX_ANCHORS]


def _estimate(
    method: str, judges: list[tuple[Pyramid, Matrix]], moving: Pyramid, moving_is_longer: bool, options: AlignmentOptions
) -> Matrix | None:
    """The motion from the first of the judges, the anchor, to the frame by one method; `judges` are as in `unique_start`.

    In auto, features only give the start for registration of brightness.
    """
    anchor = judges[0][0]
    if method == "mtb":
        motion = mtb.shift(anchor, moving, options.max_shift)
        return None if motion is None else _whole(motion)
    if method == "features":
        motion = features.match(anchor, moving)
        if motion is None or options.method is AlignmentMethod.FEATURES:
            return motion
        refined = ecc.register(anchor, moving, motion, moving_is_longer)
        return motion if refined is None else refined
    coarse = [i for i, level in enumerate(moving) if max(level.size) <= START_PX or i == 0]
    start = mtb.shift([anchor[i] for i in coarse], [moving[i] for i in coarse], options.max_shift)
    start = unique_start(np.eye(3) if start is None else start, judges, moving, options.max_shift)
    return ecc.register(anchor, moving, start, moving_is_longer)


def _whole(translation: Matrix) -> Matrix:
    rounded = translation.copy()
    rounded[:2, 2] = np.rint(rounded[:2, 2])
    return rounded


def _judged(
    motion: Matrix, method: str, reference: Pyramid, anchor: tuple[Pyramid, Matrix], moving: Pyramid
) -> _Placement | None:
    """The motion, if it improves the agreement of the frame with the reference or, where that shows too little, with its anchor.

    The result is None if neither shows the same view as the frame.
    """
    levels = _telling(moving, motion)
    finest, still = levels[-1], np.eye(3)
    moved = displacement_px(moving[finest].from_frame(motion), moving[finest].size) >= STILL_PX
    aligned = _views(moving, motion, levels)
    judge: Views = {i: reference[i] for i in levels}
    opinions = _opinions(judge, moving, aligned, moved)
    if not opinions:
        judge = _views(*anchor, levels)
        opinions = _opinions(judge, moving, aligned, moved)
    if not opinions:
        return None
    kept = moved and opinions[-1].improved
    left = residual_px(judge[finest], aligned[finest] if kept else moving[finest])
    left = None if left is None else left / moving[finest].scale[0]
    if kept:
        return _Placement(motion, motion, method, left)
    measured = motion if any(opinion.gain >= 0 for opinion in opinions) else still
    note = "a motion was found, but does not improve the agreement; the frame is left unaligned" if moved else ""
    return _Placement(still, measured, "identity", left, note)


def _telling(moving: Pyramid, motion: Matrix) -> list[int]:
    """The levels at which a motion is judged: the smallest useful one that shows it, and the finest.

    Fine texture, which parallax and noise separate, cannot judge a large motion; a small motion shows only there.
    """
    shows = (
        i
        for i, level in enumerate(moving)
        if max(level.size) >= JUDGED_AT_LEAST_PX and displacement_px(level.from_frame(motion), level.size) >= SHOWN_PX
    )
    finest = len(moving) - 1
    return sorted({next(shows, finest), finest})


def _views(frame: Pyramid, motion: Matrix, levels: Sequence[int]) -> Views:
    return {i: warped(frame[i], frame[i].from_frame(motion)) for i in levels}


def _opinions(judge: Views, moving: Pyramid, aligned: Views, moved: bool) -> list[Comparison]:
    """The agreement of the frame with the judge, unaligned and aligned, at each level where both seem to show the same view.

    The coarsest comes first. If the frame has `moved`, the first opinion that it agrees better aligned is the last.
    """
    opinions = []
    for i in aligned:
        opinion = compare(judge[i], moving[i], aligned[i])
        if opinion is not None and opinion.related:
            opinions.append(opinion)
            if moved and opinion.improved:
                break
    return opinions
