"""Whether frames of one view are an exposure bracket: whether the photographer, and not the meter, made their exposures differ.

A meter changes the exposure so that pictures stay equally bright; a bracket makes some brighter and some darker. So the pixels
are asked too, and where the camera does not say that it brackets, the change of brightness has to go with that of exposure.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from hdrkit.ranking.takes import taken_s
from hdrkit.types import Drive, Photo

PAUSE_S = 60.0  # at the most between two frames, of a photographer who turns the dial by hand
_FEWEST = 3  # frames of a bracket that the camera does not name
_SAME_EV = 0.15  # exposures that close are one setting
_SAME_BRIGHTNESS_EV = 0.1
_FOLLOWING = 0.4  # share of the exposures' range that brightness has at the least; clipping takes the rest
_ON_PURPOSE_EV, _UNEXPLAINED_EV = 0.9, 1.8  # range of exposures that were set by hand, and of those of which nothing tells
_STEP_EV = 0.45  # usual step of the latter; meters go in thirds
_UNEXPLAINED_SHARE = 0.5  # of the exposures' range that is not what the photographer set, at the most
_NO_METER_EV = 3.0  # range of exposures and brightness that no meter leaves
_DARK, _BRIGHT = 16.0, 235.0  # mean codes beyond which brightness hardly changes with exposure
_SAME_CODES = 1.0  # mean codes that noise alone may make of one another
_MOST = 32  # frames of a bracket
_GAMMA = 2.2


@dataclass(frozen=True)
class Frame:
    """A photograph as a bracket's frame may be told by: with the mean code of its picture, 0 to 255."""

    photo: Photo
    mean_code: float

    @property
    def brightness_ev(self) -> float:
        """Brightness in EV up to a constant, as an ordinary camera shows it."""
        return _GAMMA * math.log2(self.mean_code + 1)


def may_continue(frames: Sequence[Frame], frame: Frame) -> bool:
    """Whether a frame may be the next of the bracket that begins with those before it, which show the same.

    It was taken soon after, in the same way, at an exposure that none of them has, and which shows.
    """
    last, this = frames[-1].photo, frame.photo
    if last.drive is not this.drive or not _soon_after(last, this) or len(frames) == _MOST:
        return False
    if last.shot is not None and this.shot is not None and this.shot <= last.shot:
        return False
    return all(_exposed_otherwise(before, frame) for before in frames) and not _compensated(frames[-1], frame)


def is_bracket(frames: Sequence[Frame]) -> bool:
    """Whether frames of one view are a bracket, of which no two have one exposure, as far as metadata tell.

    They are where the camera says so. Else there are three or more, which get brighter with exposure, and they differ by 3 EV in
    exposure and brightness; or by 0.9 EV in exposure where the photographer set it (on manual, or by compensation); or, where
    metadata do not tell who did, by 1.8 EV in steps beyond those of a meter.
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


def follows_exposure(a: Frame, b: Frame) -> bool:
    """Whether metadata state the exposures of two frames, and the one that got less light is not the brighter one."""
    stated = _stated([a, b])
    if stated is None:
        return False
    brighter = b.mean_code - a.mean_code
    return bool((stated[1] - stated[0]) * brighter >= 0 or abs(brighter) < _SAME_CODES)


def _stated(frames: Sequence[Frame]) -> NDArray[np.float64] | None:
    """The exposures in EV as metadata state them, None where some do not; numbers in names do not count."""
    exposures = [frame.photo.exposure for frame in frames]
    known = [one.relative for one in exposures if one is not None and one.in_seconds]
    return np.log2(known) if len(known) == len(frames) else None


def _soon_after(last: Photo, this: Photo) -> bool:
    """Whether two frames were taken with little time between, as far as it is known."""
    before, after = taken_s(last), taken_s(this)
    if before is None or after is None:
        return before is after
    return after - before - (last.exposure.time_s if last.exposure else 0.0) <= PAUSE_S


def _exposed_otherwise(a: Frame, b: Frame) -> bool:
    """Whether two frames differ in exposure, as far as metadata or else brightness tell."""
    stated = _stated([a, b])
    if stated is not None:
        return bool(abs(stated[1] - stated[0]) > _SAME_EV)
    return a.photo.drive is Drive.EXPOSURE_BRACKET or not _look_the_same(a, b)


def _compensated(a: Frame, b: Frame) -> bool:
    """Whether two exposures that metadata state to differ clearly look the same."""
    stated = _stated([a, b])
    clearly = stated is not None and abs(stated[1] - stated[0]) >= _STEP_EV
    return clearly and a.photo.drive is not Drive.EXPOSURE_BRACKET and _look_the_same(a, b)


def _look_the_same(a: Frame, b: Frame) -> bool:
    """Whether two frames are equally bright, neither of them too dark or bright to tell."""
    told = all(_DARK < frame.mean_code < _BRIGHT for frame in (a, b))
    return told and abs(a.brightness_ev - b.brightness_ev) <= _SAME_BRIGHTNESS_EV


def _set_by_hand(photos: Sequence[Photo], stated: NDArray[np.float64]) -> bool | None:
    """Whether a person set the exposures: time and aperture on manual, or by compensation; None where nothing tells."""
    exposures = [photo.exposure for photo in photos if photo.exposure is not None]
    lens = np.array([math.log2(one.time_s / (one.f_number or 1.0) ** 2) for one in exposures])
    bias = np.array([np.nan if one.bias_ev is None else one.bias_ev for one in exposures])
    by_lens, by_bias = (np.ptp(stated - part) <= _UNEXPLAINED_SHARE * np.ptp(stated) for part in (lens, bias))  # no for NaN
    if by_bias or (by_lens and all(photo.manual for photo in photos)):
        return True
    return False if np.ptp(bias) == 0 and all(photo.manual is False for photo in photos) else None
