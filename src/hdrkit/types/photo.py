"""A photograph without its pixels: its exposure, its camera, and the bracket that it belongs to."""

from __future__ import annotations

import math
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from pathlib import Path

from hdrkit.errors import ExposureError, InputError
from hdrkit.types.hole import Hole, holes_of


class ExposureSource(StrEnum):
    """Where an exposure comes from."""

    EXIF = "exif"
    RAW = "raw"
    FILENAME = "filename"
    LIST = "list"
    EV = "ev"
    ESTIMATED = "estimated"


class Encoding(StrEnum):
    """What the stored codes mean."""

    ENCODED8 = "encoded8"
    ENCODED16 = "encoded16"
    RAW = "raw"
    FLOAT = "float"


@dataclass(frozen=True)
class Exposure:
    """How much light a frame was given.

    `time_s` is in seconds. `f_number` and `iso` are None if unknown. `bias_ev` is the correction that the photographer set;
    it does not change the light.
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
        """Whether `time_s` is in seconds. EV have no unit; the number at the end of a name may have any, or may be a counter."""
        return self.source not in (ExposureSource.FILENAME, ExposureSource.EV)

    @property
    def from_camera(self) -> bool:
        """Whether the camera recorded the exposure. It is False for names, lists and estimates."""
        return self.source in (ExposureSource.EXIF, ExposureSource.RAW)

    @property
    def relative(self) -> float:
        """Relative exposure, t * ISO/100 / N^2. An unknown ISO counts as 100, an unknown N as 1."""
        return self.time_s * (self.iso or 100.0) / 100.0 / (self.f_number or 1.0) ** 2

    @property
    def ev100(self) -> float | None:
        """Exposure value at ISO 100, log2(N^2 / t) - log2(ISO/100). It is None if the aperture is unknown."""
        if self.f_number is None:
            return None
        return math.log2(self.f_number**2 / self.time_s) - math.log2((self.iso or 100.0) / 100.0)


class Drive(StrEnum):
    """What the camera does at one press of the shutter."""

    SINGLE = "single"
    BURST = "burst"
    EXPOSURE_BRACKET = "exposure_bracket"
    FOCUS_BRACKET = "focus_bracket"


@dataclass(frozen=True)
class Photo:
    """A photograph on disk: what its metadata say, without pixels.

    `width` and `height` are those of the displayed picture, with `orientation` (EXIF, 1..8) applied. `taken_at` has a time
    zone if the camera wrote one. `drive` and the fields after it are None if the camera does not record them. `shot` is the
    number of the photograph within one press of the shutter, from 1. `shutter_count` counts all photographs that the camera has
    taken. `manual` says whether the photographer set time and aperture. `software` is the program that wrote the file.
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
    software: str = ""


@dataclass(frozen=True)
class Remark:
    """What is unusual about a bracket that was found by time: its number of `frames`, or photographs that were left out.

    `usual` is the number of frames that brackets of this camera have. The photographs in `left_out` state no exposure, while
    others of the bracket do.
    """

    frames: int
    usual: int
    left_out: tuple[Path, ...] = ()

    def __str__(self) -> str:
        parts = []
        if self.frames != self.usual:
            parts.append(f"{self.frames} frame{'' if self.frames == 1 else 's'}, usually {self.usual}")
        if self.left_out:
            names = ", ".join(path.name for path in self.left_out)
            parts.append(f"left out {names}, which {'states' if len(self.left_out) == 1 else 'state'} no exposure")
        return "; ".join(parts)


@dataclass(frozen=True)
class Bracket:
    """Photographs of one view that are merged, the shortest exposure first if exposures are known.

    `reference` is the index of the frame on which the others are aligned. `kind` names the rule that found the bracket
    (`folder`, `groups`, `time`, `given`). `confidence` is in 0..1, and `why` explains it in words. `remark` says what is unusual
    about the bracket; it is None for a usual bracket.
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

    @property
    def holes(self) -> tuple[Hole, ...]:
        """The holes between the exposures that are known."""
        return holes_of((photo.exposure.relative, str(photo.path)) for photo in self.photos if photo.exposure)

    def stated_exposures(self) -> tuple[float | None, ...]:
        """`Exposure.relative` of each photograph; None for photographs without an exposure."""
        return tuple(photo.exposure.relative if photo.exposure else None for photo in self.photos)

    def relative_exposures(self) -> tuple[float, ...]:
        """`Exposure.relative` of each photograph. Raises ExposureError if a photograph has no exposure, and names it."""
        missing = [str(photo.path) for photo in self.photos if photo.exposure is None]
        if missing:
            raise ExposureError(
                f"{missing[0]}: no exposure time in EXIF or file name"
                + (f" (and {len(missing) - 1} more in bracket {self.name!r})" if len(missing) > 1 else "")
                + "; give them with --ev -2,0,2 or --exposures FILE.csv (filename,exposure_time_s)"
            )
        return tuple(photo.exposure.relative for photo in self.photos if photo.exposure is not None)
