from dataclasses import replace
from datetime import UTC, timedelta, timezone

import numpy as np
import pytest

from hdrkit.grouping.evidence.facts import dividing_gaps, gap_s, in_order_of_time, metadata_log_odds, pair_facts, stated_ev
from hdrkit.types import Exposure, ExposureSource

EAST = timezone(timedelta(hours=2))


def test_the_gap_is_from_the_end_of_one_exposure_to_the_start_of_the_next(shot):
    long, next_one = shot(0, ev=8), shot(6, ev=0)  # the first is open for 4 s
    assert gap_s(long, next_one) == gap_s(next_one, long) == pytest.approx(2)
    assert gap_s(long, shot(3)) == 0


def test_times_with_and_without_a_zone_cannot_be_compared(shot):
    naive, aware = shot(0), shot(0)
    aware = replace(aware, taken_at=aware.taken_at.replace(tzinfo=EAST))
    assert gap_s(naive, aware) is None
    assert gap_s(aware, replace(aware, taken_at=aware.taken_at + timedelta(seconds=5))) == pytest.approx(5 - 1 / 64)
    assert gap_s(naive, shot(None)) is None


def test_zones_are_compared_at_the_same_instant(shot):
    here = shot(0)
    utc = replace(here, taken_at=here.taken_at.replace(tzinfo=UTC))
    east = replace(here, taken_at=(here.taken_at + timedelta(hours=2, seconds=1)).replace(tzinfo=EAST))
    assert gap_s(utc, east) == pytest.approx(1 - 1 / 64)
    assert in_order_of_time([east, utc]) == [utc, east]


def test_what_is_not_told_is_unknown(shot):
    facts = pair_facts(shot(None, None, camera=""), shot(0, 1))
    assert (facts.camera, facts.gap_s, facts.step_ev) == (None, None, None)
    assert metadata_log_odds(shot(None, None, camera=""), shot(0, 1), {}) == 0


@pytest.mark.parametrize(
    ("change", "least"),
    [
        ({"camera": "Other"}, -20),
        ({"serial": "2"}, -20),
        ({"lens": "85 mm"}, -8),
        ({"focal_length_mm": 50.0}, -8),
        ({"width": 400, "height": 600}, -8),
    ],
)
def test_contradictions_speak_against_one_view(shot, change, least):
    known = {"serial": "1", "lens": "35 mm", "focal_length_mm": 35.0}
    a, b = shot(0, 0, **known), shot(1, 2, **(known | change))
    assert metadata_log_odds(a, b, {}) == metadata_log_odds(b, a, {}) == least
    assert metadata_log_odds(a, shot(1, 2, **known), {}) == 0.75


def test_a_raw_file_and_its_jpeg_have_one_shape(shot):
    assert pair_facts(shot(0, 0), shot(0, 1, width=6016, height=4016)).setup is True


def test_evidence_falls_with_the_gap_and_needs_a_change_of_exposure_to_be_positive(shot):
    values = [metadata_log_odds(shot(0, 0), shot(seconds, 2), {}) for seconds in (1, 60, 300, 900, 3600, 10**6)]
    assert values == sorted(values, reverse=True)
    assert values[0] == 0.75
    assert values[-1] == -4
    assert metadata_log_odds(shot(0, 0), shot(1, 0.05), {}) == 0
    assert metadata_log_odds(shot(0, 0), shot(3600, 0), {}) < -1.5


def card(shot, within, between, views, days=1):
    """Brackets of three with gaps `within`, `between` seconds from one view to the next."""
    at, photos = 0.0, []
    for view in range(views * days):
        for ev in (-2, 0, 2):
            photos.append(shot(at, ev))
            at += photos[-1].exposure.time_s + within
        at += between if (view + 1) % views else 86_400
    return photos


@pytest.mark.parametrize(("within", "between"), [(0.2, 20), (0.0, 25), (5, 120), (1, 200)])
@pytest.mark.parametrize("days", [1, 3])
def test_the_dividing_gap_of_a_camera_is_learned(shot, within, between, days):
    photos = card(shot, within, between, views=6, days=days)
    divide = dividing_gaps(photos)["Acme One"]
    assert within < divide < between
    shuffled = [photos[k] for k in np.random.default_rng(0).permutation(len(photos))]
    assert dividing_gaps(shuffled)["Acme One"] == divide


def test_learned_gaps_turn_a_pause_of_seconds_into_evidence_against(shot):
    gaps = dividing_gaps(card(shot, 0.2, 20, views=6))
    assert metadata_log_odds(shot(0, 0), shot(20, 2), gaps) < 0 < 0.7 < metadata_log_odds(shot(0, 0), shot(20, 2), {})
    assert metadata_log_odds(shot(0, 0), shot(0.3, 2), gaps) > 0.7


def test_no_gap_is_learned_from_one_kind_or_few(shot):
    assert dividing_gaps([shot(7 * k, k) for k in range(12)]) == {}
    assert dividing_gaps(card(shot, 0.2, 20, views=1)) == {}
    assert dividing_gaps([shot(9.0**k, k, camera="") for k in range(12)]) == {}


def test_numbers_in_names_are_no_exposures(shot):
    named = replace(shot(), exposure=Exposure(400.0, source=ExposureSource.FILENAME))
    assert stated_ev(named) is None
    assert pair_facts(named, shot()).step_ev is None
    assert pair_facts(shot(0, -1), shot(0, 2)).step_ev == pytest.approx(3)


def test_a_slow_bracket_on_a_card_of_quick_ones_is_not_ruled_out(shot):
    gaps = dividing_gaps(card(shot, 0.2, 20, views=6))
    assert metadata_log_odds(shot(0, 0), shot(250, 4), gaps) == -1
    assert metadata_log_odds(shot(0, 0), shot(400, 4), gaps) < -3
