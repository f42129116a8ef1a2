"""Weights as PyTorch writes them, read without PyTorch and without running what a file asks for.

Both forms are read: a zip of a pickle and files of numbers, and the older one, pickles with the numbers after them.
"""

from __future__ import annotations

import io
import math
import zipfile
import zlib
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from hdrkit.errors import InputError
from hdrkit.files.atomic import read_bytes
from hdrkit.files.text import show
from hdrkit.models.pickled_tensors import PickledTensor, read_pickle

OLDER_FORM = b"\x80\x02\x8a\x0a"  # a pickle of the number below
_MAGIC = 0x1950A86A20F9469CFC6C
_MOST_UNPACKED = 8  # times the bytes of the file, which PyTorch does not pack
_Held = dict[str, PickledTensor]
_Stored = Callable[[str], bytes]
_OF_DAMAGED_FILES = (ValueError, LookupError, TypeError, OverflowError, EOFError, RuntimeError, zipfile.BadZipFile, zlib.error)


def read_torch_tensors(path: Path) -> dict[str, NDArray[Any]]:
    """The tensors of a file of weights (`state_dict`) by name, in its order.

    Raises InputError if it is no such file, is cut off, or holds anything but tensors of numbers.
    """
    data = read_bytes(path)
    try:
        held, stored = _of_older_form(data) if data.startswith(OLDER_FORM) else _of_zip(data)
        _refuse_bombs(sum(math.prod(one.shape) * np.dtype(one.storage.numbers).itemsize for one in held.values()), data)
        return {name: _values(one, stored) for name, one in held.items()}
    except _OF_DAMAGED_FILES as error:
        reason = next(iter(str(error).splitlines()), type(error).__name__)
        problem = f"it holds no weights of PyTorch that hdrkit can read, or it is cut off ({reason})"
        raise InputError(f"{show(path)}: {problem}; fetch or copy it again") from error


def _refuse_bombs(total: int, data: bytes) -> None:
    if total > _MOST_UNPACKED * len(data):
        raise ValueError(f"it unpacks to more than {_MOST_UNPACKED} times its size")


def _values(one: PickledTensor, stored: _Stored) -> NDArray[Any]:
    """The numbers of a tensor in C order."""
    numbers = np.frombuffer(stored(one.storage.key), one.storage.numbers)
    count = math.prod(one.shape)
    end = one.offset + sum((side - 1) * step for side, step in zip(one.shape, one.strides, strict=True)) + 1
    if len(numbers) != one.storage.count or max(count, end if count else 0) > len(numbers):
        raise ValueError("a tensor is larger than its numbers")
    if min(one.offset, *one.shape, *one.strides, 0) < 0:
        raise ValueError("a tensor begins before its numbers")
    steps = [step * numbers.itemsize for step in one.strides]
    return np.lib.stride_tricks.as_strided(numbers[one.offset :], one.shape, steps).copy()


def _tensors(file: io.BytesIO) -> _Held:
    held = read_pickle(file)
    if not isinstance(held, dict) or not held or not all(isinstance(one, PickledTensor) for one in held.values()):
        raise ValueError("it is no table of tensors")
    return held


def _of_zip(data: bytes) -> tuple[_Held, _Stored]:
    archive = zipfile.ZipFile(io.BytesIO(data))
    _refuse_bombs(sum(part.file_size for part in archive.infolist()), data)
    pickled = next((name for name in archive.namelist() if name.rpartition("/")[2] == "data.pkl"), "data.pkl")
    folder = pickled.removesuffix("data.pkl")
    if f"{folder}byteorder" in archive.namelist() and archive.read(f"{folder}byteorder") != b"little":
        raise ValueError("the bytes of its numbers are in the other order")
    return _tensors(io.BytesIO(archive.read(pickled))), lambda key: archive.read(f"{folder}data/{key}")


def _of_older_form(data: bytes) -> tuple[_Held, _Stored]:
    file = io.BytesIO(data)
    magic, _, machine = (read_pickle(file) for _ in range(3))
    if magic != _MAGIC or not machine["little_endian"]:
        raise ValueError("its head is of another file")
    held = _tensors(file)
    sizes = {one.storage.key: one.storage.count * np.dtype(one.storage.numbers).itemsize for one in held.values()}
    stored = {}
    for key in read_pickle(file):
        file.seek(8, io.SEEK_CUR)  # how many numbers follow, which is known
        stored[key] = file.read(sizes[key])
    return held, stored.__getitem__
