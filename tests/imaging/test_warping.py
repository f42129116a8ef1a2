"""Warping keeps what is known of every pixel: its codes, whether it was clipped, whether it is valid."""

from __future__ import annotations

import math
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from numpy.typing import NDArray

from hdrkit.errors import AlignmentError
from hdrkit.imaging.warping import codes_at, common_area, placed, squares_at, valid_at
from hdrkit.types import Encoding, Frame, Photo

DTYPES = {np.uint8: 255.0, np.uint16: 60000.0, np.float32: 1.0}


def warp(frame: Frame, matrix: NDArray[np.float64]) -> Frame:
    return placed(replace(frame, motion=matrix))


def shift(x: float, y: float) -> NDArray[np.float64]:
    return np.array([[1, 0, x], [0, 1, y], [0, 0, 1.0]])


def tilted() -> NDArray[np.float64]:
    angle = math.radians(3)
    return np.array([[math.cos(angle), -math.sin(angle), 2.3], [math.sin(angle), math.cos(angle), -1.7], [2e-5, -1e-5, 1]])


def turned(degrees: float) -> NDArray[np.float64]:
    """About the middle of a frame of 40 x 50."""
    angle, middle = math.radians(degrees), shift(24.6, 19.7)
    turn = np.array([[math.cos(angle), -math.sin(angle), 0], [math.sin(angle), math.cos(angle), 0], [0, 0, 1]])
    return np.asarray(middle @ turn @ np.linalg.inv(middle))


def random_frame(dtype: type, channels: int, clipped_share: float = 0.0, seed: int = 0) -> Frame:
    rng = np.random.default_rng(seed)
    white = DTYPES[dtype]
    pixels = (rng.uniform(0.1, 0.9, (40, 50, channels)) * white).astype(dtype)
    pixels[rng.random((40, 50)) < clipped_share, -1] = white
    return Frame(pixels, black=0.0, white=white)


@pytest.mark.parametrize("dtype", DTYPES)
@pytest.mark.parametrize("channels", [1, 3])
@pytest.mark.parametrize(("x", "y"), [(3, 0), (0, -4), (-7, 5), (0, 0), (60, 0)])
def test_whole_pixel_shifts_copy_codes(dtype: type, channels: int, x: int, y: int) -> None:
    frame = random_frame(dtype, channels, clipped_share=0.2)
    moved = warp(frame, shift(x, y))
    for row in range(40):
        for column in range(50):
            inside = 0 <= row + y < 40 and 0 <= column + x < 50
            assert moved.valid[row, column] == inside
            if inside:
                np.testing.assert_array_equal(moved.pixels[row, column], frame.pixels[row + y, column + x])


@pytest.mark.parametrize("dtype", DTYPES)
@pytest.mark.parametrize("channels", [1, 3])
@pytest.mark.parametrize("matrix", [shift(0.5, 0), shift(-1.25, 2.75), tilted(), turned(40)])
def test_clipping_and_coverage_follow_the_footprint(dtype: type, channels: int, matrix: NDArray[np.float64]) -> None:
    frame = random_frame(dtype, channels, clipped_share=0.01)
    clipped_before = (frame.pixels >= frame.white).any(axis=2)
    moved = warp(frame, matrix)
    assert moved.pixels.dtype == dtype
    assert moved.pixels.shape == frame.pixels.shape
    assert moved.pixels.flags.c_contiguous
    clipped_after = moved.pixels >= frame.white
    np.testing.assert_array_equal(clipped_after.any(axis=2), clipped_after.all(axis=2))
    for row in range(40):
        for column in range(50):
            taps = footprint(matrix, column, row)
            assert moved.valid[row, column] == all(map(inside, taps))
            if moved.valid[row, column]:
                assert clipped_after[row, column, 0] == any(clipped_before[tap] for tap in taps)
            else:
                assert not moved.pixels[row, column].any()


def footprint(matrix: NDArray[np.float64], column: int, row: int) -> list[tuple[int, int]]:
    """(row, column) of the pixels that make up a pixel: of four columns those about the line on which the row lies."""
    (x, y), (next_x, next_y) = (((matrix @ [column + k, row, 1]) / (matrix @ [column + k, row, 1])[2])[:2] for k in (0, 1))
    slope = (next_y - y) / (next_x - x)
    if abs(slope) > 0.5:
        slope = 0.0  # steep: all columns at the height of the pixel
    taps = []
    for there in range(math.floor(x) - 1, math.floor(x) + 3):
        height = math.floor(y + slope * (there - x))
        taps += [(tap, there) for tap in range(height - 1, height + 3)]
    return taps


def inside(tap: tuple[int, int]) -> bool:
    return 0 <= tap[0] < 40 and 0 <= tap[1] < 50


@pytest.mark.parametrize("masked", [False, True])
@pytest.mark.parametrize(
    "matrix", [shift(3, -4), shift(-7, 60), shift(0.5, 0.25), tilted(), turned(90.1), np.diag([1.0, 1.0, -1.0])]
)
@pytest.mark.parametrize("dtype", DTYPES)
def test_rows_and_points_are_those_of_the_whole(dtype: type, matrix: NDArray[np.float64], masked: bool) -> None:
    rng = np.random.default_rng(1)
    valid = rng.random((40, 50)) < 0.99 if masked else None
    frame = replace(random_frame(dtype, 3, clipped_share=0.01), valid=valid, motion=matrix)
    whole = placed(frame)
    for top, bottom in ((0, 40), (0, 1), (7, 31), (39, 40)):
        band = placed(frame, top, bottom)
        assert band.pixels.tobytes() == whole.pixels[top:bottom].tobytes()
        assert band.valid.tobytes() == whole.valid[top:bottom].tobytes()
    rows, columns = np.mgrid[:40, :50]
    np.testing.assert_array_equal(valid_at(frame, rows, columns), whole.valid)
    rows, columns = rows[whole.valid], columns[whole.valid]
    np.testing.assert_array_equal(codes_at(frame, rows, columns), whole.pixels[whole.valid])
    chosen = rng.permutation(rows.size)[: rows.size // 2]  # which do not lie side by side
    rows, columns = rows[chosen], columns[chosen]
    np.testing.assert_array_equal(codes_at(frame, rows, columns), whole.pixels[rows, columns])


@pytest.mark.parametrize("matrix", [None, shift(3, -4), tilted()])
@pytest.mark.parametrize(("dtype", "channels"), [(np.uint8, 3), (np.uint16, 1), (np.float32, 3)])
def test_squares_are_cut_out_of_the_whole(dtype: type, channels: int, matrix: NDArray[np.float64] | None) -> None:
    frame = replace(random_frame(dtype, channels), motion=matrix)
    whole = placed(frame).pixels
    tops, lefts = np.array([21, 6, 6, 30]), np.array([8, 40, 8, 25])
    cut = squares_at(frame, tops, lefts, 7)
    assert cut.shape == (4, 49, channels)
    for square, top, left in zip(cut, tops, lefts, strict=True):
        np.testing.assert_array_equal(square.reshape(7, 7, channels), whole[top : top + 7, left : left + 7])
    assert squares_at(frame, tops[:0], lefts[:0], 60).shape == (0, 3600, channels)


def test_a_frame_that_lies_still_is_not_copied() -> None:
    frame = random_frame(np.uint8, 3)
    assert placed(frame) is frame
    assert np.shares_memory(placed(frame, 3, 9).pixels, frame.pixels)


@pytest.mark.parametrize("matrix", [tilted(), turned(20), turned(-35)])
@pytest.mark.parametrize("dtype", DTYPES)
def test_interpolation_reproduces_a_smooth_picture(dtype: type, matrix: NDArray[np.float64]) -> None:
    white = DTYPES[dtype]

    def picture(x: NDArray[np.float64], y: NDArray[np.float64]) -> NDArray[np.float64]:
        return white * (0.5 + 0.2 * np.sin(x / 6) + 0.2 * np.cos(y / 7))[..., None]

    y, x = np.mgrid[:40, :50].astype(float)
    moved = warp(Frame(picture(x, y).astype(dtype), white=white), matrix)
    source = np.tensordot(matrix, np.stack([x, y, np.ones_like(x)]), 1)
    expected = picture(source[0] / source[2], source[1] / source[2])
    assert moved.valid.mean() > 0.6
    assert np.abs(moved.pixels.astype(float) - expected)[moved.valid].max() < 0.01 * white


def test_overshoot_never_looks_clipped() -> None:
    pixels = np.full((20, 20, 1), 10, np.uint8)
    pixels[:, 10:] = 254
    moved = warp(Frame(pixels), shift(0.5, 0))
    assert moved.pixels.max() == 254
    assert moved.pixels[moved.valid].min() == 10


def test_everything_else_is_kept_and_nothing_written_to() -> None:
    photo = Photo(Path("a.jpg"), 50, 40, Encoding.RAW)
    base = random_frame(np.uint16, 3)
    frame = Frame(base.pixels, photo, black=500.0, white=60000.0, to_srgb=np.eye(3))
    before = frame.pixels.copy()
    moved = warp(frame, tilted())
    assert (moved.photo, moved.black, moved.white) == (photo, 500.0, 60000.0)
    assert moved.to_srgb is frame.to_srgb
    np.testing.assert_array_equal(frame.pixels, before)


def test_an_invalid_area_moves_along() -> None:
    valid = np.ones((40, 50), bool)
    valid[:, :10] = False
    frame = Frame(random_frame(np.uint8, 3).pixels, valid=valid)
    assert not warp(frame, shift(-5, 0)).valid[:, :15].any()
    assert warp(frame, shift(-5, 0)).valid[:, 15:].all()
    half = warp(frame, shift(-0.5, 0)).valid
    assert not half[:, :11].any()
    assert half[2:-2, 13:-2].all()


def test_infinite_white_clips_nothing() -> None:
    frame = Frame(random_frame(np.float32, 3).pixels * np.float32(50), white=math.inf)
    moved = warp(frame, tilted())
    assert np.isfinite(moved.pixels).all()
    assert moved.pixels.max() <= 1.3 * frame.pixels.max()


def test_common_area_of_shifts() -> None:
    frame = random_frame(np.uint8, 3)
    assert common_area([frame, replace(frame, motion=shift(4, 0)), replace(frame, motion=shift(-3, 2))]) == (0, 38, 3, 46)


def test_common_area_of_turned_frames_is_valid_and_large() -> None:
    frame = random_frame(np.uint8, 1)
    moved = [frame, replace(frame, motion=tilted()), replace(frame, motion=np.linalg.inv(tilted()))]
    top, bottom, left, right = common_area(moved)
    assert all(placed(f).valid[top:bottom, left:right].all() for f in moved[1:])
    assert common_area([placed(f) for f in moved]) == (top, bottom, left, right)
    assert (bottom - top) * (right - left) > 0.6 * 40 * 50


def test_no_common_area_is_an_error() -> None:
    frame = random_frame(np.uint8, 1)
    with pytest.raises(AlignmentError, match="no area in common"):
        common_area([replace(frame, motion=shift(30, 0)), replace(frame, motion=shift(-30, 0))])
