"""Frames as small planes: the mean radiance of square blocks of pixels, its noise, and its bounds where pixels are clipped."""

from __future__ import annotations

import os
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, replace
from functools import reduce
from typing import Any

import cv2
import numpy as np
from numpy.typing import NDArray

from hdrkit.imaging.warping import Mask
from hdrkit.types import Frame, NoiseModel, ResponseCurve

Values = NDArray[np.float32]

_LONGEST = 512  # blocks
_ROWS = 4  # rows of a block that are read at least, spread evenly
_TABLE = 2048  # steps of the square root of light in tables of what depends on it
_BAND = 16  # rows of blocks that a thread takes at a time
_CODES_OFF = 0.5  # standard deviation of any mean from rounding, compression and processing
_BLACK = 8  # the exposure of this code is the largest standard error of black
_CUT_OFF = 0.4  # standard deviations of read noise: error of the mean of black, below which no code is stored
_NEAR_CLIPPING = 3.0  # times the spill of the noise model: the spill in the worst case
_OF_RANGE = 0.1  # further error from compression, as a share of the range of codes in and around the block
_NEARLY = 0.06  # share of the codes, next below clipping, in which cameras roll off
_TOUCHED = 1e-3  # a block belongs to a mask from this share of its area


@dataclass(frozen=True)
class FramePlane:
    """The mean radiance of blocks of pixels, float32 (h, w, C), with its uncertainty; all fields have this shape.

    `variance` is the part that averaging lowers. `floor` is the part that it does not lower: errors of the codes, of black and
    near clipping. The camera's own treatment of black may add as much as `black`; a comparison of the frames shows how much it
    adds. A block is `measured` if all its pixels are valid and none of them is clipped. It is `bounded` if all are valid and some
    are clipped: the true radiance is then at least the stored one. It is `bright` if some pixel is clipped or nearly clipped.
    """

    radiance: Values
    variance: Values
    floor: Values
    black: Values
    measured: Mask
    bounded: Mask
    bright: Mask

    @property
    def known(self) -> Mask:
        """The blocks that are measured or bounded."""
        return self.measured | self.bounded

    @property
    def doubt(self) -> Values:
        """The largest variance that each block may have."""
        return self.variance + self.floor + self.black + np.float32(1e-30)


def block_side(shape: Sequence[int]) -> int:
    """The side of a block in pixels, for pictures (H, W, ...): at least two, which reduces noise and errors of resampling."""
    return max(2, -(-max(shape[:2]) // _LONGEST))


def plane(frame: Frame, exposure: float, response: ResponseCurve | None, noise: NoiseModel, high: float) -> FramePlane:
    """The frame in blocks of `block_side` on the grid of the reference, with noise averaged over each block.

    Codes above `high` are clipped. Float frames come without `response` and are never clipped.
    """
    side = block_side(frame.pixels.shape)
    if response is None:
        light, clipped, bright, valid, extent = _float_means(frame, side)
        saturation = np.full(light.shape[2], light.max(initial=1e-30))
        steps, black = np.zeros((_TABLE, light.shape[2])), np.zeros(1)
    else:
        light, clipped, bright, valid, extent = _code_means(frame, side, response, high)
        linear = response.linear
        saturation, black = linear[-1], linear[_BLACK]
        steps = _steps_at(linear)
    shares = np.linspace(0, 1, _TABLE)[:, None] ** 2
    at = np.sqrt(light * (np.float32((_TABLE - 1) ** 2) / saturation.astype(np.float32))).astype(np.intp)
    np.minimum(at, _TABLE - 1, out=at)
    noises = noise.variance(shares) * (saturation / side) ** 2
    cut_off = _CUT_OFF**2 * noise.variance(np.zeros(1)) * saturation**2
    step, random, floor = (
        np.stack([table[at[..., c], c] for c in range(light.shape[2])], axis=2)
        for table in (
            np.broadcast_to(values / exposure**n, steps.shape).astype(np.float32)
            for values, n in ((steps, 1), (noises, 2), ((_CODES_OFF * steps) ** 2 + cut_off, 2))
        )
    )
    spill = np.float32(_NEAR_CLIPPING * noise.spill / exposure) * light * any_channel(bright)
    still = FramePlane(
        light / np.float32(exposure),
        random + (np.float32(_OF_RANGE) * extent * step) ** 2,
        floor + spill**2,
        np.broadcast_to((black / exposure) ** 2, light.shape).astype(np.float32),
        valid[..., None] & ~clipped,
        valid[..., None] & clipped,
        bright,
    )
    return still if frame.motion is None else _on_reference(still, frame.motion, side)


def any_channel(mask: Mask) -> Mask:
    """Whether a mask (h, w, C) is set in any channel, (h, w, 1); faster than a reduction of the last axis."""
    return np.asarray(reduce(np.logical_or, (mask[..., c : c + 1] for c in range(mask.shape[2]))))


def cautious(plane: FramePlane) -> FramePlane:
    """The plane with its bright blocks as bounds, because cameras roll off there."""
    return replace(plane, measured=plane.measured & ~plane.bright, bounded=plane.bounded | (plane.measured & plane.bright))


def joined(first: FramePlane, second: FramePlane, where: Mask) -> FramePlane:
    """The first plane, combined with the second `where` (h, w) the second measured.

    If both measured, the result is their inverse-variance mean; if one measured, its value. If neither did, the higher of two
    bounds holds.
    """
    where = where[..., None]
    weights = [np.where(one.measured, 1 / one.doubt, 0) for one in (first, second)]
    share = weights[1] / np.maximum(weights[0] + weights[1], 1e-30)
    share *= where & second.measured
    rest = 1 - share
    measured = first.measured | (where & second.measured)
    higher = where & second.bounded & ~measured
    radiance = first.radiance * rest + second.radiance * share
    return FramePlane(
        np.where(higher, np.maximum(radiance, second.radiance), radiance).astype(np.float32),
        (first.variance * rest**2 + second.variance * share**2).astype(np.float32),
        (first.floor * rest**2 + second.floor * share**2).astype(np.float32),
        (first.black * rest**2 + second.black * share**2).astype(np.float32),
        measured,
        ~measured & (first.bounded | (where & second.bounded)),
        first.bright & ~measured,
    )


def _steps_at(linear: NDArray[np.float64]) -> NDArray[np.float64]:
    """The change of exposure over one code, at the steps of _TABLE, from exposures (levels, C)."""
    shares = np.linspace(0, 1, _TABLE) ** 2
    steps = np.gradient(linear, axis=0)
    return np.stack([np.interp(shares * linear[-1, c], linear[:, c], steps[:, c]) for c in range(linear.shape[1])], axis=1)


def _code_means(frame: Frame, side: int, response: ResponseCurve, high: float) -> tuple[Values, Mask, Mask, Mask, NDArray[Any]]:
    height, width, channels = frame.pixels.shape
    size = -(-height // side), -(-width // side)
    light = np.empty((*size, channels), np.float32)
    most, least = np.empty((2, *size, channels), frame.pixels.dtype)
    table = response.linear.astype(np.float32)
    table[int(high) + 1 :] = table[int(high)]  # nothing more is known about clipped light

    def average(top: int) -> None:
        rows, blocks = slice(top * side, (top + _BAND) * side), slice(top, top + _BAND)
        _means(frame.pixels[rows], table, side, light[blocks], most[blocks], least[blocks])

    with ThreadPoolExecutor(os.cpu_count()) as pool:
        list(pool.map(average, range(0, size[0], _BAND)))
    around = np.ones((3, 3), np.uint8)
    spans = (cv2.dilate(most, around) - cv2.erode(least, around)).reshape(most.shape)
    extent = np.asarray(reduce(np.maximum, (spans[..., c : c + 1] for c in range(spans.shape[2]))), np.float32)
    return light, most > high, most > high - _NEARLY * frame.levels, _all_valid(frame, side), extent


def _float_means(frame: Frame, side: int) -> tuple[Values, Mask, Mask, Mask, NDArray[Any]]:
    means = _averaged(np.maximum(np.nan_to_num(frame.pixels, posinf=0), 0), side)
    nowhere = np.zeros(means.shape, np.bool_)
    return means, nowhere, nowhere, _all_valid(frame, side), np.zeros(1, np.float32)


def _all_valid(frame: Frame, side: int) -> Mask:
    """The blocks (h, w) whose pixels are all valid."""
    height, width = frame.pixels.shape[:2]
    if frame.valid is None:
        return np.ones((-(-height // side), -(-width // side)), np.bool_)
    return np.asarray(_averaged((~frame.valid).astype(np.float32), side) <= _TOUCHED)


def _averaged(values: Values, side: int) -> Values:
    """The means of blocks. Blocks at the right and lower border repeat the last pixels."""
    height, width = values.shape[:2]
    whole = cv2.copyMakeBorder(values, 0, -height % side, 0, -width % side, cv2.BORDER_REPLICATE)
    return _resized(np.asarray(whole, np.float32), (whole.shape[1] // side, whole.shape[0] // side))


def _means(codes: NDArray[Any], table: Values, side: int, light: Values, most: NDArray[Any], least: NDArray[Any]) -> None:
    """The mean exposure of the blocks of a band, and their highest and lowest codes. Of large blocks some rows are read."""
    count, width, channels = light.shape[0], *codes.shape[1:]
    total, rows = np.zeros((count, width, channels), np.float32), np.zeros((count, 1, 1), np.float32)
    high = np.zeros(total.shape, codes.dtype)
    low = np.full(total.shape, np.iinfo(codes.dtype).max, codes.dtype)
    for y in range(0, min(side, len(codes)), max(1, side // _ROWS)):
        some = codes[y::side]
        here = slice(0, len(some))
        total[here] += _looked_up(some, table)
        rows[here] += 1
        np.maximum(high[here], some, out=high[here])
        np.minimum(low[here], some, out=low[here])
    blocks = light.shape[1]
    padded = cv2.copyMakeBorder(total, 0, 0, 0, blocks * side - width, cv2.BORDER_CONSTANT)
    sums = cv2.resize(padded, (blocks, count), interpolation=cv2.INTER_AREA).reshape(light.shape) * np.float32(side)
    columns = np.full((1, blocks, 1), side, np.float32)
    columns[:, -1] = width - (blocks - 1) * side
    light[:] = sums / (rows * columns)
    across = np.ones((1, side), np.uint8)
    most[:] = cv2.dilate(high, across, anchor=(0, 0))[:, ::side].reshape(most.shape)
    least[:] = cv2.erode(low, across, anchor=(0, 0))[:, ::side].reshape(least.shape)


def _looked_up(codes: NDArray[Any], table: Values) -> Values:
    """The values of a table (levels, C) at codes (h, w, C)."""
    if codes.dtype == np.uint8 and len(table) == 256:
        return np.asarray(cv2.LUT(np.ascontiguousarray(codes), table[None]), np.float32).reshape(codes.shape)
    return np.stack([table[codes[..., c], c] for c in range(codes.shape[2])], axis=2)


def _on_reference(still: FramePlane, motion: NDArray[np.float64], side: int) -> FramePlane:
    """The plane on the reference's grid; `motion` maps pixels of the reference to pixels of the frame."""
    to_pixels = np.array([[side, 0, (side - 1) / 2], [0, side, (side - 1) / 2], [0, 0, 1]])
    matrix = np.linalg.inv(to_pixels) @ motion @ to_pixels
    height, width = still.measured.shape[:2]

    def warped(values: Values, interpolation: int, outside: float) -> Values:
        flags, border = interpolation | cv2.WARP_INVERSE_MAP, (outside,) * 4
        moved = cv2.warpPerspective(values, matrix, (width, height), flags=flags, borderValue=border)
        return np.asarray(moved, np.float32).reshape(height, width, *values.shape[2:])

    radiance = np.maximum(warped(still.radiance, cv2.INTER_CUBIC, 0), 0)
    variance, floor, black = (warped(values, cv2.INTER_LINEAR, 0) for values in (still.variance, still.floor, still.black))
    unknown = warped((~still.known).astype(np.float32), cv2.INTER_LINEAR, 1) > _TOUCHED
    bounded = warped(still.bounded.astype(np.float32), cv2.INTER_LINEAR, 0) > _TOUCHED
    bright = warped(still.bright.astype(np.float32), cv2.INTER_LINEAR, 0) > _TOUCHED
    return FramePlane(radiance, variance, floor, black, ~unknown & ~bounded, ~unknown & bounded, bright)


def _resized(values: Values, size: tuple[int, int]) -> Values:
    """Area averages. `size` is (width, height); channels remain an axis of their own."""
    means = cv2.resize(values, size, interpolation=cv2.INTER_AREA)
    return np.asarray(means, np.float32).reshape(size[1], size[0], *values.shape[2:])
