"""Exposure arithmetic: shutter times as people and cameras write them, and the exact values of nominal numbers.

Cameras show rounded numbers: the step between 1/125 and 1/60 is exactly one stop, so the true times are 2^-7 and
2^-6 s. Taken literally, nominal values put errors of up to 7 % into a bracket.
"""

from __future__ import annotations

import math
import re
from dataclasses import replace

from hdrkit.errors import ExposureError
from hdrkit.types import Exposure, ExposureSource

# Nominal value -> position in stops. Third-stop series come first: where a half-stop value reads the same, thirds win.
_THIRD_TIMES = (
    "1 1.3 1.6 2 2.5 3 3.2 4 5 6 8 10 13 15 20 25 30 40 50 60 80 100 125 160 200 250 320 400 500 640 800 1000 "
    "1250 1600 2000 2500 3200 4000 5000 6400 8000 10000 12800 16000 20000 25600 32000"
)
_HALF_TIMES = "1.5 11 22 45 90 180 350 750 1500 3000 6000 12000"
_THIRD_APERTURES = "1 1.1 1.2 1.4 1.6 1.8 2 2.2 2.5 2.8 3.2 3.5 4 4.5 5 5.6 6.3 7.1 8 9 10 11 13 14 16 18 20 22 25 29 32"
_HALF_APERTURES = "1.7 2.4 3.3 3.4 4.8 6.7 9.5 19 27"
_THIRD_ISOS = "0.25 0.32 0.4 0.5 0.64 0.8 1 1.25 1.6 2 2.5 3.2 4 5 6.4 8 10 12.5 16 20 25 32 40 50 64 80 100 128 256 512 1024"


def _dial(text: str, per_stop: int) -> dict[float, float]:
    """Nominal values and the exact power of two each stands for, with `per_stop` steps to a doubling of the value."""
    values = [float(word) for word in text.split()]
    return {value: 2.0 ** (round(per_stop * math.log2(value)) / per_stop) for value in values}


_SPEEDS = _dial(_HALF_TIMES, 2) | _dial(_THIRD_TIMES, 3)
_TIMES = {nominal: exact for nominal, exact in _SPEEDS.items() if nominal <= 60}  # longer ones are timed by hand
_TIMES |= {1 / nominal: 1 / exact for nominal, exact in _SPEEDS.items()}
_TIMES |= {0.3: 2 ** (-5 / 3), 0.6: 2 ** (-2 / 3), 0.7: 2**-0.5, 0.8: 2 ** (-1 / 3)}  # shown as 0.3", 0.6", ...
# A stop of aperture is a factor of sqrt 2, so thirds of a stop are sixths of a doubling.
_F_NUMBERS = _dial(_HALF_APERTURES, 4) | _dial(_THIRD_APERTURES, 6)
_ISOS = {100 * nominal: 100 * exact for nominal, exact in _dial(_THIRD_ISOS, 3).items()}
# The way back. If two nominal values have one exact value, the one of thirds is shown.
_ENGRAVED_TIMES, _ENGRAVED_F_NUMBERS, _ENGRAVED_ISOS = (
    {float(f"{exact:.6g}"): nominal for nominal, exact in table.items()} for table in (_TIMES, _F_NUMBERS, _ISOS)
)

_TOLERANCE = 0.005  # what rounding in a file leaves: 10/13 s, 0.769 s


def _exact(value: float, table: dict[float, float]) -> float:
    nominal = min(table, key=lambda candidate: abs(candidate / value - 1))
    return table[nominal] if abs(nominal / value - 1) <= _TOLERANCE else value


def exact_time_s(nominal_s: float) -> float:
    """The exact shutter time in seconds of a nominal one (1/60 -> 1/64). A time that is not nominal is returned unchanged."""
    return _exact(nominal_s, _TIMES)


def exact_f_number(nominal: float) -> float:
    """The exact f-number of a nominal one (5.6 -> 2^2.5). Other numbers are returned unchanged."""
    return _exact(nominal, _F_NUMBERS)


def exact_iso(nominal: float) -> float:
    """The exact ISO of a nominal one (125 -> 100 * 2^(1/3)). Other numbers are returned unchanged."""
    return _exact(nominal, _ISOS)


def exact_exposure(exposure: Exposure) -> Exposure:
    """The exposure with the exact values of nominal time, aperture and ISO."""
    return replace(
        exposure,
        time_s=exact_time_s(exposure.time_s),
        f_number=exposure.f_number and exact_f_number(exposure.f_number),
        iso=exposure.iso and exact_iso(exposure.iso),
    )


def parse_time_s(text: str) -> float:
    """Seconds from `0.5`, `1/60`, `1/60s`, `2"`, `30 ms`, `100us`. Raises ExposureError for anything else or not positive."""
    cleaned = text.strip().lower().replace("″", '"').replace("µ", "u").replace("μ", "u")
    match = re.fullmatch(r"([0-9.eE+-]+(?:/[0-9.eE+-]+)?)\s*(us|ms|s|sec|\"|)", cleaned)
    try:
        if match is None:
            raise ValueError(text)
        numerator, _, denominator = match[1].partition("/")
        seconds = float(numerator) / float(denominator or 1) * {"us": 1e-6, "ms": 1e-3}.get(match[2], 1.0)
    except (ValueError, ZeroDivisionError):
        raise ExposureError(f"{text!r} is not an exposure time; write seconds (0.5) or a fraction (1/60)") from None
    if not (math.isfinite(seconds) and seconds > 0):
        raise ExposureError(f"{text!r} is not a positive exposure time")
    return seconds


def format_time(time_s: float) -> str:
    """A time as photographers write it: `1/60 s`, `2.5 s`."""
    if time_s >= 0.4:
        return f"{time_s:.4g} s"
    return f"1/{1 / time_s:.4g} s"


_NAME_EXPOSURE = re.compile(r"_([0-9]+)$")


def engraved(exposure: Exposure) -> str:
    """An exposure as the camera shows it, with nominal values: `1/60 s f/5.6 ISO 100`."""
    time_s = _ENGRAVED_TIMES.get(_near(exposure.time_s), exposure.time_s)
    words = [f"{time_s:.3g} s" if time_s > 0.25 else format_time(time_s)]
    if exposure.f_number:
        words.append(f"f/{_ENGRAVED_F_NUMBERS.get(_near(exposure.f_number), exposure.f_number):.3g}")
    if exposure.iso:
        words.append(f"ISO {_ENGRAVED_ISOS.get(_near(exposure.iso), exposure.iso):.5g}")
    return " ".join(words)


def _near(value: float) -> float:
    return float(f"{value:.6g}")


def exposure_from_name(stem: str) -> Exposure | None:
    """The exposure in a file name that ends in `_<EXPO>`, in the unit of the camera; None for other names."""
    match = _NAME_EXPOSURE.search(stem)
    if match is None or int(match[1]) == 0:
        return None
    return Exposure(time_s=float(match[1]), source=ExposureSource.FILENAME)


def looks_like_counter(exposures: list[Exposure | None]) -> bool:
    """Whether the exposures that names state are a picture counter.

    They are a counter if there are three or more and each is one above the last, or if different numbers lie within a third
    of a stop. No bracket is that narrow.
    """
    numbers = sorted(e.time_s for e in exposures if e is not None and not e.in_seconds)
    steps = [later - earlier for earlier, later in zip(numbers, numbers[1:], strict=False)]
    counted = len(steps) >= 2 and set(steps) == {1}
    return counted or (any(steps) and numbers[-1] < 1.25 * numbers[0])


def as_listed(row: Exposure, own: Exposure | None) -> Exposure:
    """The exposure that the user's list gives for a photograph. What the row leaves out comes from the file."""
    return Exposure(
        time_s=row.time_s,
        f_number=row.f_number or (own.f_number if own else None),
        iso=row.iso or (own.iso if own else None),
        bias_ev=own.bias_ev if own else None,
        source=ExposureSource.LIST,
    )
