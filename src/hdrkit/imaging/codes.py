"""Options about codes: the names of weighting functions, and clip limits. Nothing here needs numpy."""

from __future__ import annotations

from enum import StrEnum


class Weight(StrEnum):
    """The trust in each code, as a function of the code."""

    TRIANGLE = "triangle"
    SINE = "sine"
    GAUSSIAN = "gaussian"
    UNIFORM = "uniform"
    NOISE = "noise"


def parse_clip(text: str) -> tuple[float, float]:
    """Two 8-bit codes from `5,250`. Raises ValueError."""
    try:
        low, high = (float(part) for part in text.replace(" ", "").split(","))
    except ValueError:
        raise ValueError(f"{text!r} is not two codes; write them as in 5,250") from None
    return low, high


def scale_clip(clip: tuple[float, float], levels: int) -> tuple[int, int]:
    """Clip limits in 8-bit codes (0..255), converted to codes of a picture with `levels` levels."""
    low, high = (round(code / 255 * (levels - 1)) for code in clip)
    return low, high
