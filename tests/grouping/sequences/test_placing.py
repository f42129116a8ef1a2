import numpy as np
import pytest

from hdrkit.grouping.sequences.placing import place_by_metadata
from hdrkit.types import Drive

BLACK, WHITE = 1, 254


def flat(levels, shown=(0, 40)):
    """Pictures without content, of these mean codes; None for one that shows something."""
    rng = np.random.default_rng(0)
    codes = rng.integers(*shown, (128, 128))
    return 256 * np.stack([codes if level is None else np.full((128, 128), level) for level in levels]).astype(np.uint16)


def place(photos, views, levels, gaps=None, shown=(0, 40)):
    loose = [k for k, level in enumerate(levels) if level is not None]
    return {p.photo: p for p in place_by_metadata(photos, views, loose, flat(levels, shown), gaps or {})}


def test_black_frames_join_the_bracket_that_they_continue(shot):
    photos = [shot(4 * k, -2.0 * k) for k in range(6)]
    found = place(photos, [[0, 1, 2]], [None, None, None, BLACK, BLACK, 0])
    assert [found[k].view for k in (3, 4, 5)] == [0, 0, 0]
    assert "the same camera took it 4 s from a frame of the view, with a shorter exposure" in found[3].reason


def test_white_frames_before_a_bracket_join_it_too(shot):
    photos = [shot(0, 8), shot(20, 6), shot(30, 4), shot(33, 2)]
    found = place(photos, [[2, 3]], [WHITE, 255, None, None], shown=(220, 255))
    assert found[0].view == found[1].view == 0


@pytest.mark.parametrize(
    ("change", "words"),
    [
        ({"camera": ""}, "do not state"),
        ({"camera": "Other"}, "no other frame of its camera"),
        ({"at_s": None}, "do not state"),
        ({"ev": None}, "do not state"),
        ({"at_s": 500}, "more than 60 s before or after"),
        ({"focal_length_mm": 85.0}, "focal length"),
        ({"ev": 0.0}, "brighter with less exposure"),
        ({"ev": -2.4}, "darker than its exposure explains"),
    ],
)
def test_a_frame_that_anything_speaks_against_is_left_with_the_reason(shot, change, words):
    lens = {"focal_length_mm": 35.0}
    photos = [shot(0, 0, **lens), shot(4, -2, **lens), shot(**({"at_s": 8, "ev": -9} | lens | change))]
    shown = np.random.default_rng(0).integers(60, 200, (2, 128, 128))
    luminance = 256 * np.concatenate([shown, np.full((1, 128, 128), BLACK)]).astype(np.uint16)
    (found,) = place_by_metadata(photos, [[0, 1]], [2], luminance, {})
    assert found.view is None
    assert words in found.reason
    (fits,) = place_by_metadata([*photos[:2], shot(8, -9, **lens)], [[0, 1]], [2], luminance, {})
    assert fits.view == 0


def test_between_two_views_nothing_is_guessed(shot):
    photos = [shot(0, 0), shot(4, -2), shot(10, -6), shot(16, -2), shot(20, 0)]
    levels = [None, None, BLACK, None, None]
    assert "fit two views" in place(photos, [[0, 1], [3, 4]], levels)[2].reason
    photos[2] = shot(5, -6)
    assert place(photos, [[0, 1], [3, 4]], levels)[2].view == 0
    assert place(photos, [[0, 1, 3, 4]], levels)[2].view == 0


def test_the_gaps_of_the_camera_set_the_limit(shot):
    photos = [shot(0, 0), shot(200, -6)]
    assert place(photos, [[0]], [None, BLACK])[1].view is None
    assert place(photos, [[0]], [None, BLACK], {"Acme One": 250.0})[1].view == 0
    assert place(photos, [[0]], [None, BLACK], {"Acme One": 5.0})[1].view is None


def test_counted_shots_of_one_bracket_need_no_exposure_rule(shot):
    bracket = {"drive": Drive.EXPOSURE_BRACKET}
    photos = [shot(0, 0, shot=1, **bracket), shot(0.3, 1, shot=2, **bracket)]
    assert place(photos, [[0]], [None, BLACK])[1].view == 0
    photos[1] = shot(0.3, 1, shot=3, **bracket)
    assert place(photos, [[0]], [None, BLACK])[1].view is None


def test_a_card_of_black_frames_is_left_whole(shot):
    photos = [shot(k, -k) for k in range(5)]
    assert {p.view for p in place(photos, [], [BLACK] * 5).values()} == {None}
