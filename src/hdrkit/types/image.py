"""Pixels: a frame as the camera stored it, and the radiance that a merge of frames gives."""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import IntFlag
from typing import Any

import numpy as np
from numpy.typing import NDArray

from hdrkit.errors import InputError
from hdrkit.types.photo import Bracket, Photo

SRGB_CHROMATICITIES = (0.64, 0.33, 0.30, 0.60, 0.15, 0.06, 0.3127, 0.3290)


class Validity(IntFlag):
    """Why the value of a pixel of a radiance map is a bound. 0 is a measurement."""

    MEASURED = 0
    SATURATED = 1  # clipped in every frame: the value is a lower bound
    BLACK = 2  # black in every frame that is not clipped: the value is an upper bound
    PARTIAL = 4  # outside at least one aligned frame


@dataclass(frozen=True)
class Frame:
    """The pixels of one photo.

    `pixels` is RGB or gray, (H, W, C) with C in {1, 3}, C-contiguous, with orientation applied. It holds uint8 or uint16 codes
    as stored, or float32 values that are proportional to light. `black` and `white` are the limits of the codes that carry
    information: a pixel at or above `white` in any channel is clipped. `valid` (H, W) is False where the frame has no data; None
    means that all pixels have data. `to_srgb` (3, 3) turns the linear RGB of the camera into linear sRGB; it is None for other
    pixels. `motion` (3, 3) maps pixels of the reference, (x, y, 1), to pixels of this frame; None means that the frame lies on
    the reference. `warping.placed` moves a frame onto the reference. Raises InputError for another shape or dtype.
    """

    pixels: NDArray[Any]
    photo: Photo | None = None
    black: float = 0.0
    white: float = 255.0
    valid: NDArray[np.bool_] | None = None
    to_srgb: NDArray[np.float64] | None = None
    motion: NDArray[np.float64] | None = None

    def __post_init__(self) -> None:
        pixels = self.pixels
        if pixels.ndim != 3 or pixels.shape[2] not in (1, 3) or 0 in pixels.shape:
            raise InputError(f"a frame is (H, W, 1) or (H, W, 3), not {pixels.shape}")
        if pixels.dtype not in (np.uint8, np.uint16, np.float32):
            raise InputError(f"a frame holds uint8, uint16 or float32, not {pixels.dtype}")
        if not pixels.flags.c_contiguous:
            raise InputError("the pixels of a frame must be C-contiguous; call numpy.ascontiguousarray first")
        if self.valid is not None and self.valid.shape != pixels.shape[:2]:
            raise InputError(f"the mask of valid pixels is {self.valid.shape}, but the frame is {pixels.shape[:2]}")
        if self.motion is not None and (self.motion.shape != (3, 3) or not np.isfinite(self.motion).all()):
            raise InputError(f"a motion is (3, 3) and finite, not {self.motion}")

    @property
    def is_linear(self) -> bool:
        """Whether the pixels are proportional to light, as in float files and RAW files."""
        return self.pixels.dtype == np.float32 or self.to_srgb is not None

    @property
    def levels(self) -> int:
        """The number of codes that a channel can have: 256 with 8 bits, 1024 with 10 bits, 65536 with 16 bits."""
        return 1 << int(np.ceil(np.log2(self.white + 1)))

    @property
    def name(self) -> str:
        """The file of the frame, for reports and messages."""
        return str(self.photo.path) if self.photo else "frame"


@dataclass(frozen=True)
class Stack:
    """A bracket with its pixels: one frame for each photograph, in the same order. Raises InputError if the numbers differ."""

    bracket: Bracket
    frames: tuple[Frame, ...]

    def __post_init__(self) -> None:
        if len(self.frames) != len(self.bracket.photos):
            raise InputError(f"{len(self.frames)} frames for the {len(self.bracket.photos)} photos of {self.bracket.name!r}")


@dataclass(frozen=True)
class RadianceMap:
    """Radiance of a scene.

    `pixels` is float32 RGB (H, W, 3), finite and not negative. `unit` is `relative` or `cd/m2`. `chromaticities` are the xy of
    R, G, B and white. `variance` (H, W, 3) is in the square of the unit. `validity` (H, W) holds `Validity` flags. `metadata`
    says how the picture was made; a `scale` among them multiplies the values in its file, not `pixels`. Raises InputError for
    another shape or dtype.
    """

    pixels: NDArray[np.float32]
    unit: str = "relative"
    chromaticities: tuple[float, ...] = SRGB_CHROMATICITIES
    variance: NDArray[np.float32] | None = None
    validity: NDArray[np.uint8] | None = None
    metadata: dict[str, Any] = field(default_factory=dict)

    def __post_init__(self) -> None:
        if self.pixels.ndim != 3 or self.pixels.shape[2] != 3 or self.pixels.dtype != np.float32:
            raise InputError(f"a radiance map is float32 (H, W, 3), not {self.pixels.dtype} {self.pixels.shape}")
        if self.unit not in ("relative", "cd/m2"):
            raise InputError(f"a radiance map is in relative units or cd/m2, not {self.unit!r}")


def scale_of(metadata: Mapping[str, Any]) -> float:
    """The number by which the values in the file of a radiance map are multiplied; 1 if the metadata have no sensible one."""
    scale = metadata.get("scale")
    return float(scale) if isinstance(scale, (int, float)) and 0 < scale < math.inf else 1.0
