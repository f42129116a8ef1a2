"""Threads that live as long as the process, for work that calls OpenCV, and work that runs ahead of its consumer.

OpenCV (4.14) keeps about 900 bytes for every thread that ever called it. New threads for each bracket would add up to gigabytes
in a year of all-sky pictures.
"""

from __future__ import annotations

import os
import threading
from collections import deque
from collections.abc import Callable, Iterable, Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import contextmanager
from functools import cache
from typing import TypeVar, cast

import cv2

Item = TypeVar("Item")
Value = TypeVar("Value")


@cache
def lasting_threads() -> ThreadPoolExecutor:
    """As many threads as there are cores. A task in one must not wait for another task."""
    return ThreadPoolExecutor(os.cpu_count(), thread_name_prefix="hdrkit")


if hasattr(os, "register_at_fork"):
    os.register_at_fork(after_in_child=lasting_threads.cache_clear)  # threads do not survive a fork


def ahead(pool: ThreadPoolExecutor, function: Callable[[Item], Value], items: Iterable[Item], most: int) -> Iterator[Value]:
    """The function of each item, in order, like `map`. The pool is at most `most` items ahead, so that memory stays bounded.

    Items are read as they are needed. An error of the function is raised at the position of its item. If the caller stops early,
    waiting tasks are cancelled.
    """
    begun: deque[Future[Value]] = deque()
    try:
        for item in items:
            begun.append(pool.submit(function, item))
            if len(begun) > most:
                yield begun.popleft().result()
        while begun:
            yield begun.popleft().result()
    finally:
        for future in begun:
            future.cancel()


_one_thread_lock = threading.Lock()
_before: list[int] = []  # the number of threads to go back to, once for each block of `one_thread` that is open


@contextmanager
def one_thread() -> Iterator[None]:
    """A block in which OpenCV and networks use one thread. Sums of several threads differ in the last digits by their number.

    The number belongs to the whole process. The first of several blocks sets it, and the last one restores it.
    """
    with _one_thread_lock:
        _before.append(_before[0] if _before else cv2.getNumThreads())
        cv2.setNumThreads(1)
    try:
        yield
    finally:
        with _one_thread_lock:
            threads = _before.pop()
            if not _before:
                cv2.setNumThreads(threads)


def one_a_thread(make: Callable[[Item], Value]) -> Callable[[Item], Value]:
    """The function with a memory of one value in each thread, for what must not be used in two threads at once.

    A worker of a Dask cluster runs several jobs in threads.
    """
    own = threading.local()

    def remembered(item: Item) -> Value:
        if getattr(own, "made", None) is None or own.made[0] != item:
            own.made = item, make(item)
        return cast(Value, own.made[1])

    return remembered
