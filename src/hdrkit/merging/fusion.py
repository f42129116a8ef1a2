"""Exposure fusion: a picture for the display, without times, curves or radiance."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from typing import Any

import cv2
import numpy as np
from numpy.typing import NDArray

from hdrkit.errors import InputError
from hdrkit.imaging.depth import eight_bit, three_channels
from hdrkit.imaging.warping import Area, placed, whole
from hdrkit.types import Frame


def fuse_frames(frames: Sequence[Frame], area: Area | None = None) -> NDArray[np.float32]:
    """Blend frames by contrast, saturation and well-exposedness in a Laplacian pyramid (Mertens, Kautz & Van Reeth 2007).

    The frames are aligned, coded and of one size; the result is display-referred RGB (H, W, 3), float32 in 0..1. Where an aligned
    frame has no data, the complete frame takes its place. The picture is cut to `area`. Raises InputError for float frames.
    """
    if any(frame.pixels.dtype == np.float32 for frame in frames):
        raise InputError(f"{frames[0].name}: exposure fusion blends photographs, not radiance; merge with another estimator")
    frames = [placed(frame) for frame in frames]
    complete = next((frame for frame in frames if frame.valid is None), frames[0])
    top, bottom, left, right = area or whole(frames[0])
    pictures = [three_channels(eight_bit(_filled(frame, complete)[top:bottom, left:right], frame.white)) for frame in frames]
    with _one_thread():
        fused = cv2.createMergeMertens().process(pictures)
    return np.clip(np.nan_to_num(fused), 0, 1).astype(np.float32)


@contextmanager
def _one_thread() -> Iterator[None]:
    """Run OpenCV in one thread: its threads add the frames in the order in which they finish, which changes the last bits."""
    threads = cv2.getNumThreads()
    cv2.setNumThreads(1)
    try:
        yield
    finally:
        cv2.setNumThreads(threads)


def _filled(frame: Frame, complete: Frame) -> NDArray[Any]:
    """The pixels of a frame; where it has none, those of the complete frame, scaled to its brightness so that no edge shows."""
    if frame.valid is None or frame.valid.all() or not frame.valid.any():
        return frame.pixels
    filled = frame.pixels.copy()
    for c in range(filled.shape[2]):
        theirs, ours = np.sort(complete.pixels[frame.valid, c]), np.sort(frame.pixels[frame.valid, c])
        rank = np.searchsorted(theirs, complete.pixels[~frame.valid, c], side="right") - 1
        filled[~frame.valid, c] = ours[np.maximum(rank, 0)]
    return filled
