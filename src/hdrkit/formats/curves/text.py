"""Response curves as text: the tables of pfstools and the polynomials of hdrgen."""

from __future__ import annotations

import re
import warnings
from typing import Any

import numpy as np
from numpy.polynomial import polynomial
from numpy.typing import NDArray

from hdrkit.errors import HdrkitWarning
from hdrkit.formats.curves.repair import repaired_curve
from hdrkit.types import ResponseCurve

_TABLE = re.compile(r"# rows: (\d+)\s*\n# columns: 3\s*\n((?:\s*[-+.\deE]+ +\d+ +[-+.\deE]+ *\n)+)")
_MISSING_LOG10 = -6.0  # pfstools writes this if the response is 0

_MAX_DEGREE = 5  # the most that hdrgen fits
_HDRGEN_LEVELS = 256
_FIT_TOLERANCE = 0.01


def pfstools_text(curve: ResponseCurve, _name: str) -> bytes:
    """A curve in the format of pfshdrcalibrate: for each channel a table of log10 response, code and response."""
    lines = []
    for name, g in zip(("IR", "IG", "IB") if curve.channels == 3 else ("IY",), curve.ln_exposure.T, strict=True):
        lines += [
            f"# Camera response curve, channel {name}",
            "# data layout: log10(response) | camera output | response",
            f"# name: {name}",
            "# type: matrix",
            f"# rows: {g.size}",
            "# columns: 3",
            *(f" {value / np.log(10):.9e} {code:4d} {np.exp(value):.9e}" for code, value in enumerate(g)),
            "",
        ]
    return ("\n".join(lines) + "\n").encode()


def pfstools_curve(data: bytes, name: str) -> ResponseCurve:
    """The curve of a pfstools file, repaired at codes with response 0. Raises ValueError for another file."""
    channels = []
    for rows, body in _TABLE.findall(data.decode("latin-1").replace("\r\n", "\n")):
        table = np.array(body.split(), float).reshape(-1, 3)
        if len(table) != int(rows) or (table[:, 1] != np.arange(len(table))).any():
            raise ValueError(f"a table has {len(table)} rows, but its header says {rows}")
        missing = (table[:, 2] <= 0) & (table[:, 0] == _MISSING_LOG10)
        channels.append(np.where(missing, -np.inf, table[:, 0] * np.log(10)))
    if len(channels) not in (1, 3) or len({channel.size for channel in channels}) != 1:
        raise ValueError("it has no tables of one length for 1 or 3 channels, as pfstools writes them")
    return repaired_curve(np.column_stack(channels), name)


def hdrgen_text(curve: ResponseCurve, name: str) -> bytes:
    """A curve in the format of hdrgen: for each of three channels the degree and the coefficients, highest power first.

    The polynomial gives linear exposure against x = (code + 1/2) / 256 and is 1 at x = 1. It is the monotone polynomial of the
    smallest relative error. An HdrkitWarning is given if its RMS error over the covered codes exceeds 1 %.
    """
    colour = curve.for_channels(3).for_levels(_HDRGEN_LEVELS)
    scale = (_HDRGEN_LEVELS - 1) / (curve.levels - 1)
    covered = curve.covered if curve.covered is not None and curve.channels == 3 else np.array([[0, curve.levels - 1]] * 3)
    lines, errors = [], []
    for linear, (low, high) in zip(colour.linear.T, covered, strict=True):
        coefficients, error = _fit(linear, slice(round(low * scale), round(high * scale) + 1))
        lines.append(f"{coefficients.size - 1} " + " ".join(f"{c:.9g}" for c in coefficients[::-1]))
        errors.append(error)
    if max(errors) > _FIT_TOLERANCE:
        warnings.warn(
            f"{name}: a polynomial follows the curve only to {max(errors):.1%} RMS; keep the .npz for exact work",
            HdrkitWarning,
            stacklevel=3,
        )
    return ("\n".join(lines) + "\n").encode()


def hdrgen_curve(data: bytes, name: str) -> ResponseCurve:
    """The curve of an hdrgen file, 256 levels, repaired where it is not positive. Raises ValueError for another file."""
    lines = [np.array(line.split(), float) for line in data.decode("latin-1").splitlines() if line.strip()]
    if len(lines) != 3 or any(line.size < 2 or line[0] != line.size - 2 for line in lines):
        raise ValueError("it is not three lines of a degree and that many coefficients and one, as hdrgen writes them")
    linear = np.column_stack([polynomial.polyval(_x(), line[:0:-1]) for line in lines])
    return repaired_curve(np.where(linear > 0, np.log(np.maximum(linear, np.finfo(float).tiny)), -np.inf), name)


def _x() -> NDArray[np.float64]:
    return (np.arange(_HDRGEN_LEVELS) + 0.5) / _HDRGEN_LEVELS


def _fit(linear: NDArray[np.float64], codes: slice) -> tuple[NDArray[np.float64], float]:
    """Coefficients, lowest power first, of the monotone polynomial of least relative error, and that error, RMS over `codes`."""
    from scipy.optimize import nnls  # takes longer to load than most curves need

    powers = polynomial.polyvander(_x(), _MAX_DEGREE) / linear[:, None]
    ones = np.ones(len(linear))
    # A polynomial without negative coefficients is always monotone, so this candidate always works.
    candidates: list[NDArray[Any]] = [nnls(powers[codes], ones[codes])[0]]
    candidates += [np.linalg.lstsq(powers[codes, : degree + 1], ones[codes])[0] for degree in range(1, _MAX_DEGREE + 1)]

    def error(coefficients: NDArray[np.float64]) -> float:
        values = polynomial.polyval(_x(), coefficients)
        if values[0] <= 0 or (np.diff(values) < 0).any():
            return np.inf
        return float(np.sqrt(np.mean((values / linear - 1)[codes] ** 2)))

    best = min(candidates, key=error)
    return best / best.sum(), error(best)
