"""The options of alignment."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Literal

from hdrkit.errors import InputError

Method = Literal["none", "mtb", "ecc", "features", "auto"]


@dataclass(frozen=True)
class AlignmentOptions:
    """How the frames of a bracket are brought onto its reference. Raises InputError for values out of range."""

    method: Method = field(
        default="auto",
        metadata={
            "flag": "--align",
            "help": "none; mtb (whole-pixel shift from median threshold bitmaps); ecc (sub-pixel registration of brightness); "
            "features (SIFT matches); auto (mtb, then ecc, features where that fails). A result that does not beat "
            "leaving the frame alone is refused.",
        },
    )
    crop: bool = field(default=False, metadata={"flag": "--crop", "help": "Keep only the rectangle that every frame covers."})
    max_shift: float = field(
        default=0.2, metadata={"help": "Largest displacement that is believed, as a share of the longest side."}
    )

    def __post_init__(self) -> None:
        if self.method not in ("none", "mtb", "ecc", "features", "auto"):
            raise InputError(f"alignment method {self.method!r} is none of none, mtb, ecc, features, auto")
        if not 0 < self.max_shift <= 0.5:
            raise InputError(f"max_shift is a share of the longest side in (0, 0.5], not {self.max_shift}")
