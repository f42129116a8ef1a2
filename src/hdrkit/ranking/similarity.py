"""Whether two photographs show the same: by difference hash, or by matching features.

Neighbours in time are compared and no others, so that look-alikes far apart are not taken for one series.
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
from hdrkit.ranking.options import Method
from hdrkit.ranking.registration import outline, small_picture

Signature = NDArray[np.uint8]

_HASH_SIDE = 16
_FEATURE_SIDE = 480  # pixels of the longer side that features are looked for at
_FEATURES = 400
_FEWEST_STRONG = 0.001  # share of a picture that has outlines; single pixels that are hot are fewer
_MATCH_BITS = 64  # of 256 in which two features may differ
_RANGE = {Method.HASH: (0.12, 0.34), Method.FEATURES: (0.55, 0.92)}  # surely one series, surely not


def signature_of(picture: NDArray[np.uint8], method: Method) -> Signature:
    """What a gray picture (H, W) is compared by: bits packed into bytes, or (N, 32) ORB descriptors (Rublee et al. 2011)."""
    return _features(picture) if method is Method.FEATURES else _hash(picture)


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
    """Whether nothing is to be seen in a gray picture (H, W): neither contrast nor outlines, as in an all black one."""
    drawn = outline(picture)
    return drawn.strong < _FEWEST_STRONG * drawn.spectrum.size and math.isnan(single_sharpness(measure_detail(picture)))


def differences_in_sequence(signatures: Iterable[Signature | None]) -> Iterator[float]:
    """The difference of each picture in a sequence to the one before it; None is one that shows nothing.

    Those are passed over: between pictures that differ by d they are taken to differ by d too, before and after all others by 1.
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
    """How different two pictures are, 0 to 1: the share of bits that differ, or of features without a match in the other."""
    if a.ndim == 1:
        return float(np.unpackbits(a ^ b).mean())
    if not (len(a) and len(b)):
        return 1.0
    matches: Sequence[Any] = cv2.BFMatcher(cv2.NORM_HAMMING, crossCheck=True).match(a, b)
    return 1.0 - len([match for match in matches if match.distance <= _MATCH_BITS]) / max(len(a), len(b))


def in_doubt(differences: Sequence[float], method: Method) -> list[float]:
    """The differences of neighbours that alone do not tell whether these are one series, in order."""
    low, high = _RANGE[method]
    return sorted(value for value in differences if low < value < high)


def threshold_from(differences: Sequence[float], method: Method) -> float:
    """The difference that parts series, from those of neighbours: the middle of the widest gap in the range of doubt."""
    low, high = _RANGE[method]
    values = np.array([low, *in_doubt(differences, method), high])
    widest = int(np.argmax(np.diff(values)))
    return float(values[widest] + values[widest + 1]) / 2
