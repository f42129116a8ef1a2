"""A photograph in the sizes that its faces need: small to find them, larger to cut them out, in full only if they are small."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

import numpy as np
from numpy.typing import NDArray

from hdrkit.faces.detection import shrunk
from hdrkit.faces.focus import LARGEST
from hdrkit.files.atomic import read_bytes
from hdrkit.formats.previews import JPEG, read_preview
from hdrkit.imaging.whole_blocks import averaged
from hdrkit.types import Encoding, Photo
from hdrkit.types.faces import Face

_REDUCTIONS = (8, 4, 2, 1)  # that a JPEG is decoded to
_FIRST = 2048  # pixels of the longer side that are decoded at first: little dearer than 1024, and enough for most faces


class PhotoPicture:
    """A photograph as the `Picture` of a detector. A JPEG is decoded straight to about the size that is asked for.

    `data` is the content of the file if it was read already. Reading raises InputError that names the file.
    """

    def __init__(self, photo: Photo, data: bytes | None = None) -> None:
        self._photo = photo
        self._data = data if data is not None or photo.encoding is Encoding.FLOAT else read_bytes(photo.path)
        self._decoded: NDArray[np.uint8] | None = None
        self._side = 0  # that the decoded pixels have at least, if the file has them

    @property
    def size(self) -> tuple[int, int]:
        """The full width and height in pixels, upright."""
        return self._photo.width, self._photo.height

    def fitted(self, side: int) -> NDArray[np.uint8]:
        """Its (H, W, 3) RGB codes with a longer side of `side` pixels, upright, or in full size if that is less."""
        return shrunk(self._at_least(side), side)

    def around(self, faces: Sequence[Face]) -> tuple[NDArray[np.uint8], list[Face]]:
        """Pixels in which every face of the photograph is 200 pixels wide, or as wide as it can be, and the faces in them."""
        longer = max(self.size)
        smallest = min((face.size for face in faces), default=float(longer))
        reduction = next((n for n in _REDUCTIONS if smallest / n >= LARGEST), 1)
        pixels = self._at_least(-(-longer // reduction))
        scale = max(pixels.shape[:2]) / longer
        return pixels, [
            replace(face, area=tuple(value * scale for value in face.area), landmarks=face.landmarks * np.float32(scale))
            for face in faces
        ]

    def _at_least(self, side: int) -> NDArray[np.uint8]:
        """Pixels with a longer side of `side` to twice that, or of what was decoded before, or in full size if that is less."""
        if self._decoded is None or self._side < min(side, max(self.size)):
            side = max(side, _FIRST)
            self._decoded = self._reduced(side)
            self._side = max(side, *self._decoded.shape[:2])
        return self._decoded

    def _reduced(self, side: int) -> NDArray[np.uint8]:
        """Pixels reduced by a whole number: a fraction would make neighbouring noise alike, and the focus would follow it."""
        longer = max(self.size)
        most = min(2 * side - 1, longer)
        if self._photo.encoding is Encoding.RAW or (self._data is not None and self._data.startswith(JPEG)):
            return read_preview(self._photo, (most, most), self._data)
        return averaged(read_preview(self._photo, (longer, longer), self._data), max(1, longer // side))
