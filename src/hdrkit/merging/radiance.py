"""Frames and a response curve -> radiance."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from hdrkit.errors import ExposureError, InputError
from hdrkit.imaging.warping import Area
from hdrkit.merging.bands import Merged
from hdrkit.merging.device import uses_cuda
from hdrkit.merging.options import MergeOptions
from hdrkit.merging.trust import Trust
from hdrkit.merging.weights import Tables, build_tables
from hdrkit.types import Frame, RadianceMap, ResponseCurve, Validity


@dataclass(frozen=True)
class Tally:
    """Numbers of pixels: all, those not measured for each reason, and those that each frame (in the given order) measured."""

    pixels: int
    saturated: int
    black: int
    used: tuple[int, ...]


@dataclass(frozen=True)
class MergedPixels:
    """A radiance map and the counts of its pixels."""

    radiance: RadianceMap
    tally: Tally

    @property
    def frame_use(self) -> tuple[float, ...]:
        """The share of pixels that each frame contributed to."""
        return tuple(used / self.tally.pixels for used in self.tally.used)


def merge_frames(
    frames: Sequence[Frame],
    exposures: Sequence[float],
    response: ResponseCurve | None,
    options: MergeOptions | None = None,
    trust: Sequence[Trust | None] | None = None,
    area: Area | None = None,
    tables: Tables | None = None,
) -> MergedPixels:
    """Merge aligned frames of one size and kind; frames with a `motion` are resampled during the merge.

    `exposures` are relative exposures (`Exposure.relative`), in any order. `response` maps codes to ln exposure; float frames,
    which are linear already, need none. `trust` holds for each frame the weight of its pixels, (H, W) on the grid of the
    reference from 0 (ignored) to 255 (full), or None for full weight everywhere. Only `area` of the reference is merged. `tables`
    are those of `tables_of`, for callers that merge many areas of the same frames. The result, exp g(z) / exposure, is finite and
    not negative. RAW gives linear sRGB, and gray gives three equal channels. Raises InputError or ExposureError for input that
    does not fit together.
    """
    options = options or MergeOptions()
    if len(frames) != len(exposures) or not frames:
        raise InputError(f"{len(frames)} frames and {len(exposures)} exposures cannot be merged")
    if not all(np.isfinite(t) and t > 0 for t in exposures):
        raise ExposureError(f"exposures must be positive, not {tuple(exposures)}")
    _require_alike(frames)
    order = np.argsort(exposures, kind="stable")
    shares = None if trust is None else [trust[i] for i in order]
    ordered = [frames[i] for i in order]
    times = [float(exposures[i]) for i in order]
    if frames[0].pixels.dtype == np.float32:
        from hdrkit.merging.linear import merge_float

        pixels, validity, variance, used = merge_float(ordered, times, options, shares, area)
    else:
        pixels, validity, variance, used = _merge_codes(ordered, times, response, options, shares, area, tables)
    pixels, variance = _in_srgb(pixels, variance, frames[0])
    saturated, black = (_count(validity, flag) for flag in (Validity.SATURATED, Validity.BLACK))
    tally = Tally(validity.size, saturated, black, tuple(int(used[position]) for position in np.argsort(order)))
    return MergedPixels(RadianceMap(pixels, variance=variance if options.variance else None, validity=validity), tally)


def tables_of(
    frames: Sequence[Frame], exposures: Sequence[float], response: ResponseCurve | None, options: MergeOptions
) -> Tables | None:
    """The lookup tables of a merge, shortest exposure first; None for float frames, which need none.

    Raises InputError for coded frames without a response.
    """
    first = frames[0]
    if first.pixels.dtype == np.float32:
        return None
    if response is None:
        raise InputError("coded frames need a response curve to become light")
    curve = response.for_channels(first.pixels.shape[2]).for_levels(first.levels)
    return build_tables(curve, sorted(float(t) for t in exposures), options.clip_codes(first), options)


def _count(validity: NDArray[np.uint8], flag: Validity) -> int:
    """The number of pixels with a flag, counted a few rows at a time, which stay in the cache."""
    return sum(int(np.count_nonzero(validity[top : top + 16] & np.uint8(flag))) for top in range(0, len(validity), 16))


def _require_alike(frames: Sequence[Frame]) -> None:
    """Raise InputError for frames that the compiled loop would read beyond their edge."""
    first = frames[0]
    for frame in frames:
        pixels = frame.pixels
        if pixels.shape != first.pixels.shape or pixels.dtype != first.pixels.dtype:
            raise InputError(
                f"{frame.name}: {pixels.dtype} {pixels.shape}, but {first.name} is {first.pixels.dtype} {first.pixels.shape}; "
                "frames that are merged must be alike"
            )


def _merge_codes(
    frames: list[Frame],
    times: list[float],
    response: ResponseCurve | None,
    options: MergeOptions,
    trust: list[Trust | None] | None,
    area: Area | None,
    tables: Tables | None,
) -> Merged:
    tables = tables or tables_of(frames, times, response, options)
    assert tables is not None  # the frames hold codes
    clip = options.clip_codes(frames[0])
    if uses_cuda(options.device):
        from hdrkit.merging.gpu import run_tables_on

        return run_tables_on("cuda", frames, tables, times, clip, options.variance, trust, area)
    from hdrkit.merging.kernel import run_tables  # numba is loaded only if it is needed

    return run_tables(frames, tables, times, clip, options.variance, trust, area)


def _in_srgb(
    pixels: NDArray[np.float32], variance: NDArray[np.float32], frame: Frame
) -> tuple[NDArray[np.float32], NDArray[np.float32]]:
    """Three channels of linear sRGB from gray or camera RGB. Values outside the gamut are cut at 0."""
    if pixels.shape[2] == 1:
        return np.repeat(pixels, 3, axis=2), np.repeat(variance, 3, axis=2)
    if frame.to_srgb is not None:
        matrix = frame.to_srgb.astype(np.float32)
        pixels = np.maximum(pixels @ matrix.T, 0)
        variance = variance @ (matrix.T**2)
    return pixels, variance
