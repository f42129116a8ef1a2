"""Which pixels a calibration looks at, and the codes that they hold."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import cv2
import numpy as np
from numpy.typing import NDArray

from hdrkit.calibration.options import Sampling
from hdrkit.errors import CalibrationError
from hdrkit.types import Frame

PATCH = 8  # pixels across

_BINS = 32
_PLENTY = 500_000
_PIXELS_A_PATCH = 4  # what a patch counts for among the samples that were asked for
_LEAST_RANGE = 0.05  # in ln exposure; less is no difference


@dataclass(frozen=True)
class Samples:
    """What a calibration sees of one bracket of K frames, shortest exposure first.

    `codes` (N, K, C) of N single pixels, `patches` (M, P, K, C) of the P pixels of M square patches, and `ln_times` (K,),
    ln exposure.
    """

    bracket: str
    names: tuple[str, ...]
    codes: NDArray[Any]
    patches: NDArray[Any]
    ln_times: NDArray[np.float64]
    levels: int
    camera: str


def take_samples(
    bracket: str, frames: Sequence[Frame], exposures: Sequence[float], sampling: Sampling, count: int, seed: int
) -> Samples:
    """Codes of `count` pixels (fewer where the pictures are smaller) in every frame of one bracket.

    `random` anywhere; `histogram` equally many in each range of brightness of the middle frame; `grid` in rows and columns;
    `flat` where the middle frame varies least, equally many in each range of brightness. The same seed gives the same pixels.
    Raises CalibrationError where all exposures are the same, or pictures darken as they grow.
    """
    order = np.argsort(exposures, kind="stable")
    ordered = [frames[i] for i in order]
    ln_times = np.log(np.asarray(exposures, float)[order])
    if np.ptp(ln_times) < _LEAST_RANGE:
        raise CalibrationError(
            f"{ordered[0].name}: all {len(ordered)} frames of bracket {bracket!r} have the same exposure; "
            "a response curve needs different exposures of one view"
        )
    middle = ordered[len(ordered) // 2].pixels
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
        np.stack([frame.pixels[rows, columns] for frame in ordered], axis=1),
        _patches(ordered, max(1, count // _PIXELS_A_PATCH), rng),
        ln_times,
        ordered[0].levels,
        ordered[0].photo.camera if ordered[0].photo else "",
    )
    _require_brightening(samples)
    return samples


def _require_brightening(one: Samples) -> None:
    """Raise CalibrationError where the longest exposure is darker than the shortest."""
    change = one.codes[:, -1].astype(float) - one.codes[:, 0]
    if np.count_nonzero(change < 0) > np.count_nonzero(change > 0):
        raise CalibrationError(
            f"{one.names[-1]}: darker than {one.names[0]} although its stated exposure is longer; "
            "the times are wrong or inverted (numbers in names count as times): give them with --exposures FILE.csv"
        )


def _patches(frames: Sequence[Frame], count: int, rng: np.random.Generator) -> NDArray[Any]:
    """Codes (M, P, K, C) of up to `count` patches, equally many in each range of brightness of the middle frame."""
    middle = frames[len(frames) // 2].pixels
    down, across = middle.shape[0] // PATCH, middle.shape[1] // PATCH
    if down * across == 0:
        return np.empty((0, PATCH * PATCH, len(frames), middle.shape[2]), middle.dtype)
    means = cv2.resize(middle[: down * PATCH, : across * PATCH], (across, down), interpolation=cv2.INTER_AREA)
    count = min(count, down * across)
    chosen = np.sort(_evenly_over(means.reshape(down, across, -1), _candidates(down * across, rng), count))
    inside = np.arange(PATCH * PATCH)
    rows = (chosen // across * PATCH)[:, None] + inside // PATCH
    columns = (chosen % across * PATCH)[:, None] + inside % PATCH
    return np.stack([frame.pixels[rows, columns] for frame in frames], axis=2)


def _grid(height: int, width: int, count: int) -> NDArray[np.int64]:
    down = max(1, round(np.sqrt(count * height / width)))
    across = max(1, count // down)
    rows = ((np.arange(down) + 0.5) * height / down).astype(np.int64)
    columns = ((np.arange(across) + 0.5) * width / across).astype(np.int64)
    return np.unique(rows[:, None] * width + columns)


def _candidates(total: int, rng: np.random.Generator) -> NDArray[np.int64]:
    """Numbers below `total` in random order: all, or as many as are plenty to choose from."""
    if total <= _PLENTY:
        return rng.permutation(total)
    return rng.permutation(np.unique(rng.integers(total, size=_PLENTY)))


def _flattest(middle: NDArray[Any], candidates: NDArray[np.int64]) -> NDArray[np.int64]:
    """The calmer half of the candidates, by standard deviation relative to the mean over 5 x 5."""
    gray = middle.mean(axis=2, dtype=np.float32)
    mean = cv2.blur(gray, (5, 5))
    deviation = (np.sqrt(np.maximum(cv2.blur(gray * gray, (5, 5)) - mean * mean, 0)) / (mean + 1)).ravel()[candidates]
    calm: NDArray[np.int64] = candidates[deviation <= np.median(deviation)]
    return calm


def _evenly_over(picture: NDArray[Any], candidates: NDArray[np.int64], count: int) -> NDArray[np.int64]:
    """`count` of the candidate pixels, taken in turn from equal ranges of brightness until each is used up."""
    values = picture.reshape(-1, picture.shape[2])[candidates].mean(axis=1)
    low, high = float(values.min()), float(values.max())
    bins = np.minimum(((values - low) / max(high - low, 1e-9) * _BINS).astype(np.int64), _BINS - 1)
    by_bin = np.argsort(bins, kind="stable")
    sizes = np.bincount(bins, minlength=_BINS)
    turn = np.arange(len(candidates)) - np.repeat(np.cumsum(sizes) - sizes, sizes)
    return candidates[by_bin[np.argsort(turn, kind="stable")[:count]]]


def require_usable(samples: Sequence[Samples]) -> None:
    """Raise CalibrationError unless the samples are of one kind, from one camera."""
    first = samples[0]
    for one in samples:
        if one.levels != first.levels or one.codes.shape[2] != first.codes.shape[2]:
            raise CalibrationError(
                f"{one.names[0]}: {one.levels} levels and {one.codes.shape[2]} channels, but {first.names[0]} has "
                f"{first.levels} and {first.codes.shape[2]}; calibrate each kind of picture by itself"
            )
        if one.camera and first.camera and one.camera != first.camera:
            raise CalibrationError(
                f"{one.names[0]}: taken with {one.camera}, {first.names[0]} with {first.camera}; a curve belongs to one camera"
            )
