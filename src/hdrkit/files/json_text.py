"""Values as JSON text: reports for scripts and records on disk."""

from __future__ import annotations

import json
import math
from collections.abc import Mapping
from dataclasses import fields, is_dataclass
from datetime import date
from enum import Enum
from os import PathLike, fspath
from typing import Any

import numpy as np


def plain(value: Any) -> Any:
    """A value as JSON can hold it: dataclasses as objects, enums by value, paths and dates as text, arrays as lists.

    A dataclass with its own `__str__`, such as a failure, becomes that text. NaN and infinities become null. Raises TypeError
    for a value that has no such form.
    """
    match value:
        case Enum():
            return plain(value.value)
        case None | bool() | int() | str():
            return value
        case float():
            return value if math.isfinite(value) else None
        case np.ndarray() | np.generic():
            return plain(value.tolist())
        case PathLike():
            return fspath(value)
        case date():
            return value.isoformat()
        case Mapping():
            return {str(plain(key)): plain(entry) for key, entry in value.items()}
        case list() | tuple() | set() | frozenset():
            return [plain(entry) for entry in (sorted(value) if isinstance(value, (set, frozenset)) else value)]
        case _ if is_dataclass(value) and type(value).__str__ is not object.__str__:
            return str(value)
        case _ if is_dataclass(value):
            return {field.name: plain(getattr(value, field.name)) for field in fields(value)}
        case _:
            raise TypeError(f"{type(value).__name__} has no JSON form")


def to_json(value: Any) -> str:
    """A report (any dataclass) or plain value as indented ASCII JSON; undecodable bytes of a path become surrogate escapes."""
    return json.dumps(plain(value), indent=2, allow_nan=False) + "\n"
