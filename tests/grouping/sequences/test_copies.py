"""Equal photographs are found where there is enough to see, and dark ones are not taken for copies."""

from dataclasses import replace
from pathlib import Path

import cv2
import numpy as np
import pytest

from hdrkit.grouping.evidence.descriptor import cells_of, describe
from hdrkit.grouping.sequences.copies import find_duplicates, has_finer_twin, originals
from hdrkit.types import Encoding


@pytest.fixture
def photos(shot):
    return [shot(k, 0) for k in range(4)]


def duplicates(photos, pictures, stated=None, content=None):
    """Duplicates among pictures (H, W, 3); without `stated` exposures and equal `content` unless given."""
    d = describe([cells_of(picture) for picture in pictures])
    stated = [None] * len(pictures) if stated is None else stated
    content = np.arange(len(pictures)) if content is None else np.array(content)
    return find_duplicates(photos[: len(pictures)], stated, d.luminance, d.state != 0, content)


def saved(picture, quality, size=None):
    """A picture as a JPEG of a quality, perhaps of another size (width, height)."""
    resized = picture if size is None else cv2.resize(picture, size, interpolation=cv2.INTER_AREA)
    return cv2.imdecode(cv2.imencode(".jpg", resized, [cv2.IMWRITE_JPEG_QUALITY, quality])[1], cv2.IMREAD_COLOR)


@pytest.mark.parametrize("seed", [3, 11])
def test_pictures_saved_again_are_duplicates(photos, preview, seed):
    picture = preview(seed)
    assert duplicates(photos, [picture, saved(picture, 80)]) == {1}
    assert duplicates(photos, [picture, saved(picture, 90, (200, 140))]) == {1}
    assert duplicates(photos, [picture, preview(seed, 0.3)]) == set()
    assert duplicates(photos, [picture, preview(seed + 1), saved(picture, 90)]) == {2}


def test_hard_edges_that_were_reduced_in_another_way_are_the_same(photos):
    edges = np.repeat(np.kron(np.random.default_rng(3).integers(30, 220, (48, 72)), np.ones((16, 16)))[:, :, None], 3, axis=2)
    picture = edges.astype(np.uint8)
    assert duplicates(photos, [picture, cv2.resize(picture, (400, 267), interpolation=cv2.INTER_AREA)]) == {1}


def test_a_shot_with_the_same_settings_and_other_noise_is_a_duplicate_and_a_changed_scene_is_none(photos, preview):
    picture = preview(3)
    again = np.clip(np.rint(picture + np.random.default_rng(0).normal(0, 4, picture.shape)), 0, 255).astype(np.uint8)
    changed = again.copy()
    changed[80:120, 100:140] = 128
    assert duplicates(photos, [picture, again], [0.0, 0.0]) == {1}
    assert duplicates(photos, [picture, changed], [0.0, 0.0]) == set()
    dark_elsewhere = np.where(picture > 60, picture, 0)  # what one frame has in the dark counts too
    assert duplicates(photos, [picture, dark_elsewhere], [0.0, 0.0]) == set()


def test_different_stated_exposures_are_no_duplicates(photos, preview):
    assert duplicates(photos, [preview(3), saved(preview(3), 90)], [0.0, 1.0]) == set()


@pytest.mark.parametrize("level", [0, 24, 255])
def test_frames_in_which_little_can_be_seen_are_not_taken_for_copies(photos, preview, level):
    """Black, white, and a scanned film's base that no exposure darkens, with a lamp that differs."""
    frames = []
    for radius in (2, 3):
        frame = np.full((192, 288, 3), level, np.uint8)
        cv2.circle(frame, (144, 96), radius, (120, 120, 120), -1)
        noise = np.random.default_rng(radius).normal(0, 0.7, frame.shape)
        frames.append(np.clip(np.rint(frame + noise), 0, 255).astype(np.uint8))
    assert duplicates(photos, frames) == set()


def test_equal_content_is_equal_however_dark(photos):
    black = np.zeros((192, 288, 3), np.uint8)
    assert duplicates(photos, [black] * 4, content=[0, 0, 1, 0]) == {1, 3}


def test_the_better_of_two_is_kept_whatever_its_name(photos, preview):
    picture = preview(3)

    def kept(*pair):
        (gone,) = duplicates(pair, [picture, saved(picture, 95)])
        return pair[1 - gone]

    jpeg = replace(photos[0], path=Path("/card/a.jpg"))
    for better in (
        replace(jpeg, path=Path("/card/b.dng"), encoding=Encoding.RAW),
        replace(jpeg, path=Path("/card/b.tif"), encoding=Encoding.ENCODED16),
        replace(jpeg, path=Path("/card/b.jpg"), width=6000, height=4000),
        replace(jpeg, path=Path("/card/b.tif")),
    ):
        assert kept(jpeg, better) == kept(better, jpeg) == better
    another = replace(jpeg, path=Path("/card/a.jpe"))
    assert kept(another, better) == kept(better, another) == better


def test_many_equal_shots_have_one_original(shot, preview):
    picture = preview(3)
    shots = [shot(k, 0) for k in range(40)]
    noise = [np.random.default_rng(k).normal(0, 2, picture.shape) for k in range(40)]
    noisy = [np.clip(np.rint(picture + one), 0, 255).astype(np.uint8) for one in noise]
    assert duplicates(shots, noisy, [0.0] * 40) == set(range(1, 40))


def test_copies_stand_behind_the_first_by_path(photos):
    paths = ["/b/1.jpg", "/a/1.jpg", "/c/1.jpg", "/d/1.jpg"]
    same_time = [replace(photos[0], path=Path(path)) for path in paths]
    assert originals(same_time, np.array([5, 5, 7, 5])).tolist() == [1, 1, 2, 1]


def test_twins_are_told_by_metadata(shot):
    jpeg = shot(3, 1)
    raw = replace(jpeg, encoding=Encoding.RAW)
    assert has_finer_twin(jpeg, [raw])
    assert not has_finer_twin(raw, [jpeg])
    for other in (jpeg, shot(4, 1, encoding=Encoding.RAW), shot(3, 2, encoding=Encoding.RAW), replace(raw, camera="Other")):
        assert not has_finer_twin(jpeg, [other])
