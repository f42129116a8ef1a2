"""The frames of a bracket that are merged, aligned and in order."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import replace

import numpy as np

from hdrkit.alignment.motion import displacement_px
from hdrkit.alignment.options import AlignmentMethod, AlignmentOptions
from hdrkit.errors import InputError
from hdrkit.imaging.memory import give_back
from hdrkit.imaging.warping import Area, common_area, whole
from hdrkit.types import AlignmentReport, Failure, Frame, FrameAlignment, Stack

_STILL_SHARE = 0.005  # of the longest side; in a bracket that moved less, frames that could not be aligned are merged too


def require_several(stack: Stack, least: int = 2) -> None:
    """Raise InputError for a bracket of one frame, or of fewer than `least` frames."""
    if 1 < len(stack.frames) < least:
        raise InputError(
            f"{stack.frames[0].name}: bracket {stack.bracket.name!r} has only {len(stack.frames)} frames; "
            f"--min-frames asks for {least}"
        )
    if len(stack.frames) < 2:
        raise InputError(
            f"{stack.frames[0].name}: the only frame of bracket {stack.bracket.name!r}; a bracket needs two exposures or more"
        )


def aligned(stack: Stack, options: AlignmentOptions) -> tuple[Stack, AlignmentReport, tuple[Failure, ...]]:
    """The stack with aligned frames, the report of alignment, and a failure for each frame that is left out."""
    from hdrkit.alignment.chain import align

    frames, report = align(stack.frames, stack.bracket.reference, options)
    if options.method is not AlignmentMethod.NONE:
        give_back()
    lost = strays(report, frames[0])
    kept = [i for i in range(len(frames)) if i not in lost]
    bracket = replace(
        stack.bracket,
        photos=tuple(stack.bracket.photos[i] for i in kept),
        reference=kept.index(stack.bracket.reference),
    )
    why = "left out: it could not be aligned, and other frames of the bracket have moved"
    left_out = tuple(Failure(stack.bracket.photos[i].path, f"{report.frames[i].name}: {why}") for i in lost)
    return Stack(bracket, tuple(frames[i] for i in kept)), report, left_out


def strays(report: AlignmentReport, frame: Frame) -> list[int]:
    """Indices of frames that could not be aligned although the camera moved. Merged as they are, they would show things twice."""
    height, width = frame.pixels.shape[:2]
    if max(displacement_px(np.array(f.matrix), (width, height)) for f in report.frames) <= _STILL_SHARE * max(height, width):
        return []
    return [i for i, f in enumerate(report.frames) if unplaced(f)]


def alignment_warnings(report: AlignmentReport) -> Iterable[str]:
    """Warnings about the alignment of a bracket."""
    lost = sum(unplaced(frame) for frame in report.frames)
    if 2 * lost > len(report.frames):
        yield (
            f"{lost} of {len(report.frames)} frames could not be aligned; check that they show one view "
            "(hdrkit group finds the views)"
        )


def area_of(stack: Stack, options: AlignmentOptions) -> Area:
    """The area of the reference that the result shows: all of it, or the rectangle that every aligned frame covers."""
    return common_area(stack.frames) if options.crop else whole(stack.frames[0])


def size_of(area: Area) -> tuple[int, int]:
    """Width and height of an area."""
    top, bottom, left, right = area
    return right - left, bottom - top


def unplaced(frame: FrameAlignment) -> bool:
    """Whether a frame could not be aligned."""
    return bool(frame.method == "identity" and frame.note and frame.residual_px is None)


def by_brightness(stack: Stack) -> Stack:
    """The stack ordered from dark to bright, for frames whose exposures may be unknown. The middle frame is the reference."""
    order = np.argsort([float(frame.pixels[::4, ::4].mean()) for frame in stack.frames], kind="stable")
    bracket = replace(stack.bracket, photos=tuple(stack.bracket.photos[i] for i in order), reference=len(order) // 2)
    return Stack(bracket, tuple(stack.frames[i] for i in order))
