"""Weights as PyTorch writes them, read without PyTorch and without running what a file asks for.

Both forms are read: a zip of a pickle and files of numbers, and the older one, pickles with the numbers after them. The pickle
may name nothing but tensors of numbers and the dictionary that holds them.
"""

from __future__ import annotations

import io
import math
import pickle
import zipfile
import zlib
from collections import OrderedDict
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from hdrkit.errors import InputError
from hdrkit.files.atomic import read_bytes
from hdrkit.files.text import show

OLDER_FORM = b"\x80\x02\x8a\x0a"  # a pickle of the number below
_MAGIC = 0x1950A86A20F9469CFC6C
_NUMBERS = {
    "FloatStorage": "<f4",
    "DoubleStorage": "<f8",
    "HalfStorage": "<f2",
    "LongStorage": "<i8",
    "IntStorage": "<i4",
    "ByteStorage": "u1",
}
_OF_DAMAGED_FILES = (  # what unpickling raises, which has no bound of its own, and what zipfile does
    pickle.UnpicklingError,
    zipfile.BadZipFile,
    zlib.error,
    ValueError,
    LookupError,
    EOFError,
    AttributeError,
    TypeError,
    OverflowError,
    RuntimeError,
)


def read_torch_tensors(path: Path) -> dict[str, NDArray[Any]]:
    """The tensors of a file of weights (`state_dict`) by name, in its order.

    Raises InputError if it is no such file, is cut off, or holds anything but numbers.
    """
    data = read_bytes(path)
    try:
        held, stored = _of_older_form(data) if data.startswith(OLDER_FORM) else _of_zip(data)
        return {name: one.read(stored) for name, one in held.items()}
    except _OF_DAMAGED_FILES as error:
        reason = next(iter(str(error).splitlines()), type(error).__name__)
        problem = f"it holds no weights of PyTorch that hdrkit can read, or it is cut off ({reason})"
        raise InputError(f"{show(path)}: {problem}; fetch or copy it again") from error


@dataclass(frozen=True)
class _Storage:
    """Numbers that lie one after the other, under a key."""

    key: str
    numbers: str
    count: int


@dataclass(frozen=True)
class _Tensor:
    """A view of a storage, with its offset and strides in numbers."""

    storage: _Storage
    offset: int
    shape: tuple[int, ...]
    strides: tuple[int, ...]

    def read(self, stored: Callable[[str], bytes]) -> NDArray[Any]:
        """The numbers in C order."""
        numbers = np.frombuffer(stored(self.storage.key), self.storage.numbers)
        count = math.prod(self.shape)
        end = self.offset + sum((side - 1) * step for side, step in zip(self.shape, self.strides, strict=True)) + 1
        if len(numbers) != self.storage.count or max(count, end if count else 0) > len(numbers):
            raise ValueError("a tensor is larger than its numbers")
        if min(self.offset, *self.shape, *self.strides, 0) < 0:
            raise ValueError("a tensor begins before its numbers")
        steps = [step * numbers.itemsize for step in self.strides]
        return np.lib.stride_tricks.as_strided(numbers[self.offset :], self.shape, steps).copy()


class _Reader(pickle.Unpickler):
    """Reads a pickle in which nothing but tensors may be named."""

    def find_class(self, module: str, name: str) -> Any:
        if (module, name) == ("collections", "OrderedDict"):
            return OrderedDict
        if (module, name) == ("torch._utils", "_rebuild_tensor_v2"):
            return lambda storage, offset, shape, strides, *_: _Tensor(storage, offset, tuple(shape), tuple(strides))
        if module == "torch" and name in _NUMBERS:
            return _NUMBERS[name]
        raise pickle.UnpicklingError(f"{module}.{name} is asked for")

    def persistent_load(self, pid: Any) -> _Storage:
        _, numbers, key, _, count, *_ = pid
        return _Storage(key, numbers, count)


def _read(file: io.BytesIO) -> dict[str, _Tensor]:
    held = _Reader(file).load()
    if not isinstance(held, dict) or not held or not all(isinstance(one, _Tensor) for one in held.values()):
        raise ValueError("more than tensors")
    return held


def _of_zip(data: bytes) -> tuple[dict[str, _Tensor], Callable[[str], bytes]]:
    archive = zipfile.ZipFile(io.BytesIO(data))
    pickled = next((name for name in archive.namelist() if name.rpartition("/")[2] == "data.pkl"), "data.pkl")
    folder = pickled.removesuffix("data.pkl")
    if f"{folder}byteorder" in archive.namelist() and archive.read(f"{folder}byteorder") != b"little":
        raise ValueError("the bytes of its numbers are in the other order")
    return _read(io.BytesIO(archive.read(pickled))), lambda key: archive.read(f"{folder}data/{key}")


def _of_older_form(data: bytes) -> tuple[dict[str, _Tensor], Callable[[str], bytes]]:
    file = io.BytesIO(data)
    magic, _, machine = (_Reader(file).load() for _ in range(3))
    if magic != _MAGIC or not machine["little_endian"]:
        raise ValueError("its head is of another file")
    held = _read(file)
    sizes = {one.storage.key: one.storage.count * np.dtype(one.storage.numbers).itemsize for one in held.values()}
    stored = {}
    for key in _Reader(file).load():
        file.seek(8, io.SEEK_CUR)  # how many numbers follow, which is known
        stored[key] = file.read(sizes[key])
    return held, stored.__getitem__
