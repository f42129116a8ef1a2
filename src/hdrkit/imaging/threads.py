"""Threads that live as long as the process, for work that calls OpenCV.

OpenCV (4.14) keeps some 900 bytes for every thread that ever called it, so that threads for each bracket would add up: to
gigabytes in a year of all-sky pictures.
"""

from __future__ import annotations

import os
from concurrent.futures import ThreadPoolExecutor
from functools import cache


@cache
def lasting_threads() -> ThreadPoolExecutor:
    """As many threads as there are cores. What runs in one must not wait for another."""
    return ThreadPoolExecutor(os.cpu_count(), thread_name_prefix="hdrkit")


if hasattr(os, "register_at_fork"):
    os.register_at_fork(after_in_child=lasting_threads.cache_clear)  # threads do not come along
