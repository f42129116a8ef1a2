"""Files -> what is read of the pictures in them. A worker opens the networks once."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from hdrkit.errors import InputError
from hdrkit.formats.metadata import read_content
from hdrkit.formats.previews import read_preview
from hdrkit.imaging.threads import one_a_thread
from hdrkit.pipeline.map_networks import MapModels
from hdrkit.pipeline.picture_reader import PictureReader, ReadPicture
from hdrkit.semantics.super_resolution import SMALL
from hdrkit.types import Failure, Photo

SHORTER = 448  # pixels: a JPEG, which may be decoded to half of it, has no less than the 224 of a network
_LONGEST = 4096
_LEAST = 2 * SMALL  # pixels: no picture becomes small by being reduced, also as a JPEG at half of it
open_reader = one_a_thread(PictureReader)
"""What reads pictures with models, opened once in a thread."""


def read_pictures(photos: Sequence[Photo], models: MapModels) -> list[ReadPicture | Failure]:
    """What is read of each picture, in order. A function of values that can be sent to a worker."""
    opened = [_pixels(photo) for photo in photos]
    read = iter(open_reader(models).read([one for one in opened if not isinstance(one, Failure)]))
    return [one if isinstance(one, Failure) else next(read) for one in opened]


def _pixels(photo: Photo) -> NDArray[np.uint8] | Failure:
    """The picture with a shorter side of at most `SHORTER` pixels, less where the longer one is beyond reason.

    It is small, as super-resolution has it, only if the file is.
    """
    shorter, longer = sorted((photo.width, photo.height))
    least = _LEAST / shorter if shorter >= SMALL else 0.0
    scale = min(SHORTER / shorter, max(_LONGEST / longer, least))
    most = (max(1, round(photo.width * scale)), max(1, round(photo.height * scale)))
    try:
        return read_preview(photo, most, read_content(photo.path))
    except InputError as error:
        return Failure(photo.path, str(error))
