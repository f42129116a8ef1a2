"""The curve of the film: exposed light to light on the display, with a toe and a shoulder like those of a photograph."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from hdrkit.imaging.colour import srgb_of_light

GREY = 0.18  # middle grey: as exposed, and on the display

_WHITE = 1.02  # the curve ends a little above white, so that white is reached
_DARKEST, _BRIGHTEST = 1e-6, 0.9998  # of light on the display that the inverse tells apart
_SMALL_EV = 0.05
_MOST_IN_LIGHTS, _MOST_IN_SHADOWS = 2.6, 1.2  # the most that details are scaled; noise lies in the shadows


@dataclass(frozen=True)
class FilmCurve:
    """A log-logistic curve (Naka & Rushton 1966) through middle grey; dark tones follow a power of light, the `contrast`."""

    contrast: float = 1.6

    def steeper(self, by: float) -> FilmCurve:
        """The film with more contrast for a `by` of 0..1, and with less for -1..0."""
        return FilmCurve(self.contrast * 2 ** (by / 2))

    def shown(self, exposed_ev: NDArray[np.floating[Any]]) -> NDArray[np.floating[Any]]:
        """Light on the display, 0..1, of exposed light in EV above middle grey. Keeps the dtype."""
        ratio = np.exp2(-self.contrast * exposed_ev) * (_WHITE / GREY - 1)
        return np.asarray(np.minimum(_WHITE / (1 + ratio), 1))

    def exposed_ev(self, shown: NDArray[np.floating[Any]]) -> NDArray[np.floating[Any]]:
        """The inverse of `shown`. Almost black and almost white are taken as a little less so. Keeps the dtype."""
        y = np.clip(shown, _DARKEST, _BRIGHTEST)
        return np.asarray((np.log2(y / (_WHITE - y)) + math.log2(_WHITE / GREY - 1)) / self.contrast)

    def emphasis(self, exposed_ev: NDArray[np.floating[Any]]) -> NDArray[np.float64]:
        """The factor of details by which they are seen on the display at any tone as at middle grey, within limits."""
        ev = np.append(exposed_ev, 0.0)
        seen = srgb_of_light(self.shown(ev + _SMALL_EV)) - srgb_of_light(self.shown(ev - _SMALL_EV))
        factor = seen[-1] / np.maximum(seen[:-1], 1e-6)
        most = np.where(ev[:-1] > 0, _MOST_IN_LIGHTS, _MOST_IN_SHADOWS)
        return np.asarray(np.clip(factor, 1, most)).reshape(np.shape(exposed_ev))
