"""The options of a merge."""

from __future__ import annotations

from dataclasses import dataclass, field
from enum import StrEnum
from typing import TYPE_CHECKING

from hdrkit.errors import InputError, chosen
from hdrkit.imaging.codes import Weight, parse_clip, scale_clip
from hdrkit.merging.device import Device

if TYPE_CHECKING:
    from hdrkit.types import Frame, NoiseModel


class Estimator(StrEnum):
    """How several measurements of one pixel become one value."""

    INVERSE_VARIANCE = "inverse-variance"
    POISSON = "poisson"
    DEBEVEC = "debevec"
    ROBERTSON = "robertson"


class Fusion(StrEnum):
    """How exposures become a picture for the display without becoming radiance."""

    MERTENS = "mertens"


class Product(StrEnum):
    """What a merge makes."""

    RADIANCE = "radiance"
    FUSION = "fusion"


CHOICES: tuple[Estimator | Fusion, ...] = (*Estimator, *Fusion)


@dataclass(frozen=True)
class MergeOptions:
    """Options of a merge; the command line and the Python interface read these.

    `estimator` may also be given by its name. `mertens` is not an estimator: it requests another product, exposure fusion. `clip`
    holds 8-bit codes, scaled for deeper pictures: a code below the first counts as black, as code 0 always does, and a code above
    the second as clipped. RAW frames have their own clip limit and ignore `clip`. If `noise` is None, the noise is measured in
    the frames; if they do not show it, that of an ordinary camera is used.
    """

    estimator: Estimator | Fusion = field(
        default=Estimator.INVERSE_VARIANCE,
        metadata={
            "flag": "--estimator",
            "help": "how measurements combine: inverse variance is the most precise; mertens fuses for display, without times",
        },
    )
    weight: Weight = field(
        default=Weight.TRIANGLE, metadata={"flag": "--weight", "help": "how the debevec estimator weights codes"}
    )
    clip: tuple[float, float] = field(
        default=(0.0, 250.0),
        metadata={
            "flag": "--clip",
            "metavar": "LOW,HIGH",
            "parse": parse_clip,
            "help": "8-bit codes: below LOW a pixel counts as black, above HIGH as clipped",
        },
    )
    noise: NoiseModel | None = field(default=None, metadata={"help": "noise of the camera; measured if not given", "kind": None})
    variance: bool = field(
        default=False, metadata={"flag": "--variance", "panel": "Output", "help": "keep the variance of every pixel (EXR only)"}
    )
    device: Device = field(
        default=Device.CPU,
        metadata={
            "flag": "--device",
            "panel": "Output",
            "help": "device that computes the merge: auto uses a GPU if one is found, which is faster for many large brackets",
        },
    )
    deghost: str = field(
        default="auto",
        metadata={
            "flag": "--deghost",
            "metavar": "off|auto|FILENAME",
            "help": "show each moving object once: auto shows it as in the frame that is best exposed there, a file name as in "
            "that frame; off merges all frames everywhere",
        },
    )

    def __post_init__(self) -> None:
        object.__setattr__(self, "estimator", chosen(CHOICES, self.estimator, "estimator"))
        object.__setattr__(self, "weight", chosen(Weight, self.weight, "weight"))
        if not 0 <= self.clip[0] < self.clip[1] <= 255:
            raise InputError(f"clip limits {self.clip} must rise within 0..255")

    @property
    def product(self) -> Product:
        """The product that these options request: radiance, or a picture for the display."""
        return Product.FUSION if isinstance(self.estimator, Fusion) else Product.RADIANCE

    def clip_codes(self, frame: Frame) -> tuple[int, int]:
        """The lowest code of a frame that is not black, and the highest that is not clipped."""
        low, high = (0, int(frame.white) - 1) if frame.is_linear else scale_clip(self.clip, frame.levels)
        return max(low, 1), high
