"""Machine code for the loops that NumPy cannot express, compiled once and kept on disk if a folder for it can be written."""

from __future__ import annotations

from collections.abc import Callable
from contextlib import suppress
from typing import Any, TypeVar, cast

import numba
from numba.core.caching import FunctionCache
from numba.core.dispatcher import Dispatcher

Function = TypeVar("Function", bound=Callable[..., Any])


def compiled(function: Function) -> Function:
    """Compile a function of arrays and numbers. It releases the GIL. If no cache can be written, it works without one."""
    machine_code = numba.njit(nogil=True, error_model="numpy")(function)
    keep_compiled(machine_code)
    return cast(Function, machine_code)


def keep_compiled(machine_code: Any) -> None:
    """Keep on disk what Numba compiles of a function, which may be of another package, if a folder for it can be written.

    None of its arguments may be a function, which no later process takes for the same one.
    """
    if isinstance(machine_code, Dispatcher):  # else Numba is told to compile nothing
        with suppress(RuntimeError):  # no folder can be written, or it has no source file
            setattr(machine_code, "_cache", _CodeOnDisk(machine_code.py_func))  # type: ignore[no-untyped-call]  # noqa: B010


class _CodeOnDisk(FunctionCache):
    """What cannot be read or written, as on a full disk, is compiled."""

    def load_overload(self, sig: Any, target_context: Any) -> Any:
        with suppress(Exception):
            return super().load_overload(sig, target_context)  # type: ignore[no-untyped-call]
        return None

    def save_overload(self, sig: Any, data: Any) -> None:
        with suppress(Exception):
            super().save_overload(sig, data)  # type: ignore[no-untyped-call]
