"""RAW files through LibRaw: linear camera RGB, one white balance for a bracket, clipping known for each pixel."""

from __future__ import annotations

import io
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import cv2
import numpy as np
import rawpy
from numpy.typing import NDArray

from hdrkit.errors import InputError
from hdrkit.files.text import show
from hdrkit.formats.orientation import upright
from hdrkit.types import Frame, Photo

# Linear sRGB -> XYZ (D65), IEC 61966-2-1.
_XYZ_FROM_SRGB = np.array(
    [[0.4124564, 0.3575761, 0.1804375], [0.2126729, 0.7151522, 0.0721750], [0.0193339, 0.1191920, 0.9503041]]
)
_SATURATED = 0.99  # share of the white level from which sensors are no longer linear
_DEMOSAIC_REACH = 5  # pixels around a clipped photosite whose colour it changes


def read_white_balance(photo: Photo, data: bytes | None = None) -> tuple[float, ...]:
    """The multipliers (R, G, B, G2) that the camera chose, or daylight ones if it wrote none. Raises InputError.

    `data`, here and below, is the content of the file if it was read already.
    """
    with _opened(photo, data) as raw:
        for candidate in (raw.camera_whitebalance, raw.daylight_whitebalance):
            if min(candidate[:3]) > 0:
                r, g, b, g2 = (float(value) for value in candidate)
                return (r, g, b, g2 or g)
    return (1.0, 1.0, 1.0, 1.0)


def read_raw(photo: Photo, white_balance: tuple[float, ...] | None = None, data: bytes | None = None) -> Frame:
    """A demosaiced frame: uint16 camera RGB, linear, black at 0, white-balanced so that no channel is cut before it clips.

    A pixel that depends on a clipped photosite holds 65535 in every channel. `to_srgb` converts to linear sRGB.
    Raises InputError for a file that LibRaw cannot decode, or that is not RGB.
    """
    balance = white_balance or read_white_balance(photo, data)
    with _opened(photo, data) as raw:
        if raw.num_colors not in (1, 3):
            raise InputError(f"{show(photo.path)}: a sensor with {raw.num_colors} colours is not supported")
        clipped = _clipped(raw)
        pixels = raw.postprocess(
            output_bps=16,
            gamma=(1, 1),
            no_auto_bright=True,
            adjust_maximum_thr=0.0,
            user_wb=list(balance),
            highlight_mode=rawpy.HighlightMode.Ignore,
            output_color=rawpy.ColorSpace.raw,
            user_flip=0,
        )
        matrix = _srgb_from_camera(raw)
    if clipped.shape != pixels.shape[:2]:  # sensors that LibRaw rotates or stretches
        clipped = cv2.resize(clipped, pixels.shape[1::-1], interpolation=cv2.INTER_NEAREST).astype(np.uint8)
    pixels[clipped > 0] = 65535
    return Frame(upright(pixels, photo.orientation), photo, white=65535.0, to_srgb=matrix)


def read_embedded(photo: Photo, data: bytes | None = None) -> bytes | NDArray[np.uint8] | None:
    """The largest picture that the camera embedded, not turned: a JPEG, or (h, w, 3) RGB codes, or None.

    Raises InputError for a file that LibRaw cannot open.
    """
    with _opened(photo, data) as raw:
        try:
            embedded = raw.extract_thumb()
        except rawpy.LibRawError:
            return None
    codes = isinstance(embedded.data, bytes) or embedded.data.dtype == np.uint8
    return embedded.data if codes else None


def develop_half(photo: Photo, data: bytes | None = None) -> NDArray[np.uint8]:
    """A quick picture (h, w, 3) RGB at half the size, display-encoded (Rec. 709) at the camera's white balance, upright.

    Its brightness follows the exposure. Raises InputError for a file that LibRaw cannot decode.
    """
    with _opened(photo, data) as raw:
        pixels = raw.postprocess(half_size=True, use_camera_wb=True, no_auto_bright=True, adjust_maximum_thr=0.0, user_flip=0)
    return upright(pixels, photo.orientation)


@contextmanager
def _opened(photo: Photo, data: bytes | None) -> Iterator[Any]:
    try:
        with photo.path.open("rb") if data is None else io.BytesIO(data) as file, rawpy.imread(file) as raw:
            yield raw
    except (rawpy.LibRawError, OSError) as error:
        raise InputError(
            f"{show(photo.path)}: LibRaw cannot decode it; the file is truncated or damaged; copy it again from the card"
        ) from error


def _clipped(raw: Any) -> NDArray[np.uint8]:
    """(H, W) mask of the pixels that depend on a photosite at the white level."""
    mosaic, colours = raw.raw_image_visible, raw.raw_colors_visible
    black = np.array(raw.black_level_per_channel, float)
    white = np.array(raw.camera_white_level_per_channel or [raw.white_level] * 4, float)
    white = np.where(white > black, np.minimum(white, raw.white_level), raw.white_level)
    threshold = black + _SATURATED * (white - black)
    if mosaic.ndim == 3:
        clipped = (mosaic[..., :3] >= threshold[:3]).any(axis=2).astype(np.uint8)
    else:
        clipped = (mosaic >= threshold[colours]).astype(np.uint8)
    return cv2.dilate(clipped, np.ones((_DEMOSAIC_REACH, _DEMOSAIC_REACH), np.uint8)).astype(np.uint8)


def _srgb_from_camera(raw: Any) -> NDArray[np.float64]:
    """The matrix (3, 3) from white-balanced camera RGB to linear sRGB. White stays white.

    It is made from the camera's XYZ matrix as dcraw does (rows of camera-from-sRGB scaled to sum to 1, then inverted), else
    from the matrix in the file, else it is the identity.
    """
    camera_from_xyz = np.array(raw.rgb_xyz_matrix, float)[:3]
    if camera_from_xyz.any():
        camera_from_srgb = camera_from_xyz @ _XYZ_FROM_SRGB
        camera_from_srgb /= camera_from_srgb.sum(axis=1, keepdims=True)
        return np.linalg.inv(camera_from_srgb)
    embedded = np.array(raw.color_matrix, float)[:, :3]
    if embedded.any():
        embedded /= embedded.sum(axis=1, keepdims=True)
        return embedded
    return np.eye(3)
