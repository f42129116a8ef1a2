"""The choice of pixels for a calibration, and their codes."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import cv2
import numpy as np
from numpy.typing import NDArray

from hdrkit.calibration.compression import compressed
from hdrkit.calibration.options import Sampling
from hdrkit.errors import CalibrationError
from hdrkit.imaging.warping import Area, codes_at, common_area, placed, squares_at
from hdrkit.types import Frame

PATCH = 8  # pixels across

_BINS = 32
_PLENTY = 500_000
_PIXELS_A_PATCH = 4  # number of requested samples that one patch replaces
LEAST_RANGE = 0.05  # in ln exposure; smaller differences count as none


@dataclass(frozen=True)
class Samples:
    """The input of a calibration from one bracket of K frames, shortest exposure first.

    `codes` (N, K, C) are those of N single pixels, `patches` (M, P, K, C) those of the P pixels of M square patches. `ln_times`
    (K,) is ln exposure; `unknown` (K,) marks those that are guesses. `compressed` says that the frames have been through JPEG.
    """

    bracket: str
    names: tuple[str, ...]
    codes: NDArray[Any]
    patches: NDArray[Any]
    ln_times: NDArray[np.float64]
    levels: int
    camera: str
    unknown: NDArray[np.bool_]
    compressed: bool


def take_samples(
    bracket: str,
    frames: Sequence[Frame],
    exposures: Sequence[float],
    sampling: Sampling,
    count: int,
    seed: int,
    unknown: Sequence[bool] | None = None,
) -> Samples:
    """Codes of `count` pixels in every frame of one bracket, from the area where all are valid. Small pictures give fewer pixels.

    `random` takes pixels anywhere; `histogram` takes equally many in each range of brightness of the middle frame; `grid` takes
    rows and columns; `flat` takes pixels where the middle frame varies least, equally many in each range of brightness. The
    middle frame is the one of middle exposure among those without motion. The same seed gives the same pixels. `unknown` marks
    exposures that are guesses. Raises CalibrationError if all exposures are equal, or if pictures become darker as exposures
    grow; AlignmentError if the frames have no area in common.
    """
    order = np.argsort(exposures, kind="stable")
    ordered = [frames[i] for i in order]
    ln_times = np.log(np.asarray(exposures, float)[order])
    if np.ptp(ln_times) < LEAST_RANGE:
        raise CalibrationError(
            f"{ordered[0].name}: all {len(ordered)} frames of bracket {bracket!r} have the same exposure; "
            "a response curve needs different exposures of one view"
        )
    area = common_area(ordered)
    middle = _middle(ordered, area)
    height, width = middle.shape[:2]
    count = min(count, height * width)
    rng = np.random.default_rng(seed)
    match sampling:
        case Sampling.RANDOM:
            chosen = rng.choice(height * width, count, replace=False)
        case Sampling.GRID:
            chosen = _grid(height, width, count)
        case Sampling.HISTOGRAM:
            chosen = _evenly_over(middle, _candidates(height * width, rng), count)
        case Sampling.FLAT:
            chosen = _evenly_over(middle, _flattest(middle, _candidates(height * width, rng)), count)
    rows, columns = np.divmod(np.sort(chosen), width)
    samples = Samples(
        bracket,
        tuple(frame.name for frame in ordered),
        np.stack([codes_at(frame, rows + area[0], columns + area[2]) for frame in ordered], axis=1),
        patch_codes(ordered, area, max(1, count // _PIXELS_A_PATCH), rng),
        ln_times,
        ordered[0].levels,
        ordered[0].photo.camera if ordered[0].photo else "",
        np.array([False if unknown is None else unknown[i] for i in order]),
        compressed(ordered),
    )
    _require_brightening(samples)
    return samples


def pixel_codes(frames: Sequence[Frame], count: int) -> NDArray[Any]:
    """Codes (N, K, C) of up to `count` pixels that lie evenly in the area that all aligned frames show.

    Raises AlignmentError if the frames have no area in common.
    """
    top, bottom, left, right = common_area(frames)
    rows, columns = np.divmod(_grid(bottom - top, right - left, min(count, (bottom - top) * (right - left))), right - left)
    return np.stack([codes_at(frame, rows + top, columns + left) for frame in frames], axis=1)


def _require_brightening(one: Samples) -> None:
    """Raise CalibrationError if the longest exposure is darker than the shortest."""
    change = one.codes[:, -1].astype(float) - one.codes[:, 0]
    if np.count_nonzero(change < 0) > np.count_nonzero(change > 0):
        raise CalibrationError(
            f"{one.names[-1]}: darker than {one.names[0]} although its stated exposure is longer; "
            "the exposures are wrong or inverted: give the true ones with --exposures FILE.csv, or with --ev in the order of the "
            "command line or, in a folder, of the names (a number at the end of a name counts as a time)"
        )


def _middle(ordered: Sequence[Frame], area: Area) -> NDArray[Any]:
    """The pixels of the frame of middle exposure in an area; frames that need no resampling are preferred."""
    middle = len(ordered) // 2
    still = [i for i, frame in enumerate(ordered) if frame.motion is None]
    frame = ordered[min(still, key=lambda i: abs(i - middle))] if still else placed(ordered[middle])
    top, bottom, left, right = area
    return frame.pixels[top:bottom, left:right]


def patch_codes(ordered: Sequence[Frame], area: Area, count: int, rng: np.random.Generator) -> NDArray[Any]:
    """Codes (M, P, K, C) of up to `count` square patches, equally many in each range of brightness of the middle frame."""
    tops, lefts = _patches(_middle(ordered, area), count, rng)
    return np.moveaxis(np.stack([squares_at(frame, tops + area[0], lefts + area[2], PATCH) for frame in ordered]), 0, 2)


def _patches(middle: NDArray[Any], count: int, rng: np.random.Generator) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
    """Top rows and left columns (M,) of up to `count` patches, equally many in each range of brightness."""
    down, across = middle.shape[0] // PATCH, middle.shape[1] // PATCH
    if down * across == 0:
        nothing = np.empty(0, np.int64)
        return nothing, nothing
    means = cv2.resize(middle[: down * PATCH, : across * PATCH], (across, down), interpolation=cv2.INTER_AREA)
    count = min(count, down * across)
    chosen = np.sort(_evenly_over(means.reshape(down, across, -1), _candidates(down * across, rng), count))
    return chosen // across * PATCH, chosen % across * PATCH


def _grid(height: int, width: int, count: int) -> NDArray[np.int64]:
    down = max(1, round(np.sqrt(count * height / width)))
    across = max(1, count // down)
    rows = ((np.arange(down) + 0.5) * height / down).astype(np.int64)
    columns = ((np.arange(across) + 0.5) * width / across).astype(np.int64)
    return np.unique(rows[:, None] * width + columns)


def _candidates(total: int, rng: np.random.Generator) -> NDArray[np.int64]:
    """Numbers below `total` in random order: all of them, or enough to choose from."""
    if total <= _PLENTY:
        return rng.permutation(total)
    starts = np.arange(_PLENTY) * total // _PLENTY
    return rng.permutation(starts + rng.integers(total // _PLENTY, size=_PLENTY))


def _flattest(middle: NDArray[Any], candidates: NDArray[np.int64]) -> NDArray[np.int64]:
    """The half of the candidates with the smaller standard deviation relative to the mean over 5 x 5."""
    height, width, channels = middle.shape
    rows, columns = np.divmod(candidates, width)
    total, squares = np.zeros(len(candidates)), np.zeros(len(candidates))
    for down in range(-2, 3):
        for across in range(-2, 3):
            gray = middle[np.clip(rows + down, 0, height - 1), np.clip(columns + across, 0, width - 1)].sum(axis=1) / channels
            total += gray
            squares += gray**2
    mean = total / 25
    deviation = np.sqrt(np.maximum(squares / 25 - mean**2, 0)) / (mean + 1)
    calm: NDArray[np.int64] = candidates[deviation <= np.median(deviation)]
    return calm


def _evenly_over(picture: NDArray[Any], candidates: NDArray[np.int64], count: int) -> NDArray[np.int64]:
    """`count` of the candidate pixels, taken in turn from equal ranges of brightness until each range is empty."""
    channels = picture.shape[2]
    values = picture[np.divmod(candidates, picture.shape[1])] @ np.ones(channels) / channels
    low, high = float(values.min()), float(values.max())
    bins = np.minimum(((values - low) / max(high - low, 1e-9) * _BINS).astype(np.uint8), _BINS - 1)
    by_bin = np.argsort(bins, kind="stable")
    sizes = np.bincount(bins, minlength=_BINS)
    taken = _turns(sizes, min(count, len(candidates)))
    starts = np.cumsum(sizes) - sizes
    first = np.concatenate([np.arange(start, start + n) for start, n in zip(starts, taken, strict=True)])
    return np.asarray(candidates[by_bin[first]])


def _turns(sizes: NDArray[np.int64], count: int) -> NDArray[np.int64]:
    """How many each range gives if they give one each in turn, the first ranges first, until there are `count`."""
    taken, left = np.zeros_like(sizes), count
    while left:
        giving = np.flatnonzero(sizes > taken)
        each = min(left // giving.size, int((sizes - taken)[giving].min()))
        taken[giving if each else giving[:left]] += each or 1
        left -= each * giving.size or left
    return taken


def require_usable(samples: Sequence[Samples]) -> None:
    """Raise CalibrationError unless the samples are of one kind, from one camera."""
    first = samples[0]
    for one in samples:
        if one.levels != first.levels or one.codes.shape[2] != first.codes.shape[2]:
            raise CalibrationError(
                f"{one.names[0]}: {one.levels} levels and {one.codes.shape[2]} channels, but {first.names[0]} has "
                f"{first.levels} and {first.codes.shape[2]}; calibrate each kind of picture separately"
            )
        if one.camera and first.camera and one.camera != first.camera:
            raise CalibrationError(
                f"{one.names[0]}: taken with {one.camera}, {first.names[0]} with {first.camera}; a curve belongs to one camera"
            )
