"""The options of pictures for a display."""

from __future__ import annotations

import math
from dataclasses import dataclass, field, fields
from enum import StrEnum
from pathlib import Path

from hdrkit.errors import InputError, chosen

_PANEL = "Pictures for the display"


def parse_range(text: str, folder: Path = Path()) -> tuple[float, float] | None:  # noqa: B008 - a path does not change
    """The two numbers of `MIN,MAX`, natural logarithms or, with the suffix `ev`, exposure values; or those in a file.

    None for `auto` and `none`. Raises ValueError.

    Raises InputError for a file that holds no range.
    """
    if text in ("auto", "none"):
        return None
    if (folder / text).is_file():
        return _range_in(folder / text)
    try:
        low, high = (_logarithm(part.strip()) for part in text.split(","))
    except ValueError:
        raise ValueError(f"{text!r} is neither two numbers, a file, auto nor none") from None
    return low, high


def _logarithm(text: str) -> float:
    """The natural logarithm of radiance for a number, or for a number of EV."""
    ev = text.lower().removesuffix("ev")
    return float(text) if ev == text.lower() else float(ev) * math.log(2.0)


def _range_in(file: Path) -> tuple[float, float]:
    """The range that `hdrkit range` printed into a file, or that a response curve holds."""
    from hdrkit.files.atomic import read_bytes
    from hdrkit.files.text import show
    from hdrkit.formats.curves.files import read_curve

    try:
        if file.suffix.lower() == ".npz":
            low, high = (float(value) for value in read_curve(file).metadata["lnE_range"])
        else:
            low, high = (float(word) for word in read_bytes(file).split())
    except (ValueError, KeyError, TypeError):
        raise InputError(f"{show(file)}: no range of two numbers in it; hdrkit range prints one") from None
    return low, high


class Operator(StrEnum):
    """How radiance becomes light on a display: locally, as a photographer would, or by one tone curve for the whole picture."""

    LOCAL = "local"
    REINHARD = "reinhard"
    DRAGO = "drago"
    ACES = "aces"
    GAMMA = "gamma"


def _control(flag: str, limit: int, help_text: str) -> float:
    return field(default=0.0, metadata={"flag": flag, "panel": _PANEL, "min": -limit, "max": limit, "help": help_text})


@dataclass(frozen=True)
class RenderOptions:
    """How to render radiance for a display.

    `operator` says how. `range_ln` holds the natural logarithms of the radiance of black and of white, and gives every
    picture of a series the same exposure; None adapts to each picture. The other controls change pictures of the local operator
    alone; 0 is neutral. Raises InputError for a range that is empty or not finite, for a control outside its limits, and for one
    that another operator does not have.
    """

    operator: Operator = field(
        default=Operator.LOCAL,
        metadata={
            "flag": "--tonemap",
            "panel": _PANEL,
            "help": "how radiance is rendered for the display: local shows shadows and highlights together; the others are tone "
            "curves for the whole picture, which keep the order of brightness",
        },
    )
    range_ln: tuple[float, float] | None = field(
        default=None,
        metadata={
            "flag": "--range",
            "panel": _PANEL,
            "metavar": "MIN MAX|FILE|none",
            "parse": parse_range,
            "relative": True,
            "words": {"auto": "range_of_all"},
            "shown": "none",
            "help": "one exposure for all pictures: a range of radiance as natural logarithms (-4 6) or in EV (-6ev 9ev), or the "
            "one in a FILE, which hdrkit range has printed or a response curve carries",
        },
    )
    exposure: float = _control("--exposure", 5, "brighter or darker, in EV; the brightest parts keep their detail")
    contrast: float = _control("--contrast", 1, "more or less contrast of light and dark, from -1 to 1")
    detail: float = _control("--detail", 1, "more or less contrast of small details, from -1 to 1")
    saturation: float = _control("--saturation", 1, "stronger or paler colours, from -1 to 1; -1 is grey")
    warmth: float = _control("--warmth", 1, "warmer or cooler light, from -1 to 1")

    def __post_init__(self) -> None:
        object.__setattr__(self, "operator", chosen(Operator, self.operator, "operator"))
        if self.range_ln is not None:
            low, high = self.range_ln
            if not (math.isfinite(low) and math.isfinite(high) and low < high and abs(low) < 80 and abs(high) < 80):
                raise InputError(f"a display range is two natural logarithms, the lower one first, not {low} and {high}")
        for name, limit in CONTROLS.items():
            value = getattr(self, name)
            if not abs(value) <= limit:
                raise InputError(f"{name} {value} is not from -{limit} to {limit}")
            if value and self.operator is not Operator.LOCAL:
                raise InputError(f"{name} changes pictures of the operator local, not of {self.operator}; leave it at 0")


CONTROLS = {one.name: one.metadata["max"] for one in fields(RenderOptions) if one.default == 0.0}
