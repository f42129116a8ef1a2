"""Whether two photographs show the same, by difference hash or by matching features.

Only neighbours in time are compared, so that similar photographs far apart do not become one series.
"""

from __future__ import annotations

import math
from collections.abc import Iterable, Iterator, Sequence
from itertools import repeat
from typing import Any

import cv2
import numpy as np
from numpy.typing import NDArray

from hdrkit.ranking.comparison import single_sharpness
from hdrkit.ranking.detail import measure_detail
from hdrkit.ranking.options import SeriesMethod
from hdrkit.ranking.registration import outline, small_picture

Signature = NDArray[np.uint8]

_HASH_SIDE = 16
_FEATURE_SIDE = 480  # pixels of the longer side when features are searched
_FEATURES = 400
_FEWEST_STRONG = 0.001  # smallest share of strong gradients in a picture with outlines; hot pixels are fewer
_MATCH_BITS = 64  # of 256 bits in which two features may differ
_RANGE = {SeriesMethod.HASH: (0.12, 0.34), SeriesMethod.FEATURES: (0.55, 0.92)}  # below: one series; above: not


def signature_of(picture: NDArray[np.uint8], method: SeriesMethod) -> Signature:
    """The signature of a gray picture (H, W): bits packed into bytes, or (N, 32) ORB descriptors (Rublee et al. 2011)."""
    return _features(picture) if method is SeriesMethod.FEATURES else _hash(picture)


def _hash(picture: NDArray[np.uint8]) -> Signature:
    """Whether each cell of a small picture is brighter than its neighbour on the left, and the one above."""
    small = cv2.resize(small_picture(picture), (_HASH_SIDE + 1, _HASH_SIDE + 1), interpolation=cv2.INTER_AREA).astype(np.int16)
    return np.packbits(np.stack([small[1:, 1:] > small[1:, :-1], small[1:, 1:] > small[:-1, 1:]]))


def _features(picture: NDArray[np.uint8]) -> Signature:
    scale = min(1.0, _FEATURE_SIDE / max(picture.shape))
    size = (max(1, round(scale * picture.shape[1])), max(1, round(scale * picture.shape[0])))
    found = None
    if min(size) > 1:  # OpenCV fails on a line
        _, found = cv2.ORB.create(_FEATURES).detectAndCompute(cv2.resize(picture, size, interpolation=cv2.INTER_AREA), None)
    return np.zeros((0, 32), np.uint8) if found is None else np.asarray(found, np.uint8)


def shows_nothing(picture: NDArray[np.uint8]) -> bool:
    """Whether a gray picture (H, W) shows neither contrast nor outlines, such as a black one."""
    drawn = outline(picture)
    return drawn.strong < _FEWEST_STRONG * drawn.spectrum.size and math.isnan(single_sharpness(measure_detail(picture)))


def differences_in_sequence(signatures: Iterable[Signature | None]) -> Iterator[float]:
    """The difference of each picture in a sequence to the one before it. None stands for a picture that shows nothing.

    Such pictures are skipped: between two pictures that differ by d they differ by d too, before and after all others by 1.
    """
    last: Signature | None = None
    open_gaps = 0
    for number, signature in enumerate(signatures):
        open_gaps += number > 0
        if signature is not None:
            yield from repeat(1.0 if last is None else difference(last, signature), open_gaps)
            last, open_gaps = signature, 0
    yield from repeat(1.0, open_gaps)


def difference(a: Signature, b: Signature) -> float:
    """The difference of two pictures, 0 to 1: the share of bits that differ, or of features without a match in the other."""
    if a.ndim == 1:
        return float(np.unpackbits(a ^ b).mean())
    if not (len(a) and len(b)):
        return 1.0
    matches: Sequence[Any] = cv2.BFMatcher(cv2.NORM_HAMMING, crossCheck=True).match(a, b)
    return 1.0 - len([match for match in matches if match.distance <= _MATCH_BITS]) / max(len(a), len(b))


def in_doubt(differences: Sequence[float], method: SeriesMethod) -> list[float]:
    """The differences of neighbours in the range that alone does not decide whether they are one series, sorted."""
    low, high = _RANGE[method]
    return sorted(value for value in differences if low < value < high)


def threshold_from(differences: Sequence[float], method: SeriesMethod) -> float:
    """The difference that separates series: the middle of the widest gap between those of neighbours in the range of doubt."""
    low, high = _RANGE[method]
    values = np.array([low, *in_doubt(differences, method), high])
    widest = int(np.argmax(np.diff(values)))
    return float(values[widest] + values[widest + 1]) / 2
