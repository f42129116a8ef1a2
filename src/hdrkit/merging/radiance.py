"""Frames and a response curve -> radiance."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from hdrkit.errors import ExposureError, InputError
from hdrkit.merging.options import MergeOptions
from hdrkit.types import Frame, RadianceMap, ResponseCurve, Validity
from hdrkit.weighting import scale_clip


@dataclass(frozen=True)
class MergedPixels:
    """A radiance map, and the share of pixels that each frame (in the order given) contributed to."""

    radiance: RadianceMap
    frame_use: tuple[float, ...]

    def count(self, flag: Validity) -> int:
        """Number of pixels that carry a validity flag."""
        validity = self.radiance.validity
        return 0 if validity is None else int(np.count_nonzero(validity & np.uint8(flag)))


def merge_frames(
    frames: Sequence[Frame], exposures: Sequence[float], response: ResponseCurve | None, options: MergeOptions | None = None
) -> MergedPixels:
    """Merge aligned frames of one size and kind.

    `exposures` are relative exposures (`Exposure.relative`), in any order; `response` maps codes to ln exposure and is
    not needed for float frames, which are light already. The result, exp g(z) / exposure, is finite and not negative;
    RAW comes out in linear sRGB, gray with three equal channels. Raises InputError or ExposureError for input that does
    not fit together.
    """
    options = options or MergeOptions()
    if len(frames) != len(exposures) or not frames:
        raise InputError(f"{len(frames)} frames and {len(exposures)} exposures cannot be merged")
    if not all(np.isfinite(t) and t > 0 for t in exposures):
        raise ExposureError(f"exposures must be positive, not {tuple(exposures)}")
    _require_alike(frames)
    order = np.argsort(exposures, kind="stable")
    ordered = [frames[i] for i in order]
    times = [float(exposures[i]) for i in order]
    if frames[0].pixels.dtype == np.float32:
        from hdrkit.merging.linear import merge_float

        pixels, validity, variance, used = merge_float(ordered, times, options)
    else:
        pixels, validity, variance, used = _merge_codes(ordered, times, response, options)
    pixels, variance = _in_srgb(pixels, variance, frames[0])
    use = np.empty(len(frames))
    use[order] = used / validity.size
    radiance = RadianceMap(pixels, variance=variance if options.variance else None, validity=validity)
    return MergedPixels(radiance, tuple(float(share) for share in use))


def _require_alike(frames: Sequence[Frame]) -> None:
    """Raise InputError for frames that the compiled loop would read beyond their edge, or beyond the end of a table."""
    first = frames[0]
    for frame in frames:
        pixels = frame.pixels
        if pixels.shape != first.pixels.shape or pixels.dtype != first.pixels.dtype:
            raise InputError(
                f"{frame.name}: {pixels.dtype} {pixels.shape}, but {first.name} is {first.pixels.dtype} {first.pixels.shape}; "
                "frames that are merged must be alike"
            )
        if pixels.dtype != np.float32 and first.levels <= np.iinfo(pixels.dtype).max and pixels.max() >= first.levels:
            raise InputError(f"{frame.name}: holds code {pixels.max()}, but {first.name} has {first.levels} levels only")


def _merge_codes(
    frames: list[Frame], times: list[float], response: ResponseCurve | None, options: MergeOptions
) -> tuple[NDArray[np.float32], NDArray[np.uint8], NDArray[np.float32], NDArray[np.int64]]:
    from hdrkit.merging.kernel import run_tables  # numba: only where it is needed
    from hdrkit.merging.weights import build_tables

    if response is None:
        raise InputError("coded frames need a response curve to become light")
    levels, channels = frames[0].levels, frames[0].pixels.shape[2]
    curve = response.for_channels(channels).for_levels(levels)
    clip = (1, int(frames[0].white) - 1) if frames[0].is_linear else scale_clip(options.clip, levels)
    tables = build_tables(curve, times, clip, options)
    return run_tables(frames, tables, times, clip, options.variance)


def _in_srgb(
    pixels: NDArray[np.float32], variance: NDArray[np.float32], frame: Frame
) -> tuple[NDArray[np.float32], NDArray[np.float32]]:
    """Three channels of linear sRGB out of gray or camera RGB; what falls outside the gamut is cut at 0."""
    if pixels.shape[2] == 1:
        return np.repeat(pixels, 3, axis=2), np.repeat(variance, 3, axis=2)
    if frame.to_srgb is not None:
        matrix = frame.to_srgb.astype(np.float32)
        pixels = np.maximum(pixels @ matrix.T, 0)
        variance = variance @ (matrix.T**2)
    return pixels, variance
