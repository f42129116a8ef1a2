"""The line that a command prints when Ctrl-C or SIGTERM ends it."""

from __future__ import annotations

from collections.abc import Callable

_way_on: list[Callable[[], str]] = []


def say_when_stopped(way_on: Callable[[], str]) -> None:
    """Set what this run says when a signal ends it: what is done, and how to go on. It is asked at that moment."""
    _way_on[:] = [way_on]


def line() -> str:
    """The line for a run that a signal has ended."""
    return "interrupted; " + (_way_on[0]() if _way_on else "no file is left half written; run the same command again")


def forget() -> None:
    """Begin a run, which has nothing to say yet."""
    _way_on.clear()
