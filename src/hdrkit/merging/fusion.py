"""Exposure fusion: a picture for the eye, without times, curves or radiance."""

from __future__ import annotations

from collections.abc import Sequence

import cv2
import numpy as np
from numpy.typing import NDArray

from hdrkit.errors import InputError
from hdrkit.types import Frame


def fuse(frames: Sequence[Frame]) -> NDArray[np.float32]:
    """Mertens, Kautz & Van Reeth 2007: blend by contrast, saturation and well-exposedness in a Laplacian pyramid.

    Aligned coded frames of one size in; display-referred RGB (H, W, 3) float32 in 0..1 out. Where an aligned frame has no
    data the frame with the most does duty. Raises InputError for float frames.
    """
    if any(frame.pixels.dtype == np.float32 for frame in frames):
        raise InputError(f"{frames[0].name}: exposure fusion blends photographs, not radiance; merge with another estimator")
    complete = next((frame for frame in frames if frame.seen is None), frames[0])
    pictures = [_filled(frame, complete) for frame in frames]
    fused = cv2.createMergeMertens().process(pictures)
    return np.clip(np.nan_to_num(fused), 0, 1).astype(np.float32)


def _filled(frame: Frame, complete: Frame) -> NDArray[np.uint8]:
    pixels = frame.pixels
    if frame.seen is not None:
        pixels = np.where(frame.seen[..., None], pixels, complete.pixels)
    if pixels.shape[2] == 1:
        pixels = np.repeat(pixels, 3, axis=2)
    return pixels if pixels.dtype == np.uint8 else np.round(pixels * (255.0 / frame.white)).astype(np.uint8)
