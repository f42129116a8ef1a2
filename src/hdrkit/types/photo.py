"""A photograph without its pixels: how it was exposed, by which camera, and which others it belongs with."""

from __future__ import annotations

import math
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from pathlib import Path

from hdrkit.errors import ExposureError, InputError


class ExposureSource(StrEnum):
    """Where an exposure was learned from."""

    EXIF = "exif"
    RAW = "raw"
    FILENAME = "filename"
    LIST = "list"
    ESTIMATED = "estimated"


class Encoding(StrEnum):
    """What the stored numbers mean."""

    ENCODED8 = "encoded8"
    ENCODED16 = "encoded16"
    RAW = "raw"
    FLOAT = "float"


@dataclass(frozen=True)
class Exposure:
    """How much light a frame was given.

    `time_s` in seconds, `f_number` and `iso` where known, `bias_ev` as set by the photographer (not part of the light).
    Raises ExposureError for values that are not positive and finite.
    """

    time_s: float
    f_number: float | None = None
    iso: float | None = None
    bias_ev: float | None = None
    source: ExposureSource = ExposureSource.LIST

    def __post_init__(self) -> None:
        for name in ("time_s", "f_number", "iso"):
            value = getattr(self, name)
            if value is not None and not (math.isfinite(value) and value > 0):
                raise ExposureError(f"{name} must be positive and finite, not {value!r}")

    @property
    def in_seconds(self) -> bool:
        """Whether `time_s` is in seconds: the number at the end of a file name may be in any unit, or count photographs."""
        return self.source is not ExposureSource.FILENAME

    @property
    def from_camera(self) -> bool:
        """Whether the camera itself recorded it: neither a name, nor a list, nor an estimate tells it."""
        return self.source in (ExposureSource.EXIF, ExposureSource.RAW)

    @property
    def relative(self) -> float:
        """Exposure up to a constant of the camera: t * ISO/100 / N^2; an unknown ISO counts as 100, an unknown N as 1."""
        return self.time_s * (self.iso or 100.0) / 100.0 / (self.f_number or 1.0) ** 2

    @property
    def ev100(self) -> float | None:
        """Exposure value at ISO 100, log2(N^2 / t) - log2(ISO/100); None without an aperture."""
        if self.f_number is None:
            return None
        return math.log2(self.f_number**2 / self.time_s) - math.log2((self.iso or 100.0) / 100.0)


class Drive(StrEnum):
    """What the camera was set to do at a press of the shutter."""

    SINGLE = "single"
    BURST = "burst"
    EXPOSURE_BRACKET = "exposure_bracket"
    FOCUS_BRACKET = "focus_bracket"


@dataclass(frozen=True)
class Photo:
    """One photograph on disk: what its metadata says, no pixels.

    `width` and `height` are as displayed, with `orientation` (EXIF, 1..8) applied. `taken_at` keeps its time zone
    where the camera wrote one and is naive otherwise. `drive` and the rest are None where the camera did not say:
    `shot` counts the photographs of one press of the shutter from 1, `shutter_count` all of the camera's life; `manual` says
    whether the photographer set time and aperture.
    """

    path: Path
    width: int
    height: int
    encoding: Encoding
    exposure: Exposure | None = None
    camera: str = ""
    lens: str = ""
    taken_at: datetime | None = None
    orientation: int = 1
    serial: str = ""
    focal_length_mm: float | None = None
    focus_distance_m: float | None = None
    flash: bool | None = None
    drive: Drive | None = None
    shot: int | None = None
    shutter_count: int | None = None
    manual: bool | None = None


@dataclass(frozen=True)
class Remark:
    """What is unusual about a bracket by time: its number of `frames`, or photographs that were left out of it.

    `usual` is the number that brackets of its camera have; `left_out` state no exposure, beside others that do.
    """

    frames: int
    usual: int
    left_out: tuple[Path, ...] = ()

    def __str__(self) -> str:
        parts = []
        if self.frames != self.usual:
            parts.append(f"{self.frames} frame{'' if self.frames == 1 else 's'} where {self.usual} are usual")
        if self.left_out:
            names = ", ".join(path.name for path in self.left_out)
            parts.append(f"left out {names}, which {'states' if len(self.left_out) == 1 else 'state'} no exposure")
        return "; ".join(parts)


@dataclass(frozen=True)
class Bracket:
    """Photos of one view, shortest exposure first where exposures are known.

    `reference` indexes the frame that the others are aligned to; `kind` says by which rule the photos were put
    together (`folder`, `groups`, `time`, `given`), `confidence` in 0..1 and `why` in words; `remark` what is
    unusual about it, None where nothing is.
    """

    name: str
    photos: tuple[Photo, ...]
    reference: int = 0
    kind: str = "given"
    confidence: float = 1.0
    why: str = ""
    remark: Remark | None = None

    def __post_init__(self) -> None:
        if not self.photos:
            raise InputError(f"bracket {self.name!r} holds no photographs")
        if not 0 <= self.reference < len(self.photos):
            raise InputError(f"bracket {self.name!r} has no frame {self.reference} to serve as reference")

    def stated_exposures(self) -> tuple[float | None, ...]:
        """`Exposure.relative` of each photo, None for photos that have none."""
        return tuple(photo.exposure.relative if photo.exposure else None for photo in self.photos)

    def relative_exposures(self) -> tuple[float, ...]:
        """`Exposure.relative` of each photo. Raises ExposureError naming the photos that have none."""
        missing = [str(photo.path) for photo in self.photos if photo.exposure is None]
        if missing:
            raise ExposureError(
                f"{missing[0]}: no exposure time in EXIF or file name"
                + (f" (and {len(missing) - 1} more in bracket {self.name!r})" if len(missing) > 1 else "")
                + "; give them with --exposures FILE.csv (filename,exposure_time_s), or try --exposures estimate"
            )
        return tuple(photo.exposure.relative for photo in self.photos if photo.exposure is not None)
