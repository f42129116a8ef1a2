"""The pickle in a file of weights, read without the module pickle: what it asks to be called is not called.

A pickle is a program for a machine with a stack (`pickletools` in Python's library lists what it can do). Of its
steps those are followed that PyTorch uses for tables of tensors; anything else is refused.
"""

from __future__ import annotations

import io
import pickletools
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

NUMBERS = {
    "torch FloatStorage": "<f4",
    "torch DoubleStorage": "<f8",
    "torch HalfStorage": "<f2",
    "torch LongStorage": "<i8",
    "torch IntStorage": "<i4",
    "torch ByteStorage": "u1",
}
_TENSOR, _TABLE = "torch._utils _rebuild_tensor_v2", "collections OrderedDict"
_VALUES = {"BININT", "BININT1", "BININT2", "LONG1", "BINUNICODE", "BINFLOAT", "GLOBAL"}
_CONSTANTS = {"NONE": None, "NEWTRUE": True, "NEWFALSE": False}
_COUNTED = {"EMPTY_TUPLE": 0, "TUPLE1": 1, "TUPLE2": 2, "TUPLE3": 3}


@dataclass(frozen=True)
class PickledStorage:
    """Numbers that lie one after the other, under a key: their NumPy type and how many they are."""

    key: str
    numbers: str
    count: int


@dataclass(frozen=True)
class PickledTensor:
    """A view of a storage, with its offset and strides in numbers."""

    storage: PickledStorage
    offset: int
    shape: tuple[int, ...]
    strides: tuple[int, ...]


class _Refused(Exception):
    """A step that tables of tensors do not need."""


def read_pickle(file: io.BytesIO) -> Any:
    """The value that a pickle at this place of a file describes: numbers, texts, tuples, lists, tables, tensors.

    Raises ValueError, which names what is refused, if there is anything else in it, or if it is cut off.
    """
    machine = _Machine()
    try:
        for step, value, _ in pickletools.genops(file):
            if step.name == "STOP":
                return machine.stack.pop()
            machine.follow(step.name, value)
    except (_Refused, LookupError, TypeError, AttributeError) as error:
        raise ValueError(str(error) or type(error).__name__) from error
    raise ValueError("it has no end")


class _Machine:
    def __init__(self) -> None:
        self.stack: list[Any] = []
        self._marks: list[int] = []
        self._kept: dict[int, Any] = {}

    def follow(self, step: str, value: Any) -> None:
        stack = self.stack
        match step:
            case "PROTO":
                pass
            case "MARK":
                self._marks.append(len(stack))
            case "BINPUT" | "LONG_BINPUT":
                self._kept[value] = stack[-1]
            case "BINGET" | "LONG_BINGET":
                stack.append(self._kept[value])
            case "EMPTY_DICT":
                stack.append({})
            case "EMPTY_LIST":
                stack.append([])
            case "TUPLE":
                stack.append(tuple(self._since_mark()))
            case "APPEND" | "APPENDS":
                items = self._since_mark() if step == "APPENDS" else [stack.pop()]
                stack[-1].extend(items)
            case "SETITEM" | "SETITEMS":
                items = self._since_mark() if step == "SETITEMS" else self._last(2)
                stack[-1].update(zip(items[::2], items[1::2], strict=True))
            case "BUILD":
                stack.pop()  # what a table says of itself beside its items
            case "REDUCE":
                arguments, called = stack.pop(), stack.pop()
                stack.append(_called(called, arguments))
            case "BINPERSID":
                stack.append(_storage(stack.pop()))
            case _ if step in _COUNTED:
                stack.append(tuple(self._last(_COUNTED[step])))
            case _ if step in _CONSTANTS:
                stack.append(_CONSTANTS[step])
            case _ if step in _VALUES:
                stack.append(value)
            case _:
                raise _Refused(f"{step} is asked for")

    def _since_mark(self) -> list[Any]:
        return self._last(len(self.stack) - self._marks.pop())

    def _last(self, count: int) -> list[Any]:
        first = len(self.stack) - count
        if not 0 <= first <= len(self.stack):
            raise _Refused("its stack is empty")
        items = self.stack[first:]
        del self.stack[first:]
        return items


def _called(name: Any, arguments: Sequence[Any]) -> Any:
    if name == _TABLE and not arguments:
        return {}
    if name == _TENSOR:
        storage, offset, shape, strides, *_ = arguments
        sides = (offset, *shape, *strides)
        if isinstance(storage, PickledStorage) and all(isinstance(one, int) for one in sides):
            return PickledTensor(storage, offset, tuple(shape), tuple(strides))
    raise _Refused(f"{str(name).replace(' ', '.')} is asked for")


def _storage(named: Any) -> PickledStorage:
    kind, numbers, key, _, count, *_ = named
    if kind != "storage" or numbers not in NUMBERS or not isinstance(key, str) or not isinstance(count, int):
        raise _Refused(f"numbers of kind {numbers}")
    return PickledStorage(key, NUMBERS[numbers], count)
