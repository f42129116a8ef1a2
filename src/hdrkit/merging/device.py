"""Which device merges: the processor, or a GPU through torch."""

from __future__ import annotations

import ctypes
from enum import StrEnum
from importlib.util import find_spec

from hdrkit.errors import InputError
from hdrkit.files.packages import load_package


class Device(StrEnum):
    """The device that computes a merge. AUTO is CUDA if torch is installed and finds a GPU."""

    AUTO = "auto"
    CPU = "cpu"
    CUDA = "cuda"


def uses_cuda(device: Device) -> bool:
    """Whether to merge on a GPU. Raises InputError if a GPU is requested and torch finds none."""
    if device is Device.CPU or (device is Device.AUTO and not (has_driver() and find_spec("torch"))):
        return False
    torch = load_package("torch", f"--device {device}", "hdrkit[gpu]")
    if not torch.cuda.is_available() and device is Device.CUDA:
        raise InputError("torch finds no CUDA device; choose --device cpu, or install torch for CUDA and its driver")
    return bool(torch.cuda.is_available())


def has_driver() -> bool:
    """Whether the driver of a GPU is installed. It is asked first, because torch takes seconds to load."""
    for library in ("libcuda.so.1", "nvcuda.dll"):
        try:
            ctypes.CDLL(library)
        except OSError:
            continue
        return True
    return False
