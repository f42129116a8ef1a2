"""The options of alignment."""

from __future__ import annotations

from dataclasses import dataclass, field
from enum import StrEnum

from hdrkit.errors import InputError, chosen


class AlignmentMethod(StrEnum):
    """How the motion of a frame is found."""

    NONE = "none"
    MTB = "mtb"
    ECC = "ecc"
    FEATURES = "features"
    AUTO = "auto"


@dataclass(frozen=True)
class AlignmentOptions:
    """How the frames of a bracket are aligned to its reference. Raises InputError for values out of range."""

    method: AlignmentMethod = field(
        default=AlignmentMethod.AUTO,
        metadata={
            "flag": "--align",
            "help": "none; mtb (whole-pixel shift from median threshold bitmaps); ecc (sub-pixel registration of brightness); "
            "features (SIFT matches); auto (mtb, then ecc, or features if that fails). A result that does not "
            "improve the agreement is refused.",
        },
    )
    crop: bool = field(default=False, metadata={"flag": "--crop", "help": "Keep only the rectangle that every frame covers."})
    max_shift: float = field(
        default=0.2, metadata={"help": "Largest displacement that is accepted, as a share of the longest side."}
    )

    def __post_init__(self) -> None:
        object.__setattr__(self, "method", chosen(AlignmentMethod, self.method, "alignment method"))
        if not 0 < self.max_shift <= 0.5:
            raise InputError(f"max_shift must be a share of the longest side in (0, 0.5], not {self.max_shift}")
