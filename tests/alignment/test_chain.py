"""Planted motion is found, tripod sets stay as they are, and what cannot be aligned is left alone with a note."""

from __future__ import annotations

import math

import cv2
import numpy as np
import pytest

from hdrkit.alignment import ecc, features, mtb
from hdrkit.alignment.chain import align
from hdrkit.alignment.motion import displacement_px, plausible
from hdrkit.alignment.options import AlignmentMethod, AlignmentOptions
from hdrkit.alignment.planes import pyramid, warped
from hdrkit.alignment.similarity import compare, residual_px
from hdrkit.errors import InputError
from hdrkit.imaging.warping import placed
from hdrkit.types import Frame

WIDTH, HEIGHT = 360, 240
SIZE = (WIDTH, HEIGHT)


def scene(seed: int = 0) -> np.ndarray:
    """Radiance (2 H, 2 W, 3) of fractal texture, boxes with sharp edges and a bright patch, wider than a frame."""
    rng = np.random.default_rng(seed)
    shape = 3 * HEIGHT, 3 * WIDTH
    texture = np.zeros(shape, np.float32)
    for cells in (6, 12, 24, 48, 96):
        coarse = rng.normal(0, 1, (cells, cells * 3 // 2)).astype(np.float32)
        texture += cv2.resize(coarse, shape[::-1], interpolation=cv2.INTER_CUBIC) / math.sqrt(cells)
    for _ in range(60):
        left, top = rng.integers(0, shape[1] - 60), rng.integers(0, shape[0] - 60)
        width, height = rng.integers(12, 90, 2)
        texture[top : top + height, left : left + width] += rng.normal(0, 1)
    light = 0.08 * np.exp(1.4 * texture)
    light[300:400, 480:640] *= 12
    return light[..., None] * np.array([0.8, 1.0, 0.7], np.float32)


def photograph(light: np.ndarray, motion: np.ndarray, ev: float, seed: int, walker: bool = False) -> Frame:
    """An 8-bit frame of the middle of the scene, at half its scale, with shot and read noise."""
    rng = np.random.default_rng(seed)
    view = np.array([[2, 0, WIDTH / 2], [0, 2, HEIGHT / 2], [0, 0, 1.0]]) @ np.linalg.inv(motion)
    flags = cv2.INTER_LINEAR | cv2.WARP_INVERSE_MAP
    seen = cv2.warpPerspective(cv2.GaussianBlur(light, (0, 0), 1.2), view, SIZE, flags=flags)
    if walker:
        left, top = rng.integers(0, WIDTH - 40), rng.integers(0, HEIGHT - 80)
        seen[top : top + 80, left : left + 40] = rng.uniform(0.05, 0.6, (80, 40, 1))
    electrons = rng.poisson(np.minimum(seen * 2.0**ev, 4) * 12000) + rng.normal(0, 6, seen.shape)
    codes = np.clip(electrons / 12000, 0, 1) ** (1 / 2.2) * 255
    return Frame(np.rint(codes).astype(np.uint8))


def turned(degrees: float, x: float, y: float) -> np.ndarray:
    angle = math.radians(degrees)
    centre = np.array([(WIDTH - 1) / 2, (HEIGHT - 1) / 2])
    matrix = np.eye(3)
    matrix[:2, :2] = [[math.cos(angle), -math.sin(angle)], [math.sin(angle), math.cos(angle)]]
    matrix[:2, 2] = centre - matrix[:2, :2] @ centre + [x, y]
    return matrix


def panned(x: float, y: float, focal: float = 300.0) -> np.ndarray:
    """What turning a camera does: a homography that is not a shift."""
    lens = np.array([[focal, 0, (WIDTH - 1) / 2], [0, focal, (HEIGHT - 1) / 2], [0, 0, 1]])
    rotation, _ = cv2.Rodrigues(np.array([-y / focal, x / focal, 0.004]))
    matrix = lens @ rotation @ np.linalg.inv(lens)
    return matrix / matrix[2, 2]


def error_px(found: object, truth: np.ndarray) -> float:
    x, y = np.meshgrid(np.linspace(0, WIDTH - 1, 7), np.linspace(0, HEIGHT - 1, 5))
    points = np.stack([x.ravel(), y.ravel()], 1)[:, None]
    moved = [cv2.perspectiveTransform(points, np.asarray(matrix, float)) for matrix in (found, truth)]
    return float(np.linalg.norm(moved[0] - moved[1], axis=2).mean())


def bracket(motions: list[np.ndarray], step_ev: float, walker: bool = False, seed: int = 0) -> list[Frame]:
    light, middle = scene(seed), len(motions) // 2
    return [photograph(light, motion, step_ev * (i - middle), 10 * seed + i, walker) for i, motion in enumerate(motions)]


HAND_HELD = [turned(1.2, 9.3, -6.1), turned(-0.7, -4.6, 3.2), np.eye(3), turned(0.4, 2.35, 5.8), turned(-1.5, -10.2, 7.4)]


@pytest.mark.parametrize(("step_ev", "count"), [(1.0, 5), (2.0, 5), (4.0, 3)])
@pytest.mark.parametrize("walker", [False, True])
def test_auto_finds_planted_hand_held_motion(step_ev: float, count: int, walker: bool) -> None:
    motions, middle = HAND_HELD[2 - count // 2 : 3 + count // 2], count // 2
    frames = bracket(motions, step_ev, walker)
    aligned, report = align(frames, middle, AlignmentOptions())
    assert aligned[middle] is frames[middle]
    assert report.frames[middle].method == "reference"
    assert max(error_px(row.matrix, truth) for row, truth in zip(report.frames, motions, strict=True)) < 0.2
    left = [row.residual_px for row in report.frames if row.residual_px is not None]
    assert len(left) >= count - 2
    assert max(left) < 0.25


@pytest.mark.parametrize("truth", [panned(8.0, -5.0), panned(-6.3, 7.1)])
def test_auto_follows_a_camera_that_turns(truth: np.ndarray) -> None:
    frames = bracket([truth, np.eye(3)], 1.5)
    _, report = align(frames, 1, AlignmentOptions())
    assert error_px(report.frames[0].matrix, truth) < 0.2
    shift_alone = np.eye(3)
    shift_alone[:2, 2] = truth[:2, 2]
    assert error_px(shift_alone, truth) > 0.3


@pytest.mark.parametrize(("method", "limit"), [("ecc", 0.25), ("features", 0.6)])
def test_each_precise_method_alone(method: str, limit: float) -> None:
    frames = bracket(HAND_HELD[1:4], 1.5)
    _, report = align(frames, 1, AlignmentOptions(method=method))
    for row, truth in zip(report.frames, HAND_HELD[1:4], strict=True):
        assert error_px(row.matrix, truth) < limit
    assert {row.method for row in report.frames} == {"reference", method}


def test_mtb_finds_whole_pixel_shifts_exactly_and_copies_codes() -> None:
    truth = [turned(0, 12, -7), np.eye(3), turned(0, -5, 9)]
    frames = bracket(truth, 2.0)
    aligned, report = align(frames, 1, AlignmentOptions(method="mtb"))
    for row, matrix in zip(report.frames, truth, strict=True):
        np.testing.assert_array_equal(row.matrix, matrix)
    moved = placed(aligned[0])
    np.testing.assert_array_equal(moved.pixels[7:, : WIDTH - 12], frames[0].pixels[: HEIGHT - 7, 12:])
    assert moved.valid is not None
    assert moved.valid[7:, : WIDTH - 12].all()
    assert not moved.valid[:7].any()


@pytest.mark.parametrize("method", ["auto", "mtb", "ecc", "features"])
@pytest.mark.parametrize("walker", [False, True])
def test_a_tripod_set_is_returned_untouched(method: str, walker: bool) -> None:
    frames = bracket([np.eye(3)] * 5, 2.0, walker)
    aligned, report = align(frames, 2, AlignmentOptions(method=method))
    assert all(after is before for after, before in zip(aligned, frames, strict=True))
    assert {row.method for row in report.frames} == {"reference", "identity"}


def test_large_turns_fall_back_to_features() -> None:
    truth = turned(25.0, 6.0, 4.0)
    frames = bracket([truth, np.eye(3)], 1.0)
    _, report = align(frames, 1, AlignmentOptions(max_shift=0.4))
    assert report.frames[0].method == "features"
    assert error_px(report.frames[0].matrix, truth) < 0.3


@pytest.mark.parametrize("blank", [0, 255])
@pytest.mark.parametrize("method", ["auto", "mtb", "ecc", "features"])
def test_a_frame_without_content_stays_with_a_note(blank: int, method: str) -> None:
    frames = bracket(HAND_HELD[1:4], 1.0)
    empty = Frame(np.full((HEIGHT, WIDTH, 3), blank, np.uint8))
    frames = [empty, *frames] if blank == 0 else [*frames, empty]
    i = 0 if blank == 0 else 3
    aligned, report = align(frames, 2 if blank == 0 else 1, AlignmentOptions(method=method))
    assert aligned[i] is empty
    assert report.frames[i].method == "identity"
    assert report.frames[i].residual_px is None
    assert "too little in common" in report.frames[i].note


def test_a_frame_beyond_a_blank_one_is_still_aligned() -> None:
    motions = [turned(0.5, 5.2, 3.3), np.eye(3), np.eye(3)]
    frames = bracket(motions, 1.0)
    frames[1] = Frame(np.zeros((HEIGHT, WIDTH, 3), np.uint8))
    _, report = align(frames, 2, AlignmentOptions())
    assert error_px(report.frames[0].matrix, motions[0]) < 0.3


def test_a_frame_that_is_almost_white_is_placed_by_the_edges_of_what_is_clipped() -> None:
    light, truth = scene(), turned(0.9, -8.2, 6.4)
    frames = [photograph(light, np.eye(3), -0.5, 1), photograph(light, truth, 5.5, 2)]
    assert (frames[1].pixels[..., 1] < 255).mean() < 0.05
    _, report = align(frames, 0, AlignmentOptions())
    assert error_px(report.frames[1].matrix, truth) < 0.3


def test_pictures_of_different_things_are_not_forced_together() -> None:
    frames = [photograph(scene(0), np.eye(3), -1, 1), photograph(scene(5), np.eye(3), 0, 2)]
    aligned, report = align(frames, 1, AlignmentOptions())
    assert aligned[0] is frames[0]
    assert report.frames[0].note


def test_motion_beyond_the_limit_is_refused() -> None:
    frames = bracket([turned(0, 20.0, 0), np.eye(3)], 1.0)
    aligned, report = align(frames, 1, AlignmentOptions(max_shift=0.03))
    assert aligned[0] is frames[0]
    assert report.frames[0].note


def tiled(x: float) -> np.ndarray:
    """A wall of equal tiles, with one bright window and one dark thing, moved by x pixels: radiance (HEIGHT, WIDTH, 3)."""
    rows, columns = np.mgrid[:HEIGHT, :WIDTH].astype(float)
    columns += x
    tiles = 0.25 + 0.15 * sum(np.sin(2 * np.pi * one / 18) > 0.85 for one in (rows, columns))
    light = tiles * (0.4 + 1.2 * columns / WIDTH)
    dark = np.exp(-((((columns - 225) / 11) ** 2 + ((rows - 112) / 7) ** 2) ** 3))
    light = light * (1 - 0.9 * dark) + 0.02 * dark
    light[(columns > 45) & (columns < 112) & (rows > 45) & (rows < 105)] *= 40
    return light[..., None] * np.array([1.0, 0.9, 0.8])


def test_a_wall_of_tiles_is_aligned_by_what_is_unique_on_it() -> None:
    """Every period of the tiles agrees nearly as well as the right shift, and the nearest would win."""
    shifts = [54.0 * (k - 2) for k in range(5)]
    rng = np.random.default_rng(0)
    frames = []
    for shift, ev in zip(shifts, (-5, -3, -1, 1, 2), strict=True):
        light = np.minimum(tiled(shift) * 2.0**ev, 1)
        codes = (light + rng.normal(0, 0.002, light.shape)).clip(0, 1) ** (1 / 2.2) * 255
        frames.append(Frame(np.rint(codes).astype(np.uint8)))
    _, report = align(frames, 2, AlignmentOptions(max_shift=0.35))
    for shift, row in zip(shifts, report.frames, strict=True):
        assert row.matrix[0][2] == pytest.approx(-shift, abs=0.5)
        assert row.matrix[1][2] == pytest.approx(0, abs=0.5)


def test_none_leaves_everything_alone() -> None:
    frames = bracket(HAND_HELD, 1.0)
    aligned, report = align(frames, 2, AlignmentOptions(method="none"))
    assert all(after is before for after, before in zip(aligned, frames, strict=True))
    assert {row.method for row in report.frames} == {"reference", "none"}


def test_frames_of_different_size_are_refused_by_name_and_size() -> None:
    frames = [Frame(np.zeros((20, 30, 3), np.uint8)), Frame(np.zeros((20, 31, 3), np.uint8))]
    with pytest.raises(InputError, match="frame: 31 x 20 pixels, but frame has 30 x 20"):
        align(frames, 0, AlignmentOptions())
    with pytest.raises(InputError, match="no frame 2"):
        align(frames, 2, AlignmentOptions())


@pytest.mark.parametrize("size", [(1, 1), (2, 2), (1, 300), (300, 1), (5, 5)])
@pytest.mark.parametrize("method", ["auto", "mtb", "ecc", "features"])
def test_pictures_too_small_to_align_are_no_error(size: tuple[int, int], method: str) -> None:
    rng = np.random.default_rng(0)
    frames = [Frame(rng.integers(0, 256, (*size, 3), dtype=np.uint8)) for _ in range(3)]
    aligned, _ = align(frames, 1, AlignmentOptions(method=method))
    assert all(after is before for after, before in zip(aligned, frames, strict=True))


def test_the_same_input_twice_gives_the_same_bytes_and_inputs_are_not_written_to() -> None:
    frames = bracket(HAND_HELD[:3], 2.0, walker=True)
    before = [frame.pixels.copy() for frame in frames]
    runs = [align(frames, 2, AlignmentOptions()) for _ in range(2)]
    assert runs[0][1] == runs[1][1]
    for first, second, frame, kept in zip(runs[0][0], runs[1][0], frames, before, strict=True):
        assert np.array_equal(first.motion, second.motion) or first.motion is second.motion is None
        np.testing.assert_array_equal(frame.pixels, kept)


def test_linear_and_gray_frames_align_as_well() -> None:
    light, truth = scene(), turned(0.8, 6.4, -3.7)
    pair = [photograph(light, truth, -1.5, 1), photograph(light, np.eye(3), 0, 2)]
    linear = [Frame(((frame.pixels / np.float32(255)) ** np.float32(2.2)).astype(np.float32), white=1.0) for frame in pair]
    deep = [Frame(frame.pixels.astype(np.uint16) * 128 + 512, black=512, white=255 * 128 + 512) for frame in pair]
    gray = [Frame(np.ascontiguousarray(frame.pixels[..., 1:2])) for frame in pair]
    for frames in (linear, deep, gray):
        aligned, report = align(frames, 1, AlignmentOptions())
        assert error_px(report.frames[0].matrix, truth) < 0.2
        assert aligned[0].pixels.dtype == frames[0].pixels.dtype
        assert aligned[0].pixels.shape == frames[0].pixels.shape


def test_progress_counts_frames() -> None:
    calls: list[tuple[int, int]] = []
    align(bracket([np.eye(3)] * 3, 1.0), 0, AlignmentOptions(), lambda done, total: calls.append((done, total)))
    assert calls == [(1, 2), (2, 2)]


def test_a_method_may_be_given_by_its_name() -> None:
    assert AlignmentOptions(method="ecc").method is AlignmentMethod.ECC


def test_options_refuse_what_they_do_not_know() -> None:
    with pytest.raises(InputError, match="homography"):
        AlignmentOptions(method="homography")
    with pytest.raises(InputError, match="max_shift"):
        AlignmentOptions(max_shift=0.0)


def test_ecc_maps_both_ways_alike() -> None:
    truth = turned(0.6, 3.4, -2.2)
    shorter, longer = (pyramid(frame) for frame in bracket([truth, np.eye(3)], 2.0))
    there = ecc.register(longer, shorter, np.eye(3), moving_is_longer=False)
    back = ecc.register(shorter, longer, np.eye(3), moving_is_longer=True)
    assert there is not None
    assert back is not None
    np.testing.assert_allclose(there @ back, np.eye(3) * (there @ back)[2, 2], atol=1e-9)
    assert error_px(there, truth) < 0.15


def test_mtb_survives_exposures_that_clip_half_the_picture() -> None:
    light = scene()
    truth = turned(0, -14, 11)
    pair = [pyramid(photograph(light, motion, ev, 3)) for motion, ev in ((np.eye(3), -2), (truth, 3))]
    found = mtb.shift(*pair, max_shift=0.1)
    assert found is not None
    assert error_px(found, truth) <= math.sqrt(2)


def test_features_find_what_no_search_would() -> None:
    truth = turned(25, 30, -10)
    pair = [pyramid(frame) for frame in bracket([np.eye(3), truth], 1.0)]
    found = features.match(*pair)
    assert found is not None
    assert error_px(found, truth) < 0.6


def test_similarity_tells_aligned_from_not_and_measures_what_is_left() -> None:
    light = scene()
    fixed = pyramid(photograph(light, np.eye(3), 0, 1))[-1]
    for x in (0.0, 0.2, 0.5):
        moving = pyramid(photograph(light, turned(0, x, 0), -1, 2))[-1]
        assert residual_px(fixed, moving) == pytest.approx(x, abs=0.06)
        comparison = compare(fixed, moving, warped(moving, turned(0, x, 0)))
        assert comparison is not None
        assert comparison.related
        assert comparison.improved == (x > 0)
        worse = compare(fixed, *(warped(moving, turned(0, by, 0)) for by in (x, x + 1)))
        assert worse is not None
        assert not worse.improved
        assert worse.gain < 0


def test_a_reduced_pixel_is_valid_where_all_that_it_was_made_of_is() -> None:
    pixels = np.full((2000, 3500, 3), 100, np.uint8)
    pixels[1001, 2003], pixels[40, 30] = 255, 0
    finest = pyramid(Frame(pixels))[-1]
    assert finest.size == (1600, 914)
    for mask, places in ((finest.lit, [(40, 30)]), (finest.valid, [(40, 30), (1001, 2003)])):
        touched = {(int((y + 0.5) * finest.scale[1]), int((x + 0.5) * finest.scale[0])) for y, x in places}
        missing = set(zip(*(axis.tolist() for axis in np.nonzero(mask == 0)), strict=True))
        assert touched <= missing
        assert len(missing) <= 4 * len(places)


def test_motions_keep_their_meaning_between_sizes() -> None:
    rng = np.random.default_rng(0)
    frame = Frame(rng.integers(0, 256, (60, 4100, 3), dtype=np.uint8))
    small = pyramid(frame)[-1]
    assert max(small.size) == 1600
    motion = panned(3.0, -2.0)
    np.testing.assert_allclose(small.to_frame(small.from_frame(motion)), motion, atol=1e-9)
    centre_of_first = small.from_frame(np.array([[1, 0, 1 / small.scale[0]], [0, 1, 0], [0, 0, 1.0]]))
    np.testing.assert_allclose(centre_of_first, [[1, 0, 1], [0, 1, 0], [0, 0, 1]], atol=1e-9)
    assert warped(small, np.eye(3)) is small


def test_plausible_motion() -> None:
    assert displacement_px(turned(0, 3, 4), SIZE) == pytest.approx(5)
    assert plausible(turned(1.5, 10, 5), SIZE, 0.1)
    assert not plausible(turned(0, 40, 0), SIZE, 0.1)
    assert not plausible(np.diag([1.15, 1, 1]), SIZE, 0.5)
    assert not plausible(np.full((3, 3), np.nan), SIZE, 0.1)
