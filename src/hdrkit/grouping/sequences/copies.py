"""Photographs that show one exposure twice: copies of a file, equal pictures, one shot in two encodings."""

from __future__ import annotations

from collections.abc import Sequence

import cv2
import numpy as np
from numpy.typing import NDArray

from hdrkit.formats.suffixes import JPEG
from hdrkit.grouping.evidence.descriptor import FRACTIONS, LEAST_CONTENT
from hdrkit.grouping.evidence.facts import SAME_EV, body, stated_ev, time_key
from hdrkit.types import Encoding, Photo

_FINEST = (Encoding.FLOAT, Encoding.RAW, Encoding.ENCODED16, Encoding.ENCODED8)
_TELLING = (16, 235)  # codes of cells that change with exposure in any camera,
_ABOVE_BLACK = 16  # and how far above a photograph's own black, which film scans and raised blacks lift
_BLACK_SHARE = 1  # percent of cells that may be darker than black
_ENOUGH = 820  # telling cells, a twentieth of the picture
# Copies in other files, sizes and qualities differ by 0 to 0.3 codes in the median, and by more than 3 and a tenth of the
# contrast beside it in up to 0.12 % of cells; second shots of views from a tripod by 0.7 to 9, or in 1.3 % to 27 %.
_SAME_LEVEL, _SAME_CELL, _OF_CONTRAST = 0.5, 3.0, 0.1
_NOISE_APART = 4  # cells between two whose noise is independent, blurred as they are
_WITHIN_NOISE, _MOST_NOISE, _OUTLIERS = 4.0, 1.5, 0.01  # standard deviations; codes; share of cells beyond
_NEIGHBOURS = 3  # pictures next in brightness that one is compared with

Array = NDArray[np.float64]


def originals(photos: Sequence[Photo], content: NDArray[np.int64]) -> NDArray[np.int64]:
    """For each of N photographs the original of its `content` (N,): itself, or the photograph that it is a copy of."""
    first: dict[int, int] = {}
    for k in sorted(range(len(photos)), key=lambda k: worth_keeping(photos[k])):
        first.setdefault(int(content[k]), k)
    return np.array([first[number] for number in content.tolist()], np.int64)


def worth_keeping(photo: Photo) -> tuple[object, ...]:
    """The sort key of equal photographs, the one to keep first: the finer encoding, the larger, the lossless, the earlier."""
    lossy = photo.path.suffix.lower() in JPEG.suffixes
    return _FINEST.index(photo.encoding), -photo.width * photo.height, lossy, time_key(photo), str(photo.path)


def find_duplicates(
    photos: Sequence[Photo],
    stated: Sequence[float | None],
    luminance: NDArray[np.uint16],
    clipped: NDArray[np.bool_],
    content: NDArray[np.int64],
) -> set[int]:
    """Indices of the frames of one sequence that repeat the exposure of a frame to keep.

    Two frames are equal if their `content` (K,) is, or if their `luminance` (K, S, S) of descriptors is equal within noise in
    enough cells that are not `clipped` and change with exposure. Frames with different `stated` exposures in EV are different;
    so are frames that show too little to compare.
    """
    different = sorted(set(originals(photos, content).tolist()), key=lambda k: float(luminance[k].mean()))
    alike: list[list[int]] = []
    for k in different:
        host = next((group for group in alike[: -_NEIGHBOURS - 1 : -1] if _equal(group[0], k, stated, luminance, clipped)), None)
        if host is None:
            alike.append([k])
        else:
            host.append(k)
    stay = {min(group, key=lambda k: worth_keeping(photos[k])) for group in alike}
    return set(range(len(photos))) - stay


def _equal(a: int, b: int, stated: Sequence[float | None], luminance: NDArray[np.uint16], clipped: NDArray[np.bool_]) -> bool:
    one, other = luminance[a], luminance[b]
    if np.array_equal(one, other) and (one != np.median(one)).sum() >= LEAST_CONTENT:
        return True
    first, second = stated[a], stated[b]
    step = None if first is None or second is None else abs(first - second)
    if step is not None and step > SAME_EV:
        return False
    codes = np.stack([one, other]).astype(np.float64) / FRACTIONS
    low, high = _TELLING
    telling = ~clipped[[a, b]] & (codes >= low) & (codes <= high)
    if step is None:
        telling &= codes >= np.percentile(codes, _BLACK_SHARE, axis=(1, 2), keepdims=True) + _ABOVE_BLACK
    in_both, in_either = telling[0] & telling[1], telling[0] | telling[1]
    return bool(in_both.sum() >= _ENOUGH) and _within_noise(codes[0], codes[1] - codes[0], in_either)


def _within_noise(codes: Array, change: Array, telling: NDArray[np.bool_]) -> bool:
    """Whether two pictures differ only by noise, and at edges by the way their sizes were reduced.

    The noise is the scatter of the differences of near cells.
    """
    both = telling[:, _NOISE_APART:] & telling[:, :-_NOISE_APART]
    scatter = abs(change[:, _NOISE_APART:] - change[:, :-_NOISE_APART])[both]
    noise = float(np.median(scatter)) / 0.954 if len(scatter) else 0.0  # median of |a - b| of a normal distribution
    level = abs(float(np.median(change[telling])))
    beside = np.ones((3, 3), np.uint8)
    contrast = cv2.dilate(codes, beside) - cv2.erode(codes, beside)
    beyond = (abs(change) > max(_SAME_CELL, _WITHIN_NOISE * noise) + _OF_CONTRAST * contrast)[telling].mean()
    return noise <= _MOST_NOISE and level <= _SAME_LEVEL and bool(beyond <= _OUTLIERS)


def has_finer_twin(photo: Photo, others: Sequence[Photo]) -> bool:
    """Whether one of the others is the same shot by its metadata, in a finer encoding: RAW beside JPEG."""
    own = stated_ev(photo)
    return (
        photo.taken_at is not None
        and own is not None
        and any(
            _FINEST.index(other.encoding) < _FINEST.index(photo.encoding)
            and (other.taken_at, body(other)) == (photo.taken_at, body(photo))
            and (ev := stated_ev(other)) is not None
            and abs(ev - own) <= SAME_EV
            for other in others
        )
    )
