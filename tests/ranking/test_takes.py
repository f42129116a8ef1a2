"""Photographs -> takes -> series: pairs, brackets, neighbours that look alike, and look-alikes far apart that stay apart."""

from dataclasses import replace
from datetime import datetime, timedelta
from pathlib import Path

import numpy as np
import pytest

from hdrkit.ranking.options import SeriesMethod
from hdrkit.ranking.similarity import difference, differences_in_sequence, in_doubt, shows_nothing, signature_of, threshold_from
from hdrkit.ranking.takes import LONG_PAUSE_S, in_sequence, pair_up, runs, same_circumstances, same_shot, series
from hdrkit.types import Encoding, Exposure, Photo, Take

NOON = datetime(2026, 5, 1, 12)


def photo(name: str, second: float = 0.0, time_s: float = 0.01, **more: object) -> Photo:
    facts = {"camera": "A", "lens": "50", "taken_at": NOON + timedelta(seconds=second), "exposure": Exposure(time_s)}
    return Photo(Path(name), 600, 400, Encoding.ENCODED8, **{**facts, **more})


def names(takes: list[Take]) -> list[list[str]]:
    return [[one.path.name for one in take.photos] for take in takes]


def test_the_sequence_is_that_of_time_camera_by_camera():
    photos = [photo("b.jpg", 2), photo("c.jpg", 1), photo("a.jpg", 1), photo("z.jpg", 0, camera="B")]
    assert [one.path.name for one in in_sequence(photos)] == ["a.jpg", "c.jpg", "b.jpg", "z.jpg"]
    untimed = [photo(f"{n}.jpg", taken_at=None) for n in "cab"]
    assert [one.path.name for one in in_sequence(untimed)] == ["a.jpg", "b.jpg", "c.jpg"]


def test_a_raw_file_and_its_jpeg_are_one_photograph():
    takes = pair_up([photo("x/1.JPG"), photo("x/1.nef"), photo("y/1.NEF"), photo("x/2.nef"), photo("x/3.jpg")])
    assert [[str(file.path) for file in (take.shown, *take.companions)] for take in takes] == [
        ["x/1.JPG", "x/1.nef"],
        ["x/2.nef"],
        ["x/3.jpg"],
        ["y/1.NEF"],
    ]


@pytest.mark.parametrize(
    ("files", "ordered"),
    [
        (["C.tif", "C.nef", "c.JPG"], ["c.JPG", "C.tif", "C.nef"]),
        (["B.nef", "B.cr2"], ["B.cr2", "B.nef"]),
        (["3.png", "3.jpg"], ["3.jpg", "3.png"]),
    ],
)
def test_files_of_one_name_are_one_shot_however_many(files, ordered):
    [take] = pair_up([photo(f"x/{name}") for name in files])
    assert [file.path.name for file in (take.shown, *take.companions)] == ordered


def test_a_shot_has_its_place_by_the_file_that_knows_the_time():
    photos = [photo("2.jpg", camera="", taken_at=None), photo("1.jpg", 1), photo("2.tif", 2), photo("3.jpg", 3)]
    takes = pair_up(in_sequence(photos))
    assert names(takes) == [["1.jpg"], ["2.tif"], ["3.jpg"]]
    assert [file.path.name for file in takes[1].companions] == ["2.jpg"]


@pytest.mark.parametrize(("name", "taken_at"), [("b_{}.jpg", None), ("{}/IMG.jpg", None), ("B_{}.JPG", NOON)])
def test_numbers_in_names_count_as_numbers(name, taken_at):
    photos = [photo(name.format(n), taken_at=taken_at) for n in (10, 9, 2, 1, 12)]
    assert [str(one.path) for one in in_sequence(photos)] == [name.format(n) for n in (1, 2, 9, 10, 12)]


def test_names_of_any_kind_have_an_order():
    names = ["", "7", "a7", "a", "7a", "a7b", "A7b", "-1", "\u0663", "\u00b2"]
    assert len(in_sequence(photo(f"x{name}.jpg", taken_at=None) for name in names)) == len(names)


def test_pairs_are_told_by_one_rule():
    [take] = pair_up([photo("x/IMG_1.JPG"), photo("x/img_1.cr2")])
    assert take.companions
    assert same_shot(take.shown.path, take.companions[0].path)
    assert not same_shot(Path("x/IMG_1.JPG"), Path("y/IMG_1.CR2"))
    assert not same_shot(Path("x/IMG_1.JPG"), Path("x/IMG_10.CR2"))


def test_metadata_part_series_without_a_look():
    one = photo("a.jpg")
    assert same_circumstances(one, photo("b.jpg", LONG_PAUSE_S))
    for other in ({"camera": "B"}, {"lens": "85"}, {"serial": "7"}, {"taken_at": None}):
        assert not same_circumstances(one, photo("b.jpg", **other))
    assert not same_circumstances(one, photo("b.jpg", LONG_PAUSE_S + 1))
    assert not same_circumstances(one, replace(one, width=400, height=600))


def test_a_new_day_by_itself_ends_no_series_but_a_long_pause_does():
    seconds = (-0.5, 0, 0.5, 5 * 3600, 5 * 3600 + 1)
    midnight = datetime(2026, 5, 2)
    takes = [Take((photo(f"{k}.jpg", taken_at=midnight + timedelta(seconds=s)),)) for k, s in enumerate(seconds)]
    assert [len(run) for run in runs(takes)] == [3, 2]
    assert list(runs([])) == []


def picture(seed: int, move: int = 0, gain: float = 1.0) -> np.ndarray:
    rng = np.random.default_rng(seed)
    blocks = np.kron(rng.uniform(20, 200, (12, 16)), np.ones((30, 30)))
    noise = np.random.default_rng(seed + move + 100).normal(0, 2, blocks.shape)
    return np.clip(gain * np.roll(blocks, move, axis=1) + noise, 0, 255).astype(np.uint8)


@pytest.mark.parametrize("method", [SeriesMethod.HASH, SeriesMethod.FEATURES])
def test_the_same_view_differs_less_than_another(method):
    first, again, brighter, other = (
        signature_of(one, method) for one in (picture(3), picture(3, 4), picture(3, 2, 1.2), picture(11))
    )
    assert difference(first, first) == 0
    assert max(difference(first, again), difference(first, brighter)) < 0.6 * difference(first, other)
    assert difference(first, other) > threshold_from([], method) > difference(first, again)


@pytest.mark.parametrize("shape", [(1, 1), (1, 600), (600, 1), (2, 3)])
def test_the_smallest_pictures_have_signatures(shape):
    for method in (SeriesMethod.HASH, SeriesMethod.FEATURES):
        one = signature_of(np.full(shape, 90, np.uint8), method)
        assert difference(one, one) == (method is SeriesMethod.FEATURES)


def test_featureless_pictures_are_not_matched():
    flat = signature_of(np.full((200, 300), 90, np.uint8), SeriesMethod.FEATURES)
    assert difference(flat, flat) == 1


def test_the_threshold_lies_in_the_widest_gap():
    assert threshold_from([0.02, 0.13, 0.15, 0.29, 0.31, 0.5], SeriesMethod.HASH) == pytest.approx(0.22)
    assert threshold_from([0.02, 0.5], SeriesMethod.HASH) == pytest.approx(0.23)
    assert in_doubt([0.31, 0.02, 0.13, 0.5], SeriesMethod.HASH) == [0.13, 0.31]
    assert in_doubt([0.02, 0.5], SeriesMethod.HASH) == []


@pytest.mark.parametrize("method", [SeriesMethod.HASH, SeriesMethod.FEATURES])
def test_what_shows_nothing_is_passed_over(method):
    same, again, other = (signature_of(one, method) for one in (picture(3), picture(3, 4), picture(11)))
    alike, unlike = difference(same, again), difference(again, other)
    apart = list(differences_in_sequence([None, same, None, None, again, None, other, None]))
    assert apart == [1, alike, alike, alike, unlike, unlike, 1]
    assert list(differences_in_sequence([None, None])) == [1]
    assert list(differences_in_sequence([same])) == list(differences_in_sequence([])) == []


@pytest.mark.parametrize("code", [0, 3, 20, 255])
def test_noise_and_hot_pixels_are_nothing_to_see_and_stars_are(code):
    rng = np.random.default_rng(5)
    blank = np.clip(code + rng.normal(0, 2, (340, 512)), 0, 255).astype(np.uint8)
    assert shows_nothing(blank)
    blank[100, 200] = 255 - code
    assert shows_nothing(blank)
    blank[rng.integers(2, 338, 60), rng.integers(2, 510, 60)] = 200 if code < 128 else 60
    assert not shows_nothing(blank)
    assert not shows_nothing(picture(5))
    assert not shows_nothing((0.02 * picture(5) + 10).astype(np.uint8)), "faint"


def test_look_alikes_far_apart_do_not_join():
    signatures = [signature_of(picture(seed), SeriesMethod.HASH) for seed in (3, 3, 11, 3, 3)]
    takes = [Take((photo(f"{k}.jpg", 10 * k),)) for k in range(5)]
    apart = [difference(a, b) for a, b in zip(signatures, signatures[1:], strict=False)]
    groups = series(takes, apart, 0.23)
    assert [len(group) for group in groups] == [2, 1, 2]
    assert series([], [], 0.23) == []
