"""Response curves in the format of OpenCV: linear exposure, channels in the order blue, green, red."""

from __future__ import annotations

import io

import numpy as np

from hdrkit.formats.curves.repair import repaired_curve
from hdrkit.types import ResponseCurve


def npy(curve: ResponseCurve, _name: str) -> bytes:
    """A curve as linear float32 (256, 1, C)."""
    linear = np.exp(curve.for_levels(256).ln_exposure).astype(np.float32)
    buffer = io.BytesIO()
    np.save(buffer, np.ascontiguousarray(linear[:, None, ::-1]), allow_pickle=False)
    return buffer.getvalue()


def read_npy(data: bytes, name: str) -> ResponseCurve:
    """The curve of an array (256, 1, C) of linear exposure. Raises ValueError for another file."""
    linear = np.load(io.BytesIO(data), allow_pickle=False)
    if not isinstance(linear, np.ndarray) or linear.dtype.kind != "f" or linear.ndim != 3:
        raise ValueError("it is not a floating-point array (256, 1, C)")
    if (linear < 0).any():
        raise ValueError("it has negative values where OpenCV keeps linear exposure")
    with np.errstate(divide="ignore"):
        ln_exposure = np.log(linear[:, :, ::-1].astype(float))
    return repaired_curve(ln_exposure, name)
