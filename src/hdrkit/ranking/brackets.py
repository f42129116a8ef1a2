"""Whether frames of one view are an exposure bracket, in which the photographer and not the meter chose different exposures.

A meter changes the exposure so that pictures stay equally bright. A bracket makes some brighter and some darker. So the pixels
count too: unless the camera says that it brackets, brightness must follow exposure.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from hdrkit.ranking.takes import taken_s
from hdrkit.types import Drive, Photo

PAUSE_S = 60.0  # largest pause between two frames, long enough to turn the dial by hand
_FEWEST = 3  # frames of a bracket, if the camera does not say that it is one
_SAME_EV = 0.15  # exposures this close are one setting
_SAME_BRIGHTNESS_EV = 0.1
_FOLLOWING = 0.4  # smallest share of the range of exposures that brightness must have; clipping takes the rest
_ON_PURPOSE_EV, _UNEXPLAINED_EV = 0.9, 1.8  # smallest range of exposures that were set by hand, and of others
_STEP_EV = 0.45  # usual step of the others; meters change in thirds
_UNEXPLAINED_SHARE = 0.5  # largest share of the range of exposures that the photographer did not set
_NO_METER_EV = 3.0  # range of exposures and of brightness that no meter causes
_DARK, _BRIGHT = 16.0, 235.0  # mean codes outside of which brightness hardly follows exposure
_SAME_CODES = 1.0  # difference of mean codes that noise alone may cause
_MOST = 32  # frames of a bracket
_GAMMA = 2.2


@dataclass(frozen=True)
class MeteredPhoto:
    """A photograph with the mean code of its picture, 0 to 255, which shows whether it belongs to a bracket."""

    photo: Photo
    mean_code: float

    @property
    def brightness_ev(self) -> float:
        """Brightness in EV up to a constant, for the tone curve of an ordinary camera."""
        return _GAMMA * math.log2(self.mean_code + 1)


def may_continue(frames: Sequence[MeteredPhoto], frame: MeteredPhoto) -> bool:
    """Whether a frame may be the next frame of the bracket that begins with `frames`. All show the same view.

    It must be taken soon after them, in the same drive mode, at a new exposure that changes its brightness.
    """
    last, this = frames[-1].photo, frame.photo
    if last.drive is not this.drive or not _soon_after(last, this) or len(frames) == _MOST:
        return False
    if last.shot is not None and this.shot is not None and this.shot <= last.shot:
        return False
    return all(_exposed_otherwise(before, frame) for before in frames) and not _compensated(frames[-1], frame)


def is_bracket(frames: Sequence[MeteredPhoto]) -> bool:
    """Whether frames of one view are a bracket.

    No two frames may have the same exposure in their metadata. Two or more frames are a bracket if the camera says so. Else a
    bracket has three or more frames that get brighter with exposure, and one of these holds:

    - exposure and brightness differ by 3 EV,
    - the photographer set the exposure (on manual, or by compensation), and it differs by 0.9 EV,
    - metadata do not say who set the exposure, and it differs by 1.8 EV in larger steps than those of a meter.
    """
    photos = [frame.photo for frame in frames]
    stated = _stated(frames)
    if stated is not None and len(frames) > 1 and np.diff(np.sort(stated)).min() <= _SAME_EV:
        return False
    if len(frames) >= 2 and all(photo.drive is Drive.EXPOSURE_BRACKET for photo in photos):
        return True
    if len(frames) < _FEWEST:
        return False
    brightness = np.sort([frame.brightness_ev for frame in frames])
    exposures = brightness if stated is None else np.sort(stated)
    if np.ptp(brightness) < _FOLLOWING * min(np.ptp(exposures), 2 * _UNEXPLAINED_EV):
        return False
    if min(np.ptp(exposures), np.ptp(brightness)) >= _NO_METER_EV:
        return True
    chosen = None if stated is None else _set_by_hand(photos, stated)
    if chosen is not None:
        return chosen and bool(np.ptp(exposures) >= _ON_PURPOSE_EV)
    steps = np.diff(exposures)
    return bool(np.ptp(exposures) >= _UNEXPLAINED_EV and np.median(steps[steps > _SAME_BRIGHTNESS_EV]) >= _STEP_EV)


def follows_exposure(a: MeteredPhoto, b: MeteredPhoto) -> bool:
    """Whether metadata state the exposures of two frames, and the frame with less exposure is not the brighter one."""
    stated = _stated([a, b])
    if stated is None:
        return False
    brighter = b.mean_code - a.mean_code
    return bool((stated[1] - stated[0]) * brighter >= 0 or abs(brighter) < _SAME_CODES)


def _stated(frames: Sequence[MeteredPhoto]) -> NDArray[np.float64] | None:
    """The exposures in EV of the metadata, None if some frames state none. Numbers in names do not count."""
    exposures = [frame.photo.exposure for frame in frames]
    known = [one.relative for one in exposures if one is not None and one.in_seconds]
    return np.log2(known) if len(known) == len(frames) else None


def _soon_after(last: Photo, this: Photo) -> bool:
    """Whether two frames were taken within a short time, or no time is known."""
    before, after = taken_s(last), taken_s(this)
    if before is None or after is None:
        return before is after
    return after - before - (last.exposure.time_s if last.exposure else 0.0) <= PAUSE_S


def _exposed_otherwise(a: MeteredPhoto, b: MeteredPhoto) -> bool:
    """Whether two frames differ in exposure according to metadata, or else to brightness."""
    stated = _stated([a, b])
    if stated is not None:
        return bool(abs(stated[1] - stated[0]) > _SAME_EV)
    return a.photo.drive is Drive.EXPOSURE_BRACKET or not _look_the_same(a, b)


def _compensated(a: MeteredPhoto, b: MeteredPhoto) -> bool:
    """Whether two frames look the same although their metadata state clearly different exposures."""
    stated = _stated([a, b])
    clearly = stated is not None and abs(stated[1] - stated[0]) >= _STEP_EV
    return clearly and a.photo.drive is not Drive.EXPOSURE_BRACKET and _look_the_same(a, b)


def _look_the_same(a: MeteredPhoto, b: MeteredPhoto) -> bool:
    """Whether two frames are equally bright, and neither is too dark or too bright to compare."""
    comparable = all(_DARK < frame.mean_code < _BRIGHT for frame in (a, b))
    return comparable and abs(a.brightness_ev - b.brightness_ev) <= _SAME_BRIGHTNESS_EV


def _set_by_hand(photos: Sequence[Photo], stated: NDArray[np.float64]) -> bool | None:
    """Whether a person set the exposures: time and aperture on manual, or by compensation; None if nothing shows it."""
    exposures = [photo.exposure for photo in photos if photo.exposure is not None]
    lens = np.array([math.log2(one.time_s / (one.f_number or 1.0) ** 2) for one in exposures])
    bias = np.array([np.nan if one.bias_ev is None else one.bias_ev for one in exposures])
    by_lens, by_bias = (np.ptp(stated - part) <= _UNEXPLAINED_SHARE * np.ptp(stated) for part in (lens, bias))  # no for NaN
    if by_bias or (by_lens and all(photo.manual for photo in photos)):
        return True
    return False if np.ptp(bias) == 0 and all(photo.manual is False for photo in photos) else None
