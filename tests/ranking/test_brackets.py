"""Frames of one view: brackets that cameras name, brackets set by hand, and bursts whose meter moves, which are none."""

from dataclasses import replace
from datetime import datetime, timedelta
from pathlib import Path

import pytest

from hdrkit.ranking.brackets import PAUSE_S, MeteredPhoto, follows_exposure, is_bracket, may_continue
from hdrkit.types import Drive, Encoding, Exposure, ExposureSource, Photo

NOON = datetime(2026, 5, 1, 12)
MANUAL, COMPENSATED, METERED = {"manual": True}, {"manual": False, "bias": 1.0}, {"manual": False, "bias": 0.0}
BRACKET = {"drive": Drive.EXPOSURE_BRACKET}


def frame(
    ev: float | None, second: float = 0.0, light_ev: float = 0.0, bias: float | None = None, **more: object
) -> MeteredPhoto:
    """A frame at an exposure, None for an unknown one, as a camera of gamma 2.2 shows a gray wall in this light."""
    exposure = None if ev is None else Exposure(2.0**ev / 100, bias_ev=None if bias is None else bias * ev)
    facts = {"camera": "A", "taken_at": NOON + timedelta(seconds=second), "exposure": exposure}
    photo = Photo(Path("a.jpg"), 600, 400, Encoding.ENCODED8, **{**facts, **more})
    return MeteredPhoto(photo, 255 * min(1.0, 0.18 * 2.0 ** ((ev or 0.0) + light_ev)) ** (1 / 2.2))


def frames(*exposures: float | None, compensated: bool = False, **more: object) -> list[MeteredPhoto]:
    """Frames two seconds apart; a meter that has `compensated` a change of the light leaves them equally bright."""
    return [frame(ev, 2.0 * k, -(ev or 0.0) if compensated else 0.0, **more) for k, ev in enumerate(exposures)]


@pytest.mark.parametrize(
    ("exposures", "facts"),
    [
        ((0.0, -2.0, 2.0), {}),
        ((0.0, -1.0, 1.0), {}),
        ((2.0, 1.0, 0.0, -1.0, -2.0, -3.0), {}),
        ((0.0, -0.7, 0.7), MANUAL),
        ((0.0, -0.7, 0.7), COMPENSATED),
        ((0.0, -0.7, 0.7), BRACKET),
        ((0.0, 1 / 3), BRACKET),
        ((0.0, -2.0, 2.0), METERED),  # 4 EV between the pictures are no meter's
        (tuple(k / 3 for k in range(-12, 4)), {}),
    ],
)
def test_brackets_are_told_from_who_set_the_exposures(exposures, facts):
    assert is_bracket(frames(*exposures, **facts))


@pytest.mark.parametrize("facts", [{}, METERED])
@pytest.mark.parametrize("compensated", [True, False])
@pytest.mark.parametrize("exposures", [(0.0, 0.7, 1.4), tuple(k / 3 for k in range(6)), (0.0, 1.3, 0.3)])
def test_a_meter_makes_no_bracket(exposures, compensated, facts):
    assert not is_bracket(frames(*exposures, compensated=compensated, **facts))


@pytest.mark.parametrize("facts", [{}, METERED, MANUAL])
def test_pictures_that_stay_equally_bright_are_no_bracket(facts):
    assert not is_bracket(frames(0.0, -1.0, 1.0, 2.0, compensated=True, **facts))


def test_automatic_iso_on_manual_is_a_meter():
    def shot(ev: float) -> MeteredPhoto:
        one = frame(ev, manual=True)
        return replace(one, photo=replace(one.photo, exposure=Exposure(0.01, iso=100 * 2.0**ev)))

    assert is_bracket(frames(0.0, 0.7, 1.4, manual=True))
    assert not is_bracket([shot(ev) for ev in (0.0, 0.7, 1.4)])


def test_an_exposure_that_comes_twice_is_of_no_bracket():
    assert is_bracket(frames(0.0, 1.0, -1.0, **COMPENSATED))
    assert not is_bracket(frames(0.0, 0.0, 0.0, 1.0, 1.0, 1.0, -1.0, -1.0, -1.0, **COMPENSATED))
    assert not is_bracket(frames(0.0, -2.0, 2.0, 0.1, **MANUAL))
    assert not is_bracket(frames(0.0, 0.0, **BRACKET))
    unstated = [frame(None, light_ev=light) for light in (0, -2, -2, 2)]
    assert is_bracket(unstated), "pixels may look the same at exposures that differ"


def test_one_or_two_frames_are_none_unless_the_camera_says_so():
    assert not is_bracket(frames(0.0))
    assert not is_bracket(frames(0.0, **BRACKET))
    assert not is_bracket(frames(0.0, 3.0))


def test_without_exposures_brightness_tells():
    def dimmed(*lights: float) -> list[MeteredPhoto]:
        return [frame(None, light_ev=light) for light in lights]

    assert is_bracket(dimmed(0, -1, 1))
    assert not is_bracket(dimmed(0, -0.3, 0.3))
    named = [Exposure(float(k), source=ExposureSource.FILENAME) for k in (1, 2, 4)]
    numbered = [replace(frame(None), photo=replace(frame(None).photo, exposure=one)) for one in named]
    assert not is_bracket(numbered), "numbers in names are no exposures"


def test_a_bracket_goes_on_at_other_exposures_soon_after():
    run = frames(0.0, -1.0)
    assert may_continue(run, frame(1.0, 4))
    assert may_continue(run, frame(1.0, 2 + PAUSE_S))
    assert not may_continue(run, frame(1.0, 2.1 + PAUSE_S))
    assert not may_continue(run, frame(-1.0, 4)), "an exposure that was there already"
    assert not may_continue(run, frame(0.0, 4))
    assert not may_continue(run, frame(1.0, 4, light_ev=-2.0)), "as bright as before: the meter followed the light"
    assert not may_continue(run, frame(1.0, 4, drive=Drive.EXPOSURE_BRACKET))
    assert not may_continue(run, frame(1.0, taken_at=None))
    assert may_continue([frame(6.0)], frame(5.0, 1.0)), "both white: nothing tells"
    counted = frames(0.0, -1.0, shot=2, **BRACKET)
    assert may_continue(counted, frame(1.0, 4, shot=3, **BRACKET))
    assert not may_continue(counted, frame(1.0, 4, shot=1, **BRACKET))


def test_light_that_is_switched_off_makes_no_bracket():
    assert not is_bracket([frame(0.0), frame(0.4, 2), frame(0.2, 4, light_ev=-6.0)])


def test_a_bracket_has_an_end():
    white = [frame(None, second=k, light_ev=9.0) for k in range(40)]
    assert may_continue(white[:31], white[31])
    assert not may_continue(white[:32], white[32])


def test_a_long_exposure_is_no_pause():
    assert may_continue([frame(13.0)], frame(12.0, 140.0))


def test_exposures_and_pixels_may_contradict_each_other():
    assert follows_exposure(frame(0.0), frame(1.0))
    assert not follows_exposure(frame(0.0), frame(1.0, light_ev=-2.0))
    assert not follows_exposure(frame(0.0), frame(None))
    assert follows_exposure(replace(frame(-9.0), mean_code=0.4), replace(frame(-8.0), mean_code=0.3)), "noise"
