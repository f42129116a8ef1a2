"""The errors and warnings that hdrkit raises: one small tree, every message names the file and the way out."""


class HdrkitError(Exception):
    """Base of everything that hdrkit raises on purpose; the command line turns it into one line and exit code 1.

    `errno` is the system's number where it refuses to read or write a file, 0 where it gives none; None for all other errors.
    """

    def __init__(self, message: str = "", errno: int | None = None) -> None:
        super().__init__(message)
        self.errno = errno


class InputError(HdrkitError):
    """A file or folder cannot be used as it is: missing, broken, empty, of the wrong kind."""


class ExposureError(HdrkitError):
    """Exposure times are missing, equal or impossible where they are needed."""


class CalibrationError(HdrkitError):
    """The pixels do not determine a response curve."""


class AlignmentError(HdrkitError):
    """Two frames could not be registered by the method that was asked for."""


class OutputError(HdrkitError):
    """A result cannot be written: read-only or full target, unknown file type."""


class HdrkitWarning(UserWarning):
    """Something was used that may not be what the user meant; the message says what."""
