"""What can be chosen about pictures for a display."""

from __future__ import annotations

import math
from dataclasses import dataclass
from enum import StrEnum

from hdrkit.errors import InputError


class Operator(StrEnum):
    """How radiance is brought to a display."""

    REINHARD = "reinhard"
    DRAGO = "drago"
    ACES = "aces"
    GAMMA = "gamma"


@dataclass(frozen=True)
class RenderOptions:
    """How to render radiance for a display.

    `operator` is the tone curve. `range_ln`, natural logarithms of the radiance shown black and white, gives every
    picture of a series the same exposure; None adapts to each. Raises InputError for a range that is empty or not finite.
    """

    operator: Operator = Operator.REINHARD
    range_ln: tuple[float, float] | None = None

    def __post_init__(self) -> None:
        object.__setattr__(self, "operator", _operator(self.operator))
        if self.range_ln is not None:
            low, high = self.range_ln
            if not (math.isfinite(low) and math.isfinite(high) and low < high and abs(low) < 80 and abs(high) < 80):
                raise InputError(f"a display range is two natural logarithms, the lower one first, not {low} and {high}")


def _operator(name: str) -> Operator:
    try:
        return Operator(name)
    except ValueError:
        raise InputError(f"no operator {name!r}; choose {', '.join(Operator)}") from None
