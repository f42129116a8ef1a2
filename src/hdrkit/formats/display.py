"""Pictures for the display (encoded RGB in 0..1) written to files. The suffix chooses the format from the table of formats."""

from __future__ import annotations

from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from hdrkit.errors import OutputError
from hdrkit.files.atomic import write_bytes
from hdrkit.files.text import listed, show
from hdrkit.formats.suffixes import FileKind, Format, written_format, written_formats


def most_bits(path: Path | str) -> int:
    """The most bits that a display format holds: 8 in JPEG, 16 in the others. Raises OutputError for another suffix."""
    return _format(path).bits[-1]


QUALITY = 95  # of JPEG files


def write_display(image: NDArray[np.float32], path: Path | str, bits: int = 8, quality: int = QUALITY) -> Path:
    """Write a display-encoded picture (H, W, 3) float RGB in 0..1, clipped and rounded to `bits` 8 or 16, and give the path back.

    JPEG of a `quality` from 1 to 100 holds 8 bits, PNG and TIFF hold 8 or 16. Raises OutputError for another suffix or depth, for
    a picture that is not finite RGB or is too large for the format, and if the file cannot be written.
    """
    written = _format(path)
    if bits not in written.bits:
        depths = (f"{row.suffix} with {listed([str(depth) for depth in row.bits])}" for row in written_formats(FileKind.DISPLAY))
        raise OutputError(f"{show(path)}: {written.suffix} does not hold {bits} bits; choose {listed(list(depths))}")
    if image.ndim != 3 or image.shape[2] != 3 or image.size == 0 or not np.isfinite(image).all():
        raise OutputError(f"{show(path)}: a display picture is finite RGB (H, W, 3), not {image.dtype} {image.shape}")
    return write_bytes(path, written.writer(image, bits, show(path), **({"quality": quality} if written.lossy else {})))


def _format(path: Path | str) -> Format:
    suffix = Path(path).suffix
    if (written := written_format(suffix, FileKind.DISPLAY)) is None:
        choices = listed([row.suffix for row in written_formats(FileKind.DISPLAY)])
        raise OutputError(f"{show(path)}: {suffix.lower() or 'no suffix'} is not a display format; choose {choices}")
    return written
