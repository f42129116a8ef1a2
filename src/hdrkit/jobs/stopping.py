"""Ctrl-C and SIGTERM end a process at once, whatever it is doing, and no unfinished file stays."""

from __future__ import annotations

import os
import signal
import sys
import threading
import time
from collections.abc import Callable, Collection, Iterator
from contextlib import contextmanager, suppress
from types import FrameType

from hdrkit.files.atomic import remove_open

GRACE_S = 2.5  # time for the ordinary way out; compiled code may take longer
CODES = {int(signal.SIGINT): 130, int(signal.SIGTERM): 143}  # signal -> exit code


@contextmanager
def stoppable(
    last_words: Callable[[int], None] | None = None, grace_s: float = GRACE_S, signals: Collection[int] = tuple(CODES)
) -> Iterator[None]:
    """A block that these signals end: SIGINT as KeyboardInterrupt, SIGTERM as SystemExit(143).

    If the process has not ended after `grace_s` seconds, or at a second signal, it ends at once: the files that it is writing
    are removed, and `last_words` is called with the exit code. The block changes nothing outside the main thread.
    """
    if threading.current_thread() is not threading.main_thread():
        yield
        return
    before = {number: signal.signal(number, _raise) for number in signals}
    reading, writing = os.pipe()
    os.set_blocking(writing, False)
    woken = signal.set_wakeup_fd(writing, warn_on_full_buffer=False)
    came: list[int] = []
    threading.Thread(target=_end_late, args=(reading, came, grace_s, last_words), daemon=True).start()
    try:
        yield
    finally:
        signal.set_wakeup_fd(woken)
        os.close(writing)
        for number, handler in {} if came else before.items():
            signal.signal(number, handler)


def _raise(number: int, _frame: FrameType | None) -> None:
    raise KeyboardInterrupt if number == signal.SIGINT else SystemExit(CODES[number])


def _end_late(reading: int, came: list[int], grace_s: float, last_words: Callable[[int], None] | None) -> None:
    """Wait for signals. Their numbers arrive in `reading` even while the main thread runs compiled code."""
    with open(reading, "rb", buffering=0) as numbers:
        for (number,) in iter(lambda: numbers.read(1), b""):
            if signal.getsignal(number) is _raise:  # a watch has its own way to end
                came.append(number)
                wait_s = 0.0 if len(came) > 1 else grace_s
                threading.Thread(target=_end, args=(CODES[number], wait_s, last_words), daemon=True).start()


def _end(code: int, wait_s: float, last_words: Callable[[int], None] | None) -> None:
    time.sleep(wait_s)
    with suppress(OSError):
        remove_open()
        if last_words:
            last_words(code)
        sys.stdout.flush()
        sys.stderr.flush()
    os._exit(code)
