"""Exposure fusion: a picture for the display, without times, curves or radiance."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from functools import partial
from typing import Any

import cv2
import numpy as np
from numpy.typing import NDArray

from hdrkit.errors import InputError
from hdrkit.imaging.depth import three_channels
from hdrkit.imaging.warping import Area, placed, whole
from hdrkit.merging.agreement import ghosts_of, predicted
from hdrkit.merging.pyramid import Blend
from hdrkit.types import Frame

Codes = NDArray[np.float32]

_DETAIL, _COLOUR = 0.5, 0.5  # powers of local contrast and of saturation in the weight
_BEST, _SPREAD = 0.5, 0.2  # the code that shows a place best, and how fast others count less
_LEAST = 1e-4  # weight
_NONE = 0.01  # contrast and saturation of a place that has none


def fuse_frames(
    frames: Sequence[Frame], area: Area | None = None, deghost: bool = False, reference: int | None = None
) -> NDArray[np.float32]:
    """Blend frames by contrast, saturation and well-exposedness in a Laplacian pyramid (Mertens, Kautz & Van Reeth 2007).

    The frames are aligned, coded and of one size, in the order of brightness; the result is display-referred RGB (H, W, 3),
    float32 in 0..1. Where an aligned frame has no data, the `reference` takes its place, as that exposure would show it; with
    `deghost` so it does where the frame shows something else. Without a `reference` it is the middle one of the frames that have
    all data. The picture is cut to `area`. Raises InputError for float frames.
    """
    if any(frame.pixels.dtype == np.float32 for frame in frames):
        raise InputError(f"{frames[0].name}: exposure fusion blends photographs, not radiance; merge with another estimator")
    complete = [k for k, frame in enumerate(frames) if frame.motion is None and frame.valid is None] or [0]
    chosen = complete[len(complete) // 2] if reference is None else reference
    model = placed(frames[chosen])
    pictures = [frame if k == chosen else _agreeing(placed(frame), model, deghost) for k, frame in enumerate(frames)]
    pictures[chosen] = model
    top, bottom, left, right = area or whole(frames[0])
    cut = [three_channels(np.ascontiguousarray(frame.pixels[top:bottom, left:right])) for frame in pictures]
    shown = [partial(_shares, pixels, frame.white) for pixels, frame in zip(cut, pictures, strict=True)]
    weights = [_weight(picture()).astype(np.float16) for picture in shown]
    total = np.sum(weights, axis=0, dtype=np.float32)
    blend = Blend()
    for picture, weight in zip(shown, weights, strict=True):
        blend.add(picture(), weight / total)
    return np.clip(blend.picture(), 0, 1)


def _agreeing(frame: Frame, model: Frame, deghost: bool) -> Frame:
    """A frame that has all data and, with `deghost`, shows nothing else than the model does."""
    if not deghost and (frame.valid is None or frame.valid.all()):
        return frame
    should = predicted(frame, model)
    lost = np.zeros(frame.pixels.shape[:2], np.bool_) if frame.valid is None else ~frame.valid
    if deghost:
        lost |= ghosts_of(frame, model, should)
    return replace(frame, pixels=np.where(lost[..., None], should.codes, frame.pixels), valid=None)


def _shares(pixels: NDArray[Any], white: float) -> Codes:
    """Codes as shares of white, 0..1."""
    return np.asarray(np.minimum(pixels.astype(np.float32) / np.float32(white), 1))


def _weight(picture: Codes) -> Codes:
    """How well each pixel of a frame shows its place (H, W), positive."""
    grey = cv2.cvtColor(picture, cv2.COLOR_RGB2GRAY)
    contrast = np.abs(cv2.Laplacian(grey, cv2.CV_32F, borderType=cv2.BORDER_REFLECT)) + np.float32(_NONE)
    colour = picture.std(axis=2) + np.float32(_NONE)
    exposed = np.exp(-np.square((picture - np.float32(_BEST)) / np.float32(_SPREAD)).mean(axis=2) / 2)
    return np.asarray(contrast ** np.float32(_DETAIL) * colour ** np.float32(_COLOUR) * exposed + np.float32(_LEAST), np.float32)
