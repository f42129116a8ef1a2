"""The tones of a local rendering: how bright a scene is shown, and which curve brings its range into that of a display.

Light is counted in EV, log2 of luminance. Exposed light is counted in EV above middle grey.
"""

from __future__ import annotations

import math
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
from numpy.typing import NDArray

Light = NDArray[np.floating[Any]]

_AVERAGE_EV = 0.35  # where the average of a scene is shown, above middle grey
_LOW_EV = 0.8  # a scene whose average lies at the very bottom of its range is shown so much darker than one in the middle
_NIGHT_EV = 0.6  # and a night so much darker than a day
_LAMPS = 0.38, 0.58  # share of its range that only the brightest tenth of a scene has: by day, and at night
_SHADOWS_EV, _DARKEST_EV = -1.0, -3.5  # where shadows begin to be lifted, and where the darkest parts are shown
_LIGHTS_EV, _BRIGHTEST_EV = 0.0, 2.2  # where lights begin to be held back, and where the brightest parts are shown
_WHITE_EV, _CLIPPED = 3.2, 0.002  # where they are shown if more than this share of the scene is clipped
_BLACK_EV = -4.5  # where the lower end of a given range is shown
_FULL_EV, _STRETCH = 6.5, 1.35  # a range that needs no more contrast, and the most that a smaller one is stretched


@dataclass(frozen=True)
class Tones:
    """How light is exposed and shown, in EV.

    `gain` exposes light. `dark` and `top` are the darkest and the brightest parts of a scene as they are then exposed, `darkest`
    and `brightest` where they are shown.
    """

    gain: float
    dark: float
    top: float
    darkest: float = _DARKEST_EV
    brightest: float = _BRIGHTEST_EV

    def brightened(self, ev: float) -> Tones:
        """The tones of a picture that is to be brighter; the curve still holds its brightest parts."""
        return replace(self, gain=self.gain + ev, dark=self.dark + ev, top=self.top + ev)

    def curve(self, exposed: Light) -> NDArray[np.float64]:
        """Exposed light as it is shown: unchanged below middle grey, and bent so that all from `dark` to `top` is shown."""
        stretch = min(max(_FULL_EV / max(self.top - self.dark, 1e-3), 1.0), _STRETCH)
        light = stretch * np.asarray(exposed, np.float64)
        lifted = _SHADOWS_EV - _bent(_SHADOWS_EV - light, _SHADOWS_EV - stretch * self.dark, _SHADOWS_EV - self.darkest)
        held = _LIGHTS_EV + _bent(light - _LIGHTS_EV, stretch * self.top - _LIGHTS_EV, self.brightest - _LIGHTS_EV)
        return np.where(light < _SHADOWS_EV, lifted, np.where(light > _LIGHTS_EV, held, light))


def tones_of_scene(light: Light, clipped: float = 0.0) -> Tones:
    """The tones of the measured light of a scene, in any unit, of which a share is `clipped` and therefore shown as white.

    The average is half way between mean and median. It is shown a little above middle grey if it lies in the middle of the range
    of the scene, and darker the lower it lies (after Reinhard 2002, Parameter Estimation for Photographic Tone Reproduction). A
    night is darker still: much of the range of its light is that of lamps, which are small.
    """
    if light.size == 0:
        return Tones(0.0, 0.0, 0.0)
    percent = (1, 2, 10, 50, 90, 99, 99.8)
    bottom, dark, low, median, high, bright, top = (float(value) for value in np.percentile(light, percent))
    average = (median + float(np.clip(light, bottom, bright).mean())) / 2
    place = (2 * average - bottom - top) / max(top - bottom, 1.0)  # -1 at the bottom of the range, 1 at its top
    night = float(np.interp((top - high) / max(top - low, 1.0), _LAMPS, (0, _NIGHT_EV)))
    gain = _AVERAGE_EV + min(0.0, _LOW_EV * place) - night - average
    brightest = _WHITE_EV if clipped > _CLIPPED else _BRIGHTEST_EV
    return Tones(gain, dark + gain, top + gain, _DARKEST_EV - night, brightest)


def tones_of_range(low_ln: float, high_ln: float) -> Tones:
    """The same tones for every picture of a series: the ends of the range of ln radiance are black and white."""
    half = (high_ln - low_ln) / 2 / math.log(2)
    return Tones(-(low_ln + high_ln) / 2 / math.log(2), -half, half, _BLACK_EV, _WHITE_EV)


def _bent(distance: Light, far: float, most: float) -> Light:
    """A distance that grows more slowly the larger it is, by a logarithm, so that `far` becomes `most`; it is at least 0."""
    distance = np.maximum(distance, 0)
    if far <= most:
        return distance
    low, high = 1e-3 * most, 1e3 * far
    for _ in range(50):
        scale = math.sqrt(low * high)
        low, high = (scale, high) if scale * math.log1p(far / scale) < most else (low, scale)
    return np.asarray(scale * np.log1p(distance / scale))
