"""The errors and warnings of hdrkit. Every message names the file, what is wrong, and what to do."""

from __future__ import annotations

from collections.abc import Iterable
from typing import TypeVar

Choice = TypeVar("Choice", bound=str)


class HdrkitError(Exception):
    """The base of all errors of hdrkit. The command line shows one as a line and exits with code 1.

    `errno` is the number that the system gives when it refuses to read or write a file, 0 if it gives no number. It is None for
    all other errors.
    """

    def __init__(self, message: str = "", errno: int | None = None) -> None:
        super().__init__(message)
        self.errno = errno


class InputError(HdrkitError):
    """A file or folder cannot be used: it is missing, broken, empty or of the wrong kind."""


class NothingUsableError(InputError):
    """None of several files or brackets can be used. `failures` has a line for each."""

    def __init__(self, message: str = "", failures: Iterable[object] = ()) -> None:
        super().__init__(message)
        self.failures = tuple(map(str, failures))


class ModelMissing(InputError):
    """A model is not on this machine. The message says what gets it, its licence and its size."""


class ExposureError(HdrkitError):
    """Exposure times are missing, equal or impossible."""


class CalibrationError(HdrkitError):
    """The pixels do not determine a response curve."""


class AlignmentError(HdrkitError):
    """Two frames could not be aligned by the requested method."""


class OutputError(HdrkitError):
    """A result cannot be written: the destination is read-only or full, or the file type is unknown."""


class HdrkitWarning(UserWarning):
    """Something may not be what the user meant. The message says what."""


def chosen(choices: Iterable[Choice], name: str, what: str) -> Choice:
    """The one of some choices, such as the members of a StrEnum, that has this name. Raises InputError with all of them."""
    known = list(choices)
    for choice in known:
        if choice == name:
            return choice
    raise InputError(f"no {what} {name!r}; choose {', '.join(known)}")
