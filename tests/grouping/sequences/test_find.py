import numpy as np
import pytest

from hdrkit.grouping.sequences.find import find_sequences
from hdrkit.grouping.sequences.order import ev_of_pixels
from hdrkit.types import Drive, Encoding, Kind

STEPS = (-2, 0, 2)


def sequences(photos, picture, metadata=True, seed=0):
    """Kinds and members of the sequences of one view, its photographs handed over in any order."""
    evs = [0 if p.exposure is None else float(np.log2(p.exposure.time_s)) + 6 for p in photos]
    luminance, clipped = picture(evs)
    order = np.random.default_rng(seed).permutation(len(photos))
    pixel_ev = ev_of_pixels(luminance[order], clipped[order])
    found = find_sequences([photos[k] for k in order], luminance[order], pixel_ev, metadata, order)
    assert sorted(k for s in found for k in s.members) == list(range(len(photos)))
    return [(s.kind, sorted(int(order[k]) for k in s.members), s.stray) for s in found]


def ladder(shot, at, steps=STEPS, pause=0.3, **more):
    photos = []
    for ev in steps:
        photos.append(shot(at, ev, **more))
        at += photos[-1].exposure.time_s + pause
    return photos


@pytest.mark.parametrize("pause", [0.3, 20])
@pytest.mark.parametrize("steps", [STEPS, (0, -2, 2), (-3, -2, -1, 0, 1, 2, 3), (-1.5, 1.5)])
def test_one_ladder_is_one_bracket(shot, picture, steps, pause):
    photos = ladder(shot, 0, steps, pause)
    assert sequences(photos, picture) == [(Kind.BRACKET, list(range(len(steps))), False)]


@pytest.mark.parametrize("pause", [0.3, 10])
def test_a_ladder_that_begins_again_is_another_bracket(shot, picture, pause):
    photos = ladder(shot, 0, pause=pause) + ladder(shot, 60, pause=pause) + ladder(shot, 64 + 3 * pause, pause=pause)
    found = sequences(photos, picture)
    assert found == [(Kind.BRACKET, [0, 1, 2], False), (Kind.BRACKET, [3, 4, 5], False), (Kind.BRACKET, [6, 7, 8], False)]
    assert sequences(photos, picture, metadata=False) == [(Kind.BRACKET, list(range(9)), False)]


def test_one_exposure_taken_twice_makes_no_second_bracket(shot, picture):
    photos = [shot(10 * k, ev) for k, ev in enumerate((0, 0.7, 2.1, 2.1, 3.9, 5.2))]
    assert sequences(photos, picture) == [(Kind.BRACKET, [0, 1, 2, 3, 4, 5], False)]


def test_a_manual_ladder_with_a_long_pause_is_one_bracket(shot, picture):
    photos = ladder(shot, 0, (-4, -3, -2), 3) + ladder(shot, 200, (2, 1, 0), 3) + ladder(shot, 500, (3,), 3)
    assert sequences(photos, picture) == [(Kind.BRACKET, list(range(7)), False)]


def test_a_shot_off_the_ladder_of_the_camera_is_a_stray(shot, picture):
    photos = [shot(0, 0.9), *ladder(shot, 30), shot(60, -0.7)]
    found = sequences(photos, picture)
    assert found[0] == (Kind.BRACKET, [1, 2, 3], False)
    assert found[1:] == [(Kind.SINGLE, [0], True), (Kind.SINGLE, [4], True)]


def test_the_camera_knows_its_shots(shot, picture):
    photos = []
    for at in (0, 1.5):
        photos += [shot(at + 0.3 * k, ev, drive=Drive.EXPOSURE_BRACKET, shot=k + 1) for k, ev in enumerate((0, -1.7, 2.2))]
    photos.append(shot(30, 5, drive=Drive.SINGLE))
    assert sequences(photos, picture) == [
        (Kind.BRACKET, [0, 1, 2], False),
        (Kind.BRACKET, [3, 4, 5], False),
        (Kind.SINGLE, [6], True),
    ]


def test_a_count_that_does_not_go_on_is_another_bracket(shot, picture):
    bracket = {"drive": Drive.EXPOSURE_BRACKET}
    first = [shot(0.3 * k, ev, shot=k + 1, **bracket) for k, ev in enumerate((0, -2, 2))]
    rest = shot(1.2, 5, shot=3, **bracket)  # the first two of its bracket are gone
    assert sequences([*first, rest], picture) == [(Kind.BRACKET, [0, 1, 2], False), (Kind.SINGLE, [3], True)]
    higher = [shot(1.2 + 0.3 * k, ev, shot=k + 1, **bracket) for k, ev in enumerate((6, 4, 8))]
    assert sequences([*first, *higher], picture) == [(Kind.BRACKET, [0, 1, 2], False), (Kind.BRACKET, [3, 4, 5], False)]


def test_a_quick_part_of_a_ladder_set_by_hand_is_no_bracket_of_its_own(shot, picture):
    photos = [*ladder(shot, 0), shot(30, 5.1), shot(60, -4.7)]
    assert sequences(photos, picture) == [(Kind.BRACKET, [0, 1, 2, 3, 4], False)]


def test_a_frame_that_continues_the_ladder_later_belongs_to_it(shot, picture):
    photos = [*ladder(shot, 0), shot(40, 4), shot(80, -4)]
    assert sequences(photos, picture) == [(Kind.BRACKET, [0, 1, 2, 3, 4], False)]


@pytest.mark.parametrize("drive", [None, Drive.BURST])
def test_equal_exposures_in_a_row_are_a_burst(shot, picture, drive):
    photos = [shot(0.2 * k, 0, drive=drive) for k in range(5)]
    assert sequences(photos, picture) == [(Kind.BURST, [0, 1, 2, 3, 4], False)]
    assert sequences(photos, picture, metadata=False) == [(Kind.BURST, [0, 1, 2, 3, 4], False)]


def test_equal_exposures_apart_in_time_are_single_takes(shot, picture):
    photos = [shot(0, 0), shot(8, 0)]
    assert sequences(photos, picture) == [(Kind.SINGLE, [0], False), (Kind.SINGLE, [1], False)]


def test_flash_and_ambient_stay_together_under_their_name(shot, picture):
    photos = [shot(0, -2, flash=False), shot(0.3, 0, flash=False), shot(0.6, 2, flash=False), shot(8, 2.6, flash=True)]
    kinds = {kind for kind, *_ in sequences(photos[:3], picture)}
    assert kinds == {Kind.BRACKET}
    mixed = [shot(0, 0, flash=False), shot(6, 0, flash=True)]
    assert sequences(mixed, picture) == [(Kind.FLASH_AMBIENT, [0, 1], False)]


@pytest.mark.parametrize(
    "facts",
    [
        [{"focus_distance_m": d} for d in (0.4, 0.5, 0.7, 1.1)],
        [{"drive": Drive.FOCUS_BRACKET, "shot": k + 1} for k in range(4)],
    ],
)
def test_focus_brackets_by_metadata(shot, picture, facts):
    photos = [shot(0.5 * k, 0, **fact) for k, fact in enumerate(facts)]
    assert sequences(photos, picture) == [(Kind.FOCUS_BRACKET, [0, 1, 2, 3], False)]


def test_a_focus_that_hunts_is_no_focus_bracket(shot, picture):
    photos = [shot(0.5 * k, 0, focus_distance_m=d) for k, d in enumerate((0.5, 0.6, 0.5, 0.7))]
    assert sequences(photos, picture) == [(Kind.BURST, [0, 1, 2, 3], False)]


def test_focus_brackets_by_sharpness_that_moves(shot, picture):
    import cv2

    luminance, _ = picture([0, 0, 0], noise=0)
    fine = luminance + np.random.default_rng(1).integers(0, 30, luminance.shape[1:], dtype=np.uint8)
    far_blurred, near_blurred = fine[1].copy(), fine[2].copy()
    far_blurred[:, :64] = cv2.GaussianBlur(fine[1], (0, 0), 2)[:, :64]
    near_blurred[:, 64:] = cv2.GaussianBlur(fine[2], (0, 0), 2)[:, 64:]
    photos = [shot(None, None) for _ in range(2)]
    moved = np.stack([far_blurred, near_blurred])
    assert [s.kind for s in find_sequences(photos, moved, np.zeros(2), False, np.arange(2))] == [Kind.FOCUS_BRACKET]
    shaken = np.stack([fine[0], cv2.GaussianBlur(fine[0], (0, 0), 2)])
    assert [s.kind for s in find_sequences(photos, shaken, np.zeros(2), False, np.arange(2))] == [Kind.BURST]


def test_copies_of_a_file_follow_their_original(shot, picture):
    photos = ladder(shot, 0)
    luminance, _ = picture([*STEPS])
    twice = [photos[k % 3] for k in range(6)]
    found = find_sequences(twice, luminance[[0, 1, 2] * 2], np.array([*STEPS] * 2), True, np.arange(6) % 3)
    assert [(s.kind, sorted(s.members)) for s in found] == [(Kind.BRACKET, [0, 1, 2, 3, 4, 5])]
    alike = [photos[0]] * 50
    assert [s.kind for s in find_sequences(alike, luminance[[1] * 50], np.zeros(50), True, np.zeros(50, int))] == [Kind.BURST]


def test_a_frame_that_tells_nothing_leaves_the_division_of_the_others_alone(shot, picture):
    photos = [*ladder(shot, 0), *ladder(shot, 60), shot(None, None)]
    first, second, last = sequences(photos, picture)
    assert [first, second] == [(Kind.BRACKET, [0, 1, 2], False), (Kind.BRACKET, [3, 4, 5], False)]
    assert last == (Kind.SINGLE, [6], False)
    photos = [*ladder(shot, 0), shot(30, 0.9), shot(None, None)]
    assert sequences(photos, picture) == [(Kind.BRACKET, [0, 1, 2, 4], False), (Kind.SINGLE, [3], True)]


@pytest.mark.parametrize("missing", [{"at_s": None}, {"ev": None}])
def test_without_times_or_exposures_a_view_is_one_sequence(shot, picture, missing):
    photos = [shot(**({"at_s": 60 * (k // 3) + k, "ev": ev} | missing)) for k, ev in enumerate(STEPS * 2)]
    assert [members for _, members, _ in sequences(photos, picture)] == [[0, 1, 2, 3, 4, 5]]


@pytest.mark.parametrize("metadata", [True, False])
def test_encodings_are_kept_apart(shot, picture, metadata):
    photos = [*ladder(shot, 0), *ladder(shot, 0, encoding=Encoding.RAW), shot(60, 0.5, encoding=Encoding.ENCODED16)]
    found = sequences(photos, picture, metadata)
    assert sorted(found) == [(Kind.BRACKET, [0, 1, 2], False), (Kind.BRACKET, [3, 4, 5], False), (Kind.SINGLE, [6], False)]
