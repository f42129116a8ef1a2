"""What is global in Pillow, put aside while headers are read."""

from __future__ import annotations

import threading
import warnings
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager

from PIL import Image

_lock = threading.Lock()
_readers: list[ExitStack] = []  # one entry a reader; the first one knows how things were before


@contextmanager
def without_pillow_limit() -> Iterator[None]:
    """Open headers of any size and without warnings; the limit that holds in hdrkit is `max_pixels` of `read_photo`.

    Pillow's limit and Python's warnings belong to the whole process. The first of several threads that read puts them aside,
    and the last one puts them back, so that no thread waits for another and a program that uses hdrkit finds its own settings.
    """
    with _lock:
        _readers.append(_put_aside() if not _readers else _readers[0])
    try:
        yield
    finally:
        with _lock:
            before = _readers.pop()
            if not _readers:
                before.close()


def _put_aside() -> ExitStack:
    before = ExitStack()
    before.enter_context(warnings.catch_warnings())
    warnings.simplefilter("ignore")
    before.callback(setattr, Image, "MAX_IMAGE_PIXELS", Image.MAX_IMAGE_PIXELS)
    Image.MAX_IMAGE_PIXELS = None
    return before
