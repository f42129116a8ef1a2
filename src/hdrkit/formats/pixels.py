"""Photo -> Frame: codes as stored, RGB, upright. RAW is demosaiced linearly; float pictures already hold linear light."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from contextlib import suppress
from pathlib import Path
from typing import Any

import cv2
import numpy as np
from numpy.typing import NDArray

from hdrkit.errors import InputError
from hdrkit.files.atomic import read_bytes
from hdrkit.files.text import show
from hdrkit.formats.metadata import HEAD_BYTES, stated_bits
from hdrkit.formats.orientation import upright
from hdrkit.imaging.threads import lasting_threads
from hdrkit.types import Encoding, Frame, Photo


def read_frame(photo: Photo, white_balance: tuple[float, ...] | None = None, data: bytes | None = None) -> Frame:
    """The pixels of a photo. Raises InputError for a file that is truncated, damaged or of a kind that cannot be used.

    `white_balance` holds the RAW multipliers that a whole bracket shares; without it the photo's own are used. `data` is the
    content of the file if it was read already; radiance is always read from the file itself.
    """
    if photo.encoding is Encoding.RAW:
        from hdrkit.formats.raw import read_raw

        return read_raw(photo, white_balance, data)
    if photo.encoding is Encoding.FLOAT:
        from hdrkit.formats.radiance import read_radiance

        return Frame(read_radiance(photo.path).pixels, photo, white=np.inf)
    return _read_encoded(photo, read_bytes(photo.path) if data is None else data)


def read_frames(photos: Sequence[Photo]) -> list[Frame]:
    """The frames of a bracket, decoded side by side. RAW frames share the white balance of the middle one.

    Raises InputError for the first file that cannot be read, or if frames differ in size or kind.
    """
    frames = []
    for result in read_each(photos):
        if isinstance(result, InputError):
            raise result
        frames.append(result)
    require_alike(frames)
    return frames


def read_each(photos: Sequence[Photo], keep: Callable[[Frame], Frame] | None = None) -> list[Frame | InputError]:
    """For each photo its frame, or the error that says why it cannot be read. The frames are those of `read_frames`.

    With `keep` one photo is decoded at a time, and the frame that `keep` returns replaces it.
    """
    balance = _shared_white_balance([photo for photo in photos if photo.encoding is Encoding.RAW])

    def read(photo: Photo) -> Frame | InputError:
        try:
            frame = read_frame(photo, balance)
        except InputError as error:
            return error
        return keep(frame) if keep else frame

    return [read(photo) for photo in photos] if keep else list(lasting_threads().map(read, photos))


def _shared_white_balance(raws: Sequence[Photo]) -> tuple[float, ...] | None:
    """The multipliers of the middle one of the RAW files, or of the nearest that can be read."""
    for i in sorted(range(len(raws)), key=lambda i: abs(i - len(raws) // 2)):
        from hdrkit.formats.raw import read_white_balance

        with suppress(InputError):
            return read_white_balance(raws[i])
    return None


def require_alike(frames: Sequence[Frame]) -> None:
    """Raise InputError if frames differ in size or kind."""
    first = frames[0]
    for frame in frames[1:]:
        if frame.pixels.shape[:2] != first.pixels.shape[:2]:
            (h, w), (h0, w0) = frame.pixels.shape[:2], first.pixels.shape[:2]
            raise InputError(
                f"{frame.name}: {w} x {h} pixels, but {first.name} has {w0} x {h0}; frames of one bracket must be of one size "
                "(hdrkit group sorts photographs into brackets)"
            )
        if (frame.pixels.dtype, frame.pixels.shape, frame.white) != (first.pixels.dtype, first.pixels.shape, first.white):
            raise InputError(
                f"{frame.name}: {_kind(frame)}, but {first.name} is {_kind(first)}; frames of one bracket must be of one kind"
            )


def _kind(frame: Frame) -> str:
    colour = "gray" if frame.pixels.shape[2] == 1 else "colour"
    depth = "float" if frame.pixels.dtype == np.float32 else f"{frame.levels.bit_length() - 1} bit"
    return f"{depth} {colour}"


def decode(data: bytes, path: Path, flags: int = cv2.IMREAD_UNCHANGED) -> NDArray[Any]:
    """The picture in the bytes of the file `path`, as OpenCV decodes it with `flags`. Raises InputError."""
    cut_off = data.startswith(b"\x89PNG") and b"IEND" not in data  # libpng would print a message to standard error
    try:
        pixels = None if cut_off else cv2.imdecode(np.frombuffer(data, np.uint8), flags)
    except cv2.error as error:
        raise InputError(f"{show(path)}: cannot be decoded ({error.err}); convert it to PNG or TIFF") from error
    if pixels is None:
        raise InputError(f"{show(path)}: the image is truncated or damaged; copy it again or leave it out")
    return pixels


def _read_encoded(photo: Photo, data: bytes) -> Frame:
    pixels = decode(data, photo.path)
    if pixels.ndim == 2:
        pixels = pixels[:, :, None]
    elif pixels.shape[2] == 2:
        pixels = pixels[:, :, :1]
    else:
        pixels = cv2.cvtColor(pixels, cv2.COLOR_BGR2RGB if pixels.shape[2] == 3 else cv2.COLOR_BGRA2RGB)
    pixels = upright(pixels, photo.orientation)
    if pixels.dtype == np.uint8:
        return Frame(pixels, photo)
    if pixels.dtype == np.uint16:
        return Frame(pixels, photo, white=float(2 ** (stated_bits(data[:HEAD_BYTES]) or 16) - 1))
    raise InputError(f"{show(photo.path)}: pixels of type {pixels.dtype} are not supported; save it as 8 or 16 bit")
