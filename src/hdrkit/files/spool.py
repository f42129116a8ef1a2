"""The codes of a frame in a scratch file on disk. The file vanishes with the process, even if it is killed."""

from __future__ import annotations

import tempfile
from dataclasses import replace
from pathlib import Path

import numpy as np

from hdrkit.errors import OutputError
from hdrkit.files.text import show
from hdrkit.types import Frame


def spooled(frame: Frame, folder: Path) -> Frame:
    """The frame with its pixels in a nameless file of `folder`, read when they are used.

    Raises OutputError if the folder has no room for it.
    """
    try:
        folder.mkdir(parents=True, exist_ok=True)
        with tempfile.TemporaryFile(dir=folder) as file:
            frame.pixels.tofile(file)
            pixels = np.asarray(np.memmap(file, frame.pixels.dtype, "c", shape=frame.pixels.shape))
    except OSError as error:
        raise OutputError(
            f"{show(folder)}: no room for the {frame.pixels.nbytes / 1e9:.1f} GB that {frame.name} takes while it is merged "
            f"({error.strerror or error}); free some space or write elsewhere",
            error.errno or 0,
        ) from error
    return replace(frame, pixels=pixels)
