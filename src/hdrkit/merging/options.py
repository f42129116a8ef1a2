"""What can be chosen about a merge."""

from __future__ import annotations

from dataclasses import dataclass, field
from enum import StrEnum

from hdrkit.errors import InputError
from hdrkit.types import NoiseModel
from hdrkit.weighting import Weight


class Estimator(StrEnum):
    """How several measurements of one pixel become one value."""

    INVERSE_VARIANCE = "inverse-variance"
    POISSON = "poisson"
    DEBEVEC = "debevec"
    ROBERTSON = "robertson"
    MERTENS = "mertens"


@dataclass(frozen=True)
class MergeOptions:
    """Options of a merge; the command line and the Python interface read these.

    `clip` are 8-bit codes, scaled for deeper pictures: below the first a code counts as black, above the second as
    clipped. RAW knows its own clipping and takes no notice.
    """

    estimator: Estimator = field(
        default=Estimator.INVERSE_VARIANCE,
        metadata={
            "help": "how measurements combine: inverse variance is the most precise; mertens fuses for display, without times"
        },
    )
    weight: Weight = field(default="triangle", metadata={"help": "weight of codes for the debevec estimator"})
    clip: tuple[float, float] = field(
        default=(1.0, 250.0), metadata={"help": "8-bit codes below and above which nothing is measured"}
    )
    noise: NoiseModel = field(default_factory=NoiseModel, metadata={"help": "noise of the camera"})
    variance: bool = field(default=False, metadata={"help": "keep the variance of every pixel (EXR only)"})

    def __post_init__(self) -> None:
        if not 0 <= self.clip[0] < self.clip[1] <= 255:
            raise InputError(f"clip limits {self.clip} must rise within 0..255")
