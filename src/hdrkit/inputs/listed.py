"""Exposures of a list of groups, in EV, for photographs that state none themselves."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import replace
from statistics import median

from hdrkit.exposure import looks_like_counter
from hdrkit.inputs.timestamps import timestamp_in_name
from hdrkit.types import Exposure, ExposureSource, Photo


def fill_exposures(name: str, photos: Sequence[Photo], ev: Sequence[float | None]) -> tuple[list[Photo], str]:
    """The photographs of one bracket, with an exposure for each that states none, and a note, which is empty if all state theirs.

    A photograph gets 2^ev times the exposure at 0 EV, which is the median over those that state their exposure, or 1 s if none
    does. A number in a name counts as stated only after a timestamp, because other numbers may be anything. `ev` is None if the
    list has no value: such a photograph is left out. All stay as they are if fewer than two exposures would be known.
    """
    stated = _stating(photos)
    known = [(photos[k], value) for k, value in enumerate(ev) if k in stated and value is not None]
    missing = {k for k, value in enumerate(ev) if k not in stated and value is not None}
    if not missing or (stated and not known) or len(missing) + len(stated) < 2:
        return list(photos), ""
    base = known[0][0].exposure if known else None
    zero = median(_log2(photo) - value for photo, value in known) if known else 0.0

    def filled(photo: Photo, value: float) -> Photo:
        like = base or Exposure(1.0)
        time_s = like.time_s * 2.0 ** (zero + value) / like.relative
        return replace(photo, exposure=replace(like, time_s=time_s, bias_ev=None, source=ExposureSource.ESTIMATED))

    kept = {k: filled(photo, ev[k] or 0.0) if k in missing else photo for k, photo in enumerate(photos) if k in missing | stated}
    left_out = ", ".join(photo.path.name for k, photo in enumerate(photos) if k not in kept)
    without = f"{len(photos) - len(stated)} of {len(photos)} photographs state no exposure"
    scale = "relative to the others" if known else "and 0 EV counts as 1 s"
    note = f"{name}: {without}; it is taken from the column ev of the list, {scale}"
    return list(kept.values()), f"{note}; left out, because they have none: {left_out}" if left_out else note


def _stating(photos: Sequence[Photo]) -> set[int]:
    """The photographs whose exposure is stated by metadata or a list, else by a name with a timestamp that is not a counter."""
    known = {k: photo.exposure for k, photo in enumerate(photos) if photo.exposure}
    if sure := {k for k, exposure in known.items() if exposure.in_seconds}:
        return sure
    if looks_like_counter(list(known.values())):
        return set()
    return {k for k in known if timestamp_in_name(photos[k].path)}


def _log2(photo: Photo) -> float:
    return math.log2(photo.exposure.relative) if photo.exposure else 0.0
