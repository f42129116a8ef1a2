"""Pictures -> sharpness, by one of two measures."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Any

import cv2
import numpy as np
from numpy.typing import NDArray

from hdrkit.errors import InputError
from hdrkit.imaging.depth import eight_bit
from hdrkit.ranking.comparison import compared_sharpness, single_sharpness
from hdrkit.ranking.detail import Detail, measure_detail
from hdrkit.ranking.options import Measure
from hdrkit.ranking.registration import Lattice, outline

_MARGIN = 0.15  # of each side that the Laplacian leaves out


def sharpness(pixels: NDArray[Any], measure: Measure | str = Measure.DETAIL) -> float:
    """The sharpness of one picture: (H, W), (H, W, 1) or (H, W, 3) codes, RGB, uint8 or uint16 (full scale); larger is sharper.

    - `detail`: the energy of fine contrast relative to that of coarse contrast, without the energy of noise, over all pixels that
      are neither clipped nor black. 0 has no detail, about 1 is sharp, NaN shows nothing. It compares pictures of similar
      content; `compare_sharpness` is fair across exposures of one view.
    - `laplacian`: the variance of the Laplacian in the middle of the picture at half its size, in squared 8-bit codes
      (Pech-Pacheco et al. 2000). It grows with exposure and noise.

    Raises InputError for other arrays, empty ones, and other measures.
    """
    if measure not in list(Measure):
        raise InputError(f"sharpness is measured by {' or '.join(Measure)}, not {measure!r}")
    half = half_size(pixels)
    return laplacian_variance(half) if measure == Measure.LAPLACIAN else single_sharpness(measure_detail(half))


def compare_sharpness(pictures: Iterable[NDArray[Any]]) -> NDArray[np.float64]:
    """The sharpness of each picture of one view by `detail`, fair across exposures and noise; pictures as for `sharpness`.

    Each part of the scene is compared with itself in the other pictures, which may be hand-held. Pictures that show something
    else are compared with the rest as single pictures. Without pictures the array is empty.
    """
    return compared_sharpness(details_of([half_size(pixels) for pixels in pictures]))


def details_of(halves: Sequence[NDArray[np.uint8]]) -> list[Detail]:
    """The detail of pictures in half their size. Pictures that overlap share a lattice."""
    lattice = Lattice()
    return [measure_detail(half, *lattice.locate(outline(half))) for half in halves]


def half_size(pixels: NDArray[Any]) -> NDArray[np.uint8]:
    """A picture as gray 8-bit codes in half its size. Raises InputError for an array that is not a picture of codes."""
    if (
        pixels.size == 0
        or pixels.dtype not in (np.uint8, np.uint16)
        or pixels.ndim not in (2, 3)
        or pixels.shape[2:] not in ((), (1,), (3,))
    ):
        raise InputError(f"sharpness is measured in uint8 or uint16 codes (H, W) or (H, W, 3), not {pixels.dtype} {pixels.shape}")
    colour = pixels.shape[2:] == (3,)
    gray = cv2.cvtColor(pixels, cv2.COLOR_RGB2GRAY) if colour else pixels.squeeze(axis=tuple(range(2, pixels.ndim)))
    size = (max(1, gray.shape[1] // 2), max(1, gray.shape[0] // 2))
    half = cv2.resize(gray, size, interpolation=cv2.INTER_AREA)
    return eight_bit(np.asarray(half), 65535)


def laplacian_variance(half: NDArray[np.uint8]) -> float:
    """The variance of the Laplacian in the middle of a gray picture that is given in half its size."""
    top, left = (int(_MARGIN * side) for side in half.shape)
    middle = half[top : half.shape[0] - top, left : half.shape[1] - left]
    return float(cv2.Laplacian(middle, cv2.CV_16S, ksize=1).var())
