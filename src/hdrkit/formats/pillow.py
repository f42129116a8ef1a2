"""Global settings of Pillow and Python, set aside while headers are read."""

from __future__ import annotations

import threading
import warnings
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager

from PIL import Image

_lock = threading.Lock()
_readers: list[ExitStack] = []  # one entry for each reader; it restores the settings of before


@contextmanager
def without_pillow_limit() -> Iterator[None]:
    """Open headers of any size and without warnings. The limit of hdrkit is `max_pixels` of `read_photo`.

    Pillow's limit and Python's warnings belong to the whole process. The first of several threads that read sets them aside,
    and the last one restores them. So no thread waits for another, and a program that uses hdrkit keeps its own settings.
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
