"""Memory that arrays leave behind: the C library of Linux can keep it for the next arrays, or return it to the system."""

from __future__ import annotations

import ctypes
from contextlib import suppress
from functools import cache

_TRIM_THRESHOLD, _MMAP_THRESHOLD = -1, -3  # of mallopt, in malloc.h
_KEPT, _LARGEST = 64 << 20, 32 << 20  # bytes


@cache
def keep_freed_memory() -> None:
    """Keep some freed memory: each array of a small picture is otherwise made of new pages, which the system has to clear."""
    with suppress(AttributeError, OSError, TypeError):  # other C libraries lack this function
        ctypes.CDLL(None).mallopt(_TRIM_THRESHOLD, _KEPT)
        ctypes.CDLL(None).mallopt(_MMAP_THRESHOLD, _LARGEST)


def give_back() -> None:
    """Return freed memory to the system: alignment frees as much as a few frames."""
    with suppress(AttributeError, OSError, TypeError):  # other C libraries keep no freed memory and lack this function
        ctypes.CDLL(None).malloc_trim(0)
