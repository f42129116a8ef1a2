"""Response curves as files: our NPZ, and the files of OpenCV, pfstools and hdrgen. The suffix chooses the format."""

from __future__ import annotations

import warnings
import zipfile
import zlib
from pathlib import Path

from hdrkit.errors import HdrkitWarning, InputError, OutputError
from hdrkit.files.atomic import read_bytes, write_bytes
from hdrkit.files.text import listed, show
from hdrkit.formats.suffixes import FileKind, format_of, formats_of, written_format, written_formats
from hdrkit.types import ResponseCurve


def write_curve(curve: ResponseCurve, path: Path | str) -> Path:
    """Write a response curve in the format that the suffix names, and give the path back.

    - `.npz`: `response` float32 (levels, C), natural logarithm, `metadata` JSON, `sigma` if known.
    - `.npy`: linear float32 (256, 1, C) as OpenCV's CalibrateDebevec returns it, for images in its order blue, green, red.
    - `.m`: pfstools, one table for each channel: log10 response, code, response.
    - `.rsp`: hdrgen, one polynomial for each channel, with an HdrkitWarning if the fit is off by more than 1 %.

    Raises OutputError for another suffix, and if the file cannot be written.
    """
    suffix = Path(path).suffix.lower()
    if (written := written_format(suffix, FileKind.CURVE)) is None:
        choices = listed([row.suffix for row in written_formats(FileKind.CURVE)])
        raise OutputError(f"{show(path)}: {suffix or 'no suffix'} is not a response format; choose {choices}")
    return write_bytes(path, written.writer(curve, show(path)))


def read_curve(path: Path | str, camera: str | None = None) -> ResponseCurve:
    """Read a response curve written by `write_curve`, OpenCV, pfstools or hdrgen, or an NPZ without our extra keys.

    NPZ arrays may be (levels, C), (levels, 1, C) or (levels,). The curve is anchored at its middle code unless it says
    that it is absolute. A curve that falls, or lacks codes, is repaired with an HdrkitWarning. A curve of another camera than
    `camera` gives an HdrkitWarning too. Raises InputError for a file that is not a response curve.
    """
    suffix = Path(path).suffix.lower()
    if (found := format_of(suffix, FileKind.CURVE)) is None:
        if not Path(path).exists():
            raise InputError(f"{show(path)}: there is no such file; check the name")
        choices = listed([row.suffix for row in formats_of(FileKind.CURVE)])
        raise InputError(f"{show(path)}: {suffix or 'no suffix'} is not a response curve; give {choices}")
    data = read_bytes(path)
    try:
        curve: ResponseCurve = found.reader(data, show(path))
    except (ValueError, OSError, EOFError, zipfile.BadZipFile, zlib.error) as error:
        reason = str(error) or "it cannot be decoded"
        raise InputError(f"{show(path)}: not a response curve ({reason}); make one with hdrkit calibrate") from error
    if camera and curve.camera and curve.camera != camera:
        warnings.warn(f"{show(path)}: the curve is of {curve.camera}, the photographs of {camera}", HdrkitWarning, stacklevel=2)
    return curve
