"""The options of a calibration."""

from __future__ import annotations

from dataclasses import dataclass, field
from enum import StrEnum

from hdrkit.errors import InputError, chosen
from hdrkit.imaging.codes import Weight, parse_clip


class CalibrationMethod(StrEnum):
    """How the response curve is found."""

    PATCHES = "patches"
    DEBEVEC = "debevec"
    ROBERTSON = "robertson"
    MITSUNAGA_NAYAR = "mitsunaga-nayar"


class Sampling(StrEnum):
    """How pixels are chosen."""

    RANDOM = "random"
    HISTOGRAM = "histogram"
    GRID = "grid"
    FLAT = "flat"


@dataclass(frozen=True)
class CalibrationOptions:
    """Options of a calibration; the command line and the Python interface read these.

    `samples` is the number of pixels per bracket; the number of patches is a quarter of it, at most 8000 over all brackets.
    `clip` holds 8-bit codes, scaled for deeper pictures, between which a code is trusted. `smoothness` is relative to the weight
    of the data, so it means the same for any number of samples. `order` is the degree of the Mitsunaga-Nayar polynomial; if it is
    None, the held-out error chooses it.
    """

    method: CalibrationMethod = field(
        default=CalibrationMethod.PATCHES,
        metadata={
            "flag": "--method",
            "help": "how the curve is found: patches (averages of linearised patches) is most accurate, the others are classical",
        },
    )
    weight: Weight = field(default=Weight.TRIANGLE, metadata={"flag": "--weight", "help": "weight of codes (debevec)"})
    sampling: Sampling = field(
        default=Sampling.HISTOGRAM, metadata={"flag": "--sampling", "help": "how pixels are chosen (classical methods)"}
    )
    samples: int = field(default=10_000, metadata={"flag": "--samples", "help": "pixels taken from each bracket"})
    seed: int = field(default=0, metadata={"flag": "--seed", "help": "seed of the random choice of pixels"})
    clip: tuple[float, float] = field(
        default=(5.0, 250.0),
        metadata={
            "flag": "--clip",
            "metavar": "LOW,HIGH",
            "parse": parse_clip,
            "help": "8-bit codes; codes outside LOW to HIGH are ignored",
        },
    )
    smoothness: float = field(
        default=0.003, metadata={"flag": "--smoothness", "help": "weight of smoothness relative to the data (debevec)"}
    )
    order: int | None = field(
        default=None,
        metadata={
            "flag": "--order",
            "help": "degree of the polynomial (mitsunaga-nayar); chosen by held-out error when not given",
        },
    )

    def __post_init__(self) -> None:
        object.__setattr__(self, "weight", chosen(Weight, self.weight, "weight"))
        if not 0 <= self.clip[0] < self.clip[1] - 1 or self.clip[1] > 255:
            raise InputError(f"clip limits {self.clip} must rise within 0..255")
        if self.seed < 0:
            raise InputError(f"the seed must be a whole number from 0 up, not {self.seed}")
        if self.samples < 100:
            raise InputError(f"{self.samples} samples cannot determine a curve; take at least a hundred")
        if not self.smoothness > 0:
            raise InputError(
                "smoothness must be above 0, because it determines the codes that no pixel holds; 1e-6 is almost none"
            )
        if self.order is not None and not 1 <= self.order <= 10:
            raise InputError(f"the order of the polynomial must be 1 to 10, not {self.order}")
