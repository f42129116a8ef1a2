"""The range of ln exposure that a camera and its times can record: one scale for a whole set of pictures."""

from __future__ import annotations

from collections.abc import Iterable

import numpy as np

from hdrkit.errors import ExposureError
from hdrkit.types import ResponseCurve


def ln_exposure_range(response: ResponseCurve, exposures: Iterable[float]) -> tuple[float, float]:
    """Lowest and highest ln radiance: min g - ln of the longest exposure, max g - ln of the shortest.

    `exposures` are those of every frame of the set. Raises ExposureError if `exposures` is empty.
    """
    times = list(exposures)
    if not times:
        raise ExposureError("no exposures to take a range from")
    g = response.ln_exposure
    return float(g.min() - np.log(max(times))), float(g.max() - np.log(min(times)))
