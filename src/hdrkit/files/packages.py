"""Optional packages, loaded when they are first needed."""

from __future__ import annotations

from importlib import import_module
from typing import Any

from hdrkit.errors import InputError


def load_package(module: str, purpose: str, install: str) -> Any:
    """A module of a package, by its full name. Raises InputError that says what needs it and how to install it."""
    try:
        return import_module(module)
    except ImportError as error:
        package = module.partition(".")[0]
        raise InputError(f"{purpose} needs {package}, which is not installed; run: pip install {install!r}") from error
